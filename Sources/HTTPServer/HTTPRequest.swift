/// One complete request: what its handler reads.
///
/// The seam between transports and handlers: libmicrohttpd's connections are requests, and so are those of a test that has no socket.
/// Used on its reactor's thread only.
public protocol HTTPRequest: AnyObject {
  var method: HTTPMethod { get }
  /// Percent-decoded, without the query.
  var path: String { get }
  /// The body, inflated; 64 zero bytes behind its end are readable. Valid only during `RequestHandler.didReceive`. nil: it is compressed
  /// and large, and `takeBody` gives it.
  var body: UnsafeRawBufferPointer? { get }
  /// Bytes of the body as it was sent.
  var bodyBytes: Int { get }
  /// Takes the body, so that it outlives `RequestHandler.didReceive`; during which alone it can be taken, once.
  func takeBody() -> ReceivedBody
  /// When the header section was complete, in nanoseconds of CLOCK_MONOTONIC.
  var receivedNanoseconds: UInt64 { get }
  /// `X-Request-ID` as sent, if it is 1 to 128 visible ASCII characters. Readable until the answer.
  var requestID: String? { get }
  /// The id that the answer will carry: that of the request, or one that is made now. Readable until the answer.
  var answerID: String { get }
  /// The address of the client, or of the proxy before it; nil: a unix-domain socket has none.
  var clientAddress: String? { get }
  /// Whom the request asks, with a port if it names one: by its target where that is in absolute form, else by `Host`. Readable until the
  /// answer.
  var host: String? { get }
  /// A header's value, under its name in any case; the first of several. Readable until the answer.
  func header(_ name: StaticString) -> String?
}

/// A request's method (RFC 9110 9.3).
public enum HTTPMethod: Sendable, CaseIterable {
  case get, head, post, put, delete, options, patch, other
}
