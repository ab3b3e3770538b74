/// An answer that never changes, made once and sent any number of times, on any reactor.
public final class FixedResponse: Sendable {
  /// Of the answer (RFC 9110 15).
  public let status: Int
  /// The value of `Content-Type`.
  public let contentType: StaticString
  /// Beside those of every answer.
  public let headers: [(StaticString, String)]
  /// The body's bytes. `nonisolated(unsafe)`: written by `init` alone, and freed with this object, which every response in flight retains.
  nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

  /// An answer whose body is this text in UTF-8.
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
