/// A reactor's body buffers, and the limits that its request bodies keep. Used on that reactor's thread only.
package final class BodyBufferPool {
  /// Of one body in bytes, as sent and as inflated.
  let limit: Int
  /// Of all bodies of all reactors.
  let budget: ResourceBudget
  /// 64 zero bytes behind an empty body: that of a request without one.
  let emptyBody: UnsafeRawBufferPointer
  private var spare: [BodyBuffer] = []
  private var spareBytes = 0
  /// Spare buffers are bounded in their sum, so that a rare giant does not keep its memory for ever.
  private let maxSpareBytes = 4 << 20

  /// - Parameters:
  ///   - limit: of one body, in bytes.
  ///   - budget: what all bodies together may take.
  package init(limit: Int, budget: ResourceBudget) {
    self.limit = limit
    self.budget = budget
    let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: BodyBuffer.padding, alignment: 64)
    zeros.initializeMemory(as: UInt8.self, repeating: 0)
    emptyBody = UnsafeRawBufferPointer(start: zeros.baseAddress, count: 0)
  }

  deinit { emptyBody.baseAddress?.deallocate() }

  /// An empty buffer.
  func take() -> BodyBuffer {
    guard let buffer = spare.popLast() else { return BodyBuffer(capacity: 16 << 10) }
    spareBytes -= buffer.capacity
    return buffer
  }

  /// Takes a buffer back.
  func put(_ buffer: BodyBuffer) {
    buffer.reset(budget)
    guard spareBytes + buffer.capacity <= maxSpareBytes else { return }
    spareBytes += buffer.capacity
    spare.append(buffer)
  }
}
