import ArgumentParser
import Evaluation
import Models
import OfflineScoring
import RadialEngine
import RowFiles

/// `radial add-class MODEL ROWS --label NAME -o OUT`: one more class from a few examples, without training.
struct AddClass: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add-class",
    abstract: "Add a class to a model that ends in an RBF layer, from a few examples.",
    discussion: """
      The mean of the examples, where the RBF layer measures, becomes one more prototype. Its limit is borrowed from the other classes, without a
      guarantee, until the model is calibrated with such rows among others. Written into a models directory as a new version, the server takes it up.

        radial add-class weights/lenet5.safetensors sneakers.npy --label sneaker -o models/lenet5/2/model.safetensors
      """)

  @Argument(help: "A model file.")
  var model: String

  @Argument(help: "A file of examples of the class, in any form of rows, or - for the standard input.")
  var rows: String

  @Option(help: "The name of the class.")
  var label: String

  @Option(name: .shortAndLong, help: "The file to write.")
  var output: String

  @Flag(help: "Replace a file that is no Radial file. The inputs are never replaced.")
  var force = false

  @OptionGroup var reading: RowFlags
  @OptionGroup var keras: KerasOptions

  func run() throws {
    let options = keras.loadOptions
    do {
      let file = try OutputFile(
        path: output, inputs: [model, rows] + [options.configurationPath].compactMap { $0 }, kind: .model, force: force)
      let editor = try ModelEditor(model, instructionSet: try selectedInstructionSet(), options: options)
      let scan = try RowReading(model: editor.model, flags: reading).scan(rows, isSampled: true)
      let center = scan.meanEmbedding(editor.model)
      let near = editor.model.classes(within: center)
      try editor.addClass(label, center: center)
      editor.setFitted(rows: scan.sampledRows, isNew: false)
      let test = editor.selfTestInputs ?? scan.firstRows(min(CalibrationRun.selfTestRows, editor.maximumSelfTestRows))
      editor.setSelfTest(try editor.edited().answers(to: test))
      let written = try editor.write(to: file)
      print("class \(written.classCount - 1), '\(label)', from \(scan.rowCount) examples")
      if !near.isEmpty {
        print(
          "warning: its prototype lies within the limit of \(near.joined(separator: ", ")): rows of both will be taken for one another"
        )
      }
      if written.calibration != nil {
        print(
          "its limit is borrowed from all classes, without a guarantee, until the model is calibrated with such rows")
      }
      print("\(output): written")
    } catch let error as ModelError {
      throw Failure(error)
    } catch let error as OfflineFailure {
      throw Failure(error)
    }
  }
}
