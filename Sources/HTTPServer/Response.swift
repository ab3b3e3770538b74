internal import CMicroHTTPD
import Glibc

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

/// An answer that never changes, made once and sent any number of times, on any reactor.
public final class FixedResponse: Sendable {
  public let status: Int
  public let contentType: StaticString
  public let headers: [(StaticString, String)]
  /// The body's bytes. `nonisolated(unsafe)`: written by `init` alone, and freed with this object, which every response in flight retains.
  nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

  public init(
    status: Int, contentType: StaticString = "application/json", body: String, headers: [(StaticString, String)] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.headers = headers
    var body = body
    bytes = body.withUTF8 { text in
      // One byte more than the body, so that an empty one has an address too.
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count + 1, alignment: 1)
      copy.copyBytes(from: text)
      return UnsafeMutableRawBufferPointer(rebasing: copy[..<text.count])
    }
  }

  deinit { bytes.baseAddress?.deallocate() }
}

extension Response {
  /// A response of libmicrohttpd's, with one reference that the caller must release by `MHD_destroy_response`.
  func make(requestID: UnsafePointer<CChar>, close: Bool) -> OpaquePointer? {
    let made: OpaquePointer?
    switch content {
    case .fixed(let response):
      let retained = Unmanaged.passRetained(response)
      made = MHD_create_response_from_buffer_with_free_callback_cls(
        response.bytes.count, response.bytes.baseAddress,
        { Unmanaged<FixedResponse>.fromOpaque($0!).release() }, retained.toOpaque())
      if made == nil { retained.release() }
    case .buffer(let buffer):
      // "MHD_ContentReaderFreeCallback: called when the response is destroyed": on the reactor's thread, because a
      // response queued once is destroyed by the daemon that sent it.
      let retained = Unmanaged.passRetained(buffer)
      made = MHD_create_response_from_buffer_with_free_callback_cls(
        buffer.count, buffer.pointer, { Unmanaged<OutputBuffer>.fromOpaque($0!).takeRetainedValue().recycle() },
        retained.toOpaque())
      if made == nil { retained.release() }
    }
    guard let made else { return nil }
    // A StaticString's bytes end in NUL ("utf8Start: a pointer to a null-terminated sequence of UTF-8 code units").
    MHD_add_response_header(made, "Content-Type", cString(contentType))
    for (name, value) in headers { MHD_add_response_header(made, cString(name), value) }
    MHD_add_response_header(made, "X-Request-ID", requestID)
    if close { MHD_add_response_header(made, "Connection", "close") }
    return made
  }
}

func cString(_ text: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}
