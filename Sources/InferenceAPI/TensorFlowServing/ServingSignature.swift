import Models

/// The signatures of every model. The default one has one output, so that its predictions are lists of lists.
enum ServingSignature: String, CaseIterable, Sendable {
  case servingDefault = "serving_default"
  case distances
  case all
}

extension ServedModel {
  /// Whether a signature is there: one of distances is where the model measures them under a name.
  func hasSignature(_ signature: ServingSignature) -> Bool { !outputs(of: signature).isEmpty }

  /// What a signature answers.
  func outputs(of signature: ServingSignature) -> [TensorSignature.Output] {
    switch signature {
    case .servingDefault: [listedOutputs[0]]
    case .distances: listedOutputs.filter { $0.tensor == .distances }
    case .all: listedOutputs
    }
  }
}
