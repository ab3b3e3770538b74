/// A set of bytes as a bitmap, so that membership is a shift and a mask.
struct ByteClass {
  private var low: UInt64 = 0
  private var middle: UInt64 = 0
  private var includesHigh: Bool

  private init(includesHigh: Bool, _ isMember: (UInt8) -> Bool) {
    self.includesHigh = includesHigh
    for byte in UInt8(0)..<64 where isMember(byte) { low |= 1 << UInt64(byte) }
    for byte in UInt8(64)..<128 where isMember(byte) { middle |= 1 << UInt64(byte - 64) }
  }

  @inline(__always) func contains(_ byte: UInt8) -> Bool {
    if byte < 64 { return low >> UInt64(byte) & 1 == 1 }
    if byte < 128 { return middle >> UInt64(byte &- 64) & 1 == 1 }
    return includesHigh
  }

  /// RFC 9110 5.6.2: `tchar`.
  static let token = ByteClass(includesHigh: false) { byte in
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    case 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e, 0x5f, 0x60, 0x7c, 0x7e: true
    default: false
    }
  }

  /// What a host's name consists of (RFC 3986 3.2.2, `reg-name`): `unreserved`, `sub-delims` and escapes.
  static let host = ByteClass(includesHigh: false) { byte in
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    case 0x2d, 0x2e, 0x5f, 0x7e, 0x25, 0x21, 0x24, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x3b, 0x3d: true
    default: false
    }
  }

  /// RFC 9110 5.5: visible bytes, `obs-text`, space and tab.
  static let fieldValue = ByteClass(includesHigh: true) { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7f) }
}
