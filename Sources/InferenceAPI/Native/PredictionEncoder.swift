import Bytes
import Models
import RadialEngine

/// Result rows → the bytes of an answer.
struct PredictionEncoder {
  let rows: RowResults
  /// Whether the request was one `instance`: errors name it so.
  var isSingle = false

  private var served: ServedModel { rows.served }
  private var network: Network { rows.network }

  /// The answer to `/predict`.
  func predictions(
    _ options: PredictOptions, into buffer: ByteBuffer, verdicts: inout [Verdict]
  ) throws(APIError) -> ByteBuffer {
    try checkFinite()
    let json = JSONWriter(buffer)
    json.write(raw: served.answerPrefix)
    json.write(isSingle ? ",\"prediction\":" : ",\"predictions\":[")
    for row in 0..<rows.count {
      if row > 0 { json.write(",") }
      if let verdict = try writePrediction(row, options, json) { verdicts.append(verdict) }
    }
    json.write(isSingle ? "}" : "]}")
    return json.buffer
  }

  /// One row's prediction, an object; nil: a regressor's, of which nothing is decided.
  func writePrediction(_ row: Int, _ options: PredictOptions, _ json: JSONWriter) throws(APIError) -> Verdict? {
    json.write("{")
    let verdict = try writeMembers(row, options, json)
    json.write("}")
    return verdict
  }

  /// The members of one row's prediction, without the braces.
  func writeMembers(_ row: Int, _ options: PredictOptions, _ json: JSONWriter) throws(APIError) -> Verdict? {
    var verdict: Verdict?
    if network.isClassifier {
      verdict = try writeClassification(row, options, json)
    } else {
      json.write("\"outputs\":")
      json.write(floats: rows.outputs(row))
    }
    writeDetails(row, options, json)
    return verdict
  }

  /// The answer to `/distances`.
  func distances(
    into buffer: ByteBuffer, verdicts: inout [Verdict]
  ) throws(APIError) -> ByteBuffer {
    try checkFinite()
    let json = JSONWriter(buffer)
    json.write(raw: served.answerPrefix)
    json.write(",\"distances\":")
    if !isSingle { json.write("[") }
    for row in 0..<rows.count {
      if row > 0 { json.write(",") }
      json.write(floats: rows.distances(row))
    }
    if !isSingle { json.write("]") }
    json.write(",\"nearest\":")
    if !isSingle { json.write("[") }
    for row in 0..<rows.count {
      if row > 0 { json.write(",") }
      let nearest = rows.nearest(row).first
      writeNeighbour(nearest, distance: rows.distances(row)[nearest], score: nil, json)
      verdicts.append(Verdict(nearest: nearest, distance: rows.distances(row)[nearest]))
    }
    json.write(isSingle ? "}" : "]}")
    return json.buffer
  }

  /// A finite row may still overflow Float32 on its way; native answers never carry an infinity.
  private func checkFinite() throws(APIError) {
    for row in 0..<rows.count { try checkFinite(row) }
  }

  func checkFinite(_ row: Int) throws(APIError) {
    let outputs = rows.outputs(row)
    for index in 0..<network.outputWidth where !outputs[index].isFinite {
      throw .overflow(path: path(row), what: "output", index: index, label: label(index))
    }
    let distances = rows.distances(row)
    for index in 0..<network.distanceWidth where !distances[index].isFinite {
      throw .overflow(path: path(row), what: "squared distance", index: index, label: label(index))
    }
  }

  private func path(_ row: Int) -> String { isSingle ? "instance" : "instances[\(row)]" }

  private func label(_ index: Int) -> String? {
    guard let labels = served.model.labels, labels.indices.contains(index) else { return nil }
    return labels[index]
  }

  private func writeClassification(
    _ row: Int, _ options: PredictOptions, _ json: JSONWriter
  ) throws(APIError) -> Verdict {
    let distances = rows.distances(row)
    let (nearest, second) = rows.nearest(row)
    json.write("\"class\":")
    json.write(integer: nearest)
    if !served.labels.isEmpty {
      json.write(",\"label\":")
      json.write(raw: served.labels[nearest])
    }
    json.write(",\"score\":")
    json.write(float: rows.outputs(row)[nearest])
    json.write(",\"distance\":")
    json.write(float: distances[nearest])
    if let second {
      json.write(",\"margin\":")
      json.write(float: distances[second] - distances[nearest])
    }
    guard let (isKnown, pValue) = try judge(row, nearest: nearest, options) else {
      return Verdict(nearest: nearest, distance: distances[nearest])
    }
    json.write(isKnown ? ",\"known\":true,\"p_value\":" : ",\"known\":false,\"p_value\":")
    json.write(float: Float(pValue))
    return Verdict(nearest: nearest, distance: distances[nearest], known: isKnown)
  }

  /// The calibrated verdict on a row; nil: the model carries no calibration, or the caller switched it off.
  func judge(
    _ row: Int, nearest: Int, _ options: PredictOptions
  ) throws(APIError) -> (isKnown: Bool, pValue: Double)? {
    guard options.reject != .off, let calibration = served.model.calibration else { return nil }
    let rate = options.falseRejectRate ?? calibration.falseRejectRate
    let pValue = calibration.pValue(class: nearest, distance: rows.distances(row)[nearest])
    if options.reject == .error, pValue < rate {
      throw .rejected(path: path(row), label: served.label(nearest), pValue: pValue, rate: rate)
    }
    return (pValue >= rate, pValue)
  }

  private func writeDetails(_ row: Int, _ options: PredictOptions, _ json: JSONWriter) {
    let outputs = rows.outputs(row)
    if options.topK > 0 {
      json.write(",\"top\":[")
      for (place, index) in rows.nearest(row, count: options.topK).enumerated() {
        if place > 0 { json.write(",") }
        writeNeighbour(index, distance: rows.distances(row)[index], score: outputs[index], json)
      }
      json.write("]")
    }
    if options.outputs.contains(.scores), network.isClassifier {
      json.write(",\"scores\":")
      json.write(floats: outputs)
    }
    if options.outputs.contains(.distances) {
      json.write(",\"distances\":")
      json.write(floats: rows.distances(row))
    }
    if options.outputs.contains(.embedding), let embedding = rows.embedding(row) {
      json.write(",\"embedding\":")
      json.write(floats: embedding)
    }
    if options.outputs.contains(.contributions) { writeContributions(row, json) }
  }

  private func writeContributions(_ row: Int, _ json: JSONWriter) {
    rows.withContributions(row) { contributions in
      json.write(",\"contributions\":[")
      for index in 0..<network.distanceWidth {
        if index > 0 { json.write(",") }
        json.write(floats: contributions.row(index, width: network.embeddingWidth))
      }
      json.write("]")
    }
  }

  private func writeNeighbour(_ index: Int, distance: Float, score: Float?, _ json: JSONWriter) {
    json.write("{\"class\":")
    json.write(integer: index)
    if index < served.labels.count {
      json.write(",\"label\":")
      json.write(raw: served.labels[index])
    }
    if let score {
      json.write(",\"score\":")
      json.write(float: score)
    }
    json.write(",\"distance\":")
    json.write(float: distance)
    json.write("}")
  }
}
