import Models
import RadialEngine
import RowFiles

/// A model file of Radial's own form, read as the server reads one.
enum SafetensorsTarget {
  static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
    let file = NamelessFile(bytes)
    do throws(ModelError) {
      let model = try Model.load(path: file.path, name: "fuzz")
      require(model.inputShape.reduce(1, *) == model.network.inputWidth, "a shape of another width")
      return .read
    } catch {
      return .refused(error.description)
    }
  }
}

/// Rows of four numbers, in the forms of `radial predict`.
enum RowsTarget {
  private static let width = 4
  private static let blockRows = 3

  static func run(_ bytes: UnsafeRawBufferPointer, _ format: RowFormat) -> FuzzTarget.Outcome {
    let file = NamelessFile(bytes)
    var options = RowFile.Options()
    options.format = format == .npy && bytes.starts(with: Array("PK".utf8)) ? .npz : format
    let plain = outcome(file.path, options)
    // The same rows with columns that are carried along, which other code finds in the lines.
    if format == .csv {
      options.keptColumns = ["1"]
      options.labelColumn = "2"
      _ = outcome(file.path, options)
    }
    return plain
  }

  private static func outcome(_ path: String, _ options: RowFile.Options) -> FuzzTarget.Outcome {
    var problem: String?
    do throws(RowFileError) {
      let file = try RowFile(path: path, shape: [width], options: options)
      let block = RowBlock(width: width, capacity: blockRows)
      while try file.cut(into: block) {
        file.parse(block)
        check(block, carried: file.carried.count)
        problem = problem ?? block.problems.first?.description
        if block.problems.last?.endsFile == true { break }
      }
      return FuzzTarget.Outcome(firstProblem: problem)
    } catch {
      return .refused(error.description)
    }
  }

  private static func check(_ block: RowBlock, carried: Int) {
    require(block.count == block.numbers.count && block.count <= blockRows, "\(block.count) rows in a block")
    let floats = UnsafeBufferPointer(start: block.rows, count: block.count * width)
    require(floats.allSatisfy(\.isFinite), "a row that is not finite")
    for row in 0..<block.count {
      for column in 0..<carried { _ = block.carried(row: row, column: column) }
    }
  }
}
