/// An answer the server gave by itself, without the handler.
public struct ServerRejection: Sendable, Equatable {
  /// Why; raw values are metric labels.
  public enum Reason: String, Sendable, CaseIterable {
    case malformedHeader = "malformed_header"
    case headerTooLarge = "header_too_large"
    case bodyTooLarge = "body_too_large"
    case unsupportedEncoding = "unsupported_encoding"
    case unsupportedTransferCoding = "unsupported_transfer_coding"
    case unsupportedVersion = "unsupported_version"
    case badEncoding = "bad_encoding"
    case headerTimeout = "header_timeout"
    case bodyTimeout = "body_timeout"
    case tooManyConnections = "too_many_connections"
    case bufferedBytes = "buffered_bytes"
    case stopping = "stopping"
  }

  public let status: Int
  public let reason: Reason
  /// The sentence the client is given in `{"error": …}`.
  public let message: String

  init(_ status: Int, _ reason: Reason, _ message: String) {
    self.status = status
    self.reason = reason
    self.message = message
  }

  /// Whether what follows on the connection can no longer be trusted or wanted.
  var closesConnection: Bool {
    switch reason {
    case .bodyTooLarge, .unsupportedEncoding, .badEncoding, .bufferedBytes: false
    case .malformedHeader, .headerTooLarge, .unsupportedTransferCoding, .unsupportedVersion, .headerTimeout,
      .bodyTimeout, .tooManyConnections, .stopping:
      true
    }
  }

  /// Headers beyond those of every answer.
  var headers: [(StaticString, String)] {
    switch reason {
    case .unsupportedEncoding: [("Accept-Encoding", "gzip, deflate")]
    case .bufferedBytes, .tooManyConnections, .stopping: [("Retry-After", "1")]
    default: []
    }
  }

  var body: String { "{\"error\":\"\(message)\"}" }

  /// The whole answer as bytes, for a socket on which libmicrohttpd has no response in progress.
  var rawAnswer: String {
    let extra = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
    return """
      HTTP/1.1 \(status) \(Self.phrase(status))\r\nContent-Type: application/json\r\n\
      Content-Length: \(body.utf8.count)\r\n\(extra)Connection: close\r\n\r\n\(body)
      """
  }

  private static func phrase(_ status: Int) -> StaticString {
    switch status {
    case 400: "Bad Request"
    case 408: "Request Timeout"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 431: "Request Header Fields Too Large"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: "Error"
    }
  }
}
