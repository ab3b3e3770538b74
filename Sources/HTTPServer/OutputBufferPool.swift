/// A reactor's spare output buffers: bounded in number and in the size of each. Used on that reactor's thread only.
final class OutputBufferPool {
  private var spare: [OutputBuffer] = []
  private let maxCount = 256
  /// A rare giant answer must not keep its memory for ever.
  private let maxCapacity = 256 << 10

  func take(minimumCapacity: Int) -> OutputBuffer {
    guard let buffer = spare.popLast() else { return OutputBuffer(capacity: max(minimumCapacity, 4096), pool: self) }
    buffer.reserve(minimumCapacity)
    return buffer
  }

  func put(_ buffer: OutputBuffer) {
    guard spare.count < maxCount, buffer.capacity <= maxCapacity else { return }
    spare.append(buffer)
  }
}
