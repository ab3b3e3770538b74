import Foundation
import JSON
import Testing

@Suite struct NumberTests {
  /// The number that is alone in an array, as a row.
  private func number(_ text: String, as type: JSONNumberType? = nil) throws -> Float {
    let body = "[\(text)]"
    let padded = Array(body.utf8) + [UInt8](repeating: 0, count: JSONParser.padding)
    let value = UnsafeMutablePointer<Float>.allocate(capacity: 1)
    defer { value.deallocate() }
    var count = 0
    try padded.withUnsafeBytes { bytes in
      let text = UnsafeRawBufferPointer(rebasing: bytes[..<body.utf8.count])
      try JSONParser(maxDepth: 2).read(text, expecting: "an array") { (json) throws(JSONError) in
        var rows = JSONRows(RowShape([1]), at: value, capacity: 1)
        if let type {
          count = try rows.readNumbers(json, as: type, "T", "n", wanted: 1)
        } else {
          try rows.readSingle(json, "n")
          count = rows.count
        }
      }
    }
    #expect(count == 1)
    return value.pointee
  }

  @Test func `numbers are correctly rounded, between floats, with many digits, and among the denormals`() throws {
    var random = SystemRandomNumberGenerator()
    var texts = [
      "0.71625462174415588378906251", "0.71625462174415588378906249", "123456789012345678901234567890", "1e-45", "-0",
      "7.006492321624085e-46", "7.006492321624086e-46", "1e-400", "-1e-400",
      "0." + String(repeating: "0", count: 330) + "1", "-0." + String(repeating: "0", count: 5000) + "12e-3",
      "0." + String(repeating: "0", count: 60) + "1e61", "1" + String(repeating: "0", count: 400) + "e-400",
      "3.4028235677973366e38",
      "1.1754943508e-38",
    ]
    for index in 0..<20_000 {
      let value = Float(bitPattern: UInt32.random(in: 0..<0x7f00_0000, using: &random))
      let middle = (Double(value) + Double(value.nextUp)) / 2
      switch index % 4 {
      case 0: texts.append("\(value)")
      case 1: texts.append(String(format: "%.60g", middle))
      case 2: texts.append(String(format: "%.60e", middle.nextUp))
      default: texts.append(String(format: "%.7g", value))
      }
    }
    for text in texts where strtof(text, nil).isFinite {
      #expect(try number(text).bitPattern == strtof(text, nil).bitPattern, "\(text)")
    }
  }

  static let whole: [(JSONNumberType, String, String)] = [
    (.uint8, "255", "256"), (.uint16, "65535", "65536"), (.uint32, "4294967295", "4294967296"),
    (.uint64, "18446744073709551615", "18446744073709551616"), (.int8, "-128", "128"), (.int16, "-32768", "32768"),
    (.int32, "-2147483648", "2147483648"), (.int64, "-9223372036854775808", "9223372036854775808"),
  ]

  @Test(arguments: whole) func `whole numbers are those of their type`(
    type: JSONNumberType, inside: String, outside: String
  ) throws {
    #expect(try number(inside, as: type) == Float(inside))
    for text in [outside, "1.0", "1e0", "true"] {
      let error = #expect(throws: JSONError.self) { try number(text, as: type) }
      let isNumber = text != "true"
      #expect(
        error?.message
          == (isNumber
            ? "n, number 1: expected a whole number in the range of T, found \(text), at byte 1"
            : "n, number 1: expected a number, found a boolean, at byte 1"))
    }
  }

  @Test func `brackets between numbers do not matter, as deep as they may be`() throws {
    #expect(try number("[1]", as: .float) == 1)
    let error = #expect(throws: JSONError.self) { try number("[[1]]", as: .float) }
    #expect(error?.reason == .tooDeep)
  }
}
