extension KerasChain {
  /// The indices of a Functional model's layers from its input to its output, each with one source and one user.
  static func order(_ entries: [JSONValue], _ model: JSONValue, _ path: String) throws(ModelError) -> [Int] {
    func refuse(_ sentence: String) -> ModelError {
      ModelError(
        .architecture, path, "\(sentence); Radial serves layers in one chain, build the model as one and save it again")
    }
    var indices: [String: Int] = [:]
    for (index, entry) in entries.enumerated() {
      let name = entry["name"]?.text ?? entry["config"]?["name"]?.text ?? ""
      guard indices.updateValue(index, forKey: name) == nil else { throw refuse("two layers are called '\(name)'") }
    }
    var next: [String: (index: Int, name: String)] = [:]
    for (index, entry) in entries.enumerated() {
      let name = entry["name"]?.text ?? entry["config"]?["name"]?.text ?? ""
      let nodes = entry["inbound_nodes"]?.array ?? []
      guard nodes.count <= 1 else { throw refuse("layer '\(name)' is used \(nodes.count) times") }
      let sources = nodes.first.map { references(in: $0) } ?? []
      guard sources.count <= 1 else {
        throw refuse("layer '\(name)' joins \(sources.count) branches ('\(sources.joined(separator: "', '"))')")
      }
      guard let source = sources.first else { continue }
      if let other = next.updateValue((index, name), forKey: source) {
        throw refuse("layer '\(source)' feeds two branches ('\(other.name)' and '\(name)')")
      }
    }
    let inputs = references(in: model["config"]?["input_layers"] ?? .null)
    let outputs = references(in: model["config"]?["output_layers"] ?? .null)
    guard inputs.count == 1, outputs.count == 1, let first = indices[inputs[0]] else {
      throw refuse("it has \(inputs.count) inputs and \(outputs.count) outputs, expected one of each")
    }
    var order = [first]
    var name = inputs[0]
    while let following = next[name], order.count <= entries.count {
      order.append(following.index)
      name = following.name
    }
    guard name == outputs[0], order.count == entries.count else {
      throw refuse(
        "the chain from input '\(inputs[0])' to output '\(outputs[0])' passes \(order.count) of \(entries.count) layers"
      )
    }
    return order
  }

  /// The layers whose outputs a node takes: every `[name, node, tensor, …]` in it, which is how Keras 2 writes one and, as
  /// `keras_history`, Keras 3.
  private static func references(in value: JSONValue) -> [String] {
    switch value {
    case .array(let values):
      if values.count >= 3, let name = values[0].text, values[1].integer != nil, values[2].integer != nil {
        // The fourth member of Keras 2 is the call's other arguments, among which may be further sources.
        return [name] + values.dropFirst(3).flatMap { references(in: $0) }
      }
      return values.flatMap { references(in: $0) }
    case .object(let members): return members.sorted { $0.key < $1.key }.flatMap { references(in: $0.value) }
    default: return []
    }
  }
}
