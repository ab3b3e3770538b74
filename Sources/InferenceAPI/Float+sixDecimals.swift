import Glibc

extension Float {
  /// As C prints `%f`.
  var sixDecimals: String {
    // The largest Float32 has 39 digits before the point.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      let count = withVaList([Double(self)]) { vsnprintf(text.baseAddress!, text.count, "%f", $0) }
      return String(decoding: UnsafeRawBufferPointer(text)[..<Int(count)], as: UTF8.self)
    }
  }
}
