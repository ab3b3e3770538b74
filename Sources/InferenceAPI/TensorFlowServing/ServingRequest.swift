/// What a request of TensorFlow Serving's asks for beside its rows.
struct ServingRequest {
  /// The signatures of every model. The default one has one output, so that its predictions are lists of lists.
  enum Signature: String, CaseIterable, Sendable {
    case servingDefault = "serving_default"
    case distances
    case all
  }

  let signature: Signature
  /// `inputs` instead of `instances`: the answer is by tensor instead of by row.
  let isColumnar: Bool
  let isClassify: Bool
}

extension ServedModel {
  /// What a signature answers.
  func tensors(of signature: ServingRequest.Signature) -> [OutputTensor] {
    switch signature {
    case .servingDefault: [listedTensors[0]]
    case .distances: [.distances]
    case .all: listedTensors
    }
  }
}
