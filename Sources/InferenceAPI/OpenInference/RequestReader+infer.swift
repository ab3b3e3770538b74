import Batching
import HTTPServer
import JSON
import Models
import RadialEngine

extension RequestReader {
  /// The body of an infer request: JSON, behind it the bytes of a binary tensor; or, when the header says that the JSON has no bytes,
  /// one row of FP32 alone.
  func infer(
    _ exchange: any HTTPRequest, _ served: ServedModel, into batch: RowBatch
  ) throws(APIError) -> (InferRequest, rows: Int) {
    let body = exchange.body
    let jsonBytes = try jsonBytes(of: exchange)
    let width = served.model.network.inputWidth
    guard jsonBytes > 0 else {
      guard body.count == width * TensorElement.fp32.size else {
        throw .tensorSize("a raw request", expected: width * TensorElement.fp32.size, found: body.count)
      }
      TensorElement.fp32.read(body[...], rows: 1, into: batch)
      return (InferRequest(rawRequestTo: served), 1)
    }
    // A number of a flat tensor takes two bytes at least: itself and what follows it.
    let room = min(jsonBytes / (2 * width) + 1, served.signature.maxRows)
    let decoded: InferBody
    do throws(JSONError) {
      decoded = try decode(
        body[..<jsonBytes], expecting: InferBody.expected, takesNonFinite: true, served.signature.shape, room: room,
        into: batch
      ) { (json, rows) throws(JSONError) in try InferBody(json, &rows, served.signature) }.0
    } catch {
      throw .unacceptable(error)
    }
    let input = decoded.input
    let tail = body[jsonBytes...]
    if let size = input.binarySize {
      let expected = input.rows * width * input.element.size
      guard size == expected else {
        throw .tensorSize(
          "inputs[0].parameters.binary_data_size", expected: expected, found: Int(clamping: size))
      }
    }
    let expected = Int(input.binarySize ?? 0)
    guard tail.count == expected else {
      throw .tensorSize("the body behind its \(jsonBytes) bytes of JSON", expected: expected, found: tail.count)
    }
    if input.binarySize != nil { input.element.read(tail, rows: input.rows, into: batch) }
    let asked = InferRequest(decoded, of: served)
    for output in asked.outputs where output.classification > 0 && output.tensor != .scores {
      throw .noClassification(of: output.tensor.name)
    }
    return (asked, input.rows)
  }

  /// How much of the body is JSON: what `Inference-Header-Content-Length` says, and all of it without one.
  private func jsonBytes(of exchange: any HTTPRequest) throws(APIError) -> Int {
    guard let value = exchange.header("Inference-Header-Content-Length") else { return exchange.body.count }
    guard let bytes = wholeNumber(value).flatMap({ Int(exactly: $0) }), bytes <= exchange.body.count
    else { throw .badInferenceHeader(found: String(value.prefix(32)), body: exchange.body.count) }
    return bytes
  }
}
