extension KerasTranslator {
  /// The fields `activation` and its numbers, from a layer that has one or is one.
  func activation(of layer: KerasLayer) throws(ModelError) -> [String: JSONValue] {
    switch layer.className {
    case "ReLU", "LeakyReLU", "ELU", "Softmax": try activation(layer.className, layer.config, of: layer)
    default: try activation(layer.config["activation"], of: layer)
    }
  }

  /// A name; a function object, `{"class_name":"function","config":"package>name"}`; or a layer object.
  private func activation(_ value: JSONValue?, of layer: KerasLayer) throws(ModelError) -> [String: JSONValue] {
    guard let value else { return named("linear") }
    if let name = value.text { return try function(name, of: layer) }
    let className = KerasChain.className(value)
    if className == "function" || className == "Function", let name = value["config"]?.text {
      return try function(name, of: layer)
    }
    if let config = value["config"], config.object != nil { return try activation(className, config, of: layer) }
    throw refuse(layer, "its activation is malformed; name one of Keras' activations and save the model again")
  }

  /// An activation that is a layer.
  private func activation(
    _ className: String, _ config: JSONValue, of layer: KerasLayer
  ) throws(ModelError) -> [String: JSONValue] {
    switch className {
    // Keras 3 calls the slope negative_slope, Keras 2 alpha.
    case "LeakyReLU":
      let slope = config["negative_slope"]?.number ?? config["alpha"]?.number ?? 0.3
      return named("leaky_relu").merging(["negative_slope": .number(slope)]) { own, _ in own }
    case "ELU":
      let alpha = config["alpha"]?.number ?? 1
      return alpha == 1 ? named("elu") : named("elu").merging(["alpha": .number(alpha)]) { own, _ in own }
    case "Softmax":
      guard isLast(config["axis"]) else { throw refuse(layer, "its softmax is not over the last axis; use axis=-1") }
      return named("softmax")
    case "ReLU":
      let slope = config["negative_slope"]?.number ?? 0
      switch (config["max_value"]?.number, config["threshold"]?.number ?? 0, slope) {
      case (nil, 0, 0): return named("relu")
      case (6, 0, 0): return named("relu6")
      case (nil, 0, _): return named("leaky_relu").merging(["negative_slope": .number(slope)]) { own, _ in own }
      default: throw refuse(layer, "a ReLU with this maximum or threshold is not served; use relu or relu6")
      }
    case "Activation": return try activation(config["activation"], of: layer)
    default: throw refuse(layer, "its activation is the layer '\(className)', which Radial does not serve; use another")
    }
  }

  private func function(_ text: String, of layer: KerasLayer) throws(ModelError) -> [String: JSONValue] {
    let name = text.lastIndex(of: ">").map { String(text[text.index(after: $0)...]) } ?? text
    switch name {
    case "silu", "swish": return named("swish")
    // As a name, Keras 3's slope is 0.2.
    case "leaky_relu": return named(name).merging(["negative_slope": .number(0.2)]) { own, _ in own }
    // 0.2 x + 0.5 in Keras 2, x / 6 + 0.5 in Keras 3.
    case "hard_sigmoid": return named(version == .two ? "hard_sigmoid_2" : "hard_sigmoid")
    case "<lambda>", "": throw refuse(layer, "its activation is a Python function without a name; use one of Keras'")
    default: return named(name)
    }
  }

  private func named(_ name: String) -> [String: JSONValue] { ["activation": .string(name)] }
}
