import Bytes
import Glibc

/// One request body in one block, with 64 readable bytes beyond its capacity for parsers that read in vectors.
///
/// One user at a time.
final class BodyBuffer {
  /// The bytes beyond the end that parsers may read, but not use.
  static let padding = 64

  // The padding is part of its memory, and of nobody's body.
  private let bytes: ByteBuffer
  private var charge = MemoryCharge()

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

  /// Makes room for `additional` bytes, charging for what is held.
  /// - Parameters:
  ///   - expected: how many bytes the body will have, where that is known.
  ///   - limit: of the body, in bytes.
  func reserve(_ additional: Int, expected: Int?, limit: Int, _ budget: MemoryBudget) -> Growth {
    guard additional <= limit - count else { return .tooLarge }
    let needed = count + additional
    guard needed > charge.bytes else { return .fits }
    // Twice what is there, so that it seldom moves; by what has arrived and not by what was promised, which costs a caller nothing.
    let wanted = max(needed, min(2 * needed, expected ?? limit, limit))
    guard charge.resize(to: wanted, in: budget) || charge.resize(to: needed, in: budget) else { return .overBudget }
    return bytes.tryGrow(to: charge.bytes + Self.padding) ? .fits : .overBudget
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

  /// Gives back the room behind the body, which is whole.
  func shrink() {
    bytes.shrink(spare: Self.padding)
    charge.shrink(to: capacity)
  }

  /// Empties it, and gives back what was charged.
  func reset() {
    charge.end()
    bytes.removeAll()
  }
}
