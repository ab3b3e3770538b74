/// An answer: a fixed one, or a body made for this request.
///
/// Every answer also carries `X-Request-ID`, and `Connection: close` while the server drains.
public struct Response {
  enum Content {
    case fixed(FixedResponse)
    case buffer(OutputBuffer)
  }

  let status: Int
  let contentType: StaticString
  let content: Content
  let headers: [(StaticString, String)]
  var closesConnection = false

  /// - Parameter body: given back to its pool once sent; do not touch it any more.
  public init(
    status: Int, contentType: StaticString = "application/json", body: OutputBuffer,
    headers: [(StaticString, String)] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.content = .buffer(body)
    self.headers = headers
  }

  public static func fixed(_ response: FixedResponse) -> Response { Response(fixed: response) }

  private init(fixed response: FixedResponse) {
    status = response.status
    contentType = response.contentType
    content = .fixed(response)
    headers = response.headers
  }

  init(_ rejection: ServerRejection) {
    self.init(fixed: FixedResponse(status: rejection.status, body: rejection.body, headers: rejection.headers))
    closesConnection = rejection.closesConnection
  }
}
