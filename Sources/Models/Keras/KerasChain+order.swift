extension KerasChain {
  /// The indices of a Functional model's layers from its input to its output, each with one source and one user.
  static func order(_ entries: [JSONValue], _ model: JSONValue, _ path: String) throws(ModelError) -> [Int] {
    func invalid(_ sentence: String) -> ModelError {
      ModelError(
        .architecture, path, "\(sentence); Radial serves layers in one chain, build the model as one and save it again")
    }
    func requireFirst(_ reference: Reference) throws(ModelError) {
      guard reference.tensor != 0 else { return }
      throw ModelError(
        .architecture, path,
        "layer '\(reference.layer)' gives several outputs, of which the network goes on with number \(reference.tensor), counted from 0; Radial serves the first of a layer alone, let the layer give one and save the model again"
      )
    }
    var indices: [String: Int] = [:]
    for (index, entry) in entries.enumerated() {
      let name = entry["name"]?.text ?? entry["config"]?["name"]?.text ?? ""
      guard indices.updateValue(index, forKey: name) == nil else { throw invalid("two layers are called '\(name)'") }
    }
    var next: [String: (index: Int, name: String)] = [:]
    for (index, entry) in entries.enumerated() {
      let name = entry["name"]?.text ?? entry["config"]?["name"]?.text ?? ""
      let nodes = entry["inbound_nodes"]?.array ?? []
      guard nodes.count <= 1 else { throw invalid("layer '\(name)' is used \(nodes.count) times") }
      let sources = nodes.first.map { references(in: $0) } ?? []
      guard sources.count <= 1 else {
        throw invalid(
          "layer '\(name)' joins \(sources.count) branches ('\(sources.map(\.layer).joined(separator: "', '"))')")
      }
      if let argument = nodes.first.flatMap(argument(of:)) {
        throw ModelError(
          .architecture, path,
          "layer '\(name)' is called with \(argument), which may change what it computes; call layers on their input alone, save the model again"
        )
      }
      guard let source = sources.first else { continue }
      try requireFirst(source)
      if let other = next.updateValue((index, name), forKey: source.layer) {
        throw invalid("layer '\(source.layer)' feeds two branches ('\(other.name)' and '\(name)')")
      }
    }
    let inputs = references(in: model["config"]?["input_layers"] ?? .null)
    let outputs = references(in: model["config"]?["output_layers"] ?? .null)
    guard inputs.count == 1, outputs.count == 1, let first = indices[inputs[0].layer] else {
      throw invalid("it has \(inputs.count) inputs and \(outputs.count) outputs, expected one of each")
    }
    try requireFirst(outputs[0])
    var order = [first]
    var name = inputs[0].layer
    while let following = next[name], order.count <= entries.count {
      order.append(following.index)
      name = following.name
    }
    guard name == outputs[0].layer, order.count == entries.count else {
      throw invalid(
        "the chain from input '\(inputs[0].layer)' to output '\(outputs[0].layer)' passes \(order.count) of \(entries.count) layers"
      )
    }
    return order
  }

  /// One of the outputs of a layer.
  private struct Reference {
    let layer: String
    /// Its index among the outputs of a layer that has several.
    let tensor: Int
  }

  /// The layers whose outputs a node takes: every `[name, node, tensor, …]` in it, which is how Keras 2 writes one and, as
  /// `keras_history`, Keras 3.
  private static func references(in value: JSONValue) -> [Reference] {
    switch value {
    case .array(let values):
      if let reference = reference(values) {
        // The fourth member of Keras 2 is the call's other arguments, among which may be further sources.
        return [reference] + values.dropFirst(3).flatMap { references(in: $0) }
      }
      return values.flatMap { references(in: $0) }
    case .object(let members): return members.sorted { $0.key < $1.key }.flatMap { references(in: $0.value) }
    default: return []
    }
  }

  private static func reference(_ values: [JSONValue]) -> Reference? {
    guard values.count >= 3, let name = values[0].text, values[1].integer != nil, let tensor = values[2].integer
    else { return nil }
    return Reference(layer: name, tensor: tensor)
  }

  /// What a layer is called with besides its input, such as `training = true`; nil: nothing that could change its answers.
  ///
  /// Keras 2 writes a call as `[[name, node, tensor, {arguments}]]`, Keras 3 as `{"args": […], "kwargs": {…}}`.
  private static func argument(of node: JSONValue) -> String? {
    if let values = node.array {
      guard reference(values) != nil else { return values.lazy.compactMap(argument(of:)).first }
      return values.dropFirst(3).lazy.compactMap { named($0) }.first
    }
    let positional = node["args"]?.array ?? []
    if let other = positional.first(where: { $0 != .null && references(in: $0).isEmpty }) {
      return "the argument \(other.shown)"
    }
    return node["kwargs"].flatMap(named)
  }

  /// The first named argument that is neither an input nor what a layer does without it.
  private static func named(_ arguments: JSONValue) -> String? {
    for (name, value) in (arguments.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      let isUsual = value == .null || (name == "training" && (value == .bool(false) || value == .number(0)))
      if !isUsual, references(in: value).isEmpty { return "\(JSONValue.shortened(name)) = \(value.shown)" }
    }
    return nil
  }
}
