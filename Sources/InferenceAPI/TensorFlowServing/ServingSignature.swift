import Models

/// The signatures of every model. The default one has one output, so that its predictions are lists of lists.
enum ServingSignature: String, CaseIterable, Sendable {
  case servingDefault = "serving_default"
  case distances
  case all
}

extension ServedModel {
  /// Whether a signature is there: one of distances is where the model measures them.
  func hasSignature(_ signature: ServingSignature) -> Bool { signature != .distances || model.hasDistances }

  /// What a signature answers.
  func tensors(of signature: ServingSignature) -> [OutputTensor] {
    switch signature {
    case .servingDefault: [listedTensors[0]]
    case .distances: [.distances]
    case .all: listedTensors
    }
  }
}
