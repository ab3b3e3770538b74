extension KerasTranslator {
  /// Keras' activations that are served, by Keras' names. Source: `keras.activations` of 2.13 and 3.15.
  private static let activations = [
    "linear", "relu", "sigmoid", "softplus", "elu", "gelu", "selu", "silu", "swish", "softmax", "tanh", "leaky_relu",
    "hard_sigmoid", "relu6", "softsign", "exponential",
  ]

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
      // Keras writes its own functions by their names alone. One of another library may still be the same, such as tf.nn.swish.
      return try function(name, of: layer).merging([
        "inferred_from": .string("the name of its activation, the function \(quoted(name))")
      ]) { own, _ in own }
    }
    if let config = value["config"], config.object != nil {
      guard KerasClasses.isKeras(value) else {
        throw refuse(
          layer,
          "its activation is a layer of a class of your own, \(quoted(className)), which Radial does not serve; use one of Keras'"
        )
      }
      return try activation(className, config, of: layer)
    }
    throw refuse(layer, "its activation is malformed; name one of Keras' activations and save the model again")
  }

  /// An activation that is a layer.
  private func activation(
    _ className: String, _ config: JSONValue, of layer: KerasLayer
  ) throws(ModelError) -> [String: JSONValue] {
    switch className {
    case "LeakyReLU":
      // Keras 3 calls the slope negative_slope, Keras 2 alpha.
      let name = config["negative_slope"] == nil ? "alpha" : "negative_slope"
      let slope = try number(name, in: config, of: layer) ?? 0.3
      return named("leaky_relu").merging(["negative_slope": .number(slope)]) { own, _ in own }
    case "ELU":
      let alpha = try number("alpha", in: config, of: layer) ?? 1
      return alpha == 1 ? named("elu") : named("elu").merging(["alpha": .number(alpha)]) { own, _ in own }
    case "Softmax":
      guard isLast(config["axis"]) else { throw refuse(layer, "its softmax is not over the last axis; use axis=-1") }
      return named("softmax")
    case "ReLU":
      let slope = try number("negative_slope", in: config, of: layer) ?? 0
      let threshold = try number("threshold", in: config, of: layer) ?? 0
      switch (try number("max_value", in: config, of: layer), threshold, slope) {
      case (nil, 0, 0): return named("relu")
      case (6, 0, 0): return named("relu6")
      case (nil, 0, _): return named("leaky_relu").merging(["negative_slope": .number(slope)]) { own, _ in own }
      default: throw refuse(layer, "a ReLU with this maximum or threshold is not served; use relu or relu6")
      }
    case "Activation": return try activation(config["activation"], of: layer)
    default: throw refuse(layer, "its activation is the layer '\(className)', which Radial does not serve; use another")
    }
  }

  /// A function of the user's own may be called as one of Keras' is: then the package says it under which it was registered.
  private func function(_ text: String, of layer: KerasLayer) throws(ModelError) -> [String: JSONValue] {
    let end = text.lastIndex(of: ">")
    let name = end.map { String(text[text.index(after: $0)...]) } ?? text
    if name == "<lambda>" || name.isEmpty || text == "<lambda>" {
      throw refuse(layer, "its activation is a Python function without a name; use one of Keras'")
    }
    if name == "scaled_tanh" {
      // LeCun's, which Keras does not have: only its name says what it computes.
      return named(name).merging([
        "inferred_from": .string("the name of its activation \(quoted(text)), taken as 1.7159 tanh(2x/3)")
      ]) { own, _ in own }
    }
    if let end, text[..<end].lowercased() != "keras" {
      throw refuse(
        layer,
        "its activation is a function of your own, \(quoted(text)), which Radial does not execute; use one of Keras' and save the model again"
      )
    }
    guard Self.activations.contains(name) else {
      throw refuse(
        layer,
        "unknown activation \(quoted(name))\(Spelling.hint(for: name, among: Self.activations)), expected one of \(Self.activations.joined(separator: ", ")); train the network with one of these"
      )
    }
    switch name {
    case "silu", "swish": return named("swish")
    // As a name, Keras 3's slope is 0.2.
    case "leaky_relu": return named(name).merging(["negative_slope": .number(0.2)]) { own, _ in own }
    // 0.2 x + 0.5 in Keras 2, x / 6 + 0.5 in Keras 3.
    case "hard_sigmoid": return named(version == .two ? "hard_sigmoid_2" : "hard_sigmoid")
    default: return named(name)
    }
  }

  private func named(_ name: String) -> [String: JSONValue] { ["activation": .string(name)] }
}
