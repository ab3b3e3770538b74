import FoundationEssentials
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

  init(_ file: any TensorSource) throws(ModelError) {
    self.file = file
    guard let text = file.metadata["radial.architecture"] else {
      throw ModelError(
        .architecture, file.path,
        "its metadata has no 'radial.architecture'; it was not exported for Radial, see README's Model files")
    }
    let architecture: Architecture
    do {
      architecture = try snakeCaseDecoder().decode(Architecture.self, from: Data(text.utf8))
    } catch {
      throw ModelError(
        .architecture, file.path,
        "'radial.architecture' is malformed (\(SafetensorsFile.explain(error))); export the model again")
    }
    guard architecture.version == 1 else {
      throw ModelError(
        .architecture, file.path,
        "'radial.architecture' has version \(architecture.version), expected 1; use a newer Radial")
    }
    inputShape = architecture.inputShape
    guard let count = Self.product(inputShape) else {
      throw ModelError(
        .architecture, file.path,
        "'input_shape' is \(inputShape), expected [features], [rows, columns] or [rows, columns, channels], at most \(Network.maximumWidth) values"
      )
    }
    inputName = architecture.inputName
    if let inputName, !Model.inputNameBytes.contains(inputName.utf8.count) {
      throw ModelError(
        .architecture, file.path,
        "'input_name' has \(inputName.utf8.count) bytes, expected \(Model.inputNameBytes.lowerBound) to \(Model.inputNameBytes.upperBound); export the model again"
      )
    }
    inputWidth = count
    shape = inputShape.count == 3 ? inputShape : [count]
    var names: Set<String> = []
    for layer in architecture.layers {
      guard names.insert(layer.name).inserted else {
        throw ModelError(.architecture, file.path, "two layers are called '\(layer.name)'; give each its own name")
      }
      try add(layer)
    }
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

  func refuse(_ layer: Architecture.LayerEntry, _ sentence: String) -> ModelError {
    ModelError(.architecture, file.path, "layer '\(layer.name)' (\(layer.type)): \(sentence)")
  }

  func units(_ layer: Architecture.LayerEntry) throws(ModelError) -> Int {
    guard let units = layer.units, (1...Network.maximumWidth).contains(units) else {
      throw refuse(
        layer, "'units' is \(layer.units.map(String.init) ?? "missing"), expected 1 to \(Network.maximumWidth)")
    }
    return units
  }

  func activation(_ layer: Architecture.LayerEntry) throws(ModelError) -> Activation {
    guard let name = layer.activation else { return .linear }
    guard let activation = Activation(rawValue: name) else {
      let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      throw refuse(layer, "unknown activation '\(name)', expected one of \(known)")
    }
    return activation
  }

  /// The number of leaky_relu or elu.
  func alpha(_ layer: Architecture.LayerEntry) throws(ModelError) -> Float? {
    let (name, number) = layer.activation == "elu" ? ("alpha", layer.alpha) : ("negative_slope", layer.negativeSlope)
    guard let number else { return nil }
    guard Float(number).isFinite else { throw refuse(layer, "'\(name)' is \(number), expected a finite Float32") }
    return Float(number)
  }

  /// What a layer's activation makes of an expression, for its formula.
  func activated(_ layer: Architecture.LayerEntry, _ activation: Activation, _ expression: String) throws(ModelError)
    -> String
  {
    let alpha = try alpha(layer)
    switch activation {
    case .linear: return expression
    case .leakyRelu: return "leaky_relu(\(expression)), negative_slope = \(alpha ?? activation.defaultAlpha)"
    case .elu: return "elu(\(expression))\(alpha.map { ", alpha = \($0)" } ?? "")"
    default: return "\(activation.rawValue)(\(expression))"
    }
  }

  /// The width that a layer takes which knows no images.
  func flatWidth(_ layer: Architecture.LayerEntry) throws(ModelError) -> Int {
    guard shape.count == 1 else {
      throw refuse(
        layer, "it takes a vector, but what comes before it gives an image \(shape); put a flatten before it")
    }
    return shape[0]
  }

  private mutating func add(_ layer: Architecture.LayerEntry) throws(ModelError) {
    switch layer.type {
    case "dense": try addDense(layer, flatWidth(layer))
    case "rbf": try addRBF(layer, flatWidth(layer))
    case "duq": try addDUQ(layer, flatWidth(layer))
    case "batch_normalization": try addNormalization(layer, shape[shape.count - 1])
    case "dropout":
      layers.append(.dropout(name: layer.name))
      describe(layer, from: shape, parameters: 0, "x (dropout is inactive when serving)")
    case "activation": try addActivation(layer)
    case "conv2d": try addConvolution(layer)
    case "average_pooling2d": try addPooling(layer, .average)
    case "max_pooling2d": try addPooling(layer, .maximum)
    case "subsampling2d": try addSubsampling(layer)
    case "flatten", "reshape": try addReshape(layer)
    default:
      throw refuse(
        layer,
        "unknown layer type, expected dense, rbf, duq, batch_normalization, dropout, activation, conv2d, average_pooling2d, max_pooling2d, subsampling2d, flatten or reshape"
      )
    }
  }

  private mutating func addActivation(_ layer: Architecture.LayerEntry) throws(ModelError) {
    let activation = try activation(layer)
    if activation == .softmax, shape.count == 3 {
      throw refuse(layer, "softmax over the channels of an image is not served; put a flatten before it")
    }
    layers.append(.activation(name: layer.name, activation, alpha: try alpha(layer)))
    // The softmax of distances says of which.
    let before = descriptions.last { !["dropout", "flatten", "reshape"].contains($0.type) }
    let expression = before.flatMap { $0.isPrototypeLayer ? $0.formula : nil }
    describe(
      layer, from: shape, parameters: 0,
      try activated(layer, activation, "x") + (expression.map { ", x = \($0)" } ?? ""))
  }

  func because(_ inputs: Int) -> String {
    source == "the input shape" ? "input shape [\(inputs)]" : "\(inputs) \(source)"
  }

  mutating func describe(
    _ layer: Architecture.LayerEntry, from inputShape: [Int], parameters: Int, _ formula: String
  ) {
    descriptions.append(
      LayerDescription(
        name: layer.name, type: layer.type, inputShape: inputShape, outputShape: shape, activation: layer.activation,
        parameters: parameters, formula: formula, inferredFrom: layer.inferredFrom))
  }
}
