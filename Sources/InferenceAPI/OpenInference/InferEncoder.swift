import Bytes
import Models
import RadialEngine

/// Result rows → the answer of an infer request: JSON, and behind it the bytes of the binary tensors, in one buffer.
struct InferEncoder {
  let request: InferRequest
  let rows: RowResults
  /// The elements of the output that is a classification, row by row; only scores can be one.
  private let classes: [String]

  init(request: InferRequest, rows: RowResults) {
    self.request = request
    self.rows = rows
    let count = request.outputs.lazy.map(\.classification).first { $0 > 0 } ?? 0
    classes = count == 0 ? [] : (0..<rows.count).flatMap { Self.classes(count, of: rows, row: $0) }
  }

  /// Writes the answer.
  /// - Returns: how many bytes of JSON precede binary tensors; nil: there are none.
  func write(into buffer: ByteBuffer, classifications: [Classification]) -> Int? {
    let json = JSONWriter(buffer)
    json.write("{")
    if !request.id.isEmpty {
      json.write("\"id\":")
      json.write(raw: request.id)
      json.write(",")
    }
    json.write(raw: rows.served.inferPrefix)
    for (place, output) in request.outputs.enumerated() {
      if place > 0 { json.write(",") }
      writeOutput(output, classifications, json)
    }
    json.write("]}")
    guard request.outputs.contains(where: \.isBinary) else { return nil }
    let jsonBytes = buffer.count
    for output in request.outputs where output.isBinary { appendBytes(of: output, classifications, to: buffer) }
    return jsonBytes
  }

  private func writeOutput(_ output: InferRequest.Output, _ classifications: [Classification], _ json: JSONWriter) {
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
      writeData(of: output.tensor, classifications, json)
    }
    json.write("}")
  }

  private func writeData(of tensor: OutputTensor, _ classifications: [Classification], _ json: JSONWriter) {
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

  private func appendBytes(of output: InferRequest.Output, _ classifications: [Classification], to buffer: ByteBuffer) {
    guard output.classification == 0 else {
      for entry in classes {
        withUnsafeBytes(of: UInt32(entry.utf8.count).littleEndian) { buffer.append($0) }
        buffer.append(entry)
      }
      return
    }
    switch output.tensor {
    case .scores, .outputs: buffer.append(rows.allOutputs.bytes)
    case .distances: buffer.append(rows.allDistances.bytes)
    case .known: for row in classifications { withUnsafeBytes(of: row.isKnown) { buffer.append($0) } }
    case .pValue: for row in classifications { withUnsafeBytes(of: row.pValue) { buffer.append($0) } }
    }
  }

  /// The second dimension; nil: there is none.
  private func width(of output: InferRequest.Output) -> Int? {
    let width = rows.served.width(of: output.tensor)
    return output.classification > 0 ? width.map { min($0, output.classification) } : width
  }

  private func binarySize(of output: InferRequest.Output) -> Int {
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
      if x.isNaN != y.isNaN { return y.isNaN }
      return x > y || (!(x < y) && a < b)
    }
    return order.prefix(count).map { index in
      "\(scores[index].sixDecimals):\(index)" + (rows.served.model.labels.map { ":\($0[index])" } ?? "")
    }
  }
}

/// The verdict as tensors have it. Only of a calibrated model are they asked for.
extension Classification {
  fileprivate var isKnown: Bool { verdict?.isKnown ?? false }
  fileprivate var pValue: Float { verdict.map { Float($0.pValue) } ?? .nan }
}
