package import Bytes
import JSON
package import Models
package import Predictions
package import RadialEngine

/// Results of rows that came from a file → lines of text, in the very bytes of `/predict`'s numbers.
///
/// Immutable: any number of threads may use it, each with a buffer of its own.
package struct OfflineEncoder: Sendable {
  /// What the lines are.
  package enum Form: String, CaseIterable, Sendable {
    /// One object a line: an element of `/predict`'s `predictions`.
    case jsonl
    /// A line of column names, then one line a row.
    case csv
  }

  /// What the output is to be.
  package struct Options: Sendable {
    /// What the lines are.
    package var form = Form.jsonl
    /// What is said of each row.
    package var predict = PredictOptions()
    /// Whether rows that are known are left out; lines of JSON then begin with the row's number.
    package var onlyUnknown = false
    /// The names of what rows carry along into the output.
    package var kept: [String] = []

    /// JSON lines with scores, distances and verdicts.
    package init() {}
  }

  /// A value that a row carries along.
  package struct Kept {
    /// UTF-8.
    let bytes: ArraySlice<UInt8>
    /// Whether it is a JSON value as it was written; else it is a text.
    let isJSON: Bool
    /// As a text: of a JSON string what it stands for.
    let text: String

    /// A value as it stood in the file, with what it stands for.
    package init(bytes: ArraySlice<UInt8>, isJSON: Bool, text: String) {
      (self.bytes, self.isJSON, self.text) = (bytes, isJSON, text)
    }
  }

  /// Why the options do not fit the model, or one another.
  package enum OptionError: Error {
    /// The model cannot be asked for it.
    case misfit(PredictOptions.Misfit)
    /// Contributions, embeddings, limits and nearest classes have no columns.
    case notForColumns
    /// The output has a member of this name of its own.
    case nameTaken(String)
    case nameTwice(String)
    /// Only rows of a verdict are wanted, and rows are to get none.
    case noVerdictToChoose
  }

  /// Why a finite row has no answer.
  package struct RowError: Error { package let sentence: String }

  /// What the lines are.
  package let form: Form
  let model: Model
  let options: PredictOptions
  private let onlyUnknown: Bool
  private let predictions: PredictionWriter
  /// Names of columns, in CSV; in JSON members with their colons and commas.
  let kept: [String]
  private let keptMembers: [[UInt8]]

  /// What an output may have of its own under any options.
  private static let ownNames = Set(
    [
      "row", "class", "label", "score", "distance", "margin", "known", "p_value", "top", "outputs",
    ] + PredictOutput.names)

  /// - Throws: for options that do not fit.
  package init(_ model: Model, _ options: Options) throws(OptionError) {
    self.model = model
    form = options.form
    self.options = options.predict
    onlyUnknown = options.onlyUnknown
    predictions = PredictionWriter(model)
    do throws(PredictOptions.Misfit) {
      try options.predict.validate(for: model)
    } catch {
      throw .misfit(error)
    }
    if onlyUnknown {
      guard model.verdictSource != nil else { throw .misfit(.noCalibration("only", model)) }
      guard !self.options.omitsVerdict else { throw .noVerdictToChoose }
    }
    if form == .csv,
      self.options.needsEmbeddings || self.options.topK > 0 || self.options.outputs?.contains(.limits) == true
    {
      throw .notForColumns
    }
    kept = options.kept
    keptMembers = options.kept.map { JSONWriter.escaped($0) + [UInt8(ascii: ":")] }
    for (index, name) in kept.enumerated() {
      guard !Self.ownNames.contains(name), !Self.isNumbered(name) else { throw .nameTaken(name) }
      guard !kept[..<index].contains(name) else { throw .nameTwice(name) }
    }
  }

  /// Whether a name is one of a table's `scores_0`, `distances_0`, `outputs_0` and so on.
  private static func isNumbered(_ name: String) -> Bool {
    ["scores_", "distances_", "outputs_", "softmax_"].contains { start in
      name.hasPrefix(start) && Int(name.dropFirst(start.count)) != nil
    }
  }

  /// Whether there are classes at all.
  package var isClassifier: Bool { model.isClassifier }

  /// Whether the inputs of the last RBF layer must be kept.
  package var needsEmbeddings: Bool { options.needsEmbeddings }

  /// An upper bound of a row's bytes that is seldom passed.
  package var expectedBytesPerRow: Int { predictions.maxBytesPerRow(options) }

  /// The line of column names, in CSV.
  package func writeHeader(into buffer: ByteBuffer) {
    if form == .csv { buffer.append(TableWriter(encoder: self).header + "\n") }
  }

  /// Writes the line of one row; on an error, nothing.
  /// - Parameters:
  ///   - row: in `results`.
  ///   - number: in its file, from 0.
  ///   - values: what the row carries along, one of each of the names.
  /// - Returns: the row's classification; nil of a regressor's.
  @discardableResult
  package func write(
    row: Int, number: Int, of results: Network.Results, keeping values: [Kept] = [], into buffer: ByteBuffer
  ) throws(RowError) -> Classification? {
    precondition(values.count == kept.count, "one value a name")
    let rows = RowResults(model: model, results: results, count: row + 1)
    let classification = rows.classification(row, omitsVerdict: options.omitsVerdict, rate: options.falseRejectRate)
    do throws(PredictionWriter.RowFault) {
      try predictions.checkFinite(rows, row)
      if onlyUnknown, classification?.verdict?.isKnown == true { return classification }
      switch form {
      case .jsonl:
        buffer.append("{")
        if onlyUnknown {
          buffer.append("\"row\":")
          JSONWriter(buffer).write(integer: number)
          buffer.append(",")
        }
        for (name, value) in zip(keptMembers, values) { write(name, value, JSONWriter(buffer)) }
        try predictions.write(rows, row, options, classification, JSONWriter(buffer))
        buffer.append("}")
      case .csv:
        TableWriter(encoder: self).write(
          row, number: number, keeping: values, rows, classification, into: JSONWriter(buffer))
      }
      buffer.append("\n")
      return classification
    } catch {
      throw RowError(sentence: error.sentence)
    }
  }

  private func write(_ name: [UInt8], _ value: Kept, _ json: JSONWriter) {
    json.write(raw: name)
    if value.isJSON {
      // A value may go over several lines in its file, which a line of output must not: outside of strings those are blanks.
      json.write(raw: value.bytes.map { $0 == 0x0a || $0 == 0x0d ? 0x20 : $0 })
    } else {
      json.write(string: value.text)
    }
    json.write(",")
  }
}
