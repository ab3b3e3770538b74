import Dispatch
import RadialEngine

/// Runs small batches where they arrived: synchronously on the reactor's own Dispatch queue, hence on the calling thread.
///
/// The queue owns the workspaces: whoever computes with them does so inside it.
public final class InlineExecutor {
  private let queue: DispatchQueue
  private var workspaces: [ObjectIdentifier: (network: Network, workspace: Workspace)] = [:]

  /// How many networks' workspaces are kept; a reactor that serves more makes them again.
  private static let keptWorkspaces = 16

  public init(label: String) { queue = DispatchQueue(label: label) }

  /// Computes all rows of `batch` and returns how long that took, in nanoseconds.
  public func run(_ batch: RowBatch) -> UInt64 {
    queue.sync {
      let start = monotonicNanoseconds()
      if batch.count > 0 {
        batch.network.forward(
          batch.input(row: 0), rows: batch.count, into: batch.results(row: 0), workspace: workspace(for: batch.network))
      }
      return monotonicNanoseconds() - start
    }
  }

  private func workspace(for network: Network) -> Workspace {
    let key = ObjectIdentifier(network)
    if let kept = workspaces[key] { return kept.workspace }
    if workspaces.count >= Self.keptWorkspaces { workspaces.removeAll() }
    let workspace = network.makeWorkspace()
    workspaces[key] = (network, workspace)
    return workspace
  }
}
