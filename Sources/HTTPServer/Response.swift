public import Bytes

/// An answer: a fixed one, or a body made for this request.
///
/// Every answer also carries `X-Request-ID`, and `Connection: close` while the server drains.
public struct Response {
  /// Where the body is.
  enum Content {
    case fixed(FixedResponse)
    case buffer(ByteBuffer)
    /// One behind the other.
    case chain([ByteBuffer])
  }

  /// Of the answer (RFC 9110 15).
  public let status: Int
  /// The value of `Content-Type`.
  public let contentType: StaticString
  let content: Content
  /// Beside those of every answer.
  public private(set) var headers: [(StaticString, String)]
  /// Whether the connection ends with this answer; the server's to say.
  var closesConnection = false

  /// - Parameter body: given back to its pool once sent; do not touch it any more.
  public init(
    status: Int, contentType: StaticString = "application/json", body: ByteBuffer,
    headers: [(StaticString, String)] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.content = .buffer(body)
    self.headers = headers
  }

  /// - Parameter parts: the body, one behind the other; each given back once sent.
  public init(
    status: Int, contentType: StaticString, parts: [ByteBuffer], headers: [(StaticString, String)] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.content = .chain(parts)
    self.headers = headers
  }

  /// An answer that never changes.
  public static func fixed(_ response: FixedResponse) -> Response { Response(fixed: response) }

  private init(fixed response: FixedResponse) {
    status = response.status
    contentType = response.contentType
    content = .fixed(response)
    headers = response.headers
  }

  /// The same answer with more headers.
  public func adding(_ headers: [(StaticString, String)]) -> Response {
    var response = self
    response.headers += headers
    return response
  }

  /// Bytes of the body.
  public var bodyBytes: Int {
    switch content {
    case .fixed(let response): response.bytes.count
    case .buffer(let buffer): buffer.count
    case .chain(let parts): parts.reduce(0) { $0 + $1.count }
    }
  }

  /// Lends the body's bytes.
  package func withBody<Result>(_ read: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch content {
    case .fixed(let response): try read(UnsafeRawBufferPointer(response.bytes))
    case .buffer(let buffer): try read(UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.count))
    case .chain(let parts):
      try Array(parts.map { UnsafeRawBufferPointer(start: $0.pointer, count: $0.count) }.joined())
        .withUnsafeBytes(read)
    }
  }
}
