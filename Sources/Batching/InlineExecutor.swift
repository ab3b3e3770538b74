import Bytes
import Dispatch
public import RadialEngine

/// Runs small batches where they arrived: synchronously on the reactor's own Dispatch queue, hence on the calling thread.
public struct InlineExecutor: Sendable {
  private let queue: DispatchQueue

  /// - Parameter label: of the Dispatch queue, for debuggers.
  public init(label: String) { queue = DispatchQueue(label: label) }

  /// Computes some rows of `batch` and returns how long that took, in nanoseconds.
  /// - Parameter workspace: of the batch's network, the caller's own.
  public func run(_ batch: RowBatch, _ rows: Range<Int>, workspace: Workspace) -> UInt64 {
    queue.sync {
      let start = monotonicNanoseconds()
      if !rows.isEmpty {
        batch.network.forward(
          batch.input(row: rows.lowerBound), rows: rows.count, into: batch.results(row: rows.lowerBound),
          workspace: workspace)
      }
      return monotonicNanoseconds() - start
    }
  }
}
