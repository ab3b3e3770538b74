import Glibc

/// One request body in one block, with 64 readable bytes beyond its capacity for parsers that read in vectors.
///
/// Used on its reactor's thread only.
final class BodyBuffer {
  /// The bytes beyond the end that parsers may read, but not use.
  static let padding = 64

  private(set) var pointer: UnsafeMutableRawPointer
  private(set) var capacity: Int
  private(set) var count = 0
  /// What of the budget this body has taken.
  private var charged = 0

  /// A buffer that nothing was charged for.
  init(capacity: Int) {
    self.capacity = capacity
    pointer = UnsafeMutableRawPointer.allocate(byteCount: capacity + Self.padding, alignment: 64)
  }

  deinit { pointer.deallocate() }

  /// Whether there is room for more.
  enum Growth { case fits, tooLarge, overBudget }

  /// Makes room for `additional` bytes, charging the budget for what is held.
  /// - Parameter expected: the Content-Length, reserved at once up to 1 MiB; beyond, memory follows what really arrives,
  ///   so that a header alone cannot claim the budget.
  func reserve(_ additional: Int, expected: Int?, limit: Int, budget: ResourceBudget) -> Growth {
    guard additional <= limit - count else { return .tooLarge }
    let needed = count + additional
    if needed > charged {
      var wanted = max(needed, min(expected ?? 0, 1 << 20))
      if needed > 1 << 20 || expected == nil { wanted = max(wanted, min(charged * 2, expected ?? limit)) }
      wanted = min(wanted, limit)
      guard budget.acquire(wanted - charged) else { return .overBudget }
      charged = wanted
      if wanted > capacity { grow(to: wanted) }
    }
    return .fits
  }

  /// Appends bytes for which there is room.
  func append(_ source: UnsafeRawPointer, _ bytes: Int) {
    (pointer + count).copyMemory(from: source, byteCount: bytes)
    count += bytes
  }

  /// Counts bytes that were written into the spare room.
  func advance(by written: Int) { count += written }

  /// The bytes so far; the padding behind them is zeroed.
  func sealed() -> UnsafeRawBufferPointer {
    memset(pointer + count, 0, Self.padding)
    return UnsafeRawBufferPointer(start: pointer, count: count)
  }

  /// Empties it, and gives back what was charged.
  func reset(_ budget: ResourceBudget) {
    budget.release(charged)
    charged = 0
    count = 0
  }

  private func grow(to size: Int) {
    let moved = UnsafeMutableRawPointer.allocate(byteCount: size + Self.padding, alignment: 64)
    moved.copyMemory(from: pointer, byteCount: count)
    pointer.deallocate()
    pointer = moved
    capacity = size
  }
}
