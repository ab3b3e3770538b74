import RadialEngine

/// Turns the description and the tensors of a file into layers.
struct NetworkReader {
  let file: any TensorSource
  /// Of what the next layer takes: [width] or [rows, columns, channels].
  var shape: [Int]
  var layers: [Layer] = []
  private(set) var descriptions: [LayerDescription] = []
  /// What measures distances where the layers do not, and its lines of the layer table.
  var distanceHead: DistanceHead?
  var headDescriptions: [LayerDescription] = []
  /// What gives the next layer its inputs, for errors.
  var source = "the input shape"
  /// As the file has it; a row is its values in row-major order.
  let inputShape: [Int]
  /// [rows, columns, channels]; nil: a row is no image.
  private(set) var imageShape: [Int]?
  /// The product of `inputShape`.
  let inputWidth: Int
  /// What whoever runs the model should hear, a sentence each.
  var notes: [String] = []
  /// The parts of each layer, by its name: the tensors that it takes are `<name>.<part>`.
  private(set) var parts: [String: [String]] = [:]

  /// Reads the whole network.
  /// - Throws: for a layer that does not take what comes before it, and a tensor that does not fit.
  init(_ file: any TensorSource, _ architecture: Architecture) throws(ModelError) {
    self.file = file
    inputShape = architecture.inputShape
    // The architecture has a shape that has a product.
    inputWidth = Self.product(inputShape) ?? 0
    shape = inputShape.count == 3 ? inputShape : [inputWidth]
    if inputShape.count == 3, architecture.inputLayout == .channelsFirst {
      let (channels, cells) = (inputShape[0], inputShape[1] * inputShape[2])
      shape = [inputShape[1], inputShape[2], channels]
      if channels > 1, cells > 1 {
        layers.append(.transposition(Transposition(name: "input", rows: channels, columns: cells)))
        descriptions.append(
          LayerDescription(
            name: "input", type: "input", inputShape: inputShape, outputShape: shape, activation: nil, parameters: 0,
            formula: "x, channels last", inferredFrom: nil))
      }
    }
    imageShape = shape.count == 3 ? shape : nil
    var shapes: [String: (depth: Int, shape: [Int])] = [:]
    for layer in architecture.layers {
      try add(layer)
      shapes[layer.name] = (layers.count, shape)
    }
    if let head = architecture.distances { try add(head, behind: shapes) }
  }

  /// The values of a shape of one to three sizes; nil: it is no such shape, or too large.
  static func product(_ shape: [Int]) -> Int? {
    guard (1...3).contains(shape.count) else { return nil }
    let sizes = shape + [1, 1]
    return ImageShape(rows: sizes[0], columns: sizes[1], channels: sizes[2]).count
  }

  /// The refusal of a layer.
  func invalid(_ layer: Architecture.Entry, _ sentence: String) -> ModelError {
    ModelError(.architecture, file.path, "layer '\(layer.name)' (\(layer.spec.payload.word)): \(sentence)")
  }

  /// A layer's tensor, which it takes from now on.
  mutating func tensor(
    _ part: String, of layer: Architecture.Entry, shape: [Int], reason: String
  ) throws(ModelError) -> [Float] {
    parts[layer.name, default: []].append(part)
    return try file.floats("\(layer.name).\(part)", shape: shape, reason: reason)
  }

  /// The width that a layer takes which knows no images.
  func flatWidth(_ layer: Architecture.Entry) throws(ModelError) -> Int {
    guard shape.count == 1 else {
      throw invalid(
        layer, "it takes a vector, but what comes before it gives an image \(shape); put a flatten before it")
    }
    return shape[0]
  }

  private mutating func add(_ layer: Architecture.Entry) throws(ModelError) {
    parts[layer.name] = []
    try layer.spec.payload.add(layer, to: &self)
  }

  /// Nothing: it is for training.
  mutating func addDropout(_ layer: Architecture.Entry) {
    layers.append(.dropout(name: layer.name))
    describe(layer, parameters: 0, "x (dropout is inactive when serving)")
  }

  /// An activation that is a layer.
  mutating func addActivation(_ layer: Architecture.Entry, _ spec: ActivationSpec) throws(ModelError) {
    if spec.function == .softmax, shape.count == 3, shape[0] * shape[1] > 1 {
      throw invalid(layer, "softmax over the channels of an image is not served; put a flatten before it")
    }
    layers.append(.activation(name: layer.name, spec.function, alpha: spec.alpha))
    // The softmax of distances says of which.
    let before = descriptions.last { !["dropout", "flatten", "reshape"].contains($0.type) }
    let expression = before.flatMap { $0.isPrototypeLayer ? $0.formula : nil }
    describe(
      layer, parameters: 0, spec.applied(to: "x") + (expression.map { ", x = \($0)" } ?? ""))
  }

  /// Why a layer has that number of inputs, for errors.
  func widthReason(_ inputs: Int) -> String {
    source == "the input shape" ? "input shape [\(inputs)]" : "\(inputs) \(source)"
  }

  /// Adds a line to the layer table: from here on the shape is that of the layer's outputs.
  mutating func describe(_ layer: Architecture.Entry, parameters: Int, _ formula: String) {
    let payload = layer.spec.payload
    let inputShape = shape
    // What adds the layer has seen that it takes these inputs. Two sizes are a row as it is, as in 'input_shape'.
    let outputs = payload.outputShape(of: shape) ?? shape
    shape = outputs.count == 3 ? outputs : [outputs.reduce(1, *)]
    descriptions.append(
      LayerDescription(
        name: layer.name, type: payload.word, inputShape: inputShape, outputShape: shape,
        activation: payload.activation?.function.rawValue, parameters: parameters, formula: formula,
        inferredFrom: layer.inferredFrom))
  }
}
