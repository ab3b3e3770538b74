import HTTPServer
import JSONCore

extension RequestReader {
  /// The body of a request about the repository; it may be empty.
  func repository(_ exchange: Exchange) throws(APIError) -> json_repository_request {
    var request = json_repository_request()
    var error = json_error()
    let body = exchange.body
    guard let bytes = body.baseAddress, body.count > 0 else { return request }
    let text = bytes.assumingMemoryBound(to: CChar.self)
    guard json_decode_repository(parser, text, body.count, &request, &error) == JSON_OK else {
      throw .unacceptable(error)
    }
    return request
  }
}
