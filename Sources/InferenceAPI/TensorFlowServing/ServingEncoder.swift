import Bytes
import RadialEngine

/// Result rows → the answer of a predict or classify request: always nested, and whole numbers with `.0`.
struct ServingEncoder {
  let request: ServingRequest
  let rows: RowResults

  func write(into buffer: ByteBuffer) {
    let json = JSONWriter(buffer)
    let tensors = rows.served.tensors(of: request.signature)
    if request.isClassify {
      json.write("{\"results\":")
      writeList(json) { row in
        let scores = rows.outputs(row)
        json.write("[")
        for index in 0..<rows.network.outputWidth {
          json.write(index == 0 ? "[" : ",[")
          if rows.served.labels.isEmpty { json.write("\"\"") } else { json.write(raw: rows.served.labels[index]) }
          json.write(",")
          json.write(real: scores[index])
          json.write("]")
        }
        json.write("]")
      }
    } else if request.isColumnar {
      json.write("{\"outputs\":")
      if tensors.count > 1 { json.write("{") }
      for (place, tensor) in tensors.enumerated() {
        if tensors.count > 1 { writeName(tensor, place, json) }
        writeList(json) { row in writeRow(tensor, row, json) }
      }
      if tensors.count > 1 { json.write("}") }
    } else {
      json.write("{\"predictions\":")
      writeList(json) { row in
        // A signature's only output goes without its name.
        guard tensors.count > 1 else { return writeRow(tensors[0], row, json) }
        json.write("{")
        for (place, tensor) in tensors.enumerated() {
          writeName(tensor, place, json)
          writeRow(tensor, row, json)
        }
        json.write("}")
      }
    }
    json.write("}")
  }

  private func writeList(_ json: JSONWriter, _ element: (Int) -> Void) {
    json.write("[")
    for row in 0..<rows.count {
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

  private func writeRow(_ tensor: OutputTensor, _ row: Int, _ json: JSONWriter) {
    json.write(reals: tensor == .distances ? rows.distances(row) : rows.outputs(row))
  }
}
