import ArgumentParser
import Glibc
import InferenceAPI
import Models
import RadialEngine

/// `radial inspect FILE`: the layer table, calibration and self-test result.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print a model's layers, calibration and self-test result.")

  @Argument(help: "A model file.")
  var file: String

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "Names of the classes, separated by commas, or a file with one a line.")
  var labels: String?

  @OptionGroup var keras: KerasOptions

  func run() throws {
    let model: Model
    do {
      let instructionSet = try selectedInstructionSet()
      var options = keras.loadOptions
      options.labels = try labels.map(LabelList.names)
      model = try Model.load(path: file, instructionSet: instructionSet, options: options)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure.usage("\(error)")
    }
    if !json { print(model.summary(proofAdvice: proofAdvice).withFlags) }
    do {
      try model.selfTest()
      guard !json else {
        print(document(model, selfTest: model.hasSelfTest ? "passed" : nil))
        return
      }
      print(
        model.hasSelfTest
          ? "Self-test: passed, \(model.selfTestRows) rows on \(model.network.instructionSet.rawValue)"
          : "Self-test: the file carries none")
    } catch {
      print(json ? document(model, selfTest: "failed") : "Self-test: FAILED")
      throw Failure.usage("\(error)")
    }
  }

  /// `GET /model`'s document, and the self-test's result.
  private func document(_ model: Model, selfTest: String?) -> String {
    JSONDocument.text(
      of: ModelDescription(model, names: model.describedNames).inspected(model, selfTest: selfTest), isPretty: true)
  }
}
