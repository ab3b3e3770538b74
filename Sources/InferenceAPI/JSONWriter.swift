import HTTPServer
import JSONCore

/// Writes JSON straight into the response's one contiguous buffer.
struct JSONWriter {
  let buffer: OutputBuffer

  init(_ buffer: OutputBuffer) { self.buffer = buffer }

  /// Literal JSON text.
  func write(_ text: StaticString) { buffer.append(text) }

  /// JSON text that was made, and escaped, before.
  func write(raw bytes: [UInt8]) { bytes.withUnsafeBytes { buffer.append($0) } }

  func write(string: String) {
    var string = string
    string.withUTF8 { utf8 in
      utf8.withMemoryRebound(to: CChar.self) { text in
        append(6 * text.count + 2) { json_write_string($0, text.baseAddress, text.count) }
      }
    }
  }

  func write(integer: Int) { append(20) { json_write_integer($0, Int64(integer)) } }

  func write(bool: Bool) { buffer.append(bool ? "true" : "false") }

  /// The shortest decimal that reads back as the same Float32.
  func write(float: Float) { append(16) { json_write_float($0, float) } }

  /// An array of numbers.
  func write(floats: UnsafePointer<Float>, count: Int) {
    append(17 * count + 2) { json_write_floats($0, floats, count) }
  }

  /// A number that is marked as a real one: 1.0, not 1.
  func write(real: Float) { append(18) { json_write_real($0, real) } }

  /// An array of them.
  func write(reals: UnsafePointer<Float>, count: Int) {
    append(19 * count + 2) { json_write_reals($0, reals, count) }
  }

  /// What `write` writes, `capacity` bytes at most; it says how many.
  private func append(_ capacity: Int, _ write: (UnsafeMutablePointer<CChar>) -> Int) {
    buffer.withSpare(capacity) { spare in
      buffer.advance(by: write(spare.baseAddress!.assumingMemoryBound(to: CChar.self)))
    }
  }

  /// `text` as a JSON string in a text that is being put together.
  static func quoted(_ text: String) -> String { String(decoding: escaped(text), as: UTF8.self) }

  /// `text` as a JSON string, quotes included, for texts that are written again and again.
  static func escaped(_ text: String) -> [UInt8] {
    let utf8 = Array(text.utf8)
    return [UInt8](unsafeUninitializedCapacity: 6 * utf8.count + 2) { out, count in
      count = utf8.withUnsafeBytes { source in
        out.withMemoryRebound(to: CChar.self) {
          json_write_string($0.baseAddress, source.bindMemory(to: CChar.self).baseAddress, source.count)
        }
      }
    }
  }
}
