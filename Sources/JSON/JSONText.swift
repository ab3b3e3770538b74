public import Glibc

/// A piece of a text, or the text that a JSON string stands for. It cannot outlive the lending of its cursor, and means what
/// it says until the cursor's next call.
public struct JSONText: ~Escapable {
  @usableFromInline let start: UnsafePointer<CChar>
  /// In bytes.
  public let count: Int
  /// Where it stands, in bytes from the text's beginning.
  public let offset: Int

  @inlinable
  @_lifetime(immortal)
  init(unowned start: UnsafePointer<CChar>, count: Int, offset: Int) {
    self.start = start
    self.count = count
    self.offset = offset
  }

  /// Byte for byte, so that a name can be a case.
  @inlinable
  public static func ~= (pattern: StaticString, text: borrowing JSONText) -> Bool {
    text.count == pattern.utf8CodeUnitCount && memcmp(text.start, pattern.utf8Start, text.count) == 0
  }

  /// Byte for byte.
  public func equals(_ other: String) -> Bool {
    var other = other
    let (start, count) = (start, count)
    return other.withUTF8 { utf8 in
      guard utf8.count == count, let bytes = utf8.baseAddress else { return count == 0 && utf8.isEmpty }
      return memcmp(start, bytes, count) == 0
    }
  }

  /// Byte for byte.
  public func hasPrefix(_ prefix: StaticString) -> Bool {
    count >= prefix.utf8CodeUnitCount && memcmp(start, prefix.utf8Start, prefix.utf8CodeUnitCount) == 0
  }

  /// Whether it has no byte.
  public var isEmpty: Bool { count == 0 }

  /// As much of it as a sentence quotes: 32 bytes.
  public var quotation: String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: min(count, 32)), as: UTF8.self)
  }

  /// A copy.
  public var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: start, count: count)) }
}
