import RadialEngine

/// Turns the description and the tensors of a file into layers.
struct NetworkReader {
  let file: any TensorSource
  /// Of what the next layer takes: [width] or [rows, columns, channels].
  var shape: [Int]
  var layers: [Layer] = []
  private(set) var descriptions: [LayerDescription] = []
  /// What gives the next layer its inputs, for errors.
  var source = "the input shape"
  /// As the file has it; a row is its values in row-major order.
  let inputShape: [Int]
  let inputName: String?
  /// The product of `inputShape`.
  let inputWidth: Int
  /// What whoever runs the model should hear, a sentence each.
  var notes: [String] = []
  /// The parts of each layer, by its name: the tensors that it takes are `<name>.<part>`.
  private(set) var parts: [String: [String]] = [:]

  init(_ file: any TensorSource) throws(ModelError) {
    self.file = file
    guard let text = file.metadata[Architecture.key] else {
      throw ModelError(
        .architecture, file.path,
        "its metadata has no '\(Architecture.key)'; it was not exported for Radial, see the page 'The model file' of Radial's documentation"
      )
    }
    let architecture = try Architecture(text, path: file.path)
    inputShape = architecture.inputShape
    inputName = architecture.inputName
    // The architecture has a shape that has a product.
    inputWidth = Self.product(inputShape) ?? 0
    shape = inputShape.count == 3 ? inputShape : [inputWidth]
    for layer in architecture.layers { try add(layer) }
    guard descriptions.contains(where: { $0.isPrototypeLayer }) else {
      throw ModelError(
        .architecture, file.path,
        "no layer is an rbf layer or a duq head; Radial serves networks with one, use a general model server for others"
      )
    }
  }

  /// The values of a shape of one to three sizes; nil: it is no such shape, or too large.
  static func product(_ shape: [Int]) -> Int? {
    guard (1...3).contains(shape.count) else { return nil }
    let sizes = shape + [1, 1]
    return ImageShape(rows: sizes[0], columns: sizes[1], channels: sizes[2]).count
  }

  func refuse(_ layer: Architecture.Entry, _ sentence: String) -> ModelError {
    ModelError(.architecture, file.path, "layer '\(layer.name)' (\(layer.kind.rawValue)): \(sentence)")
  }

  /// A layer's tensor, which it takes from now on.
  mutating func tensor(
    _ part: String, of layer: Architecture.Entry, shape: [Int], because: String
  ) throws(ModelError) -> [Float] {
    parts[layer.name, default: []].append(part)
    return try file.floats("\(layer.name).\(part)", shape: shape, because: because)
  }

  /// The width that a layer takes which knows no images.
  func flatWidth(_ layer: Architecture.Entry) throws(ModelError) -> Int {
    guard shape.count == 1 else {
      throw refuse(
        layer, "it takes a vector, but what comes before it gives an image \(shape); put a flatten before it")
    }
    return shape[0]
  }

  private mutating func add(_ layer: Architecture.Entry) throws(ModelError) {
    parts[layer.name] = []
    switch layer.spec {
    case .dense(let spec): try addDense(layer, spec, flatWidth(layer))
    case .rbf(let spec): try addRBF(layer, spec, flatWidth(layer))
    case .duq(let spec): try addDUQ(layer, spec, flatWidth(layer))
    case .batchNormalization(let spec): try addNormalization(layer, spec, shape[shape.count - 1])
    case .dropout:
      layers.append(.dropout(name: layer.name))
      describe(layer, from: shape, parameters: 0, "x (dropout is inactive when serving)")
    case .activation(let spec): try addActivation(layer, spec)
    case .conv2D(let spec): try addConvolution(layer, spec)
    case .pooling2D(let spec, let kind): try addPooling(layer, spec, kind)
    case .subsampling2D(let spec, let activation): try addSubsampling(layer, spec, activation)
    case .flatten: addReshape(layer, to: [shape.reduce(1, *)])
    case .reshape(let target): addReshape(layer, to: try filled(target, layer))
    }
  }

  private mutating func addActivation(_ layer: Architecture.Entry, _ spec: ActivationSpec) throws(ModelError) {
    if spec.function == .softmax, shape.count == 3 {
      throw refuse(layer, "softmax over the channels of an image is not served; put a flatten before it")
    }
    layers.append(.activation(name: layer.name, spec.function, alpha: spec.alpha))
    // The softmax of distances says of which.
    let before = descriptions.last { !["dropout", "flatten", "reshape"].contains($0.type) }
    let expression = before.flatMap { $0.isPrototypeLayer ? $0.formula : nil }
    describe(
      layer, from: shape, parameters: 0, spec.applied(to: "x") + (expression.map { ", x = \($0)" } ?? ""))
  }

  func because(_ inputs: Int) -> String {
    source == "the input shape" ? "input shape [\(inputs)]" : "\(inputs) \(source)"
  }

  mutating func describe(
    _ layer: Architecture.Entry, from inputShape: [Int], parameters: Int, _ formula: String
  ) {
    descriptions.append(
      LayerDescription(
        name: layer.name, type: layer.kind.rawValue, inputShape: inputShape, outputShape: shape,
        activation: layer.spec.activation?.function.rawValue, parameters: parameters, formula: formula,
        inferredFrom: layer.inferredFrom))
  }
}
