internal import CZlib

/// zlib's inflating state for gzip data of any number of members, or for one raw deflate stream, fed piece by piece.
final class GzipInflater {
  enum Form {
    case gzip
    /// RFC 1951 alone, as in zip archives.
    case deflate
  }

  enum Step {
    case made(Int)
    case needsInput, ended, corrupt
  }

  static let inputBytes = 64 << 10

  /// Where stored bytes go before `received` is called.
  let input: UnsafeMutableRawPointer
  /// Whether the stored bytes may end here.
  private(set) var isBetweenMembers = false

  // zlib keeps a pointer to the structure: it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let form: Form
  private var hasEnded = false

  /// - Parameter pending: stored bytes that were read already.
  init(_ form: Form, pending: UnsafeRawBufferPointer) {
    self.form = form
    input = .allocate(byteCount: max(Self.inputBytes, pending.count), alignment: 64)
    input.copyMemory(from: pending.baseAddress ?? UnsafeRawPointer(input), byteCount: pending.count)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // "windowBits can also be greater than 15 for optional gzip decoding: add 16"; "windowBits can also be -8..-15 for raw inflate".
    let code = inflateInit2_(stream, form == .gzip ? 15 + 16 : -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "out of memory: no room for zlib's window")
    feed(pending.count)
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  /// So many bytes lie in `input`; 0: there are no more.
  func received(_ count: Int) {
    if count == 0 { hasEnded = true } else { feed(count) }
  }

  func inflate(into target: UnsafeMutableRawPointer, atMost count: Int) -> Step {
    while true {
      if hasEnded { return .ended }
      guard stream.pointee.avail_in > 0 else { return .needsInput }
      if isBetweenMembers {
        guard inflateReset(stream) == Z_OK else { return .corrupt }
        isBetweenMembers = false
      }
      let room = UInt32(min(count, Int(UInt32.max)))
      stream.pointee.next_out = target.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = room
      let code = CZlib.inflate(stream, Z_NO_FLUSH)
      guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else { return .corrupt }
      if code == Z_STREAM_END {
        isBetweenMembers = true
        hasEnded = form == .deflate
      }
      let made = Int(room - stream.pointee.avail_out)
      if made > 0 { return .made(made) }
    }
  }

  private func feed(_ count: Int) {
    stream.pointee.next_in = input.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(count)
  }
}
