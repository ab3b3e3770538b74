import Foundation
import JSON
import TestSupport
import Testing

/// Rows of many numbers, which are read in runs.
@Suite struct NumberRunTests {
  /// Sixteen million texts or more with TEST_ALL, a fiftieth of them without.
  private static let rows = ProcessInfo.processInfo.environment["TEST_ALL"] == nil ? 640 : 32_000
  private static let width = 509

  private func read(_ body: [UInt8], _ width: Int, into values: inout [Float]) throws {
    let padded = body + [UInt8](repeating: 0, count: JSONParser.padding)
    try values.withUnsafeMutableBufferPointer { values in
      try padded.withUnsafeBytes { bytes in
        let text = UnsafeRawBufferPointer(rebasing: bytes[..<body.count])
        try JSONParser(maxDepth: 2).read(text, expecting: "an array") { (json) throws(JSONError) in
          var rows = JSONRows(RowShape([width]), at: values.baseAddress!, capacity: 1)
          try rows.readSingle(json, "n")
        }
      }
    }
  }

  private func digits(_ count: Int, _ random: inout SplitMix) -> String {
    String(decoding: (0..<count).map { _ in UInt8.random(in: 48...57, using: &random) }, as: UTF8.self)
  }

  /// A number of a form that is drawn: of up to 22 digits on either side of the point, a float and the middle between two as they are
  /// printed with 6 to 20 digits, the same with exponents, background.
  private func number(_ form: Int, _ random: inout SplitMix) -> String {
    let sign = Bool.random(using: &random) ? "-" : ""
    let value = Float(bitPattern: UInt32.random(in: 0x3000_0000..<0x5000_0000, using: &random))
    let middle = (Double(value) + Double(value.nextUp)) / 2
    switch form {
    case 0: return sign + "0." + digits(Int.random(in: 1...22, using: &random), &random)
    case 1:
      return sign + "\(Int.random(in: 1...9, using: &random))" + digits(Int.random(in: 0...22, using: &random), &random)
    case 2:
      return sign + "\(Int.random(in: 1...99, using: &random))" + "."
        + digits(Int.random(in: 1...22, using: &random), &random)
    case 3: return sign + "0.000" + digits(Int.random(in: 1...20, using: &random), &random)
    case 4: return String(format: "%.\(Int.random(in: 6...20, using: &random))f", value)
    case 5: return String(format: "%.\(Int.random(in: 15...20, using: &random))g", middle)
    case 6: return String(format: "%.17g", Bool.random(using: &random) ? middle.nextUp : middle.nextDown)
    case 7: return String(format: "%.\(Int.random(in: 1...12, using: &random))e", value)
    case 8: return "\(Int.random(in: 0...255, using: &random))"
    case 9: return sign + "\(Double(value))"
    default: return ["0", "0.0", "-0", "-1.0", "255", "1e0"].randomElement(using: &random)!
    }
  }

  @Test func `numbers in runs are those that strtof reads, whatever their form`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix(state: seed)
    var found = [Float](repeating: 0, count: Self.width)
    for row in 0..<Self.rows {
      // All of one form, which is what callers send, or each of another; a run of the same now and then.
      let form = row % 12
      var texts: [String] = []
      while texts.count < Self.width {
        let text = number(form == 11 ? Int.random(in: 0...10, using: &random) : form, &random)
        let count = Int.random(in: 0..<20, using: &random) == 0 ? Int.random(in: 1...40, using: &random) : 1
        texts += repeatElement(text, count: min(count, Self.width - texts.count))
      }
      let body = Array(("[" + texts.joined(separator: [",", ", ", " ,", ",\n  "][row / 12 % 4]) + "]").utf8)
      try read(body, Self.width, into: &found)
      for (text, value) in zip(texts, found) where value.bitPattern != strtof(text, nil).bitPattern {
        Issue.record("\(text) is read as \(value), seed \(seed), row \(row)")
      }
    }
  }

  static let broken = [
    "01", "-01", "00", "1.", "-", "--1", ".5", "-.5", "+1", "1.2.3", "1..2", "1e", "1e+", "1.e5", "0x1", "1-", "1/2",
    "1a", "NaN",
    "Infinity", "12345678.", "0.123456.", "123456789012345.", "1234567890123456.", "0.12345678901234.",
    "0.1234567890123x",
    "0.12345678901234567x", "0.123456789012345678901234567890x", "01.23456789012345678", "1e39",
    "9999999999999999999999999999999999999999",
  ]

  @Test(arguments: broken) func `what is no number is refused in the middle of a run, and where it stands is told`(
    text: String
  ) throws {
    var found = [Float](repeating: 0, count: 40)
    for neighbour in ["0", "0.125", "-3.25", "0.1234567890123456789"] {
      for place in [0, 1, 7, 20, 38, 39] {
        var texts = [String](repeating: neighbour, count: 40)
        texts[place] = text
        let body = Array(("[" + texts.joined(separator: ",") + "]").utf8)
        let error = #expect(throws: JSONError.self) { try read(body, 40, into: &found) }
        let at = 1 + place * (neighbour.utf8.count + 1)
        #expect(error?.message.contains("n[\(place)]") == true, "\(error?.message ?? "") for \(text) at \(place)")
        #expect(error?.message.hasSuffix("at byte \(at)") == true, "\(error?.message ?? "") for \(text) at \(place)")
      }
    }
  }

  @Test func `a run is as long as the row`() throws {
    var found = [Float](repeating: 0, count: 40)
    for count in [1, 2, 8, 9, 17, 39, 41, 48, 49, 80] {
      for text in ["0", "0.0", "7", "0.25"] {
        let body = Array(("[" + [String](repeating: text, count: count).joined(separator: ",") + "]").utf8)
        let error = #expect(throws: JSONError.self) { try read(body, 40, into: &found) }
        #expect(error?.message.contains("expected 40 numbers, found \(count > 40 ? "more" : "\(count)")") == true)
      }
    }
  }
}
