import Bytes
import Glibc

/// One request body in one block, with 64 readable bytes beyond its capacity for parsers that read in vectors.
///
/// Used on its reactor's thread only.
final class BodyBuffer {
  /// The bytes beyond the end that parsers may read, but not use.
  static let padding = 64

  // The padding is part of its memory, and of nobody's body.
  private let bytes: ByteBuffer
  /// What of the budget this body has taken.
  private var charged = 0

  /// A buffer that nothing was charged for.
  init(capacity: Int) { bytes = ByteBuffer(capacity: capacity + Self.padding) }

  /// How many bytes of a body it holds.
  var capacity: Int { bytes.capacity - Self.padding }

  /// Bytes of the body so far.
  var count: Int { bytes.count }

  /// Where the next byte goes.
  var end: UnsafeMutableRawPointer { bytes.pointer + bytes.count }

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
      // No more than was charged.
      bytes.grow(to: wanted + Self.padding)
    }
    return .fits
  }

  /// Appends bytes for which there is room.
  func append(_ source: UnsafeRawBufferPointer) { bytes.append(source) }

  /// Counts bytes that were written at the end.
  func advance(by written: Int) { bytes.advance(by: written) }

  /// The bytes so far; the padding behind them is zeroed.
  func sealed() -> UnsafeRawBufferPointer {
    memset(end, 0, Self.padding)
    return UnsafeRawBufferPointer(start: bytes.pointer, count: bytes.count)
  }

  /// Empties it, and gives back what was charged.
  func reset(_ budget: ResourceBudget) {
    budget.release(charged)
    charged = 0
    bytes.removeAll()
  }
}
