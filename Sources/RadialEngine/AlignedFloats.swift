/// A fixed block of floats on the heap, aligned for the widest vectors and freed with its owner; all zero at first.
///
/// `@unchecked Sendable` because those in a network are never written after its init, and one in a workspace belongs to
/// the workspace's one user at a time.
final class AlignedFloats: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    self.count = count
    // Never empty, so that the address is always one of its own.
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    pointer.initialize(repeating: 0, count: max(count, 1))
  }

  /// The values, then zeros up to `count`.
  convenience init(_ values: [Float], paddedTo count: Int) {
    self.init(count: count)
    values.withUnsafeBufferPointer { values in
      if let base = values.baseAddress { pointer.update(from: base, count: values.count) }
    }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
