internal import CMicroHTTPD
import Glibc

/// One connection, and the request it is carrying; reused for the next request on the same connection.
///
/// Used on its reactor's thread only.
public final class Exchange {
  public enum Method: Sendable {
    case get, head, post, put, delete, options, patch, other
  }

  /// Where the request stands between two calls of libmicrohttpd.
  enum Stage {
    /// No request, or its header section is incomplete.
    case header
    case body
    /// Its body is read and thrown away; then it is refused.
    case draining(ServerRejection)
    /// Answered on the raw socket: whatever still comes is thrown away.
    case lingering
    /// The handler has it; libmicrohttpd will ask for the answer in its next run.
    case waiting
    /// The handler has it; libmicrohttpd has forgotten the connection until it is resumed.
    case suspended
    /// Answered by the handler, waiting for libmicrohttpd to ask.
    case answered(Response)
    /// libmicrohttpd has the answer.
    case queued
    case closed
  }

  public internal(set) var method = Method.other
  /// Percent-decoded, without the query.
  public internal(set) var path = ""
  /// The body, inflated; 64 zero bytes behind its end are readable. Valid only during `didReceive`.
  public internal(set) var body = UnsafeRawBufferPointer(start: nil, count: 0)
  /// CLOCK_MONOTONIC when the header section was complete.
  public internal(set) var receivedNanoseconds: UInt64 = 0
  /// The socket, for polling whether the client is still there; never read or write it.
  public let descriptor: Int32
  /// Differs for every request of a connection.
  public internal(set) var generation: UInt64 = 0
  /// Free for the handler; 0 at every `didReceive`.
  public var tag = 0

  let connection: OpaquePointer
  /// Strong: the circle through its list of connections ends with the connection.
  let reactor: Reactor
  var stage = Stage.header
  var deadlines: Deadlines
  var validator = HeaderValidator()
  /// Where the request target lay, undecoded, when its line was complete; valid until the request is over.
  var target: (start: UnsafeRawPointer, end: UnsafeRawPointer)?
  var buffer: BodyBuffer?
  /// The run of the reactor in which the request was given to the handler.
  var receivedInRun: UInt64 = 0
  /// Body bytes thrown away so far.
  var drained = 0
  /// Whether the connection has a timeout of its own, set before a suspension.
  var hasOwnTimeout = false
  /// Where this connection stands in the reactor's list.
  var listIndex = 0

  init(connection: OpaquePointer, descriptor: Int32, reactor: Reactor, now: UInt64) {
    self.connection = connection
    self.descriptor = descriptor
    self.reactor = reactor
    deadlines = Deadlines(connectedAt: now)
  }

  /// A request header's value, whatever the case of its name; the first of several. Readable until the answer.
  public func header(_ name: StaticString) -> String? {
    var value: UnsafePointer<CChar>?
    var count = 0
    guard
      isUnanswered,
      MHD_lookup_connection_value_n(connection, .HEADER_KIND, cString(name), name.utf8CodeUnitCount, &value, &count)
        == .YES
    else { return nil }
    guard let value else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: value, count: count), as: UTF8.self)
  }

  /// `X-Request-ID` as sent, if it is 1 to 128 visible ASCII characters. Readable until the answer.
  public var requestID: String? { isUnanswered ? validator.requestID.map { String(cString: $0) } : nil }

  /// Whether the handler still owes an answer.
  public var isUnanswered: Bool {
    switch stage {
    case .waiting, .suspended: true
    case .header, .body, .draining, .lingering, .answered, .queued, .closed: false
    }
  }

  /// Answers the request. Once per request; does nothing once the connection is gone.
  public func respond(_ response: consuming Response) {
    switch stage {
    case .waiting:
      stage = .answered(response)
      reactor.runAgain = true
    case .suspended:
      stage = .answered(response)
      // "Calling this function on a connection that was not previously suspended will result in undefined behavior":
      // only this stage is suspended. On the reactor's thread, so that the next MHD_run picks it up.
      MHD_resume_connection(connection)
      reactor.runAgain = true
    case .header, .body, .draining, .lingering, .answered, .queued, .closed: break
    }
  }

  /// Gives an unanswered request up, because a poll of `descriptor` says that its client is gone: closes the connection
  /// without an answer, and without `didLoseClient`.
  public func cancel() {
    switch stage {
    case .waiting:
      stage = .lingering
      reactor.runAgain = true
    case .suspended:
      stage = .lingering
      MHD_resume_connection(connection)
      reactor.runAgain = true
    case .header, .body, .draining, .lingering, .answered, .queued, .closed: break
    }
  }

  /// Takes libmicrohttpd's URL; the same path as before costs a comparison, not a String.
  func setPath(_ target: UnsafePointer<CChar>) {
    let url = Self.path(of: target)
    let count = strlen(url)
    let isSame =
      path.utf8.withContiguousStorageIfAvailable { $0.count == count && memcmp($0.baseAddress!, url, count) == 0 }
      ?? false
    if !isSame { path = String(cString: url) }
  }

  /// Behind the authority of a target in absolute form, which a server must accept (RFC 9112 3.2.2).
  private static func path(of target: UnsafePointer<CChar>) -> UnsafePointer<CChar> {
    guard target[0] != 0x2f else { return target }
    let scheme = strncasecmp(target, "http://", 7) == 0 ? 7 : strncasecmp(target, "https://", 8) == 0 ? 8 : 0
    guard scheme > 0 else { return target }
    return strchr(target + scheme, 0x2f).map { UnsafePointer($0) } ?? cString("/")
  }

  func setMethod(_ name: UnsafePointer<CChar>) {
    method =
      switch name[0] {
      case 0x47 where strcmp(name, "GET") == 0: .get
      case 0x48 where strcmp(name, "HEAD") == 0: .head
      case 0x50 where strcmp(name, "POST") == 0: .post
      case 0x50 where strcmp(name, "PUT") == 0: .put
      case 0x50 where strcmp(name, "PATCH") == 0: .patch
      case 0x44 where strcmp(name, "DELETE") == 0: .delete
      case 0x4f where strcmp(name, "OPTIONS") == 0: .options
      default: .other
      }
  }
}
