package import JSON
package import Models
import RadialEngine

/// Result rows → the members of their predictions, in JSON.
package struct PredictionWriter: Sendable {
  /// Why a finite row has no answer.
  package struct RowFault: Error {
    /// In the results.
    package let row: Int
    /// Without the place of the row.
    package let sentence: String
    /// Whether the row is unknown; else its results are beyond Float32.
    package let isUnknown: Bool
  }

  private let model: Model
  /// Each class's label as a JSON string; empty without labels.
  package let labels: [[UInt8]]
  /// The most bytes of one of them, with what names it.
  private let maxLabelBytes: Int

  /// A writer of the predictions of `model`, for any number of answers.
  package init(_ model: Model) {
    self.model = model
    labels = (model.labels ?? []).map(JSONWriter.escaped)
    maxLabelBytes = labels.map { $0.count + ",\"label\":".utf8.count }.max() ?? 0
  }

  /// The most bytes of a class or unit with its score and distance, and the comma before it.
  package var maxNeighbourBytes: Int { 64 + JSONOutput.maxInteger + 2 * JSONOutput.maxFloat + maxLabelBytes }

  /// The most bytes of a row's members, braces and the comma before them.
  package func maxBytesPerRow(_ options: PredictOptions) -> Int {
    let network = model.network
    // Names and punctuation are less than 160 bytes, beside which there are the class and four numbers.
    var bytes = 160 + JSONOutput.maxInteger + 4 * JSONOutput.maxFloat + maxLabelBytes
    let outputs = options.outputs(of: model)
    bytes += min(Int(options.topK), model.classCount) * maxNeighbourBytes
    if outputs.contains(.scores) || !model.isClassifier {
      bytes += JSONOutput.maxFloats(network.outputWidth) + 16
    }
    if outputs.contains(.distances) { bytes += JSONOutput.maxFloats(network.distanceWidth) + 16 }
    if outputs.contains(.embedding) { bytes += JSONOutput.maxFloats(network.embeddingWidth) + 16 }
    if outputs.contains(.limits) {
      bytes += JSONOutput.maxFloats(network.distanceWidth) + 16
      bytes += 16 + (model.calibration?.borrowed.count ?? 0) * (JSONOutput.maxInteger + 1)
    }
    if outputs.contains(.softmax) { bytes += JSONOutput.maxFloats(model.classCount) + 16 }
    if outputs.contains(.contributions) {
      bytes += (JSONOutput.maxFloats(network.embeddingWidth) + 1) * network.distanceWidth + 24
    }
    return bytes
  }

  /// Refuses results that overflowed Float32 on the way of a finite row: no answer carries an infinity.
  package func checkFinite(_ rows: RowResults) throws(RowFault) {
    for row in 0..<rows.count { try checkFinite(rows, row) }
  }

  /// Refuses a row whose results are not finite.
  package func checkFinite(_ rows: RowResults, _ row: Int) throws(RowFault) {
    if let index = rows.outputs(row).firstIndex(where: { !$0.isFinite }) { throw overflow("output", index, row) }
    if let index = rows.distances(row).firstIndex(where: { !$0.isFinite }) {
      throw overflow("squared distance", index, row)
    }
  }

  private func overflow(_ what: String, _ index: Int, _ row: Int) -> RowFault {
    let labels = model.labels ?? []
    let label = labels.indices.contains(index) ? " ('\(labels[index])')" : ""
    return RowFault(
      row: row,
      sentence: "the \(what) of class \(index)\(label) is beyond Float32; "
        + "send inputs in the range that the model was trained on",
      isUnknown: false)
  }

  /// Writes the members of one row's prediction, without the braces.
  /// - Parameter classification: the row's; nil: a regressor's has none.
  /// - Throws: for a row that is unknown, where that is to be an error.
  package func write(
    _ rows: RowResults, _ row: Int, _ options: PredictOptions, _ classification: Classification?, _ json: JSONWriter
  ) throws(RowFault) {
    let (outputs, shown) = (rows.outputs(row), options.outputs(of: model))
    if let classification {
      try refuseUnknown(row, classification, options)
      write(classification, json)
    } else {
      json.write("\"outputs\":")
      json.write(floats: outputs)
    }
    if options.topK > 0 { writeLikeliest(Int(options.topK), rows, row, json) }
    if shown.contains(.scores), classification != nil {
      json.write(",\"scores\":")
      json.write(floats: outputs)
    }
    if shown.contains(.distances) {
      json.write(",\"distances\":")
      json.write(floats: rows.distances(row))
    }
    if shown.contains(.embedding), let embedding = rows.embedding(row) {
      json.write(",\"embedding\":")
      json.write(floats: embedding)
    }
    if shown.contains(.limits) { writeLimits(options, json) }
    if shown.contains(.softmax) {
      json.write(",\"softmax\":")
      rows.withSoftmax(row) { json.write(floats: $0) }
    }
    if shown.contains(.contributions) { writeContributions(rows, row, json) }
  }

  /// With `"reject":"error"` an unknown row is an error.
  private func refuseUnknown(
    _ row: Int, _ classification: Classification, _ options: PredictOptions
  ) throws(RowFault) {
    guard options.reject == .error, let verdict = classification.verdict, !verdict.isKnown else { return }
    let rate = options.falseRejectRate ?? model.calibration?.falseRejectRate ?? 0
    let label = model.labels?[classification.predicted] ?? String(classification.predicted)
    let reason =
      if let pValue = verdict.pValue {
        "\(model.isOneClass ? "its" : "nearest") class '\(label)' has p-value \(Float(pValue)), below \(Float(rate))"
      } else {
        "the output of class '\(label)' is \(classification.score), which the model itself calls unknown"
      }
    throw RowFault(
      row: row, sentence: "unknown: \(reason); send \"reject\":\"flag\" to get the answer with its verdict",
      isUnknown: true)
  }

  private func write(_ classification: Classification, _ json: JSONWriter) {
    json.write("\"class\":")
    json.write(integer: classification.predicted)
    if !labels.isEmpty {
      json.write(",\"label\":")
      json.write(raw: labels[classification.predicted])
    }
    json.write(",\"score\":")
    json.write(float: classification.score)
    if let distance = classification.distance {
      json.write(",\"distance\":")
      json.write(float: distance)
    }
    if let margin = classification.margin {
      json.write(",\"margin\":")
      json.write(float: margin)
    }
    guard let verdict = classification.verdict else { return }
    json.write(verdict.isKnown ? ",\"known\":true" : ",\"known\":false")
    guard let pValue = verdict.pValue else { return }
    json.write(",\"p_value\":")
    json.write(float: Float(pValue))
  }

  private func writeLikeliest(_ count: Int, _ rows: RowResults, _ row: Int, _ json: JSONWriter) {
    // Of a network whose classes are no prototypes, distances are not the classes'.
    let distances = model.measuresClasses ? rows.distances(row) : nil
    json.write(",\"top\":[")
    for (place, index) in rows.likeliest(row, count: count).enumerated() {
      if place > 0 { json.write(",") }
      writeNeighbour(index, distance: distances?[index], score: rows.score(row, of: index), json)
    }
    json.write("]")
  }

  private func writeLimits(_ options: PredictOptions, _ json: JSONWriter) {
    guard let calibration = model.calibration else { return }
    json.write(",\"limits\":[")
    for index in 0..<calibration.classCount {
      if index > 0 { json.write(",") }
      if let limit = calibration.limit(of: index, at: options.falseRejectRate ?? calibration.falseRejectRate) {
        json.write(float: limit)
      } else {
        json.write("null")
      }
    }
    json.write("]")
    if !calibration.borrowed.isEmpty {
      json.write(",\"borrowed\":[")
      for (place, index) in calibration.borrowed.sorted().enumerated() {
        if place > 0 { json.write(",") }
        json.write(integer: index)
      }
      json.write("]")
    }
  }

  private func writeContributions(_ rows: RowResults, _ row: Int, _ json: JSONWriter) {
    let width = rows.network.embeddingWidth
    rows.withContributions(row) { contributions in
      json.write(",\"contributions\":[")
      for index in 0..<rows.network.distanceWidth {
        if index > 0 { json.write(",") }
        json.write(floats: UnsafeBufferPointer(rebasing: contributions[index * width..<(index + 1) * width]))
      }
      json.write("]")
    }
  }

  /// Writes `{"class":…,"label":…,"score":…,"distance":…}` of one class or unit.
  /// - Parameters:
  ///   - distance: nil: none is written.
  ///   - score: nil: none is written.
  package func writeNeighbour(_ index: Int, distance: Float?, score: Float?, _ json: JSONWriter) {
    json.write("{\"class\":")
    json.write(integer: index)
    // Units that are no classes have the names of none.
    if index < labels.count, score != nil || model.measuresClasses || !model.isClassifier {
      json.write(",\"label\":")
      json.write(raw: labels[index])
    }
    if let score {
      json.write(",\"score\":")
      json.write(float: score)
    }
    if let distance {
      json.write(",\"distance\":")
      json.write(float: distance)
    }
    json.write("}")
  }
}
