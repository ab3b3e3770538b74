import ArgumentParser
import Evaluation
import Models
import OfflineScoring
import RadialEngine
import RowFiles

/// `radial evaluate MODEL ROWS --labels FILE --far ROWS`: how good a model is, and how well it knows what is none of its own.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say how good a model is, and how well it tells rows that are none of its own.",
    discussion: """
      ROWS are rows like those that the model will meet, neither trained nor calibrated with; far rows are such as it should not know.

        radial evaluate model.safetensors test.npy --labels labels.npy --far strange.npy --report report.html
      """)

  @Argument(help: "A model file.")
  var model: String

  @Argument(help: "A file of rows in any form that predict reads, or - for the standard input.")
  var rows: String

  @OptionGroup var given: LabelledRowFlags

  @Option(help: ArgumentHelp("A page of pictures to write, one HTML file.", valueName: "file"))
  var report: String?

  @Flag(help: "Say the figures as JSON.")
  var json = false

  @Flag(help: "Let --report replace a file. The inputs are never replaced.")
  var force = false

  @OptionGroup var reading: RowFlags
  @OptionGroup var keras: KerasOptions

  /// Of synthetic far rows, as many are made of each kind.
  private static let syntheticRows = 2000

  func validate() throws {
    if force, report == nil { throw ValidationError("--force is for --report, which names no file here; leave it out") }
    try given.checkStandardInput(beside: rows)
  }

  func run() throws {
    let options = keras.loadOptions
    let inputs = [model, rows] + given.files + (options.configurationPath.map { [$0] } ?? [])
    do {
      let page = try report.map { try OutputFile(path: $0, inputs: inputs, kind: .text, force: force) }
      let model = try Model.load(
        path: self.model, name: "model", instructionSet: try selectedInstructionSet(), options: options)
      try model.selfTest()
      guard !model.isOneClass else {
        throw Failure.usage(
          "\(self.model): is a \(model.kind), which answers one class; count the verdicts that radial predict gives")
      }
      guard model.isClassifier else {
        throw Failure.usage("\(self.model): is a \(model.kind), which answers no classes; there is nothing to evaluate")
      }
      let reader = RowReading(model: model, flags: reading)
      let scan = try reader.scan(
        rows, labels: given.labels, labelColumn: given.labelColumn, sampled: given.far.isEmpty ? Self.syntheticRows : 0)
      var sets: [(name: String, isSynthetic: Bool, scan: EvaluationScan)] = []
      for path in given.far {
        sets.append((name(of: path), false, try reader.scan(path)))
      }
      if given.far.isEmpty { sets = scan.syntheticSets(model) }
      let evaluation = Evaluation(model, name: name(of: self.model), scan, far: sets)
      print(json ? JSONDocument.text(of: evaluation, isPretty: true) : evaluation.table)
      guard let page else { return }
      try page.write(Array(Report(model, evaluation, scan, far: sets).html.utf8))
      try page.commit()
      if !json { print("\(page.path): written") }
    } catch let error as ModelError {
      throw Failure(error)
    } catch let error as OfflineFailure {
      throw Failure(error)
    }
  }

  private func name(of path: String) -> String {
    path == "-" ? "standard input" : path.split(separator: "/").last.map(String.init) ?? path
  }
}
