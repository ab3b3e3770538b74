import Glibc
import Models
import RadialEngine
import RowFiles

/// Compares a model's answers to the rows of one file with the expected ones of another, in constant memory: the work of `radial check`
/// and of `radial convert --check`.
struct AnswerCheck {
  let subject: Verification.Subject
  let tolerance: Double
  /// A file of rows in any form, or `-`.
  let rows: String
  /// How the rows are read; the expected answers are always found by their contents.
  let reading: RowFile.Options
  /// A file of answers in any form that rows have, or `-`.
  let expected: String

  /// What came of it.
  struct Result {
    let comparison: AnswerComparison
    /// Of the first rows, as many as were to be kept.
    let answers: ModelEditor.Answers
  }

  /// Compares all rows.
  /// - Parameter keeping: how many of the first rows come back with their answers.
  /// - Throws: for files that cannot be read or do not belong together, and where the answers would prove nothing; not for answers that
  ///   differ.
  func run(_ model: Model, keeping: Int = 0) throws(Failure) -> Result {
    guard rows != "-" || expected != "-" else {
      throw .usage("ROWS and EXPECTED are both the standard input; name a file for one of them")
    }
    let network = model.network
    let width = subject == .outputs ? network.outputWidth : network.distanceWidth
    guard width > 0 else { throw .usage("--of: the model measures no distances; say --of outputs") }
    let inputs = try RowReader(path: rows, shape: model.inputShape, options: reading)
    let answers = try RowReader(path: expected, shape: [width], options: RowFile.Options())
    var comparison = AnswerComparison(of: subject, tolerance: tolerance)
    var kept: (inputs: [Float], outputs: [Float], distances: [Float]) = ([], [], [])
    let workspace = network.makeWorkspace()
    var outputs = [Float](repeating: 0, count: inputs.block.capacity * network.outputWidth)
    var distances = [Float](repeating: 0, count: inputs.block.capacity * network.distanceWidth)
    comparing: while try inputs.nextBlock() {
      let count = inputs.block.count
      outputs.withUnsafeMutableBufferPointer { outputs in
        distances.withUnsafeMutableBufferPointer { distances in
          guard let output = outputs.baseAddress else { return }
          network.forward(
            inputs.block.rows, rows: count,
            into: Network.Results(outputs: output, distances: distances.baseAddress), workspace: workspace)
        }
      }
      for row in 0..<count {
        guard let wanted = try answers.nextRow() else { break comparing }
        let all = subject == .outputs ? outputs : distances
        all.withUnsafeBufferPointer { all in
          comparison.compare(UnsafeBufferPointer(rebasing: all[row * width..<(row + 1) * width]), wanted)
        }
      }
      let more = min(count, max(0, keeping - kept.inputs.count / network.inputWidth))
      kept.inputs += UnsafeBufferPointer(start: inputs.block.rows, count: more * network.inputWidth)
      kept.outputs += outputs.prefix(more * network.outputWidth)
      kept.distances += distances.prefix(more * network.distanceWidth)
    }
    let (found, wanted) = (try inputs.total(), try answers.total())
    guard found == wanted else {
      throw .usage(
        "\(inputs.file.name) has \(found) rows and \(answers.file.name) \(wanted); give the answers to the same rows, in the same order"
      )
    }
    guard found > 0 else { throw .usage("\(inputs.file.name): there are no rows to compare") }
    guard comparison.rowsWithoutProof < found else {
      throw .usage(
        "\(answers.file.name): every row is zeros alone, or one 1 among zeros, which many formulas give; take other rows, or compare --of distances"
      )
    }
    return Result(
      comparison: comparison,
      answers: ModelEditor.Answers(inputs: kept.inputs, outputs: kept.outputs, distances: kept.distances))
  }

  /// What is said of a comparison, whether it has passed or not.
  func report(_ comparison: AnswerComparison) -> String {
    let empty = comparison.rowsWithoutProof
    var text = "rows compared: \(comparison.rows)"
    if empty > 0 { text += ", of which \(empty) prove nothing (zeros alone, or one 1 among zeros)" }
    if let largest = comparison.largest {
      text +=
        "\nlargest deviation: \(largest.deviation.twoDigits) of the row's largest (allowed \(tolerance.twoDigits)), at rows[\(largest.row)] column \(largest.column)"
    }
    return text
  }

  /// Throws when a row differs, naming the first.
  /// - Parameter path: what the user called the model.
  func require(_ comparison: AnswerComparison, of model: Model, at path: String) throws(Failure) {
    guard let first = comparison.first else { return }
    let advice =
      model.inferenceNote.map { "\($0); say another formula with --rbf-form" }
      ?? "look whether both files were made of the same rows, and by this model"
    throw .differing(
      "\(path): its \(subject.rawValue) differ from those in \(expected) in \(comparison.differing) of \(comparison.rows) rows, first in rows[\(first.row)] column \(first.column): \(first.answer), expected \(first.expected); \(advice)"
    )
  }
}

/// A file's rows, block by block or one by one. A bad row ends it.
private final class RowReader {
  let file: RowFile
  let block: RowBlock
  /// Rows in all blocks so far.
  private var count = 0
  /// Of the block, the rows that were taken one by one.
  private var taken = 0

  init(path: String, shape: [Int], options: RowFile.Options) throws(Failure) {
    do throws(RowFileError) {
      file = try RowFile(path: path, shape: shape, options: options)
    } catch {
      throw Failure(error)
    }
    block = RowBlock(width: file.width, capacity: min(1024, max(1, (1 << 18) / file.width)))
  }

  /// Reads the next rows into `block`; false: there are none.
  func nextBlock() throws(Failure) -> Bool {
    do throws(RowFileError) {
      guard try file.cut(into: block) else { return false }
    } catch {
      throw Failure(error)
    }
    file.parse(block)
    if let problem = block.problems.first { throw .usage(problem.description) }
    count += block.count
    taken = 0
    return true
  }

  /// The next row, valid until the one after it is asked for; nil: there is none.
  func nextRow() throws(Failure) -> UnsafeBufferPointer<Float>? {
    while taken == block.count {
      guard try nextBlock() else { return nil }
    }
    defer { taken += 1 }
    return UnsafeBufferPointer(start: block.rows + taken * block.width, count: block.width)
  }

  /// Reads to the end: the rows of the whole file.
  func total() throws(Failure) -> Int {
    while try nextBlock() {}
    return count
  }
}

extension Failure {
  /// Answers that were compared and differ.
  static func differing(_ message: String) -> Failure { Failure(message: message, code: 3) }
}
