public import Bytes

/// A request that the server turns away by itself, before its handler sees it: what was wrong, as a value.
///
/// The server decides and closes; the bytes of the answer are the handler's (`RequestHandler.response(to:)`).
public enum ServerRejection: Error, Sendable, Equatable {
  /// The header section, or the request line before it, is not well-formed, or two readers could frame it differently.
  case malformedHeader(HeaderFault)
  /// libmicrohttpd's own parser gave up and has answered in its own words: nobody is asked for an answer.
  case unparsedHeader(status: Int)
  /// Beyond `ServerConfiguration.maxHeaderBytes`.
  case headerTooLarge(bytes: Int, limit: Int)
  /// More header fields, arguments of the query and cookies than a connection's memory holds.
  case tooManyFields
  /// Beyond `ServerConfiguration.maxBodyBytes`, as sent or as inflated.
  case bodyTooLarge(limit: Int)
  /// What comes of it takes more memory than one request may ever have.
  case beyondMemory(limit: Int)
  /// A Content-Encoding other than gzip, deflate and identity.
  case unsupportedEncoding
  /// A body in chunks, where `ServerConfiguration.refusesChunked` says so.
  case lengthRequired
  /// A Transfer-Encoding other than exactly `chunked`.
  case unsupportedTransferCoding
  /// Neither HTTP/1.1 nor HTTP/1.0.
  case unsupportedVersion
  /// The body is not what its Content-Encoding says.
  case badEncoding
  /// A line with the size of a chunk that libmicrohttpd has no room for.
  case chunkSizeTooLong
  /// The header section was not complete within `ServerConfiguration.headerTimeout`.
  case headerTimeout
  /// The body was not complete within `ServerConfiguration.bodyTimeout`.
  case bodyTimeout
  /// Beyond `ServerConfiguration.maxConnections`.
  case tooManyConnections(limit: Int)
  /// Beyond `ServerConfiguration.memory`.
  case memory
  /// The server stopped while the request was still arriving.
  case stopping

  /// What is wrong with a header section. A value without references: the state of every connection may hold one.
  public struct HeaderFault: Sendable, Equatable, ExpressibleByStringLiteral {
    /// Completes "The request's header section has …".
    public let text: StaticString

    /// - Parameter text: completes "The request's header section has …".
    public init(stringLiteral text: StaticString) { self.text = text }

    /// By their texts: a StaticString is no Equatable.
    public static func == (one: HeaderFault, other: HeaderFault) -> Bool { "\(one.text)" == "\(other.text)" }
  }

  /// The kind of a rejection without its particulars; raw values are metric labels.
  public enum Reason: String, Sendable, CaseIterable {
    case malformedHeader = "malformed_header"
    case headerTooLarge = "header_too_large"
    case bodyTooLarge = "body_too_large"
    case unsupportedEncoding = "unsupported_encoding"
    case lengthRequired = "length_required"
    case unsupportedTransferCoding = "unsupported_transfer_coding"
    case unsupportedVersion = "unsupported_version"
    case badEncoding = "bad_encoding"
    case chunkSizeTooLong = "chunk_size_too_long"
    case headerTimeout = "header_timeout"
    case bodyTimeout = "body_timeout"
    case tooManyConnections = "too_many_connections"
    case memory = "memory"
    case stopping = "stopping"
  }

  /// The rejection's kind.
  public var reason: Reason {
    switch self {
    case .malformedHeader: .malformedHeader
    case .unparsedHeader(let status): status == 431 ? .headerTooLarge : .malformedHeader
    case .headerTooLarge, .tooManyFields: .headerTooLarge
    case .bodyTooLarge, .beyondMemory: .bodyTooLarge
    case .unsupportedEncoding: .unsupportedEncoding
    case .lengthRequired: .lengthRequired
    case .unsupportedTransferCoding: .unsupportedTransferCoding
    case .unsupportedVersion: .unsupportedVersion
    case .badEncoding: .badEncoding
    case .chunkSizeTooLong: .chunkSizeTooLong
    case .headerTimeout: .headerTimeout
    case .bodyTimeout: .bodyTimeout
    case .tooManyConnections: .tooManyConnections
    case .memory: .memory
    case .stopping: .stopping
    }
  }

  /// The status of the answer (RFC 9110 15, RFC 6585 5).
  public var status: Int {
    switch self {
    case .malformedHeader, .badEncoding, .chunkSizeTooLong: 400
    case .unparsedHeader(let status): status
    case .headerTimeout, .bodyTimeout: 408
    case .lengthRequired: 411
    case .bodyTooLarge, .beyondMemory: 413
    case .unsupportedEncoding: 415
    case .headerTooLarge, .tooManyFields: 431
    case .unsupportedTransferCoding: 501
    case .tooManyConnections, .memory, .stopping: 503
    case .unsupportedVersion: 505
    }
  }

  /// One sentence for the client: what, expected and found, what to do. Plain text, not yet escaped for any format.
  public var message: String {
    switch self {
    case .malformedHeader(let fault):
      "The request's header section has \(fault.text); send a well-formed HTTP/1.1 request."
    case .unparsedHeader:
      "The request's header section could not be read; send a well-formed HTTP/1.1 request."
    case .headerTooLarge(let bytes, let limit):
      "The request's header section has \(bytes) bytes, over the limit of \(limit); send less."
    case .tooManyFields:
      "The request has more header fields, query arguments and cookies than a connection has memory for; send fewer."
    case .bodyTooLarge(let limit):
      "The request's body is over the limit of \(limit) bytes; send it in smaller parts."
    case .beyondMemory(let limit):
      "The request takes more than the \(limit) bytes of memory that it may have; send it in smaller parts."
    case .unsupportedEncoding:
      "The request's Content-Encoding is not supported; send the body plain, as gzip or as deflate."
    case .lengthRequired:
      "The request's body comes in chunks, which this server was told to refuse; send it with a Content-Length."
    case .unsupportedTransferCoding:
      "The request's Transfer-Encoding is not supported; send exactly chunked, or a Content-Length."
    case .unsupportedVersion:
      "The request's HTTP version is not spoken here; use HTTP/1.1."
    case .badEncoding:
      "The request's body is not what its Content-Encoding says; send a complete, valid stream."
    case .chunkSizeTooLong:
      "The request's body has a line with the size of a chunk that is too long; send chunks without extensions."
    case .headerTimeout:
      "The request's header section was not complete within its time limit; send it faster or in smaller parts."
    case .bodyTimeout:
      "The request's body was not complete within its time limit; send it faster or in smaller parts."
    case .tooManyConnections(let limit):
      "The server has its limit of \(limit) connections open; close some or try again later."
    case .memory:
      "The server's memory for requests is in use; try again later or at another replica."
    case .stopping:
      "The server stops before the request was complete; send it to another replica."
    }
  }

  /// The headers that belong to the answer with any body.
  public var headers: [(StaticString, String)] {
    switch reason {
    case .unsupportedEncoding: [("Accept-Encoding", "gzip, deflate")]
    case .memory, .tooManyConnections, .stopping: [("Retry-After", "1")]
    default: []
    }
  }

  /// Whether what follows on the connection can no longer be trusted or wanted.
  package var closesConnection: Bool {
    switch reason {
    case .bodyTooLarge, .unsupportedEncoding, .badEncoding, .memory: false
    case .malformedHeader, .headerTooLarge, .lengthRequired, .unsupportedTransferCoding, .unsupportedVersion,
      .chunkSizeTooLong, .headerTimeout, .bodyTimeout, .tooManyConnections, .stopping:
      true
    }
  }
}

extension ServerRejection {
  /// What to answer where a budget does not have what was asked of it: whether it is worth sending the request again.
  public static func memory(of budget: MemoryBudget?) -> ServerRejection {
    guard let budget, budget.wasExceeded else { return .memory }
    return .beyondMemory(limit: budget.limit)
  }
}
