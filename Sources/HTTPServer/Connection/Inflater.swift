internal import CZlib

/// Inflates a whole compressed body, bounded.
enum Inflater {
  enum Outcome: Equatable { case done, corrupt, tooLarge, overBudget }

  /// Appends the inflated `source` to `target`.
  ///
  /// `deflate` is zlib-wrapped by RFC 9110 and raw from many clients; the first two bytes tell which.
  static func inflate(
    _ source: UnsafeRawBufferPointer, coding: HeaderValidator.ContentCoding, into target: BodyBuffer, limit: Int,
    budget: ResourceBudget
  ) -> Outcome {
    guard let start = source.baseAddress, !source.isEmpty else { return .corrupt }
    var stream = z_stream()
    // "windowBits can also be greater than 15 for gzip decoding: add 16"; "-8..-15 for raw inflate".
    let windowBits: Int32 = coding == .gzip ? 15 + 16 : (isZlibWrapped(source) ? 15 : -15)
    guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return .overBudget
    }
    defer { inflateEnd(&stream) }
    stream.next_in = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(source.count)
    while true {
      let room = min(max(source.count * 2, 16 << 10), limit - target.count)
      if room <= 0 {
        // The limit is full: only the end of the stream may follow.
        var spare: UInt8 = 0
        return withUnsafeMutablePointer(to: &spare) { spare in
          stream.next_out = spare
          stream.avail_out = 1
          let code = CZlib.inflate(&stream, Z_NO_FLUSH)
          if stream.avail_out == 0 { return .tooLarge }
          return code == Z_STREAM_END && stream.avail_in == 0 ? .done : .corrupt
        }
      }
      switch target.reserve(room, expected: nil, limit: limit, budget: budget) {
      case .fits: break
      case .tooLarge: return .tooLarge
      case .overBudget: return .overBudget
      }
      stream.next_out = (target.pointer + target.count).assumingMemoryBound(to: UInt8.self)
      stream.avail_out = UInt32(room)
      let code = CZlib.inflate(&stream, Z_NO_FLUSH)
      target.advance(by: room - Int(stream.avail_out))
      switch code {
      case Z_STREAM_END:
        if stream.avail_in == 0 { return .done }
        // "gzip: concatenated members": a body of several is one body; anything else behind the end is not.
        guard coding == .gzip, inflateReset(&stream) == Z_OK else { return .corrupt }
      case Z_OK:
        if stream.avail_in == 0 && stream.avail_out > 0 { return .corrupt }
      case Z_BUF_ERROR where stream.avail_out == 0: break
      default: return .corrupt
      }
    }
  }

  private static func isZlibWrapped(_ source: UnsafeRawBufferPointer) -> Bool {
    // RFC 1950: method 8, window of at most 32 KiB, header a multiple of 31.
    source.count >= 2 && source[0] & 0x0f == 8 && source[0] >> 4 <= 7
      && (Int(source[0]) << 8 | Int(source[1])) % 31 == 0
  }
}
