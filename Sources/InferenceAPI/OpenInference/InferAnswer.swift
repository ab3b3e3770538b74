import Bytes
import JSON
import Models
import Predictions
import RadialEngine

/// What an infer request wants to be told of its rows.
struct InferAnswer: RowsAnswer {
  /// A tensor that is asked for.
  struct Output {
    let tensor: OutputTensor
    let isBinary: Bool
    /// How many classes, the largest values first; 0: the tensor itself.
    var classification = 0
  }

  /// As a JSON string, quotes included, to be sent back as it came; empty: none.
  let id: [UInt8]
  let outputs: [Output]

  /// - Parameter body: what was asked for; nil: everything, binary.
  init(_ body: InferRequest?, of served: ServedModel) {
    id = body?.id ?? []
    let asked = body?.outputs ?? []
    guard !asked.isEmpty else {
      outputs = served.listedTensors.map { Output(tensor: $0, isBinary: body?.isBinary ?? true) }
      return
    }
    // In the order of the metadata, not of the request.
    outputs = asked.sorted { $0.tensor < $1.tensor }.map {
      Output(tensor: served.tensors[$0.tensor], isBinary: $0.isBinary, classification: $0.classification)
    }
  }

  static let decoder = RowsDecoder { (reader, request, served, batch) throws(APIError) in
    try reader.infer(request, served, into: batch)
  }

  /// Writes the answer of an infer request: JSON, and behind it the bytes of the binary tensors, in one buffer.
  func write(_ rows: AnsweredRows, to buffer: ByteBuffer) -> AnswerHead {
    let jsonBytes = InferWriter(self, rows).write(to: buffer)
    guard let jsonBytes else { return .json }
    return AnswerHead(
      contentType: "application/octet-stream", headers: [("Inference-Header-Content-Length", String(jsonBytes))])
  }
}

/// Result rows → the answer of an infer request.
private struct InferWriter {
  let request: InferAnswer
  let served: ServedModel
  let rows: RowResults
  let classifications: [Classification]
  /// The elements of the output that is a classification, row by row; only scores can be one.
  private let classes: [String]

  /// A writer of one answer.
  init(_ request: InferAnswer, _ answered: AnsweredRows) {
    self.request = request
    let rows = answered.results
    (served, self.rows, classifications) = (answered.served, rows, answered.classifications)
    let count = request.outputs.lazy.map(\.classification).first { $0 > 0 } ?? 0
    classes = count == 0 ? [] : (0..<rows.count).flatMap { Self.classes(count, of: rows, row: $0) }
  }

  /// Writes the answer.
  /// - Returns: how many bytes of JSON precede binary tensors; nil: there are none.
  func write(to buffer: ByteBuffer) -> Int? {
    let json = JSONWriter(buffer)
    json.write("{")
    if !request.id.isEmpty {
      json.write("\"id\":")
      json.write(raw: request.id)
      json.write(",")
    }
    json.write(raw: served.inferPrefix)
    for (place, output) in request.outputs.enumerated() {
      if place > 0 { json.write(",") }
      writeOutput(output, json)
    }
    json.write("]}")
    guard request.outputs.contains(where: \.isBinary) else { return nil }
    let jsonBytes = buffer.count
    // Behind the whole JSON, in the order of the outputs, as the extension demands.
    for output in request.outputs where output.isBinary { appendBytes(of: output, to: buffer) }
    return jsonBytes
  }

  private func writeOutput(_ output: InferAnswer.Output, _ json: JSONWriter) {
    let isClassification = output.classification > 0
    json.write("{\"name\":\"")
    json.write(output.tensor.name)
    json.write("\",\"datatype\":\"")
    json.write(isClassification ? "BYTES" : output.tensor.datatype)
    json.write("\",\"shape\":[")
    json.write(integer: rows.count)
    if let width = width(of: output) {
      json.write(",")
      json.write(integer: width)
    }
    guard !output.isBinary else {
      json.write("],\"parameters\":{\"binary_data_size\":")
      json.write(integer: binarySize(of: output))
      return json.write("}}")
    }
    // Always flat, and never with parameters: NVIDIA's C++ client reads nested data as zeros, and stumbles over parameters.
    json.write("],\"data\":")
    if isClassification {
      json.write("[")
      for (place, entry) in classes.enumerated() {
        if place > 0 { json.write(",") }
        json.write(string: entry)
      }
      json.write("]")
    } else {
      writeData(of: output.tensor, json)
    }
    json.write("}")
  }

  private func writeData(of tensor: OutputTensor, _ json: JSONWriter) {
    switch tensor {
    case .scores, .outputs: json.write(floats: rows.allOutputs)
    case .distances: json.write(floats: rows.allDistances)
    case .known, .pValue:
      json.write("[")
      for (row, classification) in classifications.enumerated() {
        if row > 0 { json.write(",") }
        if tensor == .known {
          json.write(bool: classification.isKnown)
        } else {
          json.write(float: classification.pValue)
        }
      }
      json.write("]")
    }
  }

  private func appendBytes(of output: InferAnswer.Output, to buffer: ByteBuffer) {
    guard output.classification == 0 else {
      for entry in classes {
        withUnsafeBytes(of: UInt32(entry.utf8.count).littleEndian) { buffer.append($0) }
        buffer.append(entry)
      }
      return
    }
    switch output.tensor {
    case .scores, .outputs: buffer.append(UnsafeRawBufferPointer(rows.allOutputs))
    case .distances: buffer.append(UnsafeRawBufferPointer(rows.allDistances))
    case .known: for row in classifications { withUnsafeBytes(of: row.isKnown) { buffer.append($0) } }
    case .pValue: for row in classifications { withUnsafeBytes(of: row.pValue) { buffer.append($0) } }
    }
  }

  /// The second dimension; nil: there is none.
  private func width(of output: InferAnswer.Output) -> Int? {
    let width = served.width(of: output.tensor)
    return output.classification > 0 ? width.map { min($0, output.classification) } : width
  }

  private func binarySize(of output: InferAnswer.Output) -> Int {
    guard output.classification == 0 else {
      return classes.reduce(0) { $0 + MemoryLayout<UInt32>.size + $1.utf8.count }
    }
    return output.tensor == .known ? rows.count : rows.count * (width(of: output) ?? 1) * MemoryLayout<Float>.size
  }

  /// `VALUE:INDEX[:LABEL]` of a row's largest scores, largest first; a NaN is smaller than everything.
  private static func classes(_ count: Int, of rows: RowResults, row: Int) -> [String] {
    let scores = rows.outputs(row)
    let order = (0..<rows.network.outputWidth).sorted { a, b in
      let (x, y) = (scores[a], scores[b])
      // An order that is one for NaN too: sorting by < alone is none.
      if x.isNaN != y.isNaN { return y.isNaN }
      return x > y || (!(x < y) && a < b)
    }
    return order.prefix(count).map { index in
      "\(scores[index].sixDecimals):\(index)" + (rows.model.labels.map { ":\($0[index])" } ?? "")
    }
  }
}

/// The verdict as tensors have it. Only of a calibrated model are they asked for.
extension Classification {
  fileprivate var isKnown: Bool { verdict?.isKnown ?? false }
  fileprivate var pValue: Float { verdict.map { Float($0.pValue) } ?? .nan }
}
