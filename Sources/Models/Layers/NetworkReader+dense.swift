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

  /// Tensors: centers in their layout, scale of one γ an output.
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
          scale: scale, output: spec.output, power: spec.power, normalization: spec.normalization,
          classes: spec.classes)))
    source = "outputs of layer '\(layer.name)'"
    var parameters = centers.count
    if case .perUnit(let gammas) = scale { parameters += gammas.count }
    describe(layer, parameters: parameters, spec.formula(scaleText))
    if spec.output.order == .growing {
      notes.append(
        "layer '\(layer.name)': its outputs grow with the distance and are none; as a head it gives outputs and distances, and no class and no verdict"
      )
    }
  }

  /// γ of each unit. A unit whose γ is 0 or less is the better the farther it is. Training may leave such units among others: the outputs
  /// are then what the framework says, and no class follows from the distances, which the formula says. Where all are, nothing is left.
  private mutating func gammas(
    _ layer: Architecture.Entry, _ spec: RBFSpec
  ) throws(ModelError) -> (values: [Float], text: String) {
    let gammas = try tensor(
      "scale", of: layer, shape: [spec.outputs], reason: "\(spec.outputs) outputs of layer '\(layer.name)'")
    if spec.output.scalesRoot,
      let index = gammas.firstIndex(where: { $0 > 0 && !(Float($0 * $0) > 0 && ($0 * $0).isFinite) })
    {
      throw ModelError(
        .tensor, file.path,
        "tensor '\(layer.name).scale' holds \(gammas[index]) at element \(index), whose square, by which squared distances are compared, is beyond Float32; scale the model and export it again"
      )
    }
    guard spec.output != .distance, let index = gammas.firstIndex(where: { !($0 > 0) }) else {
      return (gammas, "per-unit gamma")
    }
    guard gammas.contains(where: { $0 > 0 }) else {
      throw ModelError(
        .tensor, file.path,
        "tensor '\(layer.name).scale' holds \(gammas[index]) at element \(index), and no positive number (gamma of \(spec.outputs) outputs of layer '\(layer.name)'); train or export the model again"
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

  /// Tensors: kernel [D, K, C], centers [K, C], sigma [C] of one a class.
  mutating func addDUQ(_ layer: Architecture.Entry, _ spec: DUQSpec, _ inputs: Int) throws(ModelError) {
    let (units, embedding) = (spec.units, spec.embedding)
    let kernel = try tensor("kernel", of: layer, shape: [inputs, embedding, units], reason: widthReason(inputs))
    let centers = try tensor(
      "centers", of: layer, shape: [embedding, units], reason: "embedding and units of layer '\(layer.name)'")
    var sigmas = spec.sigma.map { [$0] } ?? []
    if spec.sigma == nil {
      sigmas = try tensor("sigma", of: layer, shape: [units], reason: "\(units) units of layer '\(layer.name)'")
      if let index = sigmas.firstIndex(where: { !DUQSpec.isSigma(Double($0)) }) {
        throw ModelError(
          .tensor, file.path,
          "tensor '\(layer.name).sigma' holds \(sigmas[index]) at element \(index), expected a positive number whose 1 / (2 sigma²) is one in Float32; train or export the model again"
        )
      }
    }
    layers.append(
      .duq(
        DUQ(
          name: layer.name, inputs: inputs, embedding: embedding, units: units, sigmas: sigmas, kernel: kernel,
          centers: centers)))
    source = "outputs of layer '\(layer.name)'"
    describe(
      layer, parameters: kernel.count + centers.count + (spec.sigma == nil ? units : 0),
      "exp(-mean((x · W - mu)^2) / (2 * sigma^2)), mean over \(embedding), \(spec.sigma.map { "sigma = \($0)" } ?? "per-class sigma")"
    )
  }
}

extension RBFSpec {
  /// In words that a reader can check.
  /// - Parameter scale: of γ, such as `gamma = 0.5`.
  fileprivate func formula(_ scale: String) -> String {
    let square = "sum((x - mu)^2)"
    let value =
      switch output {
      case .gaussian: "exp(-gamma * \(square))"
      case .distance: square
      case .negativeDistance: "-gamma * \(square)"
      case .scaledDistance: "gamma * \(square)"
      case .euclidean: "gamma * sqrt(\(square))"
      case .negativeEuclidean: "-gamma * sqrt(\(square))"
      case .exponential: "exp(-gamma * sqrt(\(square)))"
      case .inverseQuadratic: "1 / (1 + gamma * \(square))"
      case .inverseMultiquadric: "1 / sqrt(1 + gamma * \(square))"
      case .multiquadric: "sqrt(1 + gamma * \(square))"
      case .matern32: "(1 + r) * exp(-r), r = sqrt(3 * gamma * \(square))"
      case .matern52: "(1 + r + r^2 / 3) * exp(-r), r = sqrt(5 * gamma * \(square))"
      case .studentT: "(1 + gamma * \(square))^-power, power = \(power)"
      }
    var parts = [value]
    if output != .distance { parts.append(scale) }
    if classes != nil { parts.append("of \(outputs) classes each's nearest of \(units)") }
    if let normalization { parts.append("over \(normalization == 0 ? "" : "\(normalization) + ")their sum") }
    return parts.joined(separator: ", ")
  }
}
