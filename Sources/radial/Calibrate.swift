import ArgumentParser
import Evaluation
import Models
import OfflineScoring
import RadialEngine
import RowFiles

/// `radial calibrate MODEL ROWS -o OUT`: a model's verdicts, from rows that it was not trained with.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give a model its verdicts, \"none of these\": from rows that it was not trained with.",
    discussion: """
      ROWS are held-out rows like those that the model will meet, without labels. Each is put into the class that is answered for it;
      later, a row is unknown when it lies farther from its class than all but a share of these do.

        radial calibrate model.keras held-out.npy -o model.safetensors
      """)

  @Argument(help: "A model file.")
  var model: String

  @Argument(help: "A file of rows in any form that predict reads, or - for the standard input.")
  var rows: String

  @Option(name: .shortAndLong, help: "The file to write.")
  var output: String

  @Option(help: "The share of rows like ROWS that may be called unknown: between 0 and 1.")
  var falseRejectRate = 0.01

  @Option(help: "Classes with fewer rows are ranked together: 0 or more.")
  var minRows = Calibration.defaultMinimumRows

  @Option(help: "Names of the classes, separated by commas, or a file with one a line.")
  var labels: String?

  @Flag(help: "Say what was done as JSON.")
  var json = false

  @Flag(help: "Replace a file that is no Radial file. The inputs are never replaced.")
  var force = false

  @OptionGroup var reading: RowFlags
  @OptionGroup var keras: KerasOptions

  func validate() throws {
    guard falseRejectRate > 0, falseRejectRate < 1 else {
      throw ValidationError("--false-reject-rate: expected a number between 0 and 1, found \(falseRejectRate)")
    }
    guard (0...Int(Int32.max)).contains(minRows) else {
      throw ValidationError("--min-rows: expected a number of rows from 0, found \(minRows)")
    }
  }

  func run() throws {
    let options = keras.loadOptions
    let inputs = [model, rows] + [options.configurationPath, labels].compactMap { $0 }
    let (file, editor): (OutputFile, ModelEditor)
    do throws(ModelError) {
      file = try OutputFile(path: output, inputs: inputs, kind: .model, force: force)
    } catch {
      throw Failure(error)
    }
    do {
      editor = try ModelEditor(
        model, labels: try labels.map(LabelList.names), instructionSet: try selectedInstructionSet(), options: options)
    } catch let error as ModelError {
      throw Failure(error)
    }
    guard editor.model.canBeCalibrated else {
      throw Failure.usage(
        "\(model): is a \(editor.model.kind), and verdicts rest on distances to the classes; give it some by radial fit"
      )
    }
    let run: CalibrationRun
    do throws(OfflineFailure) {
      let reader = RowReading(model: editor.model, flags: reading)
      run = try CalibrationRun(
        editor.model, reader.open(rows), rate: falseRejectRate, minimumRows: minRows, threads: reader.threads,
        progress: reader.progress)
    } catch {
      throw Failure(error)
    }
    editor.setCalibration(run.calibration)
    let hasSelfTest = editor.model.hasSelfTest
    if !hasSelfTest { editor.setSelfTest(run.firstAnswers) }
    do throws(ModelError) {
      let written = try editor.write(to: file)
      let report = CalibrationReport(
        written, calibration: run.calibration, output: output, selfTestRows: written.selfTestRows,
        isNewSelfTest: !hasSelfTest, fittedRows: run.fittedRows)
      print(json ? JSONDocument.text(of: report, isPretty: true) : report.description)
    } catch {
      throw Failure(error)
    }
  }
}

/// What `radial calibrate` has done, as lines or as JSON.
struct CalibrationReport: Encodable, CustomStringConvertible {
  let output: String
  let calibration: CalibrationDescription
  let selfTestRows: Int
  /// What whoever calibrates should hear, a sentence each.
  let warnings: [String]
  private let fitted: String?
  private let names: [String]
  private let isNewSelfTest: Bool

  enum CodingKeys: CodingKey { case output, calibration, selfTestRows, warnings }

  /// - Parameters:
  ///   - isNewSelfTest: whether the first rows became it.
  ///   - fittedRows: those that the model was fitted with, of those that are looked for.
  init(
    _ model: Model, calibration: Calibration, output: String, selfTestRows: Int, isNewSelfTest: Bool,
    fittedRows: Set<UInt64>
  ) {
    self.output = output
    self.calibration = CalibrationDescription(calibration, labels: model.labels)
    self.selfTestRows = selfTestRows
    self.isNewSelfTest = isNewSelfTest
    var fitted: String?
    if !fittedRows.isEmpty, let sketch = model.fittedRows {
      fitted =
        "\(sketch.share(of: fittedRows)) of the rows that the model was fitted with are among these: they lie nearer to their classes than others will, which then are called unknown too often; calibrate with others"
    }
    self.fitted = fitted
    warnings = self.calibration.warnings + [fitted].compactMap { $0 }
    names = (0..<calibration.classCount).map { model.labels?[$0] ?? String($0) }
  }

  var description: String {
    let rate = calibration.falseRejectRate
    let limits = calibration.of == nil ? "unknown beyond the squared distance" : "unknown below the output"
    var lines = [["class", "rows", limits]]
    for (name, entry) in zip(names, calibration.classes) {
      let limit = entry.limit.map { "\($0)" } ?? "never"
      lines.append([
        name.withoutControlCharacters, "\(entry.rows)", limit + (entry.category == "pooled" ? " (pooled)" : ""),
      ])
    }
    var text = ["\(calibration.rows) rows, at a false-reject rate of \(rate):"]
    text.append(TextTable.aligned(lines))
    text += calibration.warnings
    if let fitted { text.append("warning: \(fitted)") }
    text.append(
      isNewSelfTest
        ? "self-test: the first \(selfTestRows) row\(selfTestRows == 1 ? "" : "s"), with Radial's answers"
        : "self-test: passed, \(selfTestRows) row\(selfTestRows == 1 ? "" : "s")")
    text.append("\(output): written")
    return text.joined(separator: "\n")
  }
}
