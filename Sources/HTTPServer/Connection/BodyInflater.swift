import Bytes

/// Inflates a compressed body piece by piece, bounded. One user at a time.
final class BodyInflater {
  private let source: BodyBuffer
  private let coding: HeaderValidator.ContentCoding
  private let stream: InflateStream
  private let limit: Int
  private let budget: MemoryBudget
  /// What is not inflated yet.
  private var rest: UnsafeRawBufferPointer
  /// The body so far.
  let target: BodyBuffer

  /// - Parameters:
  ///   - source: the whole body as sent; not touched by anybody else.
  ///   - target: empty.
  ///   - limit: of the inflated body, in bytes.
  /// - Throws: when the body is empty, or there is no memory.
  init(
    _ source: BodyBuffer, _ coding: HeaderValidator.ContentCoding, into target: BodyBuffer, limit: Int,
    _ budget: MemoryBudget
  ) throws(ServerRejection) {
    (self.source, self.coding, self.target, self.limit, self.budget) = (source, coding, target, limit, budget)
    rest = source.sealed()
    guard !rest.isEmpty else { throw .badEncoding }
    // `deflate` is zlib-wrapped by RFC 9110 and raw from many clients; the first two bytes tell which.
    guard let stream = InflateStream(coding == .gzip ? .gzip : Self.isZlibWrapped(rest) ? .zlib : .none) else {
      throw .memory
    }
    self.stream = stream
  }

  /// Inflates on, until `target` has `count` bytes at least or is whole.
  /// - Returns: whether it is whole.
  func advance(to count: Int) throws(ServerRejection) -> Bool {
    while true {
      let room = min(max(source.count * 2, 16 << 10), 1 << 20, limit - target.count)
      guard room > 0 else {
        // The limit is full: only the end of the stream may follow.
        var spare: UInt8 = 0
        let (written, state) = withUnsafeMutableBytes(of: &spare) { stream.inflate(&rest, into: $0) }
        if written > 0 { throw .bodyTooLarge(limit: limit) }
        guard state == .ended && rest.isEmpty else { throw .badEncoding }
        return true
      }
      switch target.reserve(room, expected: nil, limit: limit, budget) {
      case .fits: break
      case .tooLarge: throw .bodyTooLarge(limit: limit)
      case .overBudget: throw .memory
      }
      let (written, state) = stream.inflate(&rest, into: UnsafeMutableRawBufferPointer(start: target.end, count: room))
      target.advance(by: written)
      switch state {
      case .ended:
        if rest.isEmpty { return true }
        // "gzip: concatenated members": a body of several is one body; anything else behind the end is not.
        guard coding == .gzip, stream.beginAgain() else { throw .badEncoding }
      case .unfinished:
        // Room is left and input is not: the stream is cut short.
        if written < room { throw .badEncoding }
      case .corrupt: throw .badEncoding
      }
      if target.count >= count { return false }
    }
  }

  private static func isZlibWrapped(_ source: UnsafeRawBufferPointer) -> Bool {
    // RFC 1950: method 8, window of at most 32 KiB, header a multiple of 31.
    source.count >= 2 && source[0] & 0x0f == 8 && source[0] >> 4 <= 7
      && (Int(source[0]) << 8 | Int(source[1])) % 31 == 0
  }
}
