import RadialEngine

/// An activation of a Keras layer.
struct KerasActivation {
  var spec: ActivationSpec
  /// Behind the layer, whose own is then linear; nil: `spec` is all.
  var rectifier: Rectifier?
  /// From what its formula follows; nil: Keras states it.
  var inferredFrom: String?

  /// An activation that Keras states, or that was inferred from something.
  init(_ function: Activation, alpha: Float? = nil, inferredFrom: String? = nil) {
    spec = ActivationSpec(function, alpha: alpha)
    self.inferredFrom = inferredFrom
  }
}

extension KerasTranslator {
  /// Keras' activations that are served, by Keras' names. Source: `keras.activations` of 2.13 and 3.15.
  private static let activations: KeyValuePairs<String, Activation> = [
    "linear": .linear, "relu": .relu, "sigmoid": .sigmoid, "softplus": .softplus, "elu": .elu, "gelu": .gelu,
    "selu": .selu, "silu": .swish, "swish": .swish, "softmax": .softmax, "tanh": .tanh, "leaky_relu": .leakyRelu,
    "hard_sigmoid": .hardSigmoid, "relu6": .relu6, "softsign": .softsign, "exponential": .exponential,
  ]

  /// The activation of a layer that has one or is one.
  func activation(of layer: KerasLayer) throws(ModelError) -> KerasActivation {
    switch layer.className {
    case "ReLU", "LeakyReLU", "ELU", "Softmax", "ThresholdedReLU":
      try activation(layer.className, layer.config, of: layer)
    default: try activation(layer.config["activation"], of: layer)
    }
  }

  /// A name; a function object, `{"class_name":"function","config":"package>name"}`; or a layer object.
  private func activation(_ value: JSONValue?, of layer: KerasLayer) throws(ModelError) -> KerasActivation {
    guard let value else { return KerasActivation(.linear) }
    if let name = value.text { return try function(name, of: layer) }
    let className = KerasChain.className(value)
    if className == "function" || className == "Function", let name = value["config"]?.text {
      // Keras writes its own functions by their names alone. One of another library may still be the same, such as tf.nn.swish.
      var activation = try function(name, of: layer)
      activation.inferredFrom =
        activation.inferredFrom ?? "the name of its activation, the function \(quoted(name))"
      return activation
    }
    if let config = value["config"], config.object != nil {
      guard KerasClasses.isKeras(value) else {
        throw invalid(
          layer,
          "its activation is a layer of a class of your own, \(quoted(className)), which Radial does not serve; use one of Keras'"
        )
      }
      return try activation(className, config, of: layer)
    }
    throw invalid(layer, "its activation is malformed; name one of Keras' activations and save the model again")
  }

  /// An activation that is a layer.
  private func activation(
    _ className: String, _ config: JSONValue, of layer: KerasLayer
  ) throws(ModelError) -> KerasActivation {
    switch className {
    case "LeakyReLU":
      // Keras 3 calls the slope negative_slope, Keras 2 alpha.
      let name = config["negative_slope"] == nil ? "alpha" : "negative_slope"
      let slope = try number(name, in: config, of: layer) ?? 0.3
      return KerasActivation(.leakyRelu, alpha: try float32(slope, name, layer))
    case "ELU":
      let alpha = try number("alpha", in: config, of: layer) ?? 1
      return KerasActivation(.elu, alpha: alpha == 1 ? nil : try float32(alpha, "alpha", layer))
    case "Softmax":
      guard isLast(config["axis"]) else { throw invalid(layer, "its softmax is not over the last axis; use axis=-1") }
      return KerasActivation(.softmax)
    case "ReLU":
      let slope = try number("negative_slope", in: config, of: layer) ?? 0
      let threshold = try number("threshold", in: config, of: layer) ?? 0
      switch (try number("max_value", in: config, of: layer), threshold, slope) {
      case (nil, 0, 0): return KerasActivation(.relu)
      case (6, 0, 0): return KerasActivation(.relu6)
      case (nil, 0, _): return KerasActivation(.leakyRelu, alpha: try float32(slope, "negative_slope", layer))
      case (let maximum, _, _):
        guard maximum ?? 0 >= 0 else { throw invalid(layer, "its 'max_value' is negative; save the model again") }
        return try rectified(slope, threshold, maximum, layer)
      }
    case "ThresholdedReLU":
      return try rectified(0, try number("theta", in: config, of: layer) ?? 1, nil, layer)
    case "Activation": return try activation(config["activation"], of: layer)
    default:
      throw invalid(layer, "its activation is the layer '\(className)', which Radial does not serve; use another")
    }
  }

  private func rectified(
    _ slope: Double, _ threshold: Double, _ maximum: Double?, _ layer: KerasLayer
  ) throws(ModelError) -> KerasActivation {
    var activation = KerasActivation(.linear)
    activation.rectifier = Rectifier(
      slope: try float32(slope, "negative_slope", layer), threshold: try float32(threshold, "threshold", layer),
      maximum: maximum == nil ? nil : try float32(maximum ?? 0, "max_value", layer))
    return activation
  }

  /// A function of the user's own may be called as one of Keras' is: then the package says it under which it was registered.
  private func function(_ text: String, of layer: KerasLayer) throws(ModelError) -> KerasActivation {
    let end = text.lastIndex(of: ">")
    let name = end.map { String(text[text.index(after: $0)...]) } ?? text
    if name == "<lambda>" || name.isEmpty || text == "<lambda>" {
      throw invalid(layer, "its activation is a Python function without a name; use one of Keras'")
    }
    if name == "scaled_tanh" {
      // LeCun's, which Keras does not have: only its name says what it computes.
      return KerasActivation(
        .scaledTanh, inferredFrom: "the name of its activation \(quoted(text)), taken as 1.7159 tanh(2x/3)")
    }
    if let end, text[..<end].lowercased() != "keras" {
      throw invalid(
        layer,
        "its activation is a function of your own, \(quoted(text)), which Radial does not execute; use one of Keras' and save the model again"
      )
    }
    guard let function = Self.activations.first(where: { $0.key == name })?.value else {
      let names = Self.activations.map(\.key)
      throw invalid(
        layer,
        "unknown activation \(quoted(name))\(Spelling.hint(for: name, among: names)), expected one of \(names.joined(separator: ", ")); train the network with one of these"
      )
    }
    switch function {
    // As a name, Keras 3's slope is 0.2.
    case .leakyRelu: return KerasActivation(function, alpha: 0.2)
    // 0.2 x + 0.5 in Keras 2, x / 6 + 0.5 in Keras 3.
    case .hardSigmoid: return KerasActivation(version == .two ? .hardSigmoid2 : .hardSigmoid)
    default: return KerasActivation(function)
    }
  }
}
