internal import CZlib

/// Compresses a whole answer.
public enum Deflater {
  /// Appends `source`, compressed at zlib's fastest level, to `target`.
  /// - Returns: false without memory, or beyond the 4 GiB that zlib counts at a time; then `target` is as it was.
  public static func deflate(_ source: OutputBuffer, coding: AnswerCoding, into target: OutputBuffer) -> Bool {
    var stream = z_stream()
    // "windowBits can also be greater than 15 for optional gzip encoding. Add 16".
    let windowBits: Int32 = coding == .gzip ? 15 + 16 : 15
    guard
      deflateInit2_(
        &stream, Z_BEST_SPEED, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return false }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(source.count)))
    guard max(bound, source.count) <= UInt32.max else { return false }
    stream.next_in = source.pointer.assumingMemoryBound(to: UInt8.self)
    stream.avail_in = UInt32(source.count)
    return target.withSpare(bound) { spare in
      stream.next_out = spare.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = UInt32(bound)
      // "If deflate returns with Z_STREAM_END … deflateBound() is an upper bound": one call does it all.
      guard CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END else { return false }
      target.advance(by: bound - Int(stream.avail_out))
      return true
    }
  }
}
