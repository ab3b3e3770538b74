internal import CZlib

/// One compressed stream made of parts that were deflated by themselves, on several threads: what stands before and behind them.
///
/// Each part is deflated with `ByteBuffer.append(deflatingPart:isLast:)`; the last one ends the stream. Source: RFC 1950, RFC 1952; zlib.h.
public struct DeflatedParts: Sendable {
  /// What was put into one part.
  public struct Source: Sendable {
    fileprivate let checksum: UInt
    fileprivate let count: Int

    /// The checksum of a part's bytes before they are deflated.
    /// - Parameter wrapping: of the whole stream, gzip or zlib.
    public init(_ bytes: ByteBuffer, _ wrapping: InflateStream.Wrapping) {
      let start = bytes.pointer.assumingMemoryBound(to: UInt8.self)
      count = bytes.count
      checksum =
        wrapping == .gzip ? crc32_z(0, start, bytes.count) : adler32_z(1, start, bytes.count)
    }
  }

  private let isGzip: Bool
  private var checksum: UInt
  private var count = 0

  /// A stream without parts.
  /// - Parameter wrapping: gzip or zlib.
  public init(_ wrapping: InflateStream.Wrapping) {
    isGzip = wrapping == .gzip
    checksum = isGzip ? 0 : 1
  }

  /// Counts the next part.
  public mutating func add(_ part: Source) {
    checksum =
      isGzip
      ? crc32_combine(checksum, part.checksum, part.count) : adler32_combine(checksum, part.checksum, part.count)
    count += part.count
  }

  /// What stands before the first part.
  public var header: [UInt8] {
    // RFC 1952 2.3: deflate, no flags, no time, fastest, unknown system. RFC 1950 2.2: a window of 32 KiB, fastest.
    isGzip ? [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255] : [0x78, 0x01]
  }

  /// What stands behind the last part.
  public var trailer: [UInt8] {
    func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let checksum = UInt32(truncatingIfNeeded: checksum)
    return isGzip ? bytes(checksum) + bytes(UInt32(truncatingIfNeeded: count)) : bytes(checksum).reversed()
  }
}

extension ByteBuffer {
  /// Appends `source` as a part of a raw deflated stream, at zlib's fastest level, ending on a whole byte.
  /// - Parameter isLast: whether the stream ends with it.
  /// - Returns: false without memory; then the buffer is as it was.
  public func append(deflatingPart source: ByteBuffer, isLast: Bool) -> Bool {
    var stream = z_stream()
    guard
      source.count <= UInt32.max / 2,
      deflateInit2_(
        &stream, Z_BEST_SPEED, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return false }
    defer { deflateEnd(&stream) }
    // A flush adds an empty block of at most 5 bytes, and zlib asks for some spare room (zlib.h, Z_SYNC_FLUSH: "at least 6").
    let bound = Int(deflateBound(&stream, UInt(source.count))) + 16
    guard tryGrow(to: count + bound) else { return false }
    stream.next_in = source.pointer.assumingMemoryBound(to: UInt8.self)
    stream.avail_in = UInt32(source.count)
    return withSpare(bound) { spare in
      stream.next_out = spare.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = UInt32(bound)
      let code = CZlib.deflate(&stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
      guard code == (isLast ? Z_STREAM_END : Z_OK), stream.avail_in == 0 else { return false }
      advance(by: bound - Int(stream.avail_out))
      return true
    }
  }
}
