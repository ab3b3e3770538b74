/// Spare buffers, bounded in number and in the size of each. One user at a time.
public final class ByteBufferPool {
  private var spare: [ByteBuffer] = []
  private let maxCount = 256
  /// The fewest that were spare since the last trim: so many nobody has needed.
  private var unused = 0
  /// A rare giant answer must not keep its memory for ever.
  private let maxCapacity = 256 << 10

  /// An empty pool.
  public init() {}

  /// An empty buffer with room for at least `minimumCapacity` bytes.
  public func take(minimumCapacity: Int) -> ByteBuffer {
    guard let buffer = spare.popLast() else {
      unused = 0
      return ByteBuffer(capacity: max(minimumCapacity, 4096), pool: self)
    }
    unused = min(unused, spare.count)
    buffer.reserve(minimumCapacity)
    return buffer
  }

  /// Frees the buffers that nobody has needed since the last time.
  /// - Returns: whether there are spare ones left.
  public func trim() -> Bool {
    spare.removeFirst(unused)
    unused = spare.count
    return unused > 0
  }

  /// Keeps a buffer for the next taker, or frees it.
  func put(_ buffer: ByteBuffer) {
    guard spare.count < maxCount, buffer.capacity <= maxCapacity else { return }
    spare.append(buffer)
  }
}
