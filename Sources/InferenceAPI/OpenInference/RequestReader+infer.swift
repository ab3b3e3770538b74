import Batching
import FastJSON
import HTTPServer
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
      guard body.count == width * MemoryLayout<Float>.size else {
        throw .tensorSize("a raw request", expected: width * MemoryLayout<Float>.size, found: body.count)
      }
      TensorBytes.convert(body, FJ_FP32, to: batch.reserve(1), count: width)
      return (InferRequest(rawRequestTo: served), 1)
    }
    let json = UnsafeRawBufferPointer(rebasing: body[..<jsonBytes])
    // A number of a flat tensor takes two bytes at least: itself and what follows it.
    let room = min(jsonBytes / (2 * width) + 1, Int(served.signature.max_rows))
    let rows = batch.reserve(room)
    var request = fj_infer_request()
    var error = fj_error()
    let isRead = withUnsafePointer(to: served.signature) { signature in
      fj_decode_infer(
        parser, json.baseAddress?.assumingMemoryBound(to: CChar.self), json.count, signature, room, rows, &request,
        &error)
    }
    guard isRead == FJ_OK else { throw .unacceptable(error) }
    let tail = UnsafeRawBufferPointer(rebasing: body[jsonBytes...])
    if request.is_binary {
      let expected = request.rows * width * fj_size_of(request.datatype)
      guard request.binary_size == expected else {
        throw .tensorSize("inputs[0].parameters.binary_data_size", expected: expected, found: request.binary_size)
      }
    }
    let expected = request.is_binary ? request.binary_size : 0
    guard tail.count == expected else {
      throw .tensorSize("the body behind its \(jsonBytes) bytes of JSON", expected: expected, found: tail.count)
    }
    if request.is_binary {
      TensorBytes.convert(tail, request.datatype, to: batch.reserve(request.rows), count: request.rows * width)
    }
    let asked = InferRequest(request, of: served, json: json)
    for output in asked.outputs where output.classification > 0 && output.tensor != .scores {
      throw .noClassification(of: output.tensor.name)
    }
    return (asked, request.rows)
  }

  /// How much of the body is JSON: what `Inference-Header-Content-Length` says, and all of it without one.
  private func jsonBytes(of exchange: any HTTPRequest) throws(APIError) -> Int {
    guard let value = exchange.header("Inference-Header-Content-Length") else { return exchange.body.count }
    guard let bytes = wholeNumber(value).flatMap({ Int(exactly: $0) }), bytes <= exchange.body.count
    else { throw .badInferenceHeader(found: String(value.prefix(32)), body: exchange.body.count) }
    return bytes
  }
}
