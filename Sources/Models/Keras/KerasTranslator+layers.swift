import RadialEngine

extension KerasTranslator {
  /// Dense: kernel [D, U], bias [U].
  mutating func addDense(_ layer: KerasLayer) throws(ModelError) {
    guard shape.count == 1 else {
      throw invalid(layer, "its inputs have the shape \(shape), expected one dimension; put a Flatten layer before it")
    }
    let units = try count("units", layer)
    let hasBias = try flag("use_bias", layer, absent: true)
    try setVariables(hasBias ? ["kernel", "bias"] : ["kernel"], of: layer)
    let activation = try activation(of: layer)
    try emit(
      .dense(DenseSpec(units: units, hasBias: hasBias, activation: activation.spec)), layer,
      inferredFrom: activation.inferredFrom)
  }

  /// Conv2D, neither grouped nor dilated: kernel [rows, columns, channels, filters], bias [filters].
  mutating func addConvolution(_ layer: KerasLayer) throws(ModelError) {
    try requireImage(layer)
    let one = Extent(rows: 1, columns: 1)
    let groups = try number("groups", in: layer.config, of: layer) ?? 1
    guard groups == 1, try extent("dilation_rate", layer, absent: one) == one else {
      throw invalid(layer, "it is grouped or dilated, which Radial does not serve; train it without")
    }
    let filters = try count("filters", layer)
    let window = Window(
      size: try extent("kernel_size", layer, absent: nil),
      strides: try extent("strides", layer, absent: one), padding: try padding(layer))
    let hasBias = try flag("use_bias", layer, absent: true)
    try setVariables(hasBias ? ["kernel", "bias"] : ["kernel"], of: layer)
    let activation = try activation(of: layer)
    try checkWindow(window, layer)
    try emit(
      .conv2D(Conv2DSpec(filters: filters, window: window, hasBias: hasBias, activation: activation.spec)), layer,
      inferredFrom: activation.inferredFrom)
  }

  /// MaxPooling2D and AveragePooling2D.
  mutating func addPooling(_ layer: KerasLayer, _ kind: Pooling2D.Kind) throws(ModelError) {
    try requireImage(layer)
    let size = try extent("pool_size", layer, absent: Extent(rows: 2, columns: 2))
    let window = Window(
      size: size, strides: try extent("strides", layer, absent: size), padding: try padding(layer))
    try checkWindow(window, layer)
    try emit(.pooling2D(PoolingSpec(kind, window)), layer)
  }

  /// Of a flat row nothing is left to flatten.
  mutating func addFlatten(_ layer: KerasLayer) throws(ModelError) {
    guard shape.count > 1 else { return }
    try emit(.flatten(FlattenSpec()), layer)
  }

  /// Reshape, one of whose sizes may be -1.
  mutating func addReshape(_ layer: KerasLayer) throws(ModelError) {
    guard let target = layer.config["target_shape"]?.array?.compactMap(\.integer), !target.isEmpty,
      target.allSatisfy({ $0 == -1 || (1...1 << 24).contains($0) }), target.count <= 8
    else { throw invalid(layer, "'target_shape' is missing or malformed; save the model again") }
    guard let filled = ReshapeSpec(target).outputShape(of: shape) else {
      throw invalid(layer, "the shape \(shape) does not fill 'target_shape' \(target); save the model again")
    }
    try emit(.reshape(ReshapeSpec(filled)), layer)
  }

  /// BatchNormalization over the last axis: gamma, beta, moving mean and variance.
  mutating func addBatchNormalization(_ layer: KerasLayer) throws(ModelError) {
    guard isLast(layer.config["axis"]) else {
      throw invalid(layer, "it does not normalise the last axis; build the model with channels last and save it again")
    }
    guard try !flag("renorm", layer, absent: false) else {
      throw invalid(layer, "it renormalises, which Radial does not serve; train it without renorm")
    }
    let center = try flag("center", layer, absent: true)
    let scale = try flag("scale", layer, absent: true)
    let epsilon = try number("epsilon", in: layer.config, of: layer) ?? 0.001
    guard BatchNormalizationSpec.isEpsilon(epsilon) else {
      throw invalid(
        layer, "its 'epsilon' is \(epsilon), expected \(BatchNormalizationSpec.expectedEpsilon); save the model again")
    }
    let parts = (scale ? ["gamma"] : []) + (center ? ["beta"] : []) + ["moving_mean", "moving_variance"]
    try setVariables(parts, of: layer)
    try emit(
      .batchNormalization(BatchNormalizationSpec(epsilon: Float(epsilon), hasBeta: center, hasGamma: scale)), layer)
  }

  /// (x − mean) / max(√variance, 1e-7), mean and variance constants or adapted variables. Source: Keras' Normalization layer.
  mutating func addNormalization(_ layer: KerasLayer) throws(ModelError) {
    guard try !flag("invert", layer, absent: false) else {
      throw invalid(layer, "it is inverted, which Radial does not serve; use a Rescaling layer in its place")
    }
    let hasAxis = layer.config["axis"]?.numbers?.isEmpty == false
    guard !hasAxis || isLast(layer.config["axis"]) else {
      throw invalid(layer, "it does not normalise the last axis alone; normalise the last axis, or all with axis=None")
    }
    let width = shape[shape.count - 1]
    var mean: [Float]
    var variance: [Float]
    if layer.config["mean"] != nil {
      mean = try broadcast("mean", layer, absent: 0).map { Float($0) }
      variance = try broadcast("variance", layer, absent: 1).map { Float($0) }
    } else {
      let variables = try variables(layer)
      guard variables.count >= 2 else {
        throw invalid(layer, "the file holds no mean and variance for it; call adapt() and save the model again")
      }
      mean = try tensor(variables[0], of: layer).floats
      variance = try tensor(variables[1], of: layer).floats
    }
    guard mean.count == variance.count, mean.count == 1 || mean.count == width else {
      throw invalid(
        layer, "it has \(mean.count) means and \(variance.count) variances, expected \(width) of each or one")
    }
    if mean.count == 1 {
      mean = Array(repeating: mean[0], count: width)
      variance = Array(repeating: variance[0], count: width)
    }
    // The floor of the deviation, 1e-7, is that of the variance squared.
    try emitAffine(layer, mean: mean, variance: variance.map { $0 < 1e-14 ? 1e-14 : $0 }, gamma: nil, beta: nil)
  }

  private func requireImage(_ layer: KerasLayer) throws(ModelError) {
    guard shape.count == 3 else {
      throw invalid(
        layer, "its inputs have the shape \(shape), expected rows, columns and channels; put a Reshape layer before it")
    }
  }

  /// Two positive numbers: a list, or one for both.
  private func extent(_ key: String, _ layer: KerasLayer, absent: Extent?) throws(ModelError) -> Extent {
    guard let value = layer.config[key] else {
      guard let absent else { throw invalid(layer, "'\(key)' is missing; save the model again") }
      return absent
    }
    let numbers = (value.numbers ?? []).compactMap { Int(exactly: $0) }
    guard (1...2).contains(numbers.count), numbers.allSatisfy({ (1...1 << 16).contains($0) }) else {
      throw invalid(layer, "'\(key)' is malformed, expected two positive numbers; save the model again")
    }
    return Extent(rows: numbers[0], columns: numbers[numbers.count - 1])
  }

  private func padding(_ layer: KerasLayer) throws(ModelError) -> Padding {
    let text = try text("padding", layer) ?? "valid"
    guard let padding = Padding(rawValue: text) else {
      throw invalid(layer, "its padding is '\(text)', expected valid or same")
    }
    return padding
  }

  /// Refuses a window that does not fit on what reaches the layer.
  private func checkWindow(_ window: Window, _ layer: KerasLayer) throws(ModelError) {
    guard window.placed(on: ImageShape(rows: shape[0], columns: shape[1], channels: shape[2])) != nil else {
      throw invalid(
        layer,
        "its window \([window.size.rows, window.size.columns]) is larger than its inputs \(shape); save the model again"
      )
    }
  }
}
