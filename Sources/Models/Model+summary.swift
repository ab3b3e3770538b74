import RadialEngine

extension Model {
  /// Such as `classifier by the nearest of 10 prototypes`.
  public var kind: String {
    switch decision {
    case .nearestPrototype:
      "classifier by the nearest of \(network.prototypeCount) prototypes\(network.prototypeClasses == nil ? "" : " of \(classCount) classes")"
    case .largestOutput: "classifier by the largest of \(classCount) outputs\(measured)"
    case .probability: "classifier of 2 classes by one probability\(measured)"
    case .oneClass(let limit): "novelty detector: a row is known where its output is above \(limit)"
    case nil: hasDistances ? "regressor with \(network.distanceWidth) prototypes" : "regressor"
    }
  }

  private var measured: String {
    distanceLayer.map { ", with distances of '\($0)' to \(network.prototypeCount) prototypes" } ?? ""
  }

  /// The layer table, like Keras' `model.summary()`, and what else the file says.
  /// - Parameter proofAdvice: how to prove a formula that was inferred and that nothing proves.
  public func summary(proofAdvice: String) -> String {
    var rows = [["Layer", "Type", "Output", "Parameters", "Formula"]]
    rows += layers.map { layer in
      [
        layer.name, layer.type, "[N, \(layer.outputShape.map(String.init).joined(separator: ", "))]",
        String(layer.parameters), layer.formula,
      ].map(\.withoutControlCharacters)
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
    }
    let rule = String(repeating: "-", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    var text = [
      "Model \(name), version \(version): \(file.name), \(file.form), \(file.bytes) bytes", "SHA-256 \(file.sha256)",
      rule, lines[0],
      rule,
    ]
    text += lines.dropFirst()
    text += [
      rule, "Parameters: \(network.parameterCount)", "Kind: \(kind)",
    ]
    if let outputNames {
      let own = [("input", inputName), ("outputs", outputNames.outputs), ("distances", outputNames.distances)]
      text.append("Names: " + own.compactMap { what, name in name.map { "\(what) '\($0)'" } }.joined(separator: ", "))
      if !outputNames.others.isEmpty {
        text.append("Left out: " + outputNames.others.map { "'\($0)'" }.joined(separator: ", "))
      }
    }
    if preprocessing != .identity { text.append("Preprocessing: x * \(preprocessing.scale) + \(preprocessing.offset)") }
    if let labels { text.append("Labels: \(labels.joined(separator: ", "))") }
    text.append(
      calibration.map {
        "Calibration: \($0.method) by \($0.categories.rawValue) class, \($0.rows) rows, false-reject rate \($0.falseRejectRate)"
      }
        ?? (isOneClass ? "Calibration: none, verdicts are the model's own" : "Calibration: none"))
    if let calibration {
      text += CalibrationDescription(calibration, labels: labels).warnings.map { "Classes \($0)" }
    }
    if let samples { text.append("Samples: \(samples.rows) rows, which a server gives to whoever may ask for models") }
    text += layers.compactMap { layer in
      layer.inferredFrom.map { "Inferred: the formula of layer '\(layer.name)', from \($0)" }
    }
    if let verification { text.append("Verified: \(verification)") }
    text += notes.map { "Note: \($0)" }
    if hasUnprovenFormula { text.append("Not verified: the formula; \(proofAdvice)") }
    if let trainingJSON { text.append("Training: \(trainingJSON)") }
    return text.map(\.withoutControlCharacters).joined(separator: "\n")
  }
}
