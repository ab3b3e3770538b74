extension Model {
  /// What is to be known of formulas that were inferred, on one line; nil: the file states all of them.
  ///
  /// Such as `layer 'rbf' computes exp(-gamma * sum((x - mu)^2)), gamma = 0.5: inferred from the class' name 'RBFLayer'`.
  public var inferenceNote: String? {
    let notes = layers.compactMap { layer in
      layer.inferredFrom.map { "layer '\(layer.name)' computes \(layer.formula): inferred from \($0)" }
    }
    return notes.isEmpty ? nil : notes.joined(separator: "; ").withoutControlCharacters
  }

  /// Whether formulas were inferred and nothing proves them. Distances alone do not: what is made of them is what was inferred.
  public var hasUnprovenFormula: Bool { inferenceNote != nil && verification?.subject != .outputs }
}
