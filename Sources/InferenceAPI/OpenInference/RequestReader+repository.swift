import FastJSON
import HTTPServer

extension RequestReader {
  /// The body of a request about the repository; it may be empty.
  func repository(_ exchange: any HTTPRequest) throws(APIError) -> fj_repository_request {
    var request = fj_repository_request()
    var error = fj_error()
    let body = exchange.body
    guard let bytes = body.baseAddress, body.count > 0 else { return request }
    let text = bytes.assumingMemoryBound(to: CChar.self)
    guard fj_decode_repository(parser, text, body.count, &request, &error) == FJ_OK else { throw .unacceptable(error) }
    return request
  }
}
