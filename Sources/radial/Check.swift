import ArgumentParser
import Models
import RadialEngine
import RowFiles

/// `radial check MODEL ROWS EXPECTED --of outputs|distances`: whether the model's answers are its framework's.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a model's answers with its framework's own.",
    discussion: """
      EXPECTED holds a row of answers for each row of ROWS: what the framework computes, as .npy, JSON lines or CSV. In Keras:

        numpy.save("rows.npy", x); numpy.save("expected.npy", model.predict(x))
        radial check model.keras rows.npy expected.npy --of outputs

      A row agrees when each number is within the tolerance of the row's largest. Exit code 0: all rows agree; 3: some differ.
      """)

  @Argument(help: "A model file.")
  var model: String

  @Argument(help: "A file of rows in any form that predict reads, or - for the standard input.")
  var rows: String

  @Argument(help: "A file of the answers expected, or - for the standard input.")
  var expected: String

  @OptionGroup var options: CheckOptions
  @OptionGroup var keras: KerasOptions

  func validate() throws {
    guard options.of != nil else {
      throw ValidationError("--of: say what EXPECTED holds, outputs (model.predict) or distances (squared)")
    }
  }

  func run() throws {
    guard let check = options.check(rows: rows, expected: expected) else { return }
    let instructionSet = try selectedInstructionSet()
    let model: Model
    do throws(ModelError) {
      model = try Model.load(
        path: self.model, name: "model", instructionSet: instructionSet, options: keras.loadOptions)
      try model.selfTest()
    } catch {
      throw Failure(error)
    }
    let comparison = try check.run(model).comparison
    print(check.report(comparison))
    try check.require(comparison, of: model, at: self.model)
  }
}

/// The flags of a comparison.
struct CheckOptions: ParsableArguments {
  @Option(
    help: "What the expected answers are: outputs, or distances (squared).",
    transform: { text in
      guard let subject = Verification.Subject(rawValue: text) else {
        throw ValidationError("expected outputs or distances, found '\(text)'")
      }
      return subject
    })
  var of: Verification.Subject?

  @Option(help: "The largest deviation allowed, as a share of the largest number of its row: 0 to 1.")
  var tolerance = 1e-5

  @Option(help: "Whether the first line of ROWS, if they are CSV, names its columns.")
  var header = RowFlags.Header.auto

  @Option(
    help: "Columns of ROWS, if they are CSV, that are no numbers of the row: names, or numbers from 1, with commas.")
  var skipColumns: String?

  func validate() throws {
    guard tolerance >= 0, tolerance <= 1 else {
      throw ValidationError("--tolerance: expected a number from 0 to 1, found \(tolerance)")
    }
  }

  /// What is said of the rows beside their file.
  var reading: RowFile.Options {
    var reading = RowFile.Options()
    reading.header = RowFile.Header(rawValue: header.rawValue) ?? .auto
    reading.skippedColumns = skipColumns.map { $0.split(separator: ",").map(String.init) } ?? []
    return reading
  }

  /// nil: nothing says what the answers are.
  func check(rows: String, expected: String) -> AnswerCheck? {
    guard let of else { return nil }
    return AnswerCheck(subject: of, tolerance: tolerance, rows: rows, reading: reading, expected: expected)
  }
}
