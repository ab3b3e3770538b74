import RadialEngine

extension KerasTranslator {
  /// Dense: kernel [D, U], bias [U]. Of cells it is a convolution with a window of one.
  mutating func addDense(_ layer: KerasLayer) throws(ModelError) {
    try takeCells(layer)
    let units = try count("units", layer)
    let hasBias = try flag("use_bias", layer, absent: true)
    let activation = try activation(of: layer)
    guard shape.count == 3 else {
      try setVariables(hasBias ? ["kernel", "bias"] : ["kernel"], of: layer)
      return try emitActivated(layer, activation) { .dense(DenseSpec(units: units, hasBias: hasBias, activation: $0)) }
    }
    let tensors = try variables(hasBias ? ["kernel", "bias"] : ["kernel"], of: layer)
    set("kernel", of: layer, tensors[0].reshaped([1, 1] + tensors[0].shape))
    if hasBias { set("bias", of: layer, tensors[1]) }
    let one = Extent(rows: 1, columns: 1)
    try emitActivated(layer, activation) {
      .conv2D(
        Conv2DSpec(
          filters: units, window: Window(size: one, strides: one, padding: .valid), hasBias: hasBias, activation: $0))
    }
  }

  /// Adds a layer with its activation; of one that is a layer of its own here, behind it.
  mutating func emitActivated(
    _ layer: KerasLayer, _ activation: KerasActivation, part: String? = nil, _ spec: (ActivationSpec) -> LayerSpec
  ) throws(ModelError) {
    try emit(spec(activation.spec), layer, part: part, inferredFrom: activation.inferredFrom)
    if let rectifier = activation.rectifier {
      try emit(.rectifier(RectifierSpec(rectifier)), layer, part: "activation")
    }
  }

  /// MaxPooling2D and AveragePooling2D, and those of sequences.
  mutating func addPooling(_ layer: KerasLayer, _ kind: Pooling2D.Kind) throws(ModelError) {
    let is1D = try takeImage(layer)
    let two = is1D ? Extent(rows: 1, columns: 2) : Extent(rows: 2, columns: 2)
    let size = try extent("pool_size", layer, absent: two, is1D: is1D)
    let window = Window(
      size: size, strides: try extent("strides", layer, absent: size, is1D: is1D), padding: try padding(layer))
    try checkWindow(window, layer)
    try emit(.pooling2D(PoolingSpec(kind, window)), layer)
  }

  /// GlobalMaxPooling2D and GlobalAveragePooling2D, and those of sequences.
  mutating func addGlobalPooling(_ layer: KerasLayer, _ kind: Pooling2D.Kind) throws(ModelError) {
    _ = try takeImage(layer)
    try emit(
      .globalPooling2D(GlobalPoolingSpec(kind, keepsCell: try flag("keepdims", layer, absent: false))), layer)
  }

  /// ZeroPadding2D and Cropping2D, and those of sequences: one number, one an axis, or a pair an axis.
  mutating func addMargins(_ layer: KerasLayer, _ kind: MarginsSpec.Kind) throws(ModelError) {
    let is1D = try takeImage(layer)
    let key = kind == .padding ? "padding" : "cropping"
    func number(_ value: JSONValue) -> Int? { value.integer.flatMap { (0...1 << 20).contains($0) ? $0 : nil } }
    func pair(_ value: JSONValue) -> [Int]? {
      if let number = number(value) { return [number, number] }
      let numbers = (value.array ?? []).compactMap(number)
      return numbers.count == 2 && value.array?.count == 2 ? numbers : nil
    }
    var pairs: [[Int]]?
    if let value = layer.config[key] {
      if is1D {
        pairs = pair(value).map { [[0, 0], $0] }
      } else if let number = number(value) {
        pairs = [[number, number], [number, number]]
      } else if let values = value.array, values.count == 2 {
        let both = values.compactMap(pair)
        pairs = both.count == 2 ? both : nil
      }
    } else {
      pairs = is1D ? [[0, 0], [1, 1]] : kind == .padding ? [[1, 1], [1, 1]] : [[0, 0], [0, 0]]
    }
    guard let pairs else {
      throw invalid(layer, "'\(key)' is malformed, expected numbers of cells from 0 on; save the model again")
    }
    let margins = Margins(top: pairs[0][0], bottom: pairs[0][1], left: pairs[1][0], right: pairs[1][1])
    try emit(.margins2D(MarginsSpec(kind, margins)), layer)
  }

  /// A crop or a resizing outside of training: the identity of an image that has the size already, and a center crop of a larger one.
  mutating func addWholeImage(_ layer: KerasLayer) throws(ModelError) {
    try requireImage(layer)
    let (height, width) = (try count("height", layer), try count("width", layer))
    if (height, width) == (shape[0], shape[1]) { return try emit(.dropout(DropoutSpec()), layer) }
    guard layer.className == "CenterCrop", height <= shape[0], width <= shape[1] else {
      throw invalid(
        layer,
        "it makes images of \(height)x\(width) of those of \(shape[0])x\(shape[1]), which Radial does not serve; resize the images before they are sent"
      )
    }
    // As Keras rounds: down.
    let (top, left) = ((shape[0] - height) / 2, (shape[1] - width) / 2)
    let margins = Margins(
      top: top, bottom: shape[0] - height - top, left: left, right: shape[1] - width - left)
    try emit(.margins2D(MarginsSpec(.cropping, margins)), layer)
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
      throw invalid(layer, "the shape \(kerasShape) does not fill 'target_shape' \(target); save the model again")
    }
    isSequence = false
    try emit(.reshape(ReshapeSpec(filled)), layer)
  }

  /// Permute, where the axes that have more than one index keep their order: then the numbers lie as they are.
  mutating func addPermute(_ layer: KerasLayer) throws(ModelError) {
    let axes = layer.config["dims"]?.array?.compactMap(\.integer) ?? []
    guard axes.sorted() == Array(1...max(kerasShape.count, 1)) else {
      throw invalid(
        layer, "'dims' is malformed, expected an order of the \(kerasShape.count) axes; save the model again")
    }
    let moved = axes.filter { kerasShape[$0 - 1] > 1 }
    guard moved == moved.sorted() else {
      throw invalid(
        layer,
        "it reorders the numbers of its inputs \(kerasShape), which Radial does not serve; reorder them before they are sent, or train without"
      )
    }
    let target = axes.map { kerasShape[$0 - 1] }
    isSequence = false
    try emit(.reshape(ReshapeSpec(target)), layer)
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
    try takeCells(layer)
    let parts = (scale ? ["gamma"] : []) + (center ? ["beta"] : []) + ["moving_mean", "moving_variance"]
    try setVariables(parts, of: layer)
    try emit(
      .batchNormalization(BatchNormalizationSpec(epsilon: Float(epsilon), hasBeta: center, hasGamma: scale)), layer)
  }

  /// LayerNormalization over the last axis, or over all: gamma, beta.
  mutating func addLayerNormalization(_ layer: KerasLayer) throws(ModelError) {
    guard try !flag("rms_scaling", layer, absent: false) else {
      throw invalid(layer, "it scales by the root of the mean square, which Radial does not serve; train it without")
    }
    try takeCells(layer)
    let axes = try normalizedAxes(layer)
    let epsilon = try number("epsilon", in: layer.config, of: layer) ?? 0.001
    guard BatchNormalizationSpec.isEpsilon(epsilon) else {
      throw invalid(
        layer, "its 'epsilon' is \(epsilon), expected \(BatchNormalizationSpec.expectedEpsilon); save the model again")
    }
    let center = try flag("center", layer, absent: true)
    let scale = try flag("scale", layer, absent: true)
    let parts = (scale ? ["gamma"] : []) + (center ? ["beta"] : [])
    for (part, tensor) in zip(parts, try variables(parts, of: layer)) {
      set(part, of: layer, tensor.reshaped([tensor.shape.reduce(1, *)]))
    }
    try emit(
      .layerNormalization(
        LayerNormalizationSpec(axes: axes, epsilon: Float(epsilon), hasBeta: center, hasGamma: scale)), layer)
  }

  /// UnitNormalization over the last axis, or over all. Keras 2 keeps the square of the length from 0 where Keras 3 does the length.
  mutating func addUnitNormalization(_ layer: KerasLayer) throws(ModelError) {
    try takeCells(layer)
    let epsilon = version == .two ? 1e-12 : UnitNormalizationSpec.defaultEpsilon
    try emit(
      .unitNormalization(UnitNormalizationSpec(axes: try normalizedAxes(layer), epsilon: epsilon)), layer)
  }

  private func normalizedAxes(_ layer: KerasLayer) throws(ModelError) -> NormalizedAxes {
    let rank = kerasShape.count
    let numbers = (layer.config["axis"] ?? .integer(-1)).numbers?.compactMap { Int(exactly: $0) } ?? []
    let axes = Set(numbers.map { $0 < 0 ? $0 + rank + 1 : $0 })
    if axes == [rank] { return .last }
    guard axes == Set(1...rank) else {
      throw invalid(layer, "it normalises over axes other than the last alone or all; use axis=-1")
    }
    return .all
  }

  /// PReLU: alpha, 1 along the axes that share it.
  mutating func addParametricRectifier(_ layer: KerasLayer) throws(ModelError) {
    try takeCells(layer)
    let alpha = try variables(["alpha"], of: layer)[0]
    let axes = layer.config["shared_axes"].map { $0.numbers?.compactMap { Int(exactly: $0) } ?? [0] } ?? []
    guard axes.allSatisfy({ (1...kerasShape.count).contains($0) }) else {
      throw invalid(
        layer, "'shared_axes' is malformed, expected axes from 1 to \(kerasShape.count); save the model again")
    }
    set("alpha", of: layer, isSequence ? alpha.reshaped([1] + alpha.shape) : alpha)
    let shared = Set(axes.map { isSequence ? $0 + 1 : $0 }).sorted()
    try emit(.parametricRectifier(ParametricRectifierSpec(sharedAxes: shared)), layer)
  }

  /// Masking of steps of zeros changes no number; steps of another value it sets to 0.
  func requireMaskOfZeros(_ layer: KerasLayer) throws(ModelError) {
    let value = try number("mask_value", in: layer.config, of: layer) ?? 0
    guard value == 0 else {
      throw invalid(
        layer, "it sets steps of \(value) to 0, which Radial does not serve; mask zeros, or train it without Masking")
    }
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
    try takeCells(layer)
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
    guard shape.count == 3, !isSequence else {
      throw invalid(
        layer,
        "its inputs have the shape \(kerasShape), expected rows, columns and channels; put a Reshape layer before it")
    }
  }

  /// Brings the inputs of a layer of images or sequences to an image.
  /// - Returns: whether the layer is one of sequences.
  mutating func takeImage(_ layer: KerasLayer) throws(ModelError) -> Bool {
    guard layer.className.hasSuffix("1D") else {
      try requireImage(layer)
      return false
    }
    guard kerasShape.count == 2 else {
      throw invalid(
        layer, "its inputs have the shape \(kerasShape), expected steps and channels; put a Reshape layer before it")
    }
    try takeCells(layer)
    return true
  }

  /// Brings a sequence to an image of one row, before a layer that knows channels.
  mutating func takeCells(_ layer: KerasLayer) throws(ModelError) {
    guard kerasShape.count <= 3 else {
      throw invalid(
        layer,
        "its inputs have the shape \(kerasShape), expected at most three dimensions; put a Flatten layer before it")
    }
    guard shape.count == 2 else { return }
    try emit(.reshape(ReshapeSpec([1] + shape)), layer, part: "sequence")
    isSequence = true
  }

  /// Two positive numbers: a list, or one for both; one along the columns where `is1D`.
  func extent(
    _ key: String, _ layer: KerasLayer, absent: Extent?, is1D: Bool
  ) throws(ModelError) -> Extent {
    guard let value = layer.config[key] else {
      guard let absent else { throw invalid(layer, "'\(key)' is missing; save the model again") }
      return absent
    }
    let numbers = (value.numbers ?? []).compactMap { Int(exactly: $0) }
    guard (1...(is1D ? 1 : 2)).contains(numbers.count), numbers.allSatisfy({ (1...1 << 16).contains($0) }) else {
      throw invalid(
        layer,
        "'\(key)' is malformed, expected \(is1D ? "a positive number" : "two positive numbers"); save the model again")
    }
    return Extent(rows: is1D ? 1 : numbers[0], columns: numbers[numbers.count - 1])
  }

  func padding(_ layer: KerasLayer) throws(ModelError) -> Padding {
    let text = try text("padding", layer) ?? "valid"
    switch text {
    case "valid": return .valid
    case "same": return .same
    default: throw invalid(layer, "its padding is '\(text)', expected valid or same")
    }
  }

  /// Refuses a window that does not fit on what reaches the layer.
  func checkWindow(_ window: Window, _ layer: KerasLayer) throws(ModelError) {
    guard window.placed(on: ImageShape(rows: shape[0], columns: shape[1], channels: shape[2])) != nil else {
      throw invalid(
        layer,
        "its window \([window.size.rows, window.size.columns]) is larger than its inputs \(kerasShape); save the model again"
      )
    }
  }
}
