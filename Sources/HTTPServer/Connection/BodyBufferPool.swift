/// A reactor's spare body buffers, bounded in their sum, so that a rare giant does not keep its memory for ever. Used on that reactor's
/// thread only.
struct BodyBufferPool {
  private var spare: [BodyBuffer] = []
  private var spareBytes = 0
  private let maxBytes = 4 << 20

  mutating func take() -> BodyBuffer {
    guard let buffer = spare.popLast() else { return BodyBuffer(capacity: 16 << 10) }
    spareBytes -= buffer.capacity
    return buffer
  }

  mutating func put(_ buffer: BodyBuffer, budget: ResourceBudget) {
    buffer.reset(budget)
    guard spareBytes + buffer.capacity <= maxBytes else { return }
    spareBytes += buffer.capacity
    spare.append(buffer)
  }
}
