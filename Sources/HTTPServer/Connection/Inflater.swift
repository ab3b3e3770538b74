import Bytes

/// Inflates a whole compressed body, bounded.
enum Inflater {
  /// How a body came out.
  enum Outcome: Equatable { case done, corrupt, tooLarge, overBudget }

  /// Appends the inflated `source` to `target`.
  ///
  /// `deflate` is zlib-wrapped by RFC 9110 and raw from many clients; the first two bytes tell which.
  static func inflate(
    _ source: UnsafeRawBufferPointer, coding: HeaderValidator.ContentCoding, into target: BodyBuffer, limit: Int,
    budget: ResourceBudget
  ) -> Outcome {
    guard !source.isEmpty else { return .corrupt }
    guard let stream = InflateStream(coding == .gzip ? .gzip : isZlibWrapped(source) ? .zlib : .none) else {
      return .overBudget
    }
    var rest = source
    while true {
      let room = min(max(source.count * 2, 16 << 10), limit - target.count)
      if room <= 0 {
        // The limit is full: only the end of the stream may follow.
        var spare: UInt8 = 0
        let (written, state) = withUnsafeMutableBytes(of: &spare) { stream.inflate(&rest, into: $0) }
        if written > 0 { return .tooLarge }
        return state == .ended && rest.isEmpty ? .done : .corrupt
      }
      switch target.reserve(room, expected: nil, limit: limit, budget: budget) {
      case .fits: break
      case .tooLarge: return .tooLarge
      case .overBudget: return .overBudget
      }
      let place = UnsafeMutableRawBufferPointer(start: target.end, count: room)
      let (written, state) = stream.inflate(&rest, into: place)
      target.advance(by: written)
      switch state {
      case .ended:
        if rest.isEmpty { return .done }
        // "gzip: concatenated members": a body of several is one body; anything else behind the end is not.
        guard coding == .gzip, stream.beginAgain() else { return .corrupt }
      case .unfinished:
        // Room is left and input is not: the stream is cut short.
        if written < room { return .corrupt }
      case .corrupt: return .corrupt
      }
    }
  }

  private static func isZlibWrapped(_ source: UnsafeRawBufferPointer) -> Bool {
    // RFC 1950: method 8, window of at most 32 KiB, header a multiple of 31.
    source.count >= 2 && source[0] & 0x0f == 8 && source[0] >> 4 <= 7
      && (Int(source[0]) << 8 | Int(source[1])) % 31 == 0
  }
}
