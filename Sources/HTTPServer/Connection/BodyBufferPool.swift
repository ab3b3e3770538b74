package import Bytes

/// A reactor's body buffers, and the limits that its request bodies keep. Used on that reactor's thread only.
package final class BodyBufferPool {
  /// Of one body in bytes, as sent and as inflated.
  let limit: Int
  /// Of all bodies of all reactors.
  let budget: MemoryBudget
  /// 64 zero bytes behind an empty body: that of a request without one.
  let emptyBody: UnsafeRawBufferPointer
  private var spare: [BodyBuffer] = []
  private var spareBytes = 0
  /// The fewest that were spare since the last trim: so many nobody has needed.
  private var unused = 0
  /// Spare buffers are bounded in their sum, so that a rare giant does not keep its memory for ever.
  private let maxSpareBytes = 4 << 20

  /// - Parameters:
  ///   - limit: of one body, in bytes.
  ///   - budget: what all bodies together may take.
  package init(limit: Int, budget: MemoryBudget) {
    self.limit = limit
    self.budget = budget
    let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: BodyBuffer.padding, alignment: 64)
    zeros.initializeMemory(as: UInt8.self, repeating: 0)
    emptyBody = UnsafeRawBufferPointer(start: zeros.baseAddress, count: 0)
  }

  deinit { emptyBody.baseAddress?.deallocate() }

  /// An empty buffer.
  func take() -> BodyBuffer {
    guard let buffer = spare.popLast() else {
      unused = 0
      return BodyBuffer(capacity: 4 << 10)
    }
    unused = min(unused, spare.count)
    spareBytes -= buffer.capacity
    return buffer
  }

  /// Frees the buffers that nobody has needed since the last time.
  /// - Returns: whether there are spare ones left.
  func trim() -> Bool {
    for buffer in spare[..<unused] { spareBytes -= buffer.capacity }
    spare.removeFirst(unused)
    unused = spare.count
    return unused > 0
  }

  /// Takes a buffer back.
  func put(_ buffer: BodyBuffer) {
    buffer.reset()
    guard spareBytes + buffer.capacity <= maxSpareBytes else { return }
    spareBytes += buffer.capacity
    spare.append(buffer)
  }
}
