import RadialEngine

/// Layers of vectors.
extension NetworkReader {
  /// Tensors: kernel [D, U], bias [U].
  mutating func addDense(_ layer: Architecture.Entry, _ spec: DenseSpec, _ inputs: Int) throws(ModelError) {
    let units = spec.units
    let kernel = try tensor("kernel", of: layer, shape: [inputs, units], reason: widthReason(inputs))
    let bias =
      spec.hasBias
      ? try tensor("bias", of: layer, shape: [units], reason: "\(units) units of layer '\(layer.name)'") : nil
    layers.append(
      .dense(
        Dense(
          name: layer.name, inputs: inputs, units: units, kernel: kernel, bias: bias,
          activation: spec.function.function, alpha: spec.function.alpha)))
    source = "outputs of layer '\(layer.name)'"
    let sum = bias == nil ? "x · W" : "x · W + b"
    describe(
      layer, parameters: kernel.count + (bias?.count ?? 0), spec.function.applied(to: sum))
  }

  /// Tensors: centers in their layout, scale [U] of one γ a unit.
  mutating func addRBF(_ layer: Architecture.Entry, _ spec: RBFSpec, _ inputs: Int) throws(ModelError) {
    let units = spec.units
    let centers = try tensor(
      "centers", of: layer, shape: spec.centersLayout == .featuresUnits ? [inputs, units] : [units, inputs],
      reason: widthReason(inputs))
    let scale: RBF.Scale
    var scaleText = ""
    switch spec.scale {
    case .number(let number):
      scale = .scalar(number)
      scaleText = "gamma = \(number)"
    case .tensor:
      let (gammas, text) = try gammas(layer, spec)
      (scale, scaleText) = (.perUnit(gammas), text)
    case nil: scale = .scalar(1)
    }
    layers.append(
      .rbf(
        RBF(
          name: layer.name, inputs: inputs, units: units, centers: centers, centersLayout: spec.centersLayout,
          scale: scale, output: spec.output)))
    source = "outputs of layer '\(layer.name)'"
    let distance = "sum((x - mu)^2)"
    let formula =
      switch spec.output {
      case .gaussian: "exp(-gamma * \(distance)), \(scaleText)"
      case .distance: distance
      case .negativeDistance: "-gamma * \(distance), \(scaleText)"
      }
    var parameters = centers.count
    if case .perUnit = scale { parameters += units }
    describe(layer, parameters: parameters, formula)
  }

  /// γ of each unit. A unit whose γ is 0 or less is the better the farther it is. Training may leave such units among others: the outputs
  /// are then what the framework says, and no class follows from the distances, which the formula says. Where all are, nothing is left.
  private mutating func gammas(
    _ layer: Architecture.Entry, _ spec: RBFSpec
  ) throws(ModelError) -> (values: [Float], text: String) {
    let gammas = try tensor(
      "scale", of: layer, shape: [spec.units], reason: "\(spec.units) units of layer '\(layer.name)'")
    guard spec.output != .distance, let index = gammas.firstIndex(where: { !($0 > 0) }) else {
      return (gammas, "per-unit gamma")
    }
    guard gammas.contains(where: { $0 > 0 }) else {
      throw ModelError(
        .tensor, file.path,
        "tensor '\(layer.name).scale' holds \(gammas[index]) at element \(index), and no positive number (gamma of \(spec.units) units of layer '\(layer.name)'); train or export the model again"
      )
    }
    let count = gammas.count { !($0 > 0) }
    let note = "\(count) of its \(gammas.count) gammas are not positive, the first \(gammas[index]) at unit \(index)"
    notes.append(
      "layer '\(layer.name)': \(note); as a head it gives outputs and distances, and no class and no verdict")
    return (gammas, "per-unit gamma (\(note))")
  }

  /// Tensors: gamma, beta, moving_mean, moving_variance, [D] each.
  mutating func addNormalization(
    _ layer: Architecture.Entry, _ spec: BatchNormalizationSpec, _ inputs: Int
  ) throws(ModelError) {
    func vector(_ part: String) throws(ModelError) -> [Float] {
      try tensor(part, of: layer, shape: [inputs], reason: widthReason(inputs))
    }
    let (hasScale, hasCenter) = (spec.hasGamma, spec.hasBeta)
    let gamma = hasScale ? try vector("gamma") : nil
    let beta = hasCenter ? try vector("beta") : nil
    let normalization = BatchNormalization(
      name: layer.name, width: inputs, epsilon: spec.epsilon, gamma: gamma, beta: beta,
      movingMean: try vector("moving_mean"), movingVariance: try vector("moving_variance"),
      cells: shape.dropLast().reduce(1, *))
    layers.append(.batchNormalization(normalization))
    describe(
      layer, parameters: (2 + (hasScale ? 1 : 0) + (hasCenter ? 1 : 0)) * inputs,
      "\(hasScale ? "gamma * " : "")(x - mean) / sqrt(variance + epsilon)\(hasCenter ? " + beta" : "")")
  }

  /// Tensors: kernel [D, K, C], centers [K, C].
  mutating func addDUQ(_ layer: Architecture.Entry, _ spec: DUQSpec, _ inputs: Int) throws(ModelError) {
    let (units, embedding) = (spec.units, spec.embedding)
    let kernel = try tensor("kernel", of: layer, shape: [inputs, embedding, units], reason: widthReason(inputs))
    let centers = try tensor(
      "centers", of: layer, shape: [embedding, units], reason: "embedding and units of layer '\(layer.name)'")
    layers.append(
      .duq(
        DUQ(
          name: layer.name, inputs: inputs, embedding: embedding, units: units, sigma: spec.sigma, kernel: kernel,
          centers: centers)))
    source = "outputs of layer '\(layer.name)'"
    describe(
      layer, parameters: kernel.count + centers.count,
      "exp(-mean((x · W - mu)^2) / (2 * sigma^2)), mean over \(embedding), sigma = \(spec.sigma)")
  }
}
