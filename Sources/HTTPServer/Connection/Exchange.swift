internal import CMicroHTTPD
import Glibc

/// One connection of libmicrohttpd's, and the request it is carrying; reused for the next request on the same connection.
///
/// The shell of `ExchangeState`: it does what the state machine asks for, and decides nothing. Used on its reactor's thread only.
final class Exchange: HTTPExchange {
  private(set) var method = HTTPMethod.other
  private(set) var path = ""
  var body: UnsafeRawBufferPointer?
  var receivedNanoseconds: UInt64 = 0
  var context: AnyObject?
  let descriptor: Int32

  let connection: OpaquePointer
  /// nil: the connection is in plain text.
  let tls: TLSSession?
  /// Strong: the circle through its list of connections ends with the connection.
  let reactor: Reactor
  var state: ExchangeState<Response>
  var validator = Exchange.newValidator
  static var newValidator: HeaderValidator { HeaderValidator(isParserStrict: mhd_is_strict() != 0) }
  /// Whether a header section has been read whose request is not over.
  var hasHeaderSection = false
  var requestBody: RequestBody
  /// Where the request target lay, undecoded, when its line was complete; valid until the request is over.
  var target: (start: UnsafeRawPointer, end: UnsafeRawPointer)?
  /// How much of the body had come at the last sweep, if more lay unread, and when that body began.
  var stall: (since: UInt64, bytes: Int)?
  /// The answer's id, if it was asked for before the answer.
  var madeID: String?
  /// Where this connection stands in the reactor's list.
  var listIndex = 0

  /// A connection that has just been opened.
  init(connection: OpaquePointer, descriptor: Int32, tls: TLSSession?, reactor: Reactor, now: UInt64) {
    self.connection = connection
    self.tls = tls
    self.descriptor = descriptor
    self.reactor = reactor
    requestBody = RequestBody(pool: reactor.bodyBuffers)
    state = ExchangeState(connectedAt: now)
  }

  // MARK: HTTPRequest

  var requestID: String? { validator.requestID.map { String(cString: $0) } }

  var answerID: String {
    if let requestID { return requestID }
    let id = madeID ?? reactor.requestIDs.next()
    madeID = id
    return id
  }

  var clientAddress: String? { address(ofPeerOf: descriptor) }

  var host: String? {
    guard hasHeaderSection, let target else { return nil }
    return RequestTarget.authority(of: target.start.assumingMemoryBound(to: CChar.self)) ?? header("Host")
  }

  /// A header's value, looked up by libmicrohttpd.
  func header(_ name: StaticString) -> String? {
    var value: UnsafePointer<CChar>?
    var count = 0
    guard
      hasHeaderSection,
      MHD_lookup_connection_value_n(connection, .HEADER_KIND, cString(name), name.utf8CodeUnitCount, &value, &count)
        == .YES
    else { return nil }
    guard let value else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: value, count: count), as: UTF8.self)
  }

  var bodyBytes: Int { requestBody.count }

  /// Takes the body out.
  func takeBody() -> ReceivedBody {
    body = nil
    return requestBody.take()
  }

  // MARK: Responder

  var isUnanswered: Bool { state.isUnanswered }

  /// Answers; the state machine says how libmicrohttpd hears of it.
  func respond(_ response: consuming Response) { perform(state.respond(response)) }

  /// Gives the request up.
  func cancel() { perform(state.cancel(at: reactor.turnNanoseconds)) }

  private func perform(_ action: ExchangeState<Response>.WakeAction) {
    switch action {
    case .none: return
    case .runAgain: break
    case .resume:
      // "Calling this function on a connection that was not previously suspended will result in undefined behavior": the state
      // machine asks for it in its suspended state only. On the reactor's thread, so that the next MHD_run picks it up.
      MHD_resume_connection(connection)
    }
    reactor.runAgain = true
  }

  // MARK: The request line

  /// Takes libmicrohttpd's method and URL; the same path as before costs a comparison, not a String.
  func setRequestLine(_ name: UnsafePointer<CChar>, _ target: UnsafePointer<CChar>) {
    method = HTTPMethod(name)
    let url = RequestTarget.path(of: target)
    let count = strlen(url)
    let isSame =
      path.utf8.withContiguousStorageIfAvailable { $0.count == count && memcmp($0.baseAddress!, url, count) == 0 }
      ?? false
    if !isSame { path = String(cString: url) }
  }
}

/// The numeric address of a socket's peer; nil: it has none that is one of the internet's.
private func address(ofPeerOf descriptor: Int32) -> String? {
  var storage = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  return withUnsafeMutablePointer(to: &storage) { storage in
    storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
      guard getpeername(descriptor, address, &length) == 0, address.pointee.sa_family != sa_family_t(AF_UNIX) else {
        return nil
      }
      var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      guard getnameinfo(address, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else { return nil }
      return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }
}
