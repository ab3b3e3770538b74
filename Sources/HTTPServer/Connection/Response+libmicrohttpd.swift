import Bytes
internal import CMicroHTTPD

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
        buffer.count, buffer.pointer, { Unmanaged<ByteBuffer>.fromOpaque($0!).takeRetainedValue().recycle() },
        retained.toOpaque())
      if made == nil { retained.release() }
    case .chain(let parts):
      let retained = Unmanaged.passRetained(Chain(parts))
      let pieces = parts.map { MHD_IoVec(iov_base: UnsafeRawPointer($0.pointer), iov_len: $0.count) }
      made = MHD_create_response_from_iovec(
        pieces, UInt32(pieces.count), { Unmanaged<Chain>.fromOpaque($0!).takeRetainedValue().recycle() },
        retained.toOpaque())
      if made == nil { retained.release() }
    }
    guard let made else { return nil }
    // A StaticString's bytes end in NUL ("utf8Start: a pointer to a null-terminated sequence of UTF-8 code units").
    MHD_add_response_header(made, "Content-Type", cString(contentType))
    MHD_add_response_header(made, "X-Content-Type-Options", "nosniff")
    for (name, value) in headers { MHD_add_response_header(made, cString(name), value) }
    MHD_add_response_header(made, "X-Request-ID", requestID)
    if close { MHD_add_response_header(made, "Connection", "close") }
    return made
  }
}

/// The buffers of a body, until libmicrohttpd has sent it.
private final class Chain {
  private let parts: [ByteBuffer]
  init(_ parts: [ByteBuffer]) { self.parts = parts }
  func recycle() { for part in parts { part.recycle() } }
}
