import RadialEngine

// Layers of vectors.

/// activation(x · kernel + bias).
struct DenseSpec: LayerPayload {
  static let members = ["units", "use_bias"] + ActivationSpec.members + ["inferred_from"]

  let units: Int
  let hasBias: Bool
  let function: ActivationSpec

  init(units: Int, hasBias: Bool, activation: ActivationSpec) {
    (self.units, self.hasBias, function) = (units, hasBias, activation)
  }

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    hasBias = try members.flag("use_bias", absent: true)
    function = try ActivationSpec(members)
  }

  var word: String { "dense" }
  var encoded: [String: JSONValue] {
    function.encoded.merging(["units": .integer(units), "use_bias": .bool(hasBias)]) { own, _ in own }
  }
  var activation: ActivationSpec? { function }

  func outputShape(of inputs: [Int]) -> [Int]? { inputs.count == 1 ? [units] : nil }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addDense(layer, self, reader.flatWidth(layer))
  }
}

/// What an RBF layer makes of the squared distances to its centers.
struct RBFSpec: LayerPayload {
  static let members = ["units", "output", "scale", "centers_layout", "inferred_from"]

  /// γ: one positive number, or one a unit in the tensor `scale`.
  enum Scale: Equatable, Sendable {
    case number(Float)
    case tensor
  }

  let units: Int
  let output: RBF.Output
  /// nil: the output is the distance itself, and the file says none.
  let scale: Scale?
  let centersLayout: RBF.CentersLayout

  init(units: Int, output: RBF.Output, scale: Scale?, centersLayout: RBF.CentersLayout) {
    (self.units, self.output, self.scale, self.centersLayout) = (units, output, scale, centersLayout)
  }

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    output = try members.choice("output", absent: .gaussian)
    centersLayout = try members.choice("centers_layout", absent: .featuresUnits)
    let isUsed = output != .distance
    switch members.value("scale") {
    case nil where !isUsed: scale = nil
    case .string("tensor"): scale = .tensor
    default:
      // A negative one would make the farthest class the best.
      let number = try members.number(
        "scale", expected: "a positive number in Float32 or \"tensor\"",
        where: { Float($0).isFinite && (Float($0) > 0 || !isUsed) })
      scale = .number(Float(number))
    }
  }

  var word: String { "rbf" }
  var encoded: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "units": .integer(units), "output": .string(output.rawValue), "centers_layout": .string(centersLayout.rawValue),
    ]
    switch scale {
    case .number(let number): members["scale"] = .shortest(number)
    case .tensor: members["scale"] = .string("tensor")
    case nil: break
    }
    return members
  }

  func outputShape(of inputs: [Int]) -> [Int]? { inputs.count == 1 ? [units] : nil }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addRBF(layer, self, reader.flatWidth(layer))
  }
}

/// The head of van Amersfoort et al. 2020.
struct DUQSpec: LayerPayload {
  static let members = ["units", "embedding", "sigma", "inferred_from"]

  let units: Int
  let embedding: Int
  let sigma: Float

  init(units: Int, embedding: Int, sigma: Float) {
    (self.units, self.embedding, self.sigma) = (units, embedding, sigma)
  }

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    embedding = try members.count("embedding", in: 1...Network.maximumWidth / units)
    let sigma = try members.number("sigma", expected: "a positive number whose 1 / (2 sigma²) is one in Float32") {
      let factor = Float(1 / (2 * $0 * $0))
      return $0 > 0 && Float($0) > 0 && Float($0).isFinite && factor > 0 && factor.isFinite
    }
    self.sigma = Float(sigma)
  }

  var word: String { "duq" }
  var encoded: [String: JSONValue] {
    ["units": .integer(units), "embedding": .integer(embedding), "sigma": .shortest(sigma)]
  }

  func outputShape(of inputs: [Int]) -> [Int]? { inputs.count == 1 ? [units] : nil }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addDUQ(layer, self, reader.flatWidth(layer))
  }
}

/// Which of gamma and beta a batch normalisation has, and what keeps its divisor from 0.
struct BatchNormalizationSpec: LayerPayload {
  static let members = ["epsilon", "center", "scale"]

  let epsilon: Float
  let hasBeta: Bool
  let hasGamma: Bool

  init(epsilon: Float, hasBeta: Bool, hasGamma: Bool) {
    (self.epsilon, self.hasBeta, self.hasGamma) = (epsilon, hasBeta, hasGamma)
  }

  init(_ members: Members) throws(ModelError) {
    let epsilon = try members.number(
      "epsilon", absent: 0.001, expected: Self.expectedEpsilon, where: Self.isEpsilon)
    self.epsilon = Float(epsilon)
    hasBeta = try members.flag("center", absent: true)
    hasGamma = try members.flag("scale", absent: true)
  }

  static let expectedEpsilon = "a number from 0 on in Float32"
  static func isEpsilon(_ number: Double) -> Bool { number >= 0 && Float(number).isFinite }

  var word: String { "batch_normalization" }
  var encoded: [String: JSONValue] {
    ["epsilon": .shortest(epsilon), "center": .bool(hasBeta), "scale": .bool(hasGamma)]
  }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addNormalization(layer, self, reader.shape[reader.shape.count - 1])
  }
}

/// Identity when serving.
struct DropoutSpec: LayerPayload {
  static let members = ["rate"]

  init() {}

  init(_ members: Members) throws(ModelError) {
    // Of no use when serving, and still a share.
    _ = try members.number("rate", absent: 0, expected: "a number from 0 to 1") { (0...1).contains($0) }
  }

  var word: String { "dropout" }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    reader.addDropout(layer)
  }
}
