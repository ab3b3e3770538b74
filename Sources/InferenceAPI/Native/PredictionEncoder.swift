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
  /// - Parameter classifications: of each row; none of a regressor's.
  func predictions(
    _ options: PredictOptions, _ classifications: [Classification], into buffer: ByteBuffer
  ) throws(APIError) -> ByteBuffer {
    try checkFinite()
    let json = JSONWriter(buffer)
    json.write(raw: served.answerPrefix)
    json.write(isSingle ? ",\"prediction\":" : ",\"predictions\":[")
    for row in 0..<rows.count {
      if row > 0 { json.write(",") }
      json.write("{")
      try writeMembers(row, options, network.isClassifier ? classifications[row] : nil, json)
      json.write("}")
    }
    json.write(isSingle ? "}" : "]}")
    return json.buffer
  }

  /// The members of one row's prediction, without the braces.
  /// - Parameter classification: the row's; nil: a regressor's has none.
  func writeMembers(
    _ row: Int, _ options: PredictOptions, _ classification: Classification?, _ json: JSONWriter
  ) throws(APIError) {
    if let classification {
      try refuseUnknown(row, classification, options)
      write(classification, score: rows.outputs(row)[classification.nearest], json)
    } else {
      json.write("\"outputs\":")
      json.write(floats: rows.outputs(row))
    }
    writeDetails(row, options, json)
  }

  /// The answer to `/distances`.
  func distances(into buffer: ByteBuffer) throws(APIError) -> ByteBuffer {
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

  private func write(_ classification: Classification, score: Float, _ json: JSONWriter) {
    json.write("\"class\":")
    json.write(integer: classification.nearest)
    if !served.labels.isEmpty {
      json.write(",\"label\":")
      json.write(raw: served.labels[classification.nearest])
    }
    json.write(",\"score\":")
    json.write(float: score)
    json.write(",\"distance\":")
    json.write(float: classification.distance)
    if let margin = classification.margin {
      json.write(",\"margin\":")
      json.write(float: margin)
    }
    guard let verdict = classification.verdict else { return }
    json.write(verdict.isKnown ? ",\"known\":true,\"p_value\":" : ",\"known\":false,\"p_value\":")
    json.write(float: Float(verdict.pValue))
  }

  /// With `"reject":"error"` an unknown row is an error.
  private func refuseUnknown(
    _ row: Int, _ classification: Classification, _ options: PredictOptions
  ) throws(APIError) {
    guard options.reject == .error, let verdict = classification.verdict, !verdict.isKnown else { return }
    let rate = options.falseRejectRate ?? served.model.calibration?.falseRejectRate ?? 0
    throw .rejected(
      path: path(row), label: served.label(classification.nearest), pValue: verdict.pValue, rate: rate)
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
