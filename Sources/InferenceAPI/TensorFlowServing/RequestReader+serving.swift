import Batching
import HTTPServer
import JSON
import Models
import RadialEngine

extension RequestReader {
  /// The body of a predict or classify request.
  func serving(
    _ exchange: any HTTPRequest, _ served: ServedModel, into batch: RowBatch, isClassify: Bool
  ) throws(APIError) -> (ServingRequest, rows: Int) {
    let body = exchange.body
    let (decoded, rows): (ServingBody, Int)
    do throws(JSONError) {
      (decoded, rows) = try decode(
        body[...], expecting: ServingBody.expected, takesNonFinite: true, served.signature.shape,
        room: room(body.count, served), into: batch
      ) { (json, rows) throws(JSONError) in
        try ServingBody(json, &rows, served.signature, isClassify: isClassify)
      }
    } catch {
      throw .unacceptable(error)
    }
    guard let signature = decoded.signature else { throw .unknownSignature(model: served.model.name) }
    if isClassify {
      guard served.model.network.isClassifier else { throw .cannotClassify(model: served.model.name) }
      guard signature == .servingDefault else { throw .unknownSignature(model: served.model.name) }
    }
    return (ServingRequest(signature: signature, isColumnar: decoded.isColumnar, isClassify: isClassify), rows)
  }

  /// What TensorFlow Serving looks at before it looks for the model.
  func check(_ exchange: any HTTPRequest) throws(APIError) {
    do throws(JSONError) {
      try decode(exchange.body[...], expecting: ServingBody.expected, takesNonFinite: true, ServingBody.check)
    } catch {
      throw .unacceptable(error)
    }
  }
}
