import Bytes

/// Makes request IDs of 16 hexadecimal digits: numbers of a full period that begins at random.
struct RequestIDs {
  private var numbers: SplitMix64

  /// IDs that begin somewhere at random.
  init() {
    var generator = SystemRandomNumberGenerator()
    numbers = SplitMix64(state: generator.next())
  }

  /// The next ID.
  mutating func next() -> String { withNext { String(cString: $0) } }

  /// Lends the next ID, NUL-terminated.
  mutating func withNext<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    let mixed = numbers.next()
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 17) { text in
      for index in 0..<16 {
        let digit = Int8(truncatingIfNeeded: mixed >> UInt64(60 - 4 * index) & 15)
        text[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
      }
      text[16] = 0
      return body(text.baseAddress!)
    }
  }
}
