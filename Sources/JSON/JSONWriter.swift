public import Bytes
import Glibc

/// Writes JSON at the end of a growing buffer. Punctuation is its user's: what is written is literal text and values.
public struct JSONWriter {
  /// What is written to.
  public let buffer: ByteBuffer

  /// A writer that appends to `buffer`.
  public init(_ buffer: ByteBuffer) { self.buffer = buffer }

  /// Literal JSON text.
  public func write(_ text: StaticString) { buffer.append(text) }

  /// JSON text that was made, and escaped, before.
  public func write(raw bytes: [UInt8]) { bytes.withUnsafeBytes { buffer.append($0) } }

  /// A string, quoted and escaped.
  public func write(string: String) {
    var string = string
    string.withUTF8 { utf8 in
      append(JSONOutput.maxString(utf8.count)) { JSONOutput.write(string: UnsafeRawBufferPointer(utf8), to: $0) }
    }
  }

  /// A whole number.
  public func write(integer: Int) { append(JSONOutput.maxInteger) { JSONOutput.write(integer: integer, to: $0) } }

  /// `true` or `false`.
  public func write(bool: Bool) { buffer.append(bool ? "true" : "false") }

  /// The shortest decimal that reads back as the same Float32; NaN, Infinity or -Infinity for those.
  public func write(float: Float) { append(JSONOutput.maxFloat) { JSONOutput.write(float: float, to: $0) } }

  /// An array of such numbers.
  public func write(floats: UnsafeBufferPointer<Float>) {
    guard let start = floats.baseAddress else { return write("[]") }
    append(JSONOutput.maxFloats(floats.count)) { JSONOutput.write(floats: start, count: floats.count, to: $0) }
  }

  /// Such numbers as elements of an array whose brackets are its user's.
  /// - Parameter isFirst: whether they are the array's first ones.
  public func write(elements floats: UnsafeBufferPointer<Float>, isFirst: Bool) {
    guard let start = floats.baseAddress, !floats.isEmpty else { return }
    buffer.withSpare(JSONOutput.maxFloats(floats.count)) { spare in
      guard let place = spare.baseAddress else { return }
      // An array, whose first bracket becomes the comma, or is overwritten, and whose last one is left out.
      let written = JSONOutput.write(floats: start, count: floats.count, to: place) - 1
      if isFirst {
        memmove(place, place + 1, written - 1)
      } else {
        place.storeBytes(of: UInt8(ascii: ","), as: UInt8.self)
      }
      buffer.advance(by: isFirst ? written - 1 : written)
    }
  }

  /// A number that is marked as a real one: 1.0, not 1.
  public func write(real: Float) { append(JSONOutput.maxReal) { JSONOutput.write(real: real, to: $0) } }

  /// An array of such numbers.
  public func write(reals: UnsafeBufferPointer<Float>) {
    guard let start = reals.baseAddress else { return write("[]") }
    append(JSONOutput.maxReals(reals.count)) { JSONOutput.write(reals: start, count: reals.count, to: $0) }
  }

  /// What `write` writes, `capacity` bytes at most; it says how many.
  private func append(_ capacity: Int, _ write: (UnsafeMutableRawPointer) -> Int) {
    buffer.withSpare(capacity) { spare in buffer.advance(by: write(spare.baseAddress!)) }
  }

  /// `text` as a JSON string, quotes included, for texts that are written again and again.
  public static func escaped(_ text: String) -> [UInt8] {
    var text = text
    return text.withUTF8 { utf8 in
      [UInt8](unsafeUninitializedCapacity: JSONOutput.maxString(utf8.count)) { out, count in
        guard let start = out.baseAddress else { return }
        count = JSONOutput.write(string: UnsafeRawBufferPointer(utf8), to: start)
      }
    }
  }
}
