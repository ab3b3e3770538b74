import Batching
import HTTPServer
import Models
import RadialEngine

/// What a request wants of its rows.
enum Operation {
  case predict(PredictOptions)
  case distances(isSingle: Bool)
  case infer(InferRequest)
  case serve(ServingRequest)

  var route: RouteLabel {
    switch self {
    case .predict: .predict
    case .distances: .distances
    case .infer: .v2Infer
    case .serve(let request): request.isClassify ? .v1Classify : .v1Predict
    }
  }
}

/// A decoded request whose rows are in a batch and whose answer is owed.
struct PendingRequest {
  /// nil: the caller has left; the rows are computed with the others, or not, and nobody is told.
  var exchange: (any HTTPExchange)?
  let served: ServedModel
  let operation: Operation
  let batch: RowBatch
  let rows: Range<Int>
  /// When the caller stops waiting, in monotonic nanoseconds.
  let deadline: UInt64?
  /// When its body had been decoded, in monotonic nanoseconds, and how long that took.
  let decodedAt: UInt64
  let decodeNanoseconds: UInt64
}

/// One model's part of a turn: the batch that grows, and who waits for it.
struct Lane {
  let served: ServedModel
  var batch: RowBatch
  /// Kept here and nowhere else, so that a dropped model takes it along.
  let workspace: Workspace
  var pending: [PendingRequest] = []

  init(_ served: ServedModel) {
    self.served = served
    batch = RowBatch(network: served.model.network)
    workspace = served.model.network.makeWorkspace()
  }
}
