import Models
import RadialEngine

/// What a model gives, whatever its file calls it.
enum OutputTensor: CaseIterable, Sendable, Equatable {
  /// [N, O], FP32: of a classifier its scores.
  case scores
  /// [N, O], FP32: of a regressor its outputs.
  case outputs
  /// [N, C], FP32, squared.
  case distances
  /// [N], BOOL: the verdict, the calibration's or a one-class model's own.
  case known
  /// [N], FP32
  case pValue

  /// Where the file has no name for it, and beside that one.
  var usualName: String {
    switch self {
    case .scores: "scores"
    case .outputs: "outputs"
    case .distances: "distances"
    case .known: "known"
    case .pValue: "p_value"
    }
  }

  var datatype: StaticString { self == .known ? "BOOL" : "FP32" }
}

extension ServedModel {
  /// The second dimension of a tensor; nil: it has none.
  func width(of tensor: OutputTensor) -> Int? {
    switch tensor {
    case .scores, .outputs: model.network.outputWidth
    case .distances: model.network.distanceWidth
    case .known, .pValue: nil
    }
  }

  /// The dimensions behind the batch's.
  func dimensions(of tensor: OutputTensor) -> [Int] { width(of: tensor).map { [$0] } ?? [] }
}
