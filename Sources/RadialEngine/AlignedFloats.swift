/// Floats at a 64-byte boundary, zero at first.
///
/// `@unchecked Sendable`: constants are written before they are shared and never again; a workspace's buffers have one user
/// at a time.
final class AlignedFloats: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// What a large one lies in.
  private let pages: PageMemory?

  private static let largeBytes = 4 << 20

  init(count: Int) {
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    pages = bytes >= Self.largeBytes ? PageMemory(byteCount: bytes) : nil
    let memory = pages?.start ?? UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    pointer = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    if pages == nil { pointer.initialize(repeating: 0, count: max(count, 1)) }
    self.count = count
  }

  convenience init(_ values: [Float], padding: Float = 0, to count: Int) {
    self.init(count: count)
    for index in 0..<count { pointer[index] = index < values.count ? values[index] : padding }
  }

  deinit { if let pages { pages.free() } else { UnsafeMutableRawPointer(pointer).deallocate() } }
}

extension [Float] {
  /// The first that is infinite or a NaN. All are looked at together, as whole numbers, before one is searched for.
  public var firstNonFinite: Int? {
    var largest: UInt32 = 0
    for value in self { largest = Swift.max(largest, value.bitPattern & 0x7fff_ffff) }
    return largest < Float.infinity.bitPattern ? nil : firstIndex { !$0.isFinite }
  }
}
