import Bytes
import JSON
import Models
import Predictions
import RadialEngine

/// The answer to a predict or classify request: always nested, and whole numbers with `.0`.
struct ServingAnswer: RowsAnswer {
  let signature: ServingSignature
  /// `inputs` instead of `instances`: the answer is by tensor instead of by row.
  let isColumnar: Bool
  let isClassify: Bool

  /// Reads predict or classify requests.
  static func decoder(isClassify: Bool) -> RowsDecoder {
    RowsDecoder(
      decode: { (reader, content, served, target) throws(APIError) in
        try reader.serving(content.body, served, into: target, isClassify: isClassify)
      },
      check: { (reader, body) throws(APIError) in try reader.checkServing(body) })
  }

  func sectionCount(of served: ServedModel) -> Int { isColumnar ? served.outputs(of: signature).count : 1 }

  func maxBytes(ofSection section: Int, rows: Int, _ served: ServedModel) -> Int {
    let outputs = served.outputs(of: signature)
    let row: Int
    if isClassify {
      let label = served.predictions.labels.map(\.count).max() ?? 2
      row = served.model.classCount.saturatingMultiply(by: label + JSONOutput.maxReal + 4) + 3
    } else {
      let written = isColumnar ? [outputs[section]] : outputs
      row = written.reduce(4) { $0 + JSONOutput.maxReals(served.width(of: $1.tensor) ?? 1) + $1.written.count + 2 }
    }
    return row.saturatingMultiply(by: rows).saturatingAdd(64)
  }

  /// Writes some rows of `{"predictions":[…]}`, `{"outputs":…}` or `{"results":[…]}`.
  func write(section: Int, _ rows: AnsweredRows, to buffer: ByteBuffer) {
    let json = JSONWriter(buffer)
    let outputs = rows.served.outputs(of: signature)
    if rows.isFirst { writeStart(of: section, outputs, json) }
    for row in 0..<rows.results.count {
      if rows.first + row > 0 { json.write(",") }
      if isClassify {
        writeClasses(rows, row, json)
      } else if isColumnar {
        writeRow(outputs[section].tensor, rows.results, row, json)
      } else {
        writeOutputs(outputs, rows.results, row, json)
      }
    }
    guard rows.isLast else { return }
    json.write("]")
    guard !isColumnar || section == outputs.count - 1 else { return }
    json.write(isColumnar && outputs.count > 1 ? "}}" : "}")
  }

  /// What stands before the first row of a section.
  private func writeStart(of section: Int, _ outputs: [TensorSignature.Output], _ json: JSONWriter) {
    if isColumnar {
      if section == 0 { json.write(outputs.count > 1 ? "{\"outputs\":{" : "{\"outputs\":") }
      if outputs.count > 1 { writeName(outputs[section], section, json) }
      json.write("[")
    } else {
      json.write(isClassify ? "{\"results\":[" : "{\"predictions\":[")
    }
  }

  private func writeClasses(_ rows: AnsweredRows, _ row: Int, _ json: JSONWriter) {
    json.write("[")
    for index in 0..<rows.served.model.classCount {
      json.write(index == 0 ? "[" : ",[")
      // TensorFlow Serving writes an empty label where a model has none.
      if rows.served.predictions.labels.isEmpty {
        json.write("\"\"")
      } else {
        json.write(raw: rows.served.predictions.labels[index])
      }
      json.write(",")
      json.write(real: rows.results.score(row, of: index))
      json.write("]")
    }
    json.write("]")
  }

  private func writeOutputs(
    _ outputs: [TensorSignature.Output], _ results: RowResults, _ row: Int, _ json: JSONWriter
  ) {
    // A signature's only output goes without its name.
    guard outputs.count > 1 else { return writeRow(outputs[0].tensor, results, row, json) }
    json.write("{")
    for (place, output) in outputs.enumerated() {
      writeName(output, place, json)
      writeRow(output.tensor, results, row, json)
    }
    json.write("}")
  }

  private func writeName(_ output: TensorSignature.Output, _ place: Int, _ json: JSONWriter) {
    if place > 0 { json.write(",") }
    json.write(raw: output.written)
    json.write(":")
  }

  private func writeRow(_ tensor: OutputTensor, _ rows: RowResults, _ row: Int, _ json: JSONWriter) {
    json.write(reals: tensor == .distances ? rows.distances(row) : rows.outputs(row))
  }
}
