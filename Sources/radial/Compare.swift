import ArgumentParser
import Evaluation
import Glibc
import Models
import OfflineScoring
import RadialEngine
import RowFiles

/// `radial compare A B ROWS`: two models on the same rows.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say where two models answer the same rows otherwise.",
    discussion: """
      Before a new version takes the place of another: how many rows change their class and which, whose verdicts differ, how distances shift.

        radial compare models/digits/1/model.safetensors models/digits/2/model.safetensors rows.npy
      """)

  @Argument(help: "A model file.")
  var first: String

  @Argument(help: "Another model file, of the same inputs.")
  var second: String

  @Argument(help: "A file of rows in any form that predict reads; it is read twice.")
  var rows: String

  @Flag(help: "Say the figures as JSON.")
  var json = false

  @OptionGroup var reading: RowFlags
  @OptionGroup var keras: KerasOptions

  func validate() throws {
    guard rows != "-" else { throw ValidationError("the rows are read twice, which a pipe cannot be; name a file") }
  }

  func run() throws {
    var information = stat()
    if stat(rows, &information) == 0, information.st_mode & S_IFMT != S_IFREG {
      throw Failure.usage("\(rows): is no regular file, and the rows are read twice; write them to a file first")
    }
    do {
      let (one, other) = (try load(first), try load(second))
      guard one.network.inputWidth == other.network.inputWidth else {
        throw Failure.usage(
          "\(first) takes rows of \(one.network.inputWidth) numbers and \(second) of \(other.network.inputWidth); compare models of the same inputs"
        )
      }
      let comparison = try Comparison(
        one, RowReading(model: one, flags: reading).scan(rows), other,
        RowReading(model: other, flags: reading).scan(rows))
      print(json ? JSONDocument.text(of: comparison, isPretty: true) : comparison.table)
    } catch let error as ModelError {
      throw Failure(error)
    } catch let error as OfflineFailure {
      throw Failure(error)
    }
  }

  private func load(_ path: String) throws -> Model {
    let model = try Model.load(
      path: path, name: "model", instructionSet: try selectedInstructionSet(), options: keras.loadOptions)
    try model.selfTest()
    guard model.isClassifier else {
      throw Failure.usage("\(path): is a \(model.kind), which answers no classes; compare its outputs by radial check")
    }
    return model
  }
}
