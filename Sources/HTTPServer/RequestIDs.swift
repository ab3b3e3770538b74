/// Makes request IDs of 16 hexadecimal digits: a random start, then a full-period mix (SplitMix64) of a counter.
struct RequestIDs {
  private var counter: UInt64

  /// IDs that begin somewhere at random.
  init() {
    var generator = SystemRandomNumberGenerator()
    counter = generator.next()
  }

  /// The next ID.
  mutating func next() -> String { withNext { String(cString: $0) } }

  /// Lends the next ID, NUL-terminated.
  mutating func withNext<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    counter &+= 0x9e37_79b9_7f4a_7c15
    var mixed = counter
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    mixed ^= mixed >> 31
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
