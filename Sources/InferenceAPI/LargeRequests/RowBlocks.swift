import Batching
import Bytes
import JSON
import RadialEngine

/// The rows of a large request: blocks of so many as are computed together, each handed on when it is full.
///
/// Used on one thread at a time.
final class RowBlocks: RowsTarget, JSONRowPlaces {
  /// Some rows of a request, behind each other.
  struct Block: Sendable {
    let batch: RowBatch
    /// Of the batch.
    let rows: Range<Int>
    /// Which row of the request is the first of them.
    let first: Int
  }

  private(set) var all: [Block] = []
  /// Whether the inputs of the RBF layer are wanted; known at the end of the body at the latest.
  private(set) var wantsEmbeddings = false
  /// Whether reading has ended early for want of memory.
  private(set) var isOutOfMemory = false

  private let network: Network
  let budget: MemoryBudget?
  private let maxRows: Int
  private let didFill: (Block) -> Void
  /// The block that is being filled, and its places.
  private var open: (batch: RowBatch, places: UnsafeMutableBufferPointer<Float>)?

  /// Floats of one block's rows at most.
  private static let blockFloats = 1 << 18
  /// Rows of one block at most.
  private let blockRows: Int

  /// - Parameters:
  ///   - budget: where the blocks are counted.
  ///   - maxRows: of the request.
  ///   - blockRows: rows that are computed together.
  ///   - didFill: is given each block, in their order.
  init(
    _ network: Network, _ budget: MemoryBudget, maxRows: Int, blockRows: Int, didFill: @escaping (Block) -> Void
  ) {
    (self.network, self.budget, self.maxRows, self.didFill) = (network, budget, maxRows, didFill)
    self.blockRows = max(1, min(blockRows, Self.blockFloats / network.inputWidth))
  }

  /// Rows of the blocks that are full.
  private var count: Int { all.last.map { $0.first + $0.rows.count } ?? 0 }

  // MARK: RowsTarget

  func rows(_ shape: RowShape, room: Int) throws(APIError) -> JSONRows {
    guard let places = begin(room), let start = places.baseAddress else { throw .memory(of: budget) }
    return JSONRows(shape, at: start, capacity: places.count / network.inputWidth, then: self)
  }

  func read(_ bytes: UnsafeRawBufferPointer, as type: NumberType, rows: Int) throws(APIError) {
    let size = type.size * network.inputWidth
    // What was opened for numbers in the text is not used.
    open = nil
    while count < rows {
      let first = count
      guard let places = begin(rows - first), let start = places.baseAddress else { throw .memory(of: budget) }
      let taken = places.count / network.inputWidth
      type.read(
        UnsafeRawBufferPointer(rebasing: bytes[first * size..<(first + taken) * size]), to: start, count: places.count)
      guard close(taken) else { throw .memory(of: budget) }
    }
  }

  func keepEmbeddings() { wantsEmbeddings = true }

  // MARK: JSONRowPlaces

  func morePlaces() -> UnsafeMutableBufferPointer<Float>? {
    guard let open, close(open.places.count / network.inputWidth), count < maxRows else { return nil }
    return begin(maxRows - count)
  }

  /// All rows were read.
  /// - Parameter rows: how many there are.
  func finish(rows: Int) throws(APIError) {
    guard count == rows || close(rows - count) else { throw .memory(of: budget) }
  }

  // MARK: Blocks

  private func begin(_ rows: Int) -> UnsafeMutableBufferPointer<Float>? {
    let batch = RowBatch(network: network, budget: budget)
    let rows = max(1, min(rows, blockRows))
    guard let start = batch.reserve(rows) else {
      isOutOfMemory = true
      return nil
    }
    let places = UnsafeMutableBufferPointer(start: start, count: rows * network.inputWidth)
    open = (batch, places)
    return places
  }

  private func close(_ rows: Int) -> Bool {
    guard let batch = open?.batch else { return false }
    open = nil
    guard let range = batch.append(rows) else {
      isOutOfMemory = true
      return false
    }
    let block = Block(batch: batch, rows: range, first: count)
    all.append(block)
    didFill(block)
    return true
  }
}
