/// Floats at a 64-byte boundary, zero at first.
///
/// `@unchecked Sendable`: constants are written before they are shared and never again; a workspace's buffers have one user
/// at a time.
final class AlignedFloats: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    pointer = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    pointer.initialize(repeating: 0, count: max(count, 1))
    self.count = count
  }

  convenience init(_ values: [Float], padding: Float = 0, to count: Int) {
    self.init(count: count)
    for index in 0..<count { pointer[index] = index < values.count ? values[index] : padding }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
