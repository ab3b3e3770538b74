import Bytes
import JSON
import Models
import Predictions
import RadialEngine

/// What an infer request wants to be told of its rows.
struct InferAnswer: RowsAnswer {
  /// A tensor that is asked for. It holds no references: outputs are copied again and again while an answer is written.
  typealias Output = InferRequest.Output

  /// As a JSON string, quotes included, to be sent back as it came; empty: none.
  let id: [UInt8]
  let outputs: [Output]

  /// - Parameter body: what was asked for; nil: everything, binary.
  init(_ body: InferRequest?, of served: ServedModel) {
    id = body?.id ?? []
    let asked = body?.outputs ?? []
    guard !asked.isEmpty else {
      var listed: [Output] = []
      listed.reserveCapacity(served.listedOutputs.count)
      for (place, output) in served.signature.outputs.enumerated() where output.isListed {
        listed.append(Output(tensor: place, isBinary: body?.isBinary ?? true))
      }
      outputs = listed
      return
    }
    // In the order of the metadata, not of the request.
    outputs = asked.sorted { $0.tensor < $1.tensor }
  }

  static let decoder = RowsDecoder(header: "Inference-Header-Content-Length") {
    (reader, content, served, target) throws(APIError) in
    try reader.infer(content, served, into: target)
  }

  /// One section an output, and behind them one for the bytes of each binary one: in the order of the outputs, as the extension demands.
  func sectionCount(of served: ServedModel) -> Int { outputs.count + outputs.count(where: \.isBinary) }

  func textSectionCount(of served: ServedModel) -> Int { outputs.count }

  func head(textBytes: Int, of served: ServedModel) -> AnswerHead {
    guard outputs.contains(where: \.isBinary) else { return .json }
    return AnswerHead(
      contentType: "application/octet-stream", headers: [("Inference-Header-Content-Length", String(textBytes))])
  }

  func maxBytes(ofSection section: Int, rows: Int, _ served: ServedModel) -> Int {
    let output = output(of: section)
    // Shape and punctuation of an output and its name, beside what stands before the first.
    let name = served.signature.outputs[output.tensor].written
    let text = section < outputs.count ? 256 + name.count + id.count + served.inferPrefix.count : 0
    guard section >= outputs.count || !output.isBinary else { return text }
    let row: Int
    if output.classification > 0 {
      let label = served.predictions.labels.map(\.count).max() ?? 0
      row = min(output.classification, served.model.classCount)
        .saturatingMultiply(by: Self.maxClassBytes + label)
    } else {
      row = (served.width(of: output) ?? 1) * (JSONOutput.maxFloat + 1)
    }
    return row.saturatingMultiply(by: rows).saturatingAdd(text)
  }

  /// Beside its bytes the classes of each row are put in order, and of binary ones twice: their size is told before them.
  func writingBytes(rows: Int, _ served: ServedModel) -> Int {
    outputs.reduce(maxBytes(rows: rows, served)) { sum, output in
      guard output.classification > 0 else { return sum }
      let count = served.model.classCount
      let row = count * Self.rankedClassBytes + min(output.classification, count) * Self.writtenClassBytes
      return sum.saturatingAdd(row.saturatingMultiply(by: output.isBinary ? 2 * rows : rows))
    }
  }

  func write(section: Int, _ rows: AnsweredRows, to buffer: ByteBuffer) {
    if section < outputs.count {
      writeText(of: section, rows, JSONWriter(buffer))
    } else {
      writeBytes(of: output(of: section), rows, to: buffer)
    }
  }

  /// What a section is about.
  private func output(of section: Int) -> Output {
    guard section >= outputs.count else { return outputs[section] }
    var rest = section - outputs.count
    // A walk: a list of them would be made for every answer.
    for output in outputs where output.isBinary {
      if rest == 0 { return output }
      rest -= 1
    }
    preconditionFailure("a section of no output")
  }
}

// Some result rows → their part of the answer. They are handed on and not kept: a copy counts references to all that they hold.
extension InferAnswer {
  /// The most bytes of an element of a classification without its label: a number with six decimals, an index, what separates them, and its
  /// quotes or its length.
  private static let maxClassBytes = 96
  /// As long as these many bytes of numbers take a class that is ranked, and one that is written.
  private static let (rankedClassBytes, writtenClassBytes) = (32, 512)

  /// The JSON of an output: all of it but its rows with the first row.
  private func writeText(of place: Int, _ rows: AnsweredRows, _ json: JSONWriter) {
    let output = outputs[place]
    if rows.isFirst { writeStart(of: output, place, rows, json) }
    if !output.isBinary { writeData(of: output, rows, json) }
    guard rows.isLast else { return }
    json.write(output.isBinary ? "}" : "]}")
    if place == outputs.count - 1 { json.write("]}") }
  }

  private func writeStart(of output: Output, _ place: Int, _ rows: AnsweredRows, _ json: JSONWriter) {
    if place == 0 {
      json.write("{")
      if !id.isEmpty {
        json.write("\"id\":")
        json.write(raw: id)
        json.write(",")
      }
      json.write(raw: rows.served.inferPrefix)
    } else {
      json.write(",")
    }
    json.write("{\"name\":")
    json.write(raw: rows.served.signature.outputs[output.tensor].written)
    json.write(",\"datatype\":\"")
    json.write(output.classification > 0 ? "BYTES" : rows.served.tensor(of: output).datatype)
    json.write("\",\"shape\":[")
    json.write(integer: rows.total)
    if let width = rows.served.width(of: output) {
      json.write(",")
      json.write(integer: width)
    }
    if output.isBinary {
      json.write("],\"parameters\":{\"binary_data_size\":")
      json.write(integer: binarySize(of: output, rows))
      json.write("}")
    } else {
      // Always flat, and never with parameters: NVIDIA's C++ client reads nested data as zeros, and stumbles over parameters.
      json.write("],\"data\":[")
    }
  }

  private func writeData(of output: Output, _ rows: AnsweredRows, _ json: JSONWriter) {
    guard rows.results.count > 0 else { return }
    if output.classification > 0 {
      for row in 0..<rows.results.count {
        for (place, entry) in Self.classes(output.classification, of: rows.results, row: row).enumerated() {
          if rows.first + row + place > 0 { json.write(",") }
          json.write(string: entry)
        }
      }
      return
    }
    let tensor = rows.served.tensor(of: output)
    switch tensor {
    case .scores, .outputs: json.write(elements: rows.results.allOutputs, isFirst: rows.isFirst)
    case .distances: json.write(elements: rows.results.allDistances, isFirst: rows.isFirst)
    case .known, .pValue:
      for (row, classification) in rows.classifications.enumerated() {
        if rows.first + row > 0 { json.write(",") }
        if tensor == .known {
          json.write(bool: classification.isKnown)
        } else {
          json.write(float: classification.pValue)
        }
      }
    }
  }

  /// The bytes of a binary output.
  private func writeBytes(of output: Output, _ rows: AnsweredRows, to buffer: ByteBuffer) {
    let results = rows.results
    guard output.classification == 0 else {
      for row in 0..<results.count {
        for entry in Self.classes(output.classification, of: results, row: row) {
          withUnsafeBytes(of: UInt32(entry.utf8.count).littleEndian) { buffer.append($0) }
          buffer.append(entry)
        }
      }
      return
    }
    switch rows.served.tensor(of: output) {
    case .scores, .outputs: buffer.append(UnsafeRawBufferPointer(results.allOutputs))
    case .distances: buffer.append(UnsafeRawBufferPointer(results.allDistances))
    case .known: for row in rows.classifications { withUnsafeBytes(of: row.isKnown) { buffer.append($0) } }
    case .pValue: for row in rows.classifications { withUnsafeBytes(of: row.pValue) { buffer.append($0) } }
    }
  }

  private func binarySize(of output: Output, _ rows: AnsweredRows) -> Int {
    guard output.classification == 0 else {
      // Told before the first of them: all of the request's rows are looked at.
      return rows.all.reduce(0) { sum, results in
        (0..<results.count).reduce(sum) { sum, row in
          Self.classes(output.classification, of: results, row: row).reduce(sum) {
            $0 + MemoryLayout<UInt32>.size + $1.utf8.count
          }
        }
      }
    }
    let isFloats = rows.served.tensor(of: output) != .known
    return isFloats ? rows.total * (rows.served.width(of: output) ?? 1) * MemoryLayout<Float>.size : rows.total
  }

  /// `VALUE:INDEX[:LABEL]` of a row's largest scores, largest first; a NaN is smaller than everything.
  private static func classes(_ count: Int, of rows: RowResults, row: Int) -> [String] {
    let scores = (0..<rows.model.classCount).map { rows.score(row, of: $0) }
    let order = scores.indices.sorted { a, b in
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

extension ServedModel {
  fileprivate func tensor(of output: InferAnswer.Output) -> OutputTensor { signature.outputs[output.tensor].tensor }

  /// The second dimension of an output; nil: there is none.
  fileprivate func width(of output: InferAnswer.Output) -> Int? {
    output.classification > 0 ? min(model.classCount, output.classification) : width(of: tensor(of: output))
  }
}

/// The verdict as tensors have it. They are asked for only of a model that gives it.
extension Classification {
  fileprivate var isKnown: Bool { verdict?.isKnown ?? false }
  fileprivate var pValue: Float { verdict?.pValue.map { Float($0) } ?? .nan }
}
