import ArgumentParser
import OfflineScoring
import Predictions
import RowFiles

/// The flags of `radial predict`.
struct PredictFlags: ParsableArguments {
  /// The forms of predictions.
  enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case jsonl, csv }
  /// What a bad row does.
  enum OnBadRow: String, ExpressibleByArgument, CaseIterable { case stop, skip }
  /// Which rows are written.
  enum Only: String, ExpressibleByArgument, CaseIterable { case all, unknown }
  /// Whether rows get a verdict.
  enum Reject: String, ExpressibleByArgument, CaseIterable { case flag, off }

  @OptionGroup var rows: RowFlags

  @Option(
    help:
      "Columns of a CSV file, as above, or members of JSON rows, that go into the output and are no numbers of the row."
  )
  var keep: String?

  @Option(
    help:
      "The column, or member, of the rows' labels: texts or indices of classes. The end says how many rows are right."
  )
  var labelColumn: String?

  @Option(
    name: .shortAndLong,
    help: "The file to write, instead of the standard output: beside its place, and renamed when it is whole.")
  var output: String?

  @Flag(help: "Let --output replace a file. The rows and the model are never replaced.")
  var force = false

  @Option(help: "JSON lines, or CSV: row, class, label, score, distance, margin, known, p_value.")
  var outputFormat = OutputFormat.jsonl

  @Option(
    help:
      "Any of \(PredictOutput.list("and")), with commas, or none. Default: scores,distances; none in CSV."
  )
  var outputs: String?

  @Option(help: "Adds the k nearest classes, nearest first, in JSON lines: 0 or more.")
  var topK = 0

  @Option(help: "flag: say of each row whether it is known; off: do not.")
  var reject = Reject.flag

  @Option(
    help: "The rate at which that is decided, instead of the one that the model was calibrated for: between 0 and 1.")
  var falseRejectRate: Double?

  @Option(help: "unknown: write only the rows that are called unknown, with their numbers; all: every row.")
  var only = Only.all

  @Option(help: "stop: end with exit code 2 at the first bad row; skip: leave bad rows out, and say how many.")
  var onBadRow = OnBadRow.stop

  func validate() throws {
    guard topK >= 0 else { throw ValidationError("--top-k: expected a number of classes, found \(topK)") }
    if let rate = falseRejectRate, !(rate > 0 && rate < 1) {
      throw ValidationError("--false-reject-rate: expected a number between 0 and 1, found \(rate)")
    }
    _ = try chosenOutputs()
    try RowFlags.checkList(keep, of: "--keep")
    if output == "" { throw ValidationError("--output: expected a file's name, found nothing") }
    if labelColumn == "" { throw ValidationError("--label-column: expected a name, found nothing") }
    if force, output == nil { throw ValidationError("--force is for --output, which names no file here; leave it out") }
  }

  /// How the rows are read.
  func reading() -> RowFile.Options {
    var options = rows.reading
    options.keptColumns = keep.map(RowFlags.names) ?? []
    options.labelColumn = labelColumn
    return options
  }

  /// - Parameter carried: what the rows carry along, the label last.
  func encoding(carried: [String]) -> OfflineEncoder.Options {
    var options = OfflineEncoder.Options()
    options.kept = labelColumn == nil ? carried : Array(carried.dropLast())
    options.form = outputFormat == .csv ? .csv : .jsonl
    options.predict.outputs =
      (try? chosenOutputs()) ?? (outputFormat == .jsonl ? nil : PredictOutputs([]))
    options.onlyUnknown = only == .unknown
    options.predict.topK = Int32(clamping: topK)
    options.predict.reject = reject == .off ? .off : .flag
    options.predict.falseRejectRate = falseRejectRate
    return options
  }

  private func chosenOutputs() throws -> PredictOutputs? {
    guard let outputs else { return nil }
    if outputs == "none" { return PredictOutputs([]) }
    return PredictOutputs(
      try RowFlags.names(outputs).map { name in
        guard let output = PredictOutput.allCases.first(where: { $0.name == name }) else {
          throw ValidationError(
            "--outputs: expected \(PredictOutput.names.joined(separator: ", ")) or none, found '\(name)'")
        }
        return output
      })
  }
}
