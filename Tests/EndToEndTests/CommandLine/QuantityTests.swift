import Testing

@testable import radial

/// Numbers with units.
@Suite struct QuantityTests {
  @Test(arguments: [
    ("1", 1), ("512", 512), ("16kB", 16_000), ("16KB", 16_000), ("16k", 16_000), ("16MB", 16_000_000),
    ("16m", 16_000_000),
    ("16MiB", 16 << 20), ("16Mi", 16 << 20), ("1g", 1_000_000_000), ("1GB", 1_000_000_000), ("1GiB", 1 << 30),
    ("1 MiB", 1 << 20), ("1.5kB", 1500), ("0.5KiB", 512), ("7b", 7),
  ])
  func `sizes are bytes, or take a unit`(text: String, expected: Int) throws {
    #expect(try Limits.bodyBytes.integer(text) == expected)
  }

  @Test(arguments: [
    "", "0", "-1", "1.5", "MB", "16Q", "16 M B", "1TB", "2GB", "0x10", "1e", "nan", "inf", "1_000", "1,000", "16s", "９",
  ])
  func `what is no size in range is refused`(text: String) {
    #expect(throws: (any Error).self) { try Limits.bodyBytes.integer(text) }
  }

  @Test(arguments: [
    ("30", 30), ("30s", 30), ("0.5", 0.5), ("500ms", 0.5), ("2m", 120), ("2min", 120), ("1h", 3600), ("1e2", 100),
    ("300ms", 0.3), ("24h", 86_400),
  ])
  func `times are seconds, or take a unit`(text: String, expected: Double) throws {
    #expect(try Limits.idle.number(text) == expected)
  }

  @Test(arguments: ["", "0", "-1s", "5d", "s", "1s 2", "99ms", "25h", "1MB", "soon"])
  func `what is no time in range is refused`(text: String) {
    #expect(throws: (any Error).self) { try Limits.idle.number(text) }
  }

  @Test(arguments: [("1", 1), ("0.05", 0.05), ("500us", 0.5), ("300us", 0.3), ("2ms", 2), ("1s", 1000), ("0", 0)])
  func `the inline budget is milliseconds, or takes a unit`(text: String, expected: Double) throws {
    #expect(try Limits.inlineBudget.number(text) == expected)
  }

  @Test func `a count takes no unit, and 0 is allowed where it means something`() throws {
    #expect(throws: (any Error).self) { try Limits.threads.integer("2k") }
    #expect(throws: (any Error).self) { try Limits.threads.integer("1.5") }
    #expect(try Limits.port.integer("0") == 0)
    #expect(try Limits.scanInterval.number("0") == 0)
    #expect(throws: (any Error).self) { try Limits.scanInterval.number("0.01") }
  }
}
