import Bytes

/// Inflates a compressed body piece by piece, bounded. One user at a time.
final class BodyInflater {
  private let source: BodyBuffer
  private let coding: HeaderValidator.ContentCoding
  private let stream: InflateStream
  private let limit: Int
  /// Where what comes of it is counted.
  var budget: MemoryBudget
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

  /// Inflates on, until so many bytes have been read or written, or it is whole: there are streams of many bytes that inflate to none.
  /// - Returns: whether it is whole.
  func advance(by bytes: Int) throws(ServerRejection) -> Bool {
    let (read, written) = (rest.count, target.count)
    while read - rest.count < bytes, target.count - written < bytes {
      let room = min(max(source.count * 2, 16 << 10), 1 << 20, limit - target.count)
      guard room > 0 else {
        // The limit is full: only the end of the stream may follow.
        var spare: UInt8 = 0
        let (written, state) = withUnsafeMutableBytes(of: &spare) { inflate(into: $0) }
        if written > 0 { throw .bodyTooLarge(limit: limit) }
        if state == .unfinished && !rest.isEmpty { continue }
        guard state == .ended && rest.isEmpty else { throw .badEncoding }
        return true
      }
      switch target.reserve(room, expected: nil, limit: limit, budget) {
      case .fits: break
      case .tooLarge: throw .bodyTooLarge(limit: limit)
      case .overBudget: throw .memory(of: budget)
      }
      let (written, state) = inflate(into: UnsafeMutableRawBufferPointer(start: target.end, count: room))
      target.advance(by: written)
      switch state {
      case .ended:
        if rest.isEmpty { return true }
        // "gzip: concatenated members": a body of several is one body; anything else behind the end is not.
        guard coding == .gzip, stream.beginAgain() else { throw .badEncoding }
      case .unfinished:
        // Room is left and input is not: the stream is cut short.
        if written < room && rest.isEmpty { throw .badEncoding }
      case .corrupt: throw .badEncoding
      }
    }
    return false
  }

  /// Inflates what one call may read, which returns when its input or its room is used up.
  private func inflate(into room: UnsafeMutableRawBufferPointer) -> (written: Int, state: InflateStream.State) {
    var part = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.partBytes))
    let offered = part.count
    let result = stream.inflate(&part, into: room)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(offered - part.count))
    return result
  }

  private static let partBytes = 64 << 10

  private static func isZlibWrapped(_ source: UnsafeRawBufferPointer) -> Bool {
    // RFC 1950: method 8, window of at most 32 KiB, header a multiple of 31.
    source.count >= 2 && source[0] & 0x0f == 8 && source[0] >> 4 <= 7
      && (Int(source[0]) << 8 | Int(source[1])) % 31 == 0
  }
}
