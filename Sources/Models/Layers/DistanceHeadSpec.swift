import RadialEngine

/// A head of its own for distances, where the network's outputs are none: the embedding of a layer, projected, and prototypes of the
/// classes in it. In a file the member `distances` of the architecture.
struct DistanceHeadSpec: Equatable, Sendable {
  /// The name of the layer whose outputs it reads; nil: the network's input, behind the preprocessing.
  let layer: String?
  /// A dense layer and an rbf layer, whose tensors are called as those of other layers.
  let projection: Architecture.Entry
  let prototypes: Architecture.Entry

  static let members = ["of", "layers"]

  /// - Parameter prototypes: an rbf layer with classes.
  init(layer: String?, projection: Architecture.Entry, prototypes: Architecture.Entry) {
    (self.layer, self.projection, self.prototypes) = (layer, projection, prototypes)
  }

  /// - Parameter value: the member.
  init(_ value: JSONValue, path: String) throws(ModelError) {
    func invalid(_ sentence: String) -> ModelError {
      ModelError(.architecture, path, "'\(Architecture.key)': 'distances' \(sentence); fit the model again")
    }
    guard let object = value.object else { throw invalid("is \(value.shown), expected an object with of and layers") }
    let members = try Members(object, known: Self.members, of: "'distances'", path: path, .architecture)
    layer = try members.optionalText("of", maximumBytes: Architecture.maximumTextBytes)
    guard let entries = members.value("layers")?.array, entries.count == 2 else {
      throw members.wrong("layers", expected: "a dense layer and an rbf layer")
    }
    projection = try Architecture.Entry(entries[0], at: 0, path: path)
    prototypes = try Architecture.Entry(entries[1], at: 1, path: path)
    guard case .dense(let dense) = projection.spec, dense.function.function == .linear else {
      throw invalid("has a first layer that is no dense layer without activation")
    }
    guard case .rbf(let rbf) = prototypes.spec else { throw invalid("has a second layer that is no rbf layer") }
    guard rbf.scale.map({ if case .number = $0 { true } else { false } }) ?? true else {
      throw invalid("has an rbf layer with a gamma a unit, expected one gamma")
    }
    guard rbf.classes != nil else {
      throw invalid("has an rbf layer without 'classes', expected the class of each of its units")
    }
    guard rbf.output == .gaussian || rbf.output == .distance || rbf.output == .negativeDistance,
      rbf.normalization == nil
    else { throw invalid("has an rbf layer with the output \(rbf.output.rawValue), expected gaussian") }
  }

  /// As a file has it.
  var encoded: JSONValue {
    var members: [String: JSONValue] = ["layers": .array([projection.encoded, prototypes.encoded])]
    members["of"] = layer.map(JSONValue.string)
    return .object(members)
  }
}

extension NetworkReader {
  /// Tensors: those of a dense and of an rbf layer.
  mutating func add(_ head: DistanceHeadSpec, behind shapes: [String: (depth: Int, shape: [Int])]) throws(ModelError) {
    guard case .dense(let dense) = head.projection.spec, case .rbf(let rbf) = head.prototypes.spec,
      let classes = rbf.classes
    else { return }
    var place = (depth: 0, shape: inputShape)
    if let layer = head.layer {
      guard let found = shapes[layer] else {
        throw ModelError(
          .architecture, file.path,
          "'distances' are of the layer '\(JSONValue.shortened(layer))', and there is none of this name\(Spelling.hint(for: layer, among: shapes.keys.sorted())); fit the model again"
        )
      }
      place = found
    }
    guard place.depth < layers.count else {
      throw ModelError(
        .architecture, file.path, "'distances' are of the last layer, expected one before it; fit the model again")
    }
    for name in [head.projection.name, head.prototypes.name] where parts[name] != nil {
      throw ModelError(.architecture, file.path, "two layers are called '\(name)'; give each its own name")
    }
    let width = place.shape.reduce(1, *)
    let source = head.layer.map { "outputs of layer '\($0)'" } ?? "numbers of the input"
    let kernel = try tensor(
      "kernel", of: head.projection, shape: [width, dense.units], reason: "\(width) \(source)")
    let bias =
      dense.hasBias
      ? try tensor("bias", of: head.projection, shape: [dense.units], reason: "\(dense.units) units of its layer") : nil
    let centers = try tensor(
      "centers", of: head.prototypes,
      shape: rbf.centersLayout == .featuresUnits ? [dense.units, rbf.units] : [rbf.units, dense.units],
      reason: "\(dense.units) outputs of layer '\(head.projection.name)'")
    var gamma: Float = 1
    if case .number(let number) = rbf.scale { gamma = number }
    distanceHead = DistanceHead(
      depth: place.depth,
      projection: Dense(
        name: head.projection.name, inputs: width, units: dense.units, kernel: kernel, bias: bias, activation: .linear),
      prototypes: RBF(
        name: head.prototypes.name, inputs: dense.units, units: rbf.units, centers: centers,
        centersLayout: rbf.centersLayout, scale: .scalar(gamma), output: rbf.output),
      classes: classes)
    headDescriptions = [
      LayerDescription(
        name: head.projection.name, type: "dense", inputShape: [width], outputShape: [dense.units],
        activation: "linear", parameters: kernel.count + (bias?.count ?? 0),
        formula: "x · W\(bias == nil ? "" : " + b"), x = \(source)", inferredFrom: nil),
      LayerDescription(
        name: head.prototypes.name, type: "rbf", inputShape: [dense.units], outputShape: [rbf.units], activation: nil,
        parameters: centers.count,
        formula: "sum((x - mu)^2), of \(rbf.outputs) classes each's smallest", inferredFrom: nil),
    ]
  }
}
