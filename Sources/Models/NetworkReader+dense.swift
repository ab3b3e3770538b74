import RadialEngine

/// Layers of vectors.
extension NetworkReader {
  mutating func addDense(_ layer: Architecture.LayerEntry, _ inputs: Int) throws(ModelError) {
    let units = try units(layer)
    let activation = try activation(layer)
    let kernel = try file.floats("\(layer.name).kernel", shape: [inputs, units], because: because(inputs))
    let bias =
      layer.useBias ?? true
      ? try file.floats("\(layer.name).bias", shape: [units], because: "\(units) units of layer '\(layer.name)'") : nil
    layers.append(
      .dense(
        Dense(
          name: layer.name, inputs: inputs, units: units, kernel: kernel, bias: bias, activation: activation,
          alpha: try alpha(layer))))
    shape = [units]
    source = "outputs of layer '\(layer.name)'"
    let sum = bias == nil ? "x · W" : "x · W + b"
    describe(
      layer, from: [inputs], parameters: kernel.count + (bias?.count ?? 0), try activated(layer, activation, sum))
  }

  mutating func addRBF(_ layer: Architecture.LayerEntry, _ inputs: Int) throws(ModelError) {
    let units = try units(layer)
    guard let output = RBF.Output(rawValue: layer.output ?? "gaussian") else {
      throw refuse(layer, "unknown output '\(layer.output ?? "")', expected gaussian, distance or negative_distance")
    }
    guard let layout = RBF.CentersLayout(rawValue: layer.centersLayout ?? "features_units") else {
      throw refuse(
        layer, "unknown centers_layout '\(layer.centersLayout ?? "")', expected features_units or units_features")
    }
    let centers = try file.floats(
      "\(layer.name).centers", shape: layout == .featuresUnits ? [inputs, units] : [units, inputs],
      because: because(inputs))
    let scale: RBF.Scale
    var scaleText = "per-unit gamma"
    switch layer.scale {
    case .number(let number):
      guard Float(number).isFinite else { throw refuse(layer, "'scale' is \(number), expected a finite Float32") }
      scale = .scalar(Float(number))
      scaleText = "gamma = \(Float(number))"
    case .tensor:
      scale = .perUnit(
        try file.floats("\(layer.name).scale", shape: [units], because: "\(units) units of layer '\(layer.name)'"))
    case nil, .flag:
      guard output == .distance else { throw refuse(layer, "'scale' is missing, expected a number or \"tensor\"") }
      scale = .scalar(1)
    }
    layers.append(
      .rbf(
        RBF(
          name: layer.name, inputs: inputs, units: units, centers: centers, centersLayout: layout, scale: scale,
          output: output)))
    shape = [units]
    source = "outputs of layer '\(layer.name)'"
    let distance = "sum((x - mu)^2)"
    let formula =
      switch output {
      case .gaussian: "exp(-gamma * \(distance)), \(scaleText)"
      case .distance: distance
      case .negativeDistance: "-gamma * \(distance), \(scaleText)"
      }
    var parameters = centers.count
    if case .perUnit = scale { parameters += units }
    describe(layer, from: [inputs], parameters: parameters, formula)
  }

  mutating func addNormalization(_ layer: Architecture.LayerEntry, _ inputs: Int) throws(ModelError) {
    func vector(_ part: String) throws(ModelError) -> [Float] {
      try file.floats("\(layer.name).\(part)", shape: [inputs], because: because(inputs))
    }
    var hasScale = true
    if case .flag(let flag) = layer.scale { hasScale = flag }
    let hasCenter = layer.center ?? true
    let gamma = hasScale ? try vector("gamma") : nil
    let beta = hasCenter ? try vector("beta") : nil
    let normalization = BatchNormalization(
      name: layer.name, width: inputs, epsilon: Float(layer.epsilon ?? 0.001), gamma: gamma, beta: beta,
      movingMean: try vector("moving_mean"), movingVariance: try vector("moving_variance"),
      cells: shape.dropLast().reduce(1, *))
    layers.append(.batchNormalization(normalization))
    describe(
      layer, from: shape, parameters: (2 + (hasScale ? 1 : 0) + (hasCenter ? 1 : 0)) * inputs,
      "\(hasScale ? "gamma * " : "")(x - mean) / sqrt(variance + epsilon)\(hasCenter ? " + beta" : "")")
  }

  mutating func addDUQ(_ layer: Architecture.LayerEntry, _ inputs: Int) throws(ModelError) {
    let units = try units(layer)
    guard let embedding = layer.embedding, (1...Network.maximumWidth / units).contains(embedding) else {
      throw refuse(
        layer,
        "'embedding' is \(layer.embedding.map(String.init) ?? "missing"), expected 1 to \(Network.maximumWidth / units)"
      )
    }
    guard let sigma = layer.sigma, sigma > 0, Float(sigma).isFinite, Float(1 / (2 * sigma * sigma)).isFinite else {
      throw refuse(layer, "'sigma' is \(layer.sigma.map { "\($0)" } ?? "missing"), expected a positive number")
    }
    let kernel = try file.floats(
      "\(layer.name).kernel", shape: [inputs, embedding, units], because: because(inputs))
    let centers = try file.floats(
      "\(layer.name).centers", shape: [embedding, units], because: "embedding and units of layer '\(layer.name)'")
    layers.append(
      .duq(
        DUQ(
          name: layer.name, inputs: inputs, embedding: embedding, units: units, sigma: Float(sigma), kernel: kernel,
          centers: centers)))
    shape = [units]
    source = "outputs of layer '\(layer.name)'"
    describe(
      layer, from: [inputs], parameters: kernel.count + centers.count,
      "exp(-mean((x · W - mu)^2) / (2 * sigma^2)), mean over \(embedding), sigma = \(Float(sigma))")
  }
}
