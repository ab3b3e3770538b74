internal import CZlib

extension ByteBuffer {
  /// Appends `source`, deflated at zlib's fastest level.
  /// - Parameter wrapping: gzip (RFC 1952) or zlib (RFC 1950).
  /// - Returns: false without memory, or beyond the 4 GiB that zlib counts at a time; then the buffer is as it was.
  public func append(deflating source: ByteBuffer, _ wrapping: InflateStream.Wrapping) -> Bool {
    var stream = z_stream()
    // "windowBits can also be greater than 15 for optional gzip encoding. Add 16"; "-8..-15 for raw deflate".
    let windowBits: Int32 =
      switch wrapping {
      case .gzip: 15 + 16
      case .zlib: 15
      case .none: -15
      }
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
    return withSpare(bound) { spare in
      stream.next_out = spare.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = UInt32(bound)
      // "If deflate returns with Z_STREAM_END … deflateBound() is an upper bound": one call does it all.
      guard CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END else { return false }
      advance(by: bound - Int(stream.avail_out))
      return true
    }
  }
}
