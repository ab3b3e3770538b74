import ArgumentParser
import Evaluation
import Models
import OfflineScoring
import RadialEngine
import RowFiles

/// `radial fit MODEL ROWS --labels FILE -o OUT`: distances for a classifier that measures none.
struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Give a classifier without an RBF layer distances to its classes.",
    discussion: """
      The network stays as it is, and gets a second head: prototypes of the classes in the embedding of the layer that tells far rows best.
      ROWS are rows with labels, such as those that it was trained with; calibrate it with others behind.

        radial fit model.keras train.npy --labels labels.npy --far strange.npy -o fitted.safetensors
        radial calibrate fitted.safetensors held-out.npy -o model.safetensors
      """)

  @Argument(help: "A model file.")
  var model: String

  @Argument(help: "A file of rows in any form that predict reads, or - for the standard input.")
  var rows: String

  @Option(help: "The layer whose outputs are measured, or input. Default: the one that tells far rows best.")
  var layer: String?

  @Option(help: "How many prototypes each class gets: 1 to 256. Default: 1 or 16, what tells far rows better.")
  var prototypes: Int?

  @OptionGroup var given: LabelledRowFlags

  @Option(help: "Of the splits, the made rows and K-means: 0 or more.")
  var seed: UInt64 = 1

  @Option(name: .shortAndLong, help: "The file to write.")
  var output: String

  @Flag(help: "Say what was tried as JSON.")
  var json = false

  @Flag(help: "Replace a file that is no Radial file. The inputs are never replaced.")
  var force = false

  @OptionGroup var reading: RowFlags
  @OptionGroup var keras: KerasOptions

  func validate() throws {
    guard given.labels != nil || given.labelColumn != nil else {
      throw ValidationError("say where the rows' labels are: --labels FILE or --label-column NAME")
    }
    if let prototypes, !(1...256).contains(prototypes) {
      throw ValidationError("--prototypes: expected 1 to 256, found \(prototypes)")
    }
    try given.checkStandardInput(beside: rows)
  }

  func run() throws {
    let options = keras.loadOptions
    let inputs = [model, rows] + given.files + (options.configurationPath.map { [$0] } ?? [])
    do {
      let file = try OutputFile(path: output, inputs: inputs, kind: .model, force: force)
      let editor = try ModelEditor(model, instructionSet: try selectedInstructionSet(), options: options)
      guard editor.model.isClassifier else {
        throw Failure.usage(
          "\(model): is a \(editor.model.kind), which answers no classes; name them with radial convert --labels, if it has some"
        )
      }
      guard !editor.model.isOneClass else {
        throw Failure.usage(
          "\(model): is a \(editor.model.kind), which gives verdicts without distances; set its rate by radial calibrate"
        )
      }
      guard editor.model.decision != .nearestPrototype else {
        throw Failure.usage("\(model): is a \(editor.model.kind), which measures its classes already; calibrate it")
      }
      let reader = RowReading(model: editor.model, flags: reading)
      let scan = try reader.scan(rows, labels: given.labels, labelColumn: given.labelColumn, isSampled: true)
      var sets: [EvaluationScan] = []
      for path in given.far { sets.append(try reader.scan(path, isSampled: true)) }
      let fit = try Fit(
        editor, scan, far: sets, layer: layer, prototypes: prototypes.map { [$0] } ?? [1, 16], seed: seed,
        progress: reader.progress)
      editor.setFitted(rows: scan.sampledRows, isNew: true)
      let fitted = try editor.edited()
      let test = editor.selfTestInputs ?? scan.firstRows(min(CalibrationRun.selfTestRows, editor.maximumSelfTestRows))
      editor.setSelfTest(fitted.answers(to: test))
      try editor.write(to: file)
      if json {
        print(JSONDocument.text(of: fit, isPretty: true))
      } else {
        print(fit.table)
        print("\(output): written; calibrate it with rows that it was not fitted with")
      }
    } catch let error as ModelError {
      throw Failure(error)
    } catch let error as OfflineFailure {
      throw Failure(error)
    }
  }
}
