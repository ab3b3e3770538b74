public import Bytes
import Glibc
public import RadialEngine

/// The rows of one network that are computed together, and their results.
///
/// Shapes: inputs [N, D], outputs [N, O], distances [N, C], embeddings [N, K]; all row-major and contiguous.
/// Rows are appended while a turn collects requests; afterwards each request owns its range of rows, on whichever
/// thread it is. Nothing is zeroed: a row is written before it is read.
///
/// `@unchecked Sendable`: a batch is filled on one thread and then handed over as a whole through a queue; from there on
/// users touch disjoint row ranges only, and no range is appended any more.
public final class RowBatch: @unchecked Sendable {
  /// What computes the rows.
  public let network: Network
  /// N: how many rows have been appended.
  public private(set) var count = 0
  /// How many rows fit without growing.
  public private(set) var capacity = 0
  /// Whether the inputs of the last RBF layer are to be kept, for `embedding` and `contributions`: to be said before the rows that want it are
  /// appended. Kept they are from then on; of whoever wanted them and was refused nothing is left but the wish.
  public var keepsEmbeddings = false

  /// Where its memory is counted; nil: nowhere.
  public let budget: MemoryBudget?
  private var charge = MemoryCharge()
  private var inputs: UnsafeMutablePointer<Float>?
  private var results: UnsafeMutablePointer<Float>?
  /// How many rows' results fit, and whether there is a place for embeddings.
  private var resultCapacity = 0
  private var holdsEmbeddings = false

  /// Above this size the buffers go back to the system when the batch is cleared.
  private static let keptBytes = 8 << 20

  /// A batch without rows and without memory.
  /// - Parameter budget: where its memory is counted; nil: nowhere.
  public init(network: Network, budget: MemoryBudget? = nil) {
    self.network = network
    self.budget = budget
  }

  deinit {
    free(inputs)
    free(results)
  }

  /// Makes room for `rows` more rows and returns where the first of them starts ([rows, D]); nil: there is no memory for them.
  public func reserve(_ rows: Int) -> UnsafeMutablePointer<Float>? {
    if count + rows > capacity {
      // Twice as many, so that rows seldom move; or just these, of a batch that nobody adds to.
      let wanted = max(count + rows, 2 * capacity)
      guard growInputs(to: wanted) || growInputs(to: count + rows) else { return nil }
    }
    return inputs.unsafelyUnwrapped + count * network.inputWidth  // growInputs() allocated it: capacity > 0 here
  }

  /// Takes in the first `rows` rows of what `reserve` lent, and returns their range; nil: there is no memory for their results.
  public func append(_ rows: Int) -> Range<Int>? {
    precondition(count + rows <= capacity, "rows beyond those reserved")
    if count + rows > resultCapacity || (keepsEmbeddings && !holdsEmbeddings) {
      guard growResults(to: max(count + rows, min(2 * resultCapacity, capacity))) else { return nil }
    }
    defer { count += rows }
    return count..<count + rows
  }

  /// What so many of its rows and their results take, in bytes.
  public func bytes(ofRows rows: Int) -> Int { bytes(rows, rows, holdsEmbeddings) }

  /// Forgets all rows.
  public func clear() {
    count = 0
    keepsEmbeddings = false
    if bytes(capacity, resultCapacity, holdsEmbeddings) > Self.keptBytes { release() }
  }

  /// Makes room for embeddings, of rows that are to be computed once more.
  /// - Returns: false: there is no memory for them.
  public func keepEmbeddingsAgain() -> Bool {
    keepsEmbeddings = true
    return growResults(to: count)
  }

  /// Gives the memory of the rows back, keeping that of their results, once they have been computed.
  public func releaseInputs() {
    free(inputs)
    (inputs, capacity) = (nil, 0)
    charge.shrink(to: bytes(0, resultCapacity, holdsEmbeddings))
  }

  /// Gives all memory back, of a batch without rows.
  public func release() {
    precondition(count == 0, "rows lose their memory")
    free(inputs)
    free(results)
    (inputs, results, capacity, resultCapacity, holdsEmbeddings) = (nil, nil, 0, 0, false)
    charge.end()
  }

  /// The inputs from `row` on, [_, D].
  public func input(row: Int) -> UnsafeMutablePointer<Float> {
    base(inputs) + row * network.inputWidth
  }

  /// Where the results of the rows from `row` on belong. Distances and embeddings are nil where there are none.
  public func results(row: Int) -> Network.Results {
    let start = base(results)
    let distances = start + resultCapacity * network.outputWidth
    let embeddings = distances + resultCapacity * network.distanceWidth
    return Network.Results(
      outputs: start + row * network.outputWidth,
      distances: network.distanceWidth > 0 ? distances + row * network.distanceWidth : nil,
      embeddings: keepsEmbeddings && holdsEmbeddings && network.embeddingWidth > 0
        ? embeddings + row * network.embeddingWidth : nil)
  }

  private func base(_ pointer: UnsafeMutablePointer<Float>?) -> UnsafeMutablePointer<Float> {
    guard let pointer else { preconditionFailure("a batch without rows has no data") }
    return pointer
  }

  private func growInputs(to rows: Int) -> Bool {
    guard charge.resize(to: bytes(rows, resultCapacity, holdsEmbeddings), in: budget),
      let grown = Self.allocate(rows * network.inputWidth)
    else { return false }
    if let inputs { grown.update(from: inputs, count: count * network.inputWidth) }
    free(inputs)
    (inputs, capacity) = (grown, rows)
    return true
  }

  /// Nothing is moved: results are written once all rows are there.
  private func growResults(to rows: Int) -> Bool {
    guard charge.resize(to: bytes(capacity, rows, keepsEmbeddings), in: budget),
      let grown = Self.allocate(rows * resultWidth(keepsEmbeddings))
    else { return false }
    free(results)
    (results, resultCapacity, holdsEmbeddings) = (grown, rows, keepsEmbeddings)
    return true
  }

  private func resultWidth(_ withEmbeddings: Bool) -> Int {
    network.outputWidth + network.distanceWidth + (withEmbeddings ? network.embeddingWidth : 0)
  }

  private func bytes(_ inputs: Int, _ results: Int, _ withEmbeddings: Bool) -> Int {
    (inputs * network.inputWidth + results * resultWidth(withEmbeddings)) * MemoryLayout<Float>.stride
  }

  /// Sixty-four byte aligned, for whole vector loads.
  private static func allocate(_ floats: Int) -> UnsafeMutablePointer<Float>? {
    let bytes = (max(floats, 1) * MemoryLayout<Float>.stride + 63) & ~63
    return aligned_alloc(64, bytes)?.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
  }
}
