import HTTPServer
import Models
import RadialEngine

/// What was decided of a row: the metrics count it.
struct Verdict: Sendable {
  let nearest: Int
  /// Squared.
  let distance: Float
  /// nil: the model carries no calibration, or the caller switched the verdict off.
  let known: Bool?
}

/// Result rows → the bytes of an answer.
struct PredictionEncoder {
  let served: ServedModel
  let results: Network.Results
  let rows: Int

  private var network: Network { served.model.network }

  /// The answer to `/predict`.
  func predictions(
    _ options: PredictOptions, into buffer: OutputBuffer, verdicts: inout [Verdict]
  ) throws(APIError) -> OutputBuffer {
    try checkFinite()
    let json = JSONWriter(buffer)
    json.write(raw: served.answerPrefix)
    json.write(options.isSingle ? ",\"prediction\":" : ",\"predictions\":[")
    for row in 0..<rows {
      if row > 0 { json.write(",") }
      if let verdict = try writePrediction(row, options, json) { verdicts.append(verdict) }
    }
    json.write(options.isSingle ? "}" : "]}")
    return json.buffer
  }

  /// One row's prediction, an object; nil: a regressor's, of which nothing is decided.
  func writePrediction(_ row: Int, _ options: PredictOptions, _ json: JSONWriter) throws(APIError) -> Verdict? {
    var verdict: Verdict?
    json.write("{")
    if network.isClassifier {
      verdict = try writeClassification(row, options, json)
    } else {
      json.write("\"outputs\":")
      json.write(floats: results.outputs + row * network.outputWidth, count: network.outputWidth)
    }
    writeDetails(row, options, json)
    json.write("}")
    return verdict
  }

  /// The answer to `/distances`.
  func distances(
    isSingle: Bool, into buffer: OutputBuffer, verdicts: inout [Verdict]
  ) throws(APIError) -> OutputBuffer {
    try checkFinite()
    let json = JSONWriter(buffer)
    json.write(raw: served.answerPrefix)
    json.write(",\"distances\":")
    if !isSingle { json.write("[") }
    for row in 0..<rows {
      if row > 0 { json.write(",") }
      json.write(floats: distances(row), count: network.distanceWidth)
    }
    if !isSingle { json.write("]") }
    json.write(",\"nearest\":")
    if !isSingle { json.write("[") }
    for row in 0..<rows {
      if row > 0 { json.write(",") }
      let nearest = network.nearest(distances(row)).first
      writeNeighbour(nearest, distance: distances(row)[nearest], score: nil, json)
      verdicts.append(Verdict(nearest: nearest, distance: distances(row)[nearest], known: nil))
    }
    json.write(isSingle ? "}" : "]}")
    return json.buffer
  }

  func distances(_ row: Int) -> UnsafePointer<Float> {
    guard let distances = results.distances else { preconditionFailure("a served network has an RBF layer") }
    return UnsafePointer(distances + row * network.distanceWidth)
  }

  /// A finite row may still overflow Float32 on its way; native answers never carry an infinity.
  private func checkFinite() throws(APIError) {
    for row in 0..<rows { try checkFinite(row) }
  }

  func checkFinite(_ row: Int) throws(APIError) {
    let outputs = results.outputs + row * network.outputWidth
    for index in 0..<network.outputWidth where !outputs[index].isFinite {
      throw .overflow(row: row, what: "output", index: index, label: label(index))
    }
    let distances = distances(row)
    for index in 0..<network.distanceWidth where !distances[index].isFinite {
      throw .overflow(row: row, what: "squared distance", index: index, label: label(index))
    }
  }

  private func label(_ index: Int) -> String? {
    guard let labels = served.model.labels, labels.indices.contains(index) else { return nil }
    return labels[index]
  }

  private func writeClassification(
    _ row: Int, _ options: PredictOptions, _ json: JSONWriter
  ) throws(APIError) -> Verdict {
    let distances = distances(row)
    let (nearest, second) = network.nearest(distances)
    json.write("\"class\":")
    json.write(integer: nearest)
    if !served.labels.isEmpty {
      json.write(",\"label\":")
      json.write(raw: served.labels[nearest])
    }
    json.write(",\"score\":")
    json.write(float: results.outputs[row * network.outputWidth + nearest])
    json.write(",\"distance\":")
    json.write(float: distances[nearest])
    if let second {
      json.write(",\"margin\":")
      json.write(float: distances[second] - distances[nearest])
    }
    guard let (isKnown, pValue) = try judge(row, nearest: nearest, options) else {
      return Verdict(nearest: nearest, distance: distances[nearest], known: nil)
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
    let pValue = calibration.pValue(class: nearest, distance: distances(row)[nearest])
    if options.reject == .error, pValue < rate {
      throw .rejected(row: row, label: served.label(nearest), pValue: pValue, rate: rate)
    }
    return (pValue >= rate, pValue)
  }

  private func writeDetails(_ row: Int, _ options: PredictOptions, _ json: JSONWriter) {
    let outputs = results.outputs + row * network.outputWidth
    if options.topK > 0 {
      json.write(",\"top\":[")
      for (place, index) in network.nearest(distances(row), count: options.topK).enumerated() {
        if place > 0 { json.write(",") }
        writeNeighbour(index, distance: distances(row)[index], score: outputs[index], json)
      }
      json.write("]")
    }
    if options.scores, network.isClassifier {
      json.write(",\"scores\":")
      json.write(floats: outputs, count: network.outputWidth)
    }
    if options.distances {
      json.write(",\"distances\":")
      json.write(floats: distances(row), count: network.distanceWidth)
    }
    guard options.needsEmbeddings, let embeddings = results.embeddings else { return }
    let embedding = embeddings + row * network.embeddingWidth
    if options.embedding {
      json.write(",\"embedding\":")
      json.write(floats: embedding, count: network.embeddingWidth)
    }
    if options.contributions { writeContributions(embedding, json) }
  }

  /// contributions[c][k] = (h_k − μ_kc)², in the RBF layer's input space.
  private func writeContributions(_ embedding: UnsafePointer<Float>, _ json: JSONWriter) {
    let width = network.embeddingWidth
    withUnsafeTemporaryAllocation(of: Float.self, capacity: network.distanceWidth * width) { contributions in
      guard let base = contributions.baseAddress else { return }
      network.contributions(embedding: embedding, into: base)
      json.write(",\"contributions\":[")
      for index in 0..<network.distanceWidth {
        if index > 0 { json.write(",") }
        json.write(floats: base + index * width, count: width)
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
