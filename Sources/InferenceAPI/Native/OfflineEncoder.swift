package import HTTPServer
import Models
package import RadialEngine

/// Results of rows that came from a file → lines of text, in the very bytes of `/predict`'s numbers.
///
/// Immutable: any number of threads may use it, each with a buffer of its own.
package struct OfflineEncoder: Sendable {
  package enum Form: String, CaseIterable, Sendable {
    /// One object a line: an element of `/predict`'s `predictions`.
    case jsonl
    /// A line of column names, then one line a row.
    case csv
  }

  package enum Output: String, CaseIterable, Sendable { case scores, distances, contributions, embedding }

  package struct Options: Sendable {
    package var form = Form.jsonl
    /// nil: scores and distances in JSON, neither in CSV.
    package var outputs: Set<Output>?
    package var topK = 0
    /// Whether `known` and `p_value` are left out.
    package var omitsVerdict = false
    package var falseRejectRate: Double?

    package init() {}
  }

  /// Why the options do not fit the model. `description` is the sentence.
  package struct OptionError: Error, CustomStringConvertible { package let description: String }

  /// Why a finite row has no answer.
  package struct RowError: Error { package let sentence: String }

  package let form: Form
  let served: ServedModel
  let options: PredictOptions

  package init(_ served: ServedModel, _ options: Options) throws(OptionError) {
    self.served = served
    form = options.form
    let outputs = options.outputs ?? (options.form == .jsonl ? [.scores, .distances] : [])
    var translated = PredictOptions()
    translated.scores = outputs.contains(.scores)
    translated.distances = outputs.contains(.distances)
    translated.contributions = outputs.contains(.contributions)
    translated.embedding = outputs.contains(.embedding)
    translated.topK = options.topK
    translated.reject = options.omitsVerdict ? .off : .flag
    translated.falseRejectRate = options.falseRejectRate
    do throws(APIError) {
      try translated.validate(for: served)
    } catch {
      throw OptionError(description: error.message)
    }
    if form == .csv, translated.needsEmbeddings || translated.topK > 0 {
      throw OptionError(
        description: "contributions, embedding and top_k do not fit into columns; ask for them with JSON lines")
    }
    self.options = translated
  }

  /// Whether the inputs of the last RBF layer must be kept.
  package var needsEmbeddings: Bool { options.needsEmbeddings }

  /// An upper bound of a row's bytes that is seldom passed.
  package var expectedBytesPerRow: Int {
    let network = served.model.network
    let details = options.contributions ? network.embeddingWidth * network.distanceWidth : 0
    return 160 + 14 * (network.outputWidth + network.distanceWidth + details)
  }

  /// The line of column names, in CSV.
  package func writeHeader(into buffer: OutputBuffer) {
    if form == .csv { buffer.append(TableWriter(encoder: self).header + "\n") }
  }

  /// Writes the line of one row; on an error, nothing.
  /// - Parameters:
  ///   - row: in `results`.
  ///   - number: in its file, from 0.
  package func write(
    row: Int, number: Int, of results: Network.Results, into buffer: OutputBuffer
  ) throws(RowError) {
    let encoder = PredictionEncoder(rows: RowResults(served: served, results: results, count: row + 1))
    do throws(APIError) {
      try encoder.checkFinite(row)
      switch form {
      case .jsonl: _ = try encoder.writePrediction(row, options, JSONWriter(buffer))
      case .csv: try TableWriter(encoder: self).write(row, number: number, encoder, into: JSONWriter(buffer))
      }
      buffer.append("\n")
    } catch {
      if case .overflow(_, let what, let index, let label) = error {
        throw RowError(sentence: APIError.beyondFloat32(what, index, label))
      }
      throw RowError(sentence: error.message)
    }
  }
}
