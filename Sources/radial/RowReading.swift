import Evaluation
import Models
import OfflineScoring
import RowFiles

/// The files of rows of a command that scores several, opened and scanned alike.
struct RowReading {
  let model: Model
  let flags: RowFlags

  /// Opens a file and scores its rows.
  /// - Parameters:
  ///   - labels: a file with a label a row; nil: there is none.
  ///   - isSampled: whether the rows themselves are kept, up to 1 GiB of them.
  func scan(
    _ path: String, labels: String? = nil, labelColumn: String? = nil, isSampled: Bool = false, sampled: Int = 0
  ) throws -> EvaluationScan {
    try EvaluationScan(
      model, open(path, labelColumn: labelColumn), labels: try labels.map { try RowLabels.read($0) },
      isLabelled: labels != nil || labelColumn != nil,
      sampled: isSampled ? .max : sampled, sampledFloats: isSampled ? Fit.maximumFloats : 1 << 24,
      threads: threads, progress: progress)
  }

  /// Opens a file.
  func open(_ path: String, labelColumn: String? = nil) throws(OfflineFailure) -> RowFile {
    var options = flags.reading
    options.labelColumn = labelColumn
    do throws(RowFileError) {
      return try RowFile(path: path, shape: model.inputShape, options: options)
    } catch {
      throw OfflineFailure(error)
    }
  }

  /// How many threads score rows.
  var threads: Int { flags.threads ?? availableCores() }
  /// nil: nobody looks.
  var progress: ProgressBar? { flags.quiet ? nil : ProgressBar.onTerminal(writesToFile: true) }
}
