import FoundationEssentials
import RadialEngine

/// JSON members are in snake case, as Python writes them.
func snakeCaseDecoder() -> JSONDecoder {
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return decoder
}

/// `radial.architecture`: the description of a network, as JSON.
struct Architecture: Decodable {
  struct LayerEntry: Decodable {
    let type: String
    let name: String
    let units: Int?
    let activation: String?
    let useBias: Bool?
    let output: String?
    let centersLayout: String?
    let epsilon: Double?
    let center: Bool?
    /// A number, "tensor" or, in a batch normalisation, a Boolean.
    let scale: Scale?
  }

  enum Scale: Decodable {
    case number(Double)
    case tensor
    case flag(Bool)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if try container.decode(String.self) == "tensor" {
        self = .tensor
      } else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a number or \"tensor\"")
      }
    }
  }

  let version: Int
  let inputShape: [Int]
  let layers: [LayerEntry]
}

/// One row of the layer table.
public struct LayerDescription: Sendable, Equatable {
  public let name: String
  public let type: String
  /// Without the batch dimension.
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let activation: String?
  public let parameters: Int
  /// In words that a reader can check, such as `exp(-gamma * sum((x - mu)^2)), gamma = 0.5`.
  public let formula: String
}

/// Turns the description and the tensors of a file into layers.
struct NetworkReader {
  let file: any TensorSource
  private var width: Int
  private(set) var layers: [Layer] = []
  private(set) var descriptions: [LayerDescription] = []
  /// What gives the next layer its inputs, for errors.
  private var source = "the input shape"
  let inputShape: [Int]

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
    if let layer = architecture.layers.first(where: { Self.convolutional.contains($0.type) }) {
      throw ModelError(
        .architecture, file.path,
        "layer '\(layer.name)' is a \(layer.type); this version of Radial serves dense, rbf, batch_normalization, dropout and activation layers, no convolutions"
      )
    }
    guard inputShape.count == 1, (1...Network.maximumWidth).contains(inputShape[0]) else {
      throw ModelError(
        .architecture, file.path,
        "'input_shape' is \(inputShape), expected one number of features from 1 to \(Network.maximumWidth)")
    }
    width = inputShape[0]
    var names: Set<String> = []
    for layer in architecture.layers {
      guard names.insert(layer.name).inserted else {
        throw ModelError(.architecture, file.path, "two layers are called '\(layer.name)'; give each its own name")
      }
      try add(layer)
    }
    guard descriptions.contains(where: { $0.type == "rbf" }) else {
      throw ModelError(
        .architecture, file.path,
        "no layer is an rbf layer; Radial serves networks with one, use a general model server for others")
    }
  }

  private static let convolutional: Set = ["conv2d", "average_pooling2d", "max_pooling2d", "flatten", "reshape"]

  private func refuse(_ layer: Architecture.LayerEntry, _ sentence: String) -> ModelError {
    ModelError(.architecture, file.path, "layer '\(layer.name)' (\(layer.type)): \(sentence)")
  }

  private func units(_ layer: Architecture.LayerEntry) throws(ModelError) -> Int {
    guard let units = layer.units, (1...Network.maximumWidth).contains(units) else {
      throw refuse(
        layer, "'units' is \(layer.units.map(String.init) ?? "missing"), expected 1 to \(Network.maximumWidth)")
    }
    return units
  }

  private func activation(_ layer: Architecture.LayerEntry) throws(ModelError) -> Activation {
    guard let name = layer.activation else { return .linear }
    guard let activation = Activation(rawValue: name) else {
      let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      throw refuse(layer, "unknown activation '\(name)', expected one of \(known)")
    }
    return activation
  }

  private mutating func add(_ layer: Architecture.LayerEntry) throws(ModelError) {
    let inputs = width
    switch layer.type {
    case "dense": try addDense(layer, inputs)
    case "rbf": try addRBF(layer, inputs)
    case "batch_normalization": try addNormalization(layer, inputs)
    case "dropout":
      layers.append(.dropout(name: layer.name))
      describe(layer, inputs, parameters: 0, "x (dropout is inactive when serving)")
    case "activation":
      let activation = try activation(layer)
      layers.append(.activation(name: layer.name, activation))
      describe(layer, inputs, parameters: 0, "\(activation.rawValue)(x)")
    default:
      throw refuse(layer, "unknown layer type, expected dense, rbf, batch_normalization, dropout or activation")
    }
  }

  private mutating func addDense(_ layer: Architecture.LayerEntry, _ inputs: Int) throws(ModelError) {
    let units = try units(layer)
    let activation = try activation(layer)
    let kernel = try file.floats("\(layer.name).kernel", shape: [inputs, units], because: because(inputs))
    let bias =
      layer.useBias ?? true
      ? try file.floats("\(layer.name).bias", shape: [units], because: "\(units) units of layer '\(layer.name)'") : nil
    layers.append(
      .dense(Dense(name: layer.name, inputs: inputs, units: units, kernel: kernel, bias: bias, activation: activation)))
    width = units
    source = "outputs of layer '\(layer.name)'"
    let sum = bias == nil ? "x · W" : "x · W + b"
    describe(
      layer, inputs, parameters: kernel.count + (bias?.count ?? 0),
      activation == .linear ? sum : "\(activation.rawValue)(\(sum))")
  }

  private mutating func addRBF(_ layer: Architecture.LayerEntry, _ inputs: Int) throws(ModelError) {
    let units = try units(layer)
    guard let output = RBF.Output(rawValue: layer.output ?? "gaussian") else {
      throw refuse(layer, "unknown output '\(layer.output ?? "")', expected gaussian, distance or negative_distance")
    }
    guard let layout = RBF.CentersLayout(rawValue: layer.centersLayout ?? "features_units") else {
      throw refuse(
        layer, "unknown centers_layout '\(layer.centersLayout ?? "")', expected features_units or units_features")
    }
    let centers = try file.floats(
      "\(layer.name).centers", shape: layout == .featuresUnits ? [inputs, units] : [units, inputs],
      because: because(inputs))
    let scale: RBF.Scale
    var scaleText = "per-unit gamma"
    switch layer.scale {
    case .number(let number):
      guard Float(number).isFinite else { throw refuse(layer, "'scale' is \(number), expected a finite Float32") }
      scale = .scalar(Float(number))
      scaleText = "gamma = \(Float(number))"
    case .tensor:
      scale = .perUnit(
        try file.floats("\(layer.name).scale", shape: [units], because: "\(units) units of layer '\(layer.name)'"))
    case nil, .flag:
      guard output == .distance else { throw refuse(layer, "'scale' is missing, expected a number or \"tensor\"") }
      scale = .scalar(1)
    }
    layers.append(
      .rbf(
        RBF(
          name: layer.name, inputs: inputs, units: units, centers: centers, centersLayout: layout, scale: scale,
          output: output)))
    width = units
    source = "outputs of layer '\(layer.name)'"
    let distance = "sum((x - mu)^2)"
    let formula =
      switch output {
      case .gaussian: "exp(-gamma * \(distance)), \(scaleText)"
      case .distance: distance
      case .negativeDistance: "-gamma * \(distance), \(scaleText)"
      }
    var parameters = centers.count
    if case .perUnit = scale { parameters += units }
    describe(layer, inputs, parameters: parameters, formula)
  }

  private mutating func addNormalization(_ layer: Architecture.LayerEntry, _ inputs: Int) throws(ModelError) {
    func vector(_ part: String) throws(ModelError) -> [Float] {
      try file.floats("\(layer.name).\(part)", shape: [inputs], because: because(inputs))
    }
    var hasScale = true
    if case .flag(let flag) = layer.scale { hasScale = flag }
    let hasCenter = layer.center ?? true
    let gamma = hasScale ? try vector("gamma") : nil
    let beta = hasCenter ? try vector("beta") : nil
    let normalization = BatchNormalization(
      name: layer.name, width: inputs, epsilon: Float(layer.epsilon ?? 0.001), gamma: gamma, beta: beta,
      movingMean: try vector("moving_mean"), movingVariance: try vector("moving_variance"))
    layers.append(.batchNormalization(normalization))
    describe(
      layer, inputs, parameters: (2 + (hasScale ? 1 : 0) + (hasCenter ? 1 : 0)) * inputs,
      "\(hasScale ? "gamma * " : "")(x - mean) / sqrt(variance + epsilon)\(hasCenter ? " + beta" : "")")
  }

  private func because(_ inputs: Int) -> String {
    source == "the input shape" ? "input shape [\(inputs)]" : "\(inputs) \(source)"
  }

  private mutating func describe(_ layer: Architecture.LayerEntry, _ inputs: Int, parameters: Int, _ formula: String) {
    descriptions.append(
      LayerDescription(
        name: layer.name, type: layer.type, inputShape: [inputs], outputShape: [width], activation: layer.activation,
        parameters: parameters, formula: formula))
  }
}
