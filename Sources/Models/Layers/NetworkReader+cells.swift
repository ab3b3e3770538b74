import RadialEngine

/// Layers of cells.
extension NetworkReader {
  /// Tensors: gamma and beta, [width] of what is normalised together.
  mutating func addLayerNormalization(
    _ layer: Architecture.Entry, _ spec: LayerNormalizationSpec
  ) throws(ModelError) {
    let (width, cells) = spec.axes.cells(of: shape)
    func vector(_ part: String) throws(ModelError) -> [Float] {
      try tensor(part, of: layer, shape: [width], reason: "\(width) values that are normalised together")
    }
    let gamma = spec.hasGamma ? try vector("gamma") : nil
    let beta = spec.hasBeta ? try vector("beta") : nil
    layers.append(
      .cellNormalization(
        CellNormalization(
          name: layer.name, kind: .layer, width: width, cells: cells, epsilon: Double(spec.epsilon), gamma: gamma,
          beta: beta)))
    describe(
      layer, parameters: (gamma?.count ?? 0) + (beta?.count ?? 0),
      "\(gamma == nil ? "" : "gamma * ")(x - mean(x)) / sqrt(variance(x) + epsilon)\(beta == nil ? "" : " + beta")"
        + ", over \(width) values")
  }

  /// No tensors.
  mutating func addUnitNormalization(_ layer: Architecture.Entry, _ spec: UnitNormalizationSpec) {
    let (width, cells) = spec.axes.cells(of: shape)
    layers.append(
      .cellNormalization(
        CellNormalization(name: layer.name, kind: .unit, width: width, cells: cells, epsilon: spec.epsilon)))
    describe(layer, parameters: 0, "x / sqrt(sum(x^2)), over \(width) values")
  }

  /// No tensors.
  mutating func addRectifier(_ layer: Architecture.Entry, _ spec: RectifierSpec) {
    let rectifier = spec.rectifier
    layers.append(.rectifier(name: layer.name, rectifier))
    var formula = "x > \(rectifier.threshold) ? x : 0"
    if let maximum = rectifier.maximum { formula = "min(max(\(formula), 0), \(maximum))" }
    if rectifier.slope != 0 { formula += " - \(rectifier.slope) * max(\(rectifier.threshold) - x, 0)" }
    describe(layer, parameters: 0, formula)
  }

  /// Tensors: alpha, in the shape of the inputs with 1 along shared axes.
  mutating func addParametricRectifier(
    _ layer: Architecture.Entry, _ spec: ParametricRectifierSpec
  ) throws(ModelError) {
    guard let alphaShape = spec.alphaShape(of: shape) else {
      throw invalid(layer, "'shared_axes' is \(spec.sharedAxes), and its inputs \(shape) have \(shape.count) axes")
    }
    let alpha = try tensor("alpha", of: layer, shape: alphaShape, reason: "inputs \(shape) of layer '\(layer.name)'")
    // Where a value's alpha lies, in both shapes brought to three sizes.
    let sizes = Array(repeating: 1, count: 3 - shape.count) + shape
    let alphaSizes = Array(repeating: 1, count: 3 - shape.count) + alphaShape
    var slopes: [Float] = []
    slopes.reserveCapacity(sizes.reduce(1, *))
    for row in 0..<sizes[0] {
      for column in 0..<sizes[1] {
        for channel in 0..<sizes[2] {
          let (r, c) = (min(row, alphaSizes[0] - 1), min(column, alphaSizes[1] - 1))
          slopes.append(alpha[(r * alphaSizes[1] + c) * alphaSizes[2] + min(channel, alphaSizes[2] - 1)])
        }
      }
    }
    layers.append(
      .parametricRectifier(
        ParametricRectifier(name: layer.name, slopes: slopes, parameterCount: alpha.count)))
    describe(layer, parameters: alpha.count, "x < 0 ? alpha * x : x")
  }
}
