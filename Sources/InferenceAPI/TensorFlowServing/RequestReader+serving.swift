import Batching
import FastJSON
import HTTPServer
import Models
import RadialEngine

extension RequestReader {
  /// The body of a predict or classify request.
  func serving(
    _ exchange: any HTTPRequest, _ served: ServedModel, into batch: RowBatch, isClassify: Bool
  ) throws(APIError) -> (ServingRequest, rows: Int) {
    let body = exchange.body
    let room = room(body.count, served)
    let rows = batch.reserve(room)
    var request = fj_serving_request()
    var error = fj_error()
    let isRead = withUnsafePointer(to: served.signature) { signature in
      fj_decode_serving(
        parser, body.baseAddress?.assumingMemoryBound(to: CChar.self), body.count, signature, isClassify, room, rows,
        &request, &error)
    }
    guard isRead == FJ_OK else { throw .unacceptable(error) }
    let signature: ServingRequest.Signature
    switch request.signature {
    case FJ_SERVING_DEFAULT: signature = .servingDefault
    case FJ_SERVING_DISTANCES: signature = .distances
    case FJ_SERVING_ALL: signature = .all
    default: throw .unknownSignature(model: served.model.name)
    }
    if isClassify {
      guard served.model.network.isClassifier else { throw .cannotClassify(model: served.model.name) }
      guard signature == .servingDefault else { throw .unknownSignature(model: served.model.name) }
    }
    return (ServingRequest(signature: signature, isColumnar: request.is_columnar, isClassify: isClassify), request.rows)
  }

  /// What TensorFlow Serving looks at before it looks for the model.
  func check(_ exchange: any HTTPRequest) throws(APIError) {
    var error = fj_error()
    let body = exchange.body
    guard fj_check_serving(parser, body.baseAddress?.assumingMemoryBound(to: CChar.self), body.count, &error) == FJ_OK
    else {
      throw .unacceptable(error)
    }
  }
}
