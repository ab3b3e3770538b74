import Batching
import Bytes
import HTTPServer
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
      decode: { (reader, request, served, batch) throws(APIError) in
        try reader.serving(request, served, into: batch, isClassify: isClassify)
      },
      check: { (reader, request) throws(APIError) in try reader.checkServing(request) })
  }

  /// Writes `{"predictions":[…]}`, `{"outputs":…}` or `{"results":[…]}`.
  func write(_ rows: AnsweredRows, to buffer: ByteBuffer) -> AnswerHead {
    let json = JSONWriter(buffer)
    let tensors = rows.served.tensors(of: signature)
    if isClassify {
      json.write("{\"results\":")
      writeList(rows.results.count, json) { row in
        let scores = rows.results.outputs(row)
        json.write("[")
        for index in 0..<scores.count {
          json.write(index == 0 ? "[" : ",[")
          // TensorFlow Serving writes an empty label where a model has none.
          if rows.served.predictions.labels.isEmpty {
            json.write("\"\"")
          } else {
            json.write(raw: rows.served.predictions.labels[index])
          }
          json.write(",")
          json.write(real: scores[index])
          json.write("]")
        }
        json.write("]")
      }
    } else if isColumnar {
      json.write("{\"outputs\":")
      if tensors.count > 1 { json.write("{") }
      for (place, tensor) in tensors.enumerated() {
        if tensors.count > 1 { writeName(tensor, place, json) }
        writeList(rows.results.count, json) { row in writeRow(tensor, rows.results, row, json) }
      }
      if tensors.count > 1 { json.write("}") }
    } else {
      json.write("{\"predictions\":")
      writeList(rows.results.count, json) { row in
        // A signature's only output goes without its name.
        guard tensors.count > 1 else { return writeRow(tensors[0], rows.results, row, json) }
        json.write("{")
        for (place, tensor) in tensors.enumerated() {
          writeName(tensor, place, json)
          writeRow(tensor, rows.results, row, json)
        }
        json.write("}")
      }
    }
    json.write("}")
    return .json
  }

  private func writeList(_ count: Int, _ json: JSONWriter, _ element: (Int) -> Void) {
    json.write("[")
    for row in 0..<count {
      if row > 0 { json.write(",") }
      element(row)
    }
    json.write("]")
  }

  private func writeName(_ tensor: OutputTensor, _ place: Int, _ json: JSONWriter) {
    json.write(place == 0 ? "\"" : ",\"")
    json.write(tensor.name)
    json.write("\":")
  }

  private func writeRow(_ tensor: OutputTensor, _ rows: RowResults, _ row: Int, _ json: JSONWriter) {
    json.write(reals: tensor == .distances ? rows.distances(row) : rows.outputs(row))
  }
}
