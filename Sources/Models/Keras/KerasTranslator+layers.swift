extension KerasTranslator {
  mutating func addDense(_ layer: KerasLayer) throws(ModelError) {
    guard shape.count == 1 else {
      throw refuse(layer, "its inputs have the shape \(shape), expected one dimension; put a Flatten layer before it")
    }
    let units = try count("units", layer)
    let hasBias = try flag("use_bias", layer, absent: true)
    try setVariables(hasBias ? ["kernel", "bias"] : ["kernel"], of: layer)
    emit(
      "dense", layer,
      try activation(of: layer).merging(["units": .number(Double(units)), "use_bias": .bool(hasBias)]) { own, _ in own }
    )
    shape = [units]
  }

  mutating func addConvolution(_ layer: KerasLayer) throws(ModelError) {
    try requireImage(layer)
    let groups = try number("groups", in: layer.config, of: layer) ?? 1
    guard groups == 1, try pair("dilation_rate", layer, absent: [1, 1]) == [1, 1] else {
      throw refuse(layer, "it is grouped or dilated, which Radial does not serve; train it without")
    }
    let filters = try count("filters", layer)
    let kernel = try pair("kernel_size", layer, absent: nil)
    let strides = try pair("strides", layer, absent: [1, 1])
    let padding = try padding(layer)
    let hasBias = try flag("use_bias", layer, absent: true)
    try setVariables(hasBias ? ["kernel", "bias"] : ["kernel"], of: layer)
    let fields: [String: JSONValue] = [
      "filters": .number(Double(filters)), "kernel_size": .integers(kernel), "strides": .integers(strides),
      "padding": .string(padding), "use_bias": .bool(hasBias),
    ]
    emit("conv2d", layer, try activation(of: layer).merging(fields) { own, _ in own })
    shape = try windows(layer, kernel, strides, padding) + [filters]
  }

  mutating func addPooling(_ layer: KerasLayer, _ type: String) throws(ModelError) {
    try requireImage(layer)
    let pool = try pair("pool_size", layer, absent: [2, 2])
    let strides = try pair("strides", layer, absent: pool)
    let padding = try padding(layer)
    emit(
      type, layer,
      ["pool_size": .integers(pool), "strides": .integers(strides), "padding": .string(padding)])
    shape = try windows(layer, pool, strides, padding) + [shape[2]]
  }

  /// Of a flat row nothing is left to flatten.
  mutating func addFlatten(_ layer: KerasLayer) {
    guard shape.count > 1 else { return }
    emit("flatten", layer)
    shape = [shape.reduce(1, *)]
  }

  mutating func addReshape(_ layer: KerasLayer) throws(ModelError) {
    let total = shape.reduce(1, *)
    guard var target = layer.config["target_shape"]?.array?.compactMap(\.integer), !target.isEmpty,
      target.allSatisfy({ $0 == -1 || (1...1 << 24).contains($0) }), target.count <= 8
    else { throw refuse(layer, "'target_shape' is missing or malformed; save the model again") }
    if let open = target.firstIndex(of: -1) {
      let known = target.filter { $0 != -1 }.reduce(1, Self.product)
      if known > 0, known <= total { target[open] = total / known }
    }
    guard target.allSatisfy({ $0 > 0 }), target.reduce(1, Self.product) == total else {
      throw refuse(layer, "the shape \(shape) does not fill 'target_shape' \(target); save the model again")
    }
    emit("reshape", layer, ["target_shape": .integers(target)])
    shape = target
  }

  mutating func addBatchNormalization(_ layer: KerasLayer) throws(ModelError) {
    guard isLast(layer.config["axis"]) else {
      throw refuse(layer, "it does not normalise the last axis; build the model with channels last and save it again")
    }
    guard try !flag("renorm", layer, absent: false) else {
      throw refuse(layer, "it renormalises, which Radial does not serve; train it without renorm")
    }
    let center = try flag("center", layer, absent: true)
    let scale = try flag("scale", layer, absent: true)
    let epsilon = try number("epsilon", in: layer.config, of: layer) ?? 0.001
    let parts = (scale ? ["gamma"] : []) + (center ? ["beta"] : []) + ["moving_mean", "moving_variance"]
    try setVariables(parts, of: layer)
    emit(
      "batch_normalization", layer,
      [
        "epsilon": .number(epsilon), "center": .bool(center), "scale": .bool(scale),
      ])
  }

  /// (x − mean) / max(√variance, 1e-7), mean and variance constants or adapted variables. Source: Keras' Normalization layer.
  mutating func addNormalization(_ layer: KerasLayer) throws(ModelError) {
    guard try !flag("invert", layer, absent: false) else {
      throw refuse(layer, "it is inverted, which Radial does not serve; use a Rescaling layer in its place")
    }
    let hasAxis = layer.config["axis"]?.numbers?.isEmpty == false
    guard !hasAxis || isLast(layer.config["axis"]) else {
      throw refuse(layer, "it does not normalise the last axis alone; normalise the last axis, or all with axis=None")
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
        throw refuse(layer, "the file holds no mean and variance for it; call adapt() and save the model again")
      }
      mean = try tensor(variables[0], of: layer).floats
      variance = try tensor(variables[1], of: layer).floats
    }
    guard mean.count == variance.count, mean.count == 1 || mean.count == width else {
      throw refuse(
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
      throw refuse(
        layer, "its inputs have the shape \(shape), expected rows, columns and channels; put a Reshape layer before it")
    }
  }

  /// Two positive numbers: a list, or one for both.
  private func pair(_ key: String, _ layer: KerasLayer, absent: [Int]?) throws(ModelError) -> [Int] {
    guard let value = layer.config[key] else {
      guard let absent else { throw refuse(layer, "'\(key)' is missing; save the model again") }
      return absent
    }
    let numbers = (value.numbers ?? []).compactMap { Int(exactly: $0) }
    guard (1...2).contains(numbers.count), numbers.allSatisfy({ (1...1 << 16).contains($0) }) else {
      throw refuse(layer, "'\(key)' is malformed, expected two positive numbers; save the model again")
    }
    return [numbers[0], numbers[numbers.count - 1]]
  }

  private func padding(_ layer: KerasLayer) throws(ModelError) -> String {
    let padding = try text("padding", layer) ?? "valid"
    guard padding == "valid" || padding == "same" else {
      throw refuse(layer, "its padding is '\(padding)', expected valid or same")
    }
    return padding
  }

  /// Rows and columns that a window of `size` gives.
  private func windows(
    _ layer: KerasLayer, _ size: [Int], _ strides: [Int], _ padding: String
  ) throws(ModelError) -> [Int] {
    guard padding == "same" || (size[0] <= shape[0] && size[1] <= shape[1]) else {
      throw refuse(layer, "its window \(size) is larger than its inputs \(shape); save the model again")
    }
    return (0..<2).map { axis in
      padding == "same"
        ? (shape[axis] + strides[axis] - 1) / strides[axis] : (shape[axis] - size[axis]) / strides[axis] + 1
    }
  }

  /// Saturating, for shapes that a damaged file makes up.
  private static func product(_ a: Int, _ b: Int) -> Int {
    let (value, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? Int.max : value
  }
}
