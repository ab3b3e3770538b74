internal import CZlib

/// The CRC-32 of gzip and zip (RFC 1952, section 8), of bytes that come piece by piece.
public struct CRC32: Sendable {
  /// Of the bytes so far.
  public private(set) var value: UInt32 = 0

  /// The checksum of nothing.
  public init() {}

  /// Takes in the next bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      value = UInt32(
        truncatingIfNeeded: crc32(UInt(value), chunk.bindMemory(to: UInt8.self).baseAddress, UInt32(chunk.count)))
      rest = rest.dropFirst(chunk.count)
    }
  }
}
