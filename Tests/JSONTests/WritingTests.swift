import Foundation
import JSON
import Testing

@Suite struct WritingTests {
  /// What `write` writes into room for `capacity` bytes, and no more.
  private func written(_ capacity: Int, _ write: (UnsafeMutableRawPointer) -> Int) -> String {
    withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { room in
      guard let start = room.baseAddress else { return "" }
      let count = write(start)
      #expect(count <= capacity)
      return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
  }

  @Test func `floats are written as the shortest text that reads back`() {
    func text(_ value: Float) -> String { written(JSONOutput.maxFloat) { JSONOutput.write(float: value, to: $0) } }
    #expect(text(0.1) == "0.1")
    #expect(text(0) == "0" && text(-0.0) == "-0")
    #expect(text(16_777_216) == "16777216")
    for value in [Float.leastNonzeroMagnitude, .greatestFiniteMagnitude, -.leastNormalMagnitude, 1 / 3, -1e-10] {
      #expect(Float(text(value)) == value)
      #expect(text(value).utf8.count <= 16)
    }
    let list: [Float] = [1, 2.5, -3]
    #expect(
      written(JSONOutput.maxFloats(3)) { JSONOutput.write(floats: list, count: 3, to: $0) } == "[1,2.5,-3]")
    #expect(
      written(JSONOutput.maxReals(3)) { JSONOutput.write(reals: list, count: 3, to: $0) } == "[1.0,2.5,-3.0]")
    #expect(written(JSONOutput.maxReal) { JSONOutput.write(real: .nan, to: $0) } == "NaN")
    #expect(written(JSONOutput.maxInteger) { JSONOutput.write(integer: .min, to: $0) } == "-9223372036854775808")
  }

  @Test func `strings are escaped, and read back`() throws {
    let original = "a\"b\\c\n\u{1}é\u{7f}😀"
    let text = written(JSONOutput.maxString(original.utf8.count)) { out in
      Array(original.utf8).withUnsafeBytes { JSONOutput.write(string: $0, to: out) }
    }
    #expect(try JSONDecoder().decode([String].self, from: Data("[\(text)]".utf8)) == [original])
    #expect(String(decoding: JSONOutput.unescaped(Array(text.utf8)), as: UTF8.self) == original)
  }
}
