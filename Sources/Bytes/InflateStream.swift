internal import CZlib

/// zlib's state of one deflated stream that is inflated piece by piece. Source: zlib.h, whose sentences are quoted.
///
/// One user at a time.
public final class InflateStream {
  /// What stands around the deflated data (RFC 1951).
  public enum Wrapping: Sendable {
    /// RFC 1952.
    case gzip
    /// RFC 1950.
    case zlib
    /// Nothing, as in zip archives.
    case none
  }

  /// How far a stream is.
  public enum State: Sendable {
    /// The stream goes on: it wants more input, or more room.
    case unfinished
    /// The stream's end was read; what is left of the input lies behind it.
    case ended
    /// It is no such stream.
    case corrupt
  }

  // zlib keeps a pointer to the structure: it must not move.
  private let stream: UnsafeMutablePointer<z_stream>

  /// nil: there is no memory for zlib's window.
  public init?(_ wrapping: Wrapping) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // "windowBits can also be greater than 15 for optional gzip decoding: add 16"; "windowBits can also be -8..-15 for raw inflate".
    let windowBits: Int32 =
      switch wrapping {
      case .gzip: 15 + 16
      case .zlib: 15
      case .none: -15
      }
    guard inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Inflates as much as there is input for and room.
  /// - Parameters:
  ///   - input: what is left of it afterwards.
  ///   - output: written from its beginning.
  /// - Returns: the bytes written, and whether the stream goes on. Nothing written of an unfinished stream: it wants more input.
  public func inflate(
    _ input: inout UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> (written: Int, state: State) {
    // zlib counts in 32 bits.
    let offered = UInt32(clamping: input.count)
    let room = UInt32(clamping: output.count)
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = offered
    stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = room
    let code = CZlib.inflate(stream, Z_NO_FLUSH)
    input = UnsafeRawBufferPointer(rebasing: input[Int(offered - stream.pointee.avail_in)...])
    let written = Int(room - stream.pointee.avail_out)
    switch code {
    case Z_STREAM_END: return (written, .ended)
    // "Z_BUF_ERROR is not fatal": no progress was possible.
    case Z_OK, Z_BUF_ERROR: return (written, .unfinished)
    default: return (written, .corrupt)
    }
  }

  /// Begins with another stream of the same wrapping, as gzip data of several members has it.
  /// - Returns: false: zlib refuses, which it does for a damaged state only.
  public func beginAgain() -> Bool { inflateReset(stream) == Z_OK }
}
