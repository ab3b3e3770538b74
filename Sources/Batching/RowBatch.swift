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
  /// Whether the inputs of the last RBF layer are kept, for `embedding` and `contributions`.
  public var keepsEmbeddings = false

  private var inputs: UnsafeMutablePointer<Float>?
  private var results: UnsafeMutablePointer<Float>?

  /// Above this size the buffers go back to the system when the batch is cleared.
  private static let keptBytes = 8 << 20

  /// A batch without rows and without memory.
  public init(network: Network) { self.network = network }

  deinit { release() }

  private var resultWidth: Int { network.outputWidth + network.distanceWidth + network.embeddingWidth }

  /// Makes room for `rows` more rows and returns where the first of them starts ([rows, D]).
  public func reserve(_ rows: Int) -> UnsafeMutablePointer<Float> {
    if count + rows > capacity { grow(to: max(count + rows, 2 * capacity, 8)) }
    return inputs.unsafelyUnwrapped + count * network.inputWidth  // grow() allocated it: capacity > 0 here
  }

  /// Takes in the first `rows` rows of what `reserve` lent, and returns their range.
  public func append(_ rows: Int) -> Range<Int> {
    precondition(count + rows <= capacity, "rows beyond those reserved")
    defer { count += rows }
    return count..<count + rows
  }

  /// Forgets all rows.
  public func clear() {
    count = 0
    keepsEmbeddings = false
    if capacity * (network.inputWidth + resultWidth) * MemoryLayout<Float>.stride > Self.keptBytes { release() }
  }

  /// The inputs from `row` on, [_, D].
  public func input(row: Int) -> UnsafeMutablePointer<Float> {
    base(inputs) + row * network.inputWidth
  }

  /// Where the results of the rows from `row` on belong. Distances and embeddings are nil where there are none.
  public func results(row: Int) -> Network.Results {
    let start = base(results)
    let distances = start + capacity * network.outputWidth
    let embeddings = distances + capacity * network.distanceWidth
    return Network.Results(
      outputs: start + row * network.outputWidth,
      distances: network.distanceWidth > 0 ? distances + row * network.distanceWidth : nil,
      embeddings: keepsEmbeddings && network.embeddingWidth > 0 ? embeddings + row * network.embeddingWidth : nil)
  }

  private func base(_ pointer: UnsafeMutablePointer<Float>?) -> UnsafeMutablePointer<Float> {
    guard let pointer else { preconditionFailure("a batch without rows has no data") }
    return pointer
  }

  private func grow(to rows: Int) {
    let grown = Self.allocate(rows * network.inputWidth)
    if let inputs { grown.update(from: inputs, count: count * network.inputWidth) }
    release()
    inputs = grown
    results = Self.allocate(rows * resultWidth)
    capacity = rows
  }

  private func release() {
    free(inputs)
    free(results)
    (inputs, results, capacity) = (nil, nil, 0)
  }

  /// Sixty-four byte aligned, for whole vector loads.
  private static func allocate(_ floats: Int) -> UnsafeMutablePointer<Float> {
    let bytes = (max(floats, 1) * MemoryLayout<Float>.stride + 63) & ~63
    guard let memory = aligned_alloc(64, bytes) else { fatalError("out of memory: \(bytes) bytes for a batch") }
    return memory.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
  }
}
