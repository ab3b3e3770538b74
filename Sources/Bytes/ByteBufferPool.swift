/// Spare buffers, bounded in number and in the size of each. One user at a time.
public final class ByteBufferPool {
  private var spare: [ByteBuffer] = []
  private let maxCount = 256
  /// A rare giant answer must not keep its memory for ever.
  private let maxCapacity = 256 << 10

  /// An empty pool.
  public init() {}

  /// An empty buffer with room for at least `minimumCapacity` bytes.
  public func take(minimumCapacity: Int) -> ByteBuffer {
    guard let buffer = spare.popLast() else { return ByteBuffer(capacity: max(minimumCapacity, 4096), pool: self) }
    buffer.reserve(minimumCapacity)
    return buffer
  }

  /// Keeps a buffer for the next taker, or frees it.
  func put(_ buffer: ByteBuffer) {
    guard spare.count < maxCount, buffer.capacity <= maxCapacity else { return }
    spare.append(buffer)
  }
}
