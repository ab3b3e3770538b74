import Bytes

extension NumberType {
  /// Converts a tensor's bytes to floats.
  /// - Parameter bytes: of `count` such numbers, little-endian.
  func read(_ bytes: UnsafeRawBufferPointer, to values: UnsafeMutablePointer<Float>, count: Int) {
    precondition(bytes.count == count * size, "a tensor of another size than its shape's")
    guard let start = bytes.baseAddress else { return }
    convert(start, to: values, count: count)
  }
}
