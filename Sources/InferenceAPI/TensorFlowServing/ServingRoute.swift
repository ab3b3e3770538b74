/// The routes of TensorFlow Serving's REST API, which KServe's version 1 shares: `/v1/models…`
enum ServingRoute: Equatable, Sendable {
  case models
  case status(ModelReference)
  case metadata(ModelReference)
  case predict(ModelReference)
  case classify(ModelReference)
  case regress(ModelReference)
  case explain(ModelReference)

  var takesPost: Bool {
    switch self {
    case .predict, .classify, .regress, .explain: true
    case .models, .status, .metadata: false
    }
  }

  var label: RouteLabel {
    switch self {
    case .models: .v1Models
    case .status: .v1Status
    case .metadata: .v1Metadata
    case .predict: .v1Predict
    case .classify: .v1Classify
    case .regress: .v1Regress
    case .explain: .v1Explain
    }
  }

  /// - Parameter parts: the segments behind `/v1`.
  init?(_ parts: ArraySlice<Substring>) {
    guard parts.first == "models", let last = parts.last else { return nil }
    if parts.count == 1 {
      self = .models
      return
    }
    // The verb is behind the colon of the last segment; names have none.
    let pieces = last.split(separator: ":", omittingEmptySubsequences: false)
    var rest = parts.dropFirst().dropLast() + [pieces[0]]
    guard pieces.count <= 2, let reference = ModelReference(takingFrom: &rest, allowsLabels: true) else { return nil }
    switch (Array(rest), pieces.dropFirst().first) {
    case ([], nil): self = .status(reference)
    case (["metadata"], nil): self = .metadata(reference)
    case ([], "predict"): self = .predict(reference)
    case ([], "classify"): self = .classify(reference)
    case ([], "regress"): self = .regress(reference)
    case ([], "explain"): self = .explain(reference)
    default: return nil
    }
  }
}
