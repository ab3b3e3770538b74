extension Response {
  /// Lends the whole answer as bytes, for a socket on which libmicrohttpd has no response in progress; it closes the connection.
  /// - Parameter hasBody: false: the answer to HEAD, which says how long its body would be (RFC 9110 9.3.2).
  func withRawBytes<Result>(requestID: String, hasBody: Bool, _ send: (UnsafeRawBufferPointer) -> Result) -> Result {
    var head = "HTTP/1.1 \(status) \(Self.phrase(status))\r\nContent-Type: \(contentType)\r\n"
    head += "X-Content-Type-Options: nosniff\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    head += "X-Request-ID: \(requestID)\r\n"
    return withBody { body in
      head += "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
      // In one piece, since it is sent without waiting: a part that did not fit would be lost.
      let bytes = Array(head.utf8) + (hasBody ? Array(body) : [])
      return bytes.withUnsafeBytes(send)
    }
  }

  /// The reason phrases of RFC 9110 15 and RFC 6585 5 for what the server itself answers.
  private static func phrase(_ status: Int) -> StaticString {
    switch status {
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 408: "Request Timeout"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 421: "Misdirected Request"
    case 431: "Request Header Fields Too Large"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: "Error"
    }
  }
}
