import Batching
import HTTPServer
import JSONCore
import Models
import RadialEngine

extension RequestReader {
  /// The body of a predict or classify request.
  func serving(
    _ exchange: Exchange, _ served: ServedModel, into batch: RowBatch, isClassify: Bool
  ) throws(APIError) -> (ServingRequest, rows: Int) {
    let body = exchange.body
    let room = room(body.count, served)
    let rows = batch.reserve(room)
    var request = json_serving_request()
    var error = json_error()
    let isRead = withUnsafePointer(to: served.signature) { signature in
      json_decode_serving(
        parser, body.baseAddress?.assumingMemoryBound(to: CChar.self), body.count, signature, isClassify, room, rows,
        &request, &error)
    }
    guard isRead == JSON_OK else { throw .unacceptable(error) }
    let signature: ServingRequest.Signature
    switch request.signature {
    case JSON_SERVING_DEFAULT: signature = .servingDefault
    case JSON_SERVING_DISTANCES: signature = .distances
    case JSON_SERVING_ALL: signature = .all
    default: throw .unknownSignature(model: served.model.name)
    }
    if isClassify {
      guard served.model.network.isClassifier else { throw .cannotClassify(model: served.model.name) }
      guard signature == .servingDefault else { throw .unknownSignature(model: served.model.name) }
    }
    return (ServingRequest(signature: signature, isColumnar: request.is_columnar, isClassify: isClassify), request.rows)
  }

  /// What TensorFlow Serving looks at before it looks for the model.
  func check(_ exchange: Exchange) throws(APIError) {
    var error = json_error()
    let body = exchange.body
    guard
      json_check_serving(parser, body.baseAddress?.assumingMemoryBound(to: CChar.self), body.count, &error) == JSON_OK
    else {
      throw .unacceptable(error)
    }
  }
}
