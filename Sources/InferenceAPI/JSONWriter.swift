import Bytes
import JSON

/// Writes JSON straight into the response's one contiguous buffer.
struct JSONWriter {
  let buffer: ByteBuffer

  init(_ buffer: ByteBuffer) { self.buffer = buffer }

  /// Literal JSON text.
  func write(_ text: StaticString) { buffer.append(text) }

  /// JSON text that was made, and escaped, before.
  func write(raw bytes: [UInt8]) { bytes.withUnsafeBytes { buffer.append($0) } }

  func write(string: String) {
    var string = string
    string.withUTF8 { utf8 in
      append(JSONOutput.maxString(utf8.count)) { JSONOutput.write(string: UnsafeRawBufferPointer(utf8), to: $0) }
    }
  }

  func write(integer: Int) { append(JSONOutput.maxInteger) { JSONOutput.write(integer: integer, to: $0) } }

  func write(bool: Bool) { buffer.append(bool ? "true" : "false") }

  /// The shortest decimal that reads back as the same Float32.
  func write(float: Float) { append(JSONOutput.maxFloat) { JSONOutput.write(float: float, to: $0) } }

  /// An array of numbers.
  func write(floats: ResultValues) {
    append(JSONOutput.maxFloats(floats.count)) {
      JSONOutput.write(floats: floats.start, count: floats.count, to: $0)
    }
  }

  /// A number that is marked as a real one: 1.0, not 1.
  func write(real: Float) { append(JSONOutput.maxReal) { JSONOutput.write(real: real, to: $0) } }

  /// An array of them.
  func write(reals: ResultValues) {
    append(JSONOutput.maxReals(reals.count)) { JSONOutput.write(reals: reals.start, count: reals.count, to: $0) }
  }

  /// What `write` writes, `capacity` bytes at most; it says how many.
  private func append(_ capacity: Int, _ write: (UnsafeMutableRawPointer) -> Int) {
    buffer.withSpare(capacity) { spare in buffer.advance(by: write(spare.baseAddress!)) }
  }

  /// `text` as a JSON string in a text that is being put together.
  static func quoted(_ text: String) -> String { String(decoding: escaped(text), as: UTF8.self) }

  /// `text` as a JSON string, quotes included, for texts that are written again and again.
  static func escaped(_ text: String) -> [UInt8] {
    var text = text
    return text.withUTF8 { utf8 in
      [UInt8](unsafeUninitializedCapacity: JSONOutput.maxString(utf8.count)) { out, count in
        guard let start = out.baseAddress else { return }
        count = JSONOutput.write(string: UnsafeRawBufferPointer(utf8), to: start)
      }
    }
  }
}
