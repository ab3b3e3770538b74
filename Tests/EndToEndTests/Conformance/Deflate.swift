import CZlib

/// Bodies compressed and inflated in one piece.
enum Deflate {
  enum Wrapper: Int32 {
    /// RFC 1952.
    case gzip = 31
    /// RFC 1950, which HTTP calls `deflate`.
    case zlib = 15
  }

  struct Failure: Error { let code: Int32 }

  static func compress(_ bytes: [UInt8], as wrapper: Wrapper) throws -> [UInt8] {
    try withStream { stream in
      try check(
        deflateInit2_(
          stream, Z_BEST_SPEED, Z_DEFLATED, wrapper.rawValue, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
          Int32(MemoryLayout<z_stream>.size)))
      defer { deflateEnd(stream) }
      return try run(stream, over: bytes, room: Int(deflateBound(stream, UInt(bytes.count))), CZlib.deflate)
    }
  }

  /// Inflates what is wrapped either way; refuses what ends early or has bytes behind it.
  ///
  /// - Parameter room: no more than that is expected.
  static func inflate(_ bytes: [UInt8], room: Int = 1 << 20) throws -> [UInt8] {
    try withStream { stream in
      try check(inflateInit2_(stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)))
      defer { inflateEnd(stream) }
      let inflated = try run(stream, over: bytes, room: room, CZlib.inflate)
      guard stream.pointee.avail_in == 0 else { throw Failure(code: Z_DATA_ERROR) }
      return inflated
    }
  }

  /// zlib remembers the stream's address: it must not move between two calls.
  private static func withStream(_ body: (UnsafeMutablePointer<z_stream>) throws -> [UInt8]) throws -> [UInt8] {
    var stream = z_stream()
    return try withUnsafeMutablePointer(to: &stream, body)
  }

  private static func run(
    _ stream: UnsafeMutablePointer<z_stream>, over bytes: [UInt8], room: Int,
    _ step: (UnsafeMutablePointer<z_stream>?, Int32) -> Int32
  ) throws -> [UInt8] {
    var input = bytes
    return try input.withUnsafeMutableBufferPointer { input in
      try [UInt8](unsafeUninitializedCapacity: room) { output, count in
        stream.pointee.next_in = input.baseAddress
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(room)
        let code = step(stream, Z_FINISH)
        guard code == Z_STREAM_END else { throw Failure(code: code) }
        count = room - Int(stream.pointee.avail_out)
      }
    }
  }

  private static func check(_ code: Int32) throws { if code != Z_OK { throw Failure(code: code) } }
}
