/// The signatures of every model. The default one has one output, so that its predictions are lists of lists.
enum ServingSignature: String, CaseIterable, Sendable {
  case servingDefault = "serving_default"
  case distances
  case all
}

extension ServedModel {
  /// What a signature answers.
  func tensors(of signature: ServingSignature) -> [OutputTensor] {
    switch signature {
    case .servingDefault: [listedTensors[0]]
    case .distances: [.distances]
    case .all: listedTensors
    }
  }
}
