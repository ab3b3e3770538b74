import Batching
import Models
import RadialEngine

/// What one model computes on one reactor: the batch that the turn's requests fill, and the memory for its forward passes.
final class ModelBatch {
  let served: ServedModel
  /// The rows of the turn's requests.
  private(set) var rows: RowBatch
  /// Kept here and nowhere else, so that a dropped model takes it along.
  let workspace: Workspace
  var turn = Turn<InferenceRequest>() {
    didSet { isIdle = false }
  }
  /// Whether no request has come since the last look.
  private var isIdle = false

  /// An empty batch.
  init(_ served: ServedModel) {
    self.served = served
    rows = RowBatch(network: served.model.network, budget: served.memory)
    workspace = served.model.network.makeWorkspace()
  }

  /// Gives the rows' memory back where no request has come since the last time.
  /// - Returns: whether there is some left.
  func trim() -> Bool {
    defer { isIdle = true }
    if isIdle, turn.isEmpty { rows.release() }
    return rows.capacity > 0
  }

  /// Leaves the batch to the requests whose rows are in it, and begins another one.
  func replaceRows() { rows = RowBatch(network: served.model.network, budget: served.memory) }
}
