import FileFormats
import RadialEngine

/// Turns a chain of Keras layers into an architecture and the tensors that they name.
struct KerasTranslator {
  let path: String
  let options: LoadOptions
  let version: KerasVersion
  let weights: KerasWeights

  /// Of what reaches the next layer, without the batch dimension. A sequence [steps, channels] is an image of one row from the first layer
  /// on that takes it as one: then `isSequence`.
  var shape: [Int] = []
  var isSequence = false
  /// As Keras has it.
  var kerasShape: [Int] { isSequence ? Array(shape.dropFirst()) : shape }
  /// The layer that marks steps of zeros as absent, which some layers behind it heed; nil: none does.
  private var masking: String?
  private var inputShape: [Int] = []
  private var inputName: String?
  private var entries: [Architecture.Entry] = []
  private(set) var tensors: [String: Tensor] = [:]
  private(set) var preprocessing: Preprocessing?
  /// The datasets that were taken. A sound file gives each variable its own.
  private var taken: Set<UInt64> = []
  private var takenBytes = 0
  /// The layers that Keras computes in fewer digits than Float32 has: the first, its policy, and how many.
  private var short: (layer: String, policy: String, count: Int)?
  /// Whether a layer took the gamma of the options.
  var usesGamma = false
  /// Columns of the affine layers so far. These alone take memory that the file does not hold, so they are bounded.
  private var affineWidths = 0
  private static let maximumAffineWidths = 1 << 22

  /// A translator at the network's beginning.
  /// - Parameters:
  ///   - path: the file's, for errors.
  ///   - options: what the user says beside the file.
  init(path: String, options: LoadOptions, version: KerasVersion, weights: KerasWeights) {
    self.path = path
    self.options = options
    self.version = version
    self.weights = weights
  }

  /// The network so far.
  var architecture: Architecture {
    get throws(ModelError) {
      try Architecture(inputShape: inputShape, inputName: inputName, layers: entries, path: path)
    }
  }

  /// What Keras' numbers lack beside Radial's; nil: Keras computes in Float32 or Float64.
  var precisionNote: String? {
    short.map { layer, policy, count in
      "layer '\(layer)'\(count > 1 ? " and \(count - 1) more are" : " is") of the policy \(policy): Keras computes in fewer digits, Radial in Float32, so their answers differ by what Keras rounds away"
    }
  }

  /// A policy is a name or an object with one.
  private mutating func notePrecision(of layer: KerasLayer) {
    let dtype = layer.config["dtype"]
    guard let policy = dtype?.text ?? dtype?["config"]?["name"]?.text,
      ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16"].contains(policy), layer.className != "InputLayer"
    else { return }
    short = (short?.layer ?? layer.name, short?.policy ?? policy, (short?.count ?? 0) + 1)
  }

  /// Translates all layers of a chain.
  /// - Throws: at the first that is not served.
  mutating func translate(_ chain: KerasChain) throws(ModelError) {
    inputShape = chain.inputShape
    // Keras takes any name; one that is longer than names may be here is left out.
    inputName = chain.inputName.flatMap { Model.tensorNameBytes.contains($0.utf8.count) ? $0 : nil }
    shape = chain.inputShape
    for layer in chain.layers {
      try add(layer)
      notePrecision(of: layer)
    }
  }

  private mutating func add(_ layer: KerasLayer) throws(ModelError) {
    if let format = try text("data_format", layer), format != "channels_last" {
      throw invalid(
        layer,
        "its data_format is '\(format)', expected channels_last; build the model with channels last and save it again"
      )
    }
    // A class of the user's own may be called as one of Keras' is.
    guard layer.isKeras else { return try addRBF(layer) }
    switch layer.className {
    case "InputLayer": return
    case "Dense": try addDense(layer)
    case "Conv1D", "Conv2D", "Convolution1D", "Convolution2D": try addConvolution(layer)
    case "DepthwiseConv1D", "DepthwiseConv2D": try addDepthwiseConvolution(layer)
    case "SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D":
      try addSeparableConvolution(layer)
    case "MaxPooling1D", "MaxPool1D", "MaxPooling2D", "MaxPool2D": try addPooling(layer, .maximum)
    case "AveragePooling1D", "AvgPool1D", "AveragePooling2D", "AvgPool2D": try addPooling(layer, .average)
    case "GlobalMaxPooling1D", "GlobalMaxPool1D", "GlobalMaxPooling2D", "GlobalMaxPool2D":
      try addGlobalPooling(layer, .maximum)
    case "GlobalAveragePooling1D", "GlobalAvgPool1D":
      try checkMask(layer)
      try addGlobalPooling(layer, .average)
    case "GlobalAveragePooling2D", "GlobalAvgPool2D": try addGlobalPooling(layer, .average)
    case "ZeroPadding1D", "ZeroPadding2D": try addMargins(layer, .padding)
    case "Cropping1D", "Cropping2D": try addMargins(layer, .cropping)
    case "Flatten": try addFlatten(layer)
    case "Reshape": try addReshape(layer)
    case "Permute": try addPermute(layer)
    case "BatchNormalization": try addBatchNormalization(layer)
    case "LayerNormalization": try addLayerNormalization(layer)
    case "UnitNormalization": try addUnitNormalization(layer)
    case "Normalization": try addNormalization(layer)
    case "Rescaling": try addRescaling(layer)
    case "PReLU": try addParametricRectifier(layer)
    case "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "ThresholdedReLU":
      if layer.className == "Softmax" { try checkMask(layer) }
      let activation = try activation(of: layer)
      // Over the channels of each cell, not over the row.
      if activation.spec.function == .softmax { try takeCells(layer) }
      if let rectifier = activation.rectifier {
        try emit(.rectifier(RectifierSpec(rectifier)), layer)
      } else {
        try emit(.activation(ActivationLayerSpec(activation.spec)), layer, inferredFrom: activation.inferredFrom)
      }
    case "RandomCrop", "CenterCrop", "Resizing": try addWholeImage(layer)
    case "Masking":
      try requireMaskOfZeros(layer)
      masking = layer.name
    case let name where Self.onlyTrains.contains(name): try emit(.dropout(DropoutSpec()), layer)
    case "Lambda":
      throw invalid(
        layer,
        "a Lambda layer holds Python bytecode, which Radial does not execute; use Keras' own layers (Rescaling, Activation, Reshape) in its place and save the model again"
      )
    default: try addRBF(layer)
    }
  }

  /// Layers that do nothing outside of training. Source: `call` of each in Keras 2.13 and 3.15 with `training=False`.
  private static let onlyTrains: Set<String> = [
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "GaussianNoise",
    "AlphaDropout", "ActivityRegularization", "Identity", "RandomFlip", "RandomRotation", "RandomZoom",
    "RandomTranslation", "RandomContrast", "RandomBrightness", "RandomShear", "RandomHue", "RandomSaturation",
    "RandomSharpness", "RandomColorJitter", "RandomColorDegeneration", "RandomErasing", "RandomGrayscale",
    "RandomInvert", "RandomPosterization", "RandomPerspective", "RandomElasticTransform", "RandomGaussianBlur",
    "RandomHeight", "RandomWidth", "AugMix", "RandAugment", "MixUp", "CutMix",
  ]

  /// Refuses a layer that heeds a mask behind one that makes it.
  private func checkMask(_ layer: KerasLayer) throws(ModelError) {
    if let masking {
      throw invalid(
        layer,
        "it leaves out the steps that the layer '\(masking)' (Masking) marks, which Radial does not serve; train it without Masking"
      )
    }
  }

  /// The refusal of a layer.
  func invalid(_ layer: KerasLayer, _ sentence: String) -> ModelError {
    ModelError(.architecture, path, "layer '\(layer.name)' (\(layer.className)): \(sentence)")
  }

  /// Adds a layer, whose outputs are what reaches the next one.
  /// - Parameter part: behind the layer's name, of a layer that becomes several.
  mutating func emit(
    _ spec: LayerSpec, _ layer: KerasLayer, part: String? = nil, inferredFrom: String? = nil
  ) throws(ModelError) {
    guard let outputs = spec.payload.outputShape(of: shape) else {
      throw invalid(layer, "it takes no inputs of the shape \(kerasShape); save the model again")
    }
    entries.append(
      Architecture.Entry(name: Self.name(of: layer, part), spec: spec, inferredFrom: inferredFrom))
    shape = outputs
    if shape.count < 3 { isSequence = false }
  }

  private static func name(of layer: KerasLayer, _ part: String?) -> String {
    layer.name + (part.map { "/\($0)" } ?? "")
  }

  /// Adds a tensor that the network takes.
  /// - Parameter layerPart: as `emit` has it.
  mutating func set(_ part: String, of layer: KerasLayer, _ tensor: Tensor, layerPart: String? = nil) {
    tensors["\(Self.name(of: layer, layerPart)).\(part)"] = tensor
  }

  /// A layer's variables. Each dataset is given out once, so that what is read is never more than the file holds.
  mutating func variables(_ layer: KerasLayer) throws(ModelError) -> [KerasVariable] {
    let variables = try weights.variables(layer)
    for variable in variables {
      // Several may still say that they lie at the same place.
      takenBytes += variable.dataset.bytes.count
      guard taken.insert(variable.dataset.identity).inserted, takenBytes <= weights.file.size else {
        throw invalid(layer, "it shares a variable with another layer; the file is damaged, save the model again")
      }
    }
    return variables
  }

  /// A variable's numbers as they lie in the file.
  func tensor(_ variable: KerasVariable, of layer: KerasLayer) throws(ModelError) -> Tensor {
    let type: ElementType =
      switch variable.dataset.type {
      case .float32: .f32
      case .float64: .f64
      case .float16: .f16
      case .bfloat16, .opaque(bytes: 2): .bf16
      default:
        throw invalid(
          layer,
          "its variable \(variable.name.map { "'\($0)' " } ?? "")holds \(variable.dataset.type), expected float32, float64, float16 or bfloat16 with the lowest byte first; save the model unquantised and with Keras' model.save"
        )
      }
    return Tensor(type: type, shape: variable.dataset.shape, bytes: variable.dataset.bytes)
  }

  /// The layer's variables, which are these parts in this order.
  mutating func variables(_ parts: [String], of layer: KerasLayer) throws(ModelError) -> [Tensor] {
    let variables = try variables(layer)
    guard variables.count == parts.count else {
      throw invalid(
        layer,
        "the file holds \(variables.count) variables for it, expected \(parts.count) (\(parts.joined(separator: ", "))); save the model again"
      )
    }
    var tensors: [Tensor] = []
    for variable in variables { tensors.append(try tensor(variable, of: layer)) }
    return tensors
  }

  /// Sets the layer's variables as tensors of these parts, in this order.
  mutating func setVariables(_ parts: [String], of layer: KerasLayer) throws(ModelError) {
    for (part, tensor) in zip(parts, try variables(parts, of: layer)) { set(part, of: layer, tensor) }
  }

  /// A positive whole number of the configuration.
  func count(_ key: String, _ layer: KerasLayer) throws(ModelError) -> Int {
    guard let value = layer.config[key]?.integer, (1...1 << 24).contains(value) else {
      throw invalid(layer, "'\(key)' is missing or no positive number; save the model again")
    }
    return value
  }

  /// Whether an `axis` of the configuration is the last, counted with the batch dimension as Keras does.
  func isLast(_ axis: JSONValue?) -> Bool {
    guard let axis else { return true }
    guard let numbers = axis.numbers, numbers.count == 1 else { return false }
    return numbers[0] == -1 || numbers[0] == Double(kerasShape.count)
  }

  /// A Rescaling that comes first scales what clients send, anywhere else it is an affine layer.
  private mutating func addRescaling(_ layer: KerasLayer) throws(ModelError) {
    let scale = try broadcast("scale", layer, absent: 1)
    let offset = try broadcast("offset", layer, absent: 0)
    if entries.isEmpty, preprocessing == nil, Set(scale).count == 1, Set(offset).count == 1 {
      preprocessing = Preprocessing(
        scale: try float32(scale[0], "scale", layer), offset: try float32(offset[0], "offset", layer))
      return
    }
    try takeCells(layer)
    let width = shape[shape.count - 1]
    try emitAffine(
      layer, mean: Array(repeating: 0, count: width), variance: Array(repeating: 1, count: width),
      gamma: scale.map { Float($0) }, beta: offset.map { Float($0) })
  }

  /// A number or a list of the configuration, as one value for each index of the last axis.
  func broadcast(_ key: String, _ layer: KerasLayer, absent: Double) throws(ModelError) -> [Double] {
    let width = shape[shape.count - 1]
    guard let value = layer.config[key] else { return Array(repeating: absent, count: width) }
    guard let numbers = value.numbers, numbers.count == 1 || numbers.count == width else {
      throw invalid(layer, "'\(key)' is neither a number nor \(width) of them; save the model again")
    }
    return numbers.count == 1 ? Array(repeating: numbers[0], count: width) : numbers
  }

  /// gamma (x − mean) / √variance + beta.
  mutating func emitAffine(
    _ layer: KerasLayer, mean: [Float], variance: [Float], gamma: [Float]?, beta: [Float]?
  ) throws(ModelError) {
    let width = mean.count
    affineWidths += width
    guard affineWidths <= Self.maximumAffineWidths else {
      throw invalid(
        layer, "its Rescaling and Normalization layers are too wide; scale the data before training instead")
    }
    set("moving_mean", of: layer, Tensor(mean, shape: [width]))
    set("moving_variance", of: layer, Tensor(variance, shape: [width]))
    if let gamma { set("gamma", of: layer, Tensor(gamma, shape: [width])) }
    if let beta { set("beta", of: layer, Tensor(beta, shape: [width])) }
    try emit(
      .batchNormalization(BatchNormalizationSpec(epsilon: 0, hasBeta: beta != nil, hasGamma: gamma != nil)), layer)
  }
}
