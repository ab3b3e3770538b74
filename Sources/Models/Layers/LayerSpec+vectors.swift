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
  static let members = [
    "units", "output", "scale", "power", "normalized", "classes", "centers_layout", "inferred_from",
  ]

  /// γ: one positive number, or one an output in the tensor `scale`.
  enum Scale: Equatable, Sendable {
    case number(Float)
    case tensor
  }

  /// Prototypes.
  var units: Int
  var output: RBF.Output
  /// nil: the output is the distance itself, and the file says none.
  var scale: Scale?
  var centersLayout: RBF.CentersLayout
  /// The exponent of `student_t`.
  var power: Float = 1
  /// What is added to the sum of the outputs, by which each is divided; nil: they are not.
  var normalization: Float?
  /// Of each unit; nil: each has an output of its own.
  var classes: [Int]?

  /// The outputs, whose smallest distances are those of their units.
  var outputs: Int { classes.map { ($0.max() ?? -1) + 1 } ?? units }

  init(units: Int, output: RBF.Output, scale: Scale?, centersLayout: RBF.CentersLayout) {
    (self.units, self.output, self.scale, self.centersLayout) = (units, output, scale, centersLayout)
  }

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    output = try members.choice("output", absent: .gaussian)
    centersLayout = try members.choice("centers_layout", absent: .featuresUnits)
    let output = output
    if output == .studentT {
      power = Float(
        try members.number("power", expected: "a positive number in Float32") { Float($0) > 0 && Float($0).isFinite })
    } else if members.value("power") != nil {
      throw members.wrong("power", expected: "none: it is of the output \(RBF.Output.studentT.rawValue) alone")
    }
    if members.value("normalized") != nil {
      let epsilon = try members.number(
        "normalized", expected: "a number from 0 on in Float32, of an output that never is negative",
        where: { $0 >= 0 && Float($0).isFinite && output.isPositive })
      normalization = Float(epsilon)
    }
    if let list = members.value("classes") {
      guard let values = list.array, values.count == units else {
        throw members.wrong("classes", expected: "the class of each of its \(units) units")
      }
      let numbers = values.compactMap(\.integer)
      guard RBF.areClasses(numbers, of: units) else {
        throw members.wrong("classes", expected: "classes from 0 on without a gap, each of one unit at least")
      }
      classes = numbers
    }
    let isUsed = output != .distance
    switch members.value("scale") {
    case nil where !isUsed: scale = nil
    case nil where output == .euclidean || output == .negativeEuclidean: scale = .number(1)
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
    if output == .studentT { members["power"] = .shortest(power) }
    members["normalized"] = normalization.map(JSONValue.shortest)
    members["classes"] = classes.map(JSONValue.integers)
    return members
  }

  var neededVersion: FileVersion {
    let isFirst = [.gaussian, .distance, .negativeDistance].contains(output) && normalization == nil && classes == nil
    return isFirst ? .first : .minor2
  }

  func outputShape(of inputs: [Int]) -> [Int]? { inputs.count == 1 ? [outputs] : nil }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addRBF(layer, self, reader.flatWidth(layer))
  }
}

/// The head of van Amersfoort et al. 2020.
struct DUQSpec: LayerPayload {
  static let members = ["units", "embedding", "sigma", "inferred_from"]

  let units: Int
  let embedding: Int
  /// One for all classes; nil: one of each in the tensor `sigma`.
  let sigma: Float?

  init(units: Int, embedding: Int, sigma: Float?) {
    (self.units, self.embedding, self.sigma) = (units, embedding, sigma)
  }

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    embedding = try members.count("embedding", in: 1...Network.maximumWidth / units)
    guard members.value("sigma") != .string("tensor") else {
      sigma = nil
      return
    }
    let number = try members.number(
      "sigma", expected: "a positive number whose 1 / (2 sigma²) is one in Float32, or \"tensor\"",
      where: Self.isSigma)
    sigma = Float(number)
  }

  /// Whether a number is positive, and 1 / (2 σ²) too, in Float32.
  static func isSigma(_ sigma: Double) -> Bool {
    let factor = Float(1 / (2 * sigma * sigma))
    return sigma > 0 && Float(sigma) > 0 && Float(sigma).isFinite && factor > 0 && factor.isFinite
  }

  var word: String { "duq" }
  var encoded: [String: JSONValue] {
    [
      "units": .integer(units), "embedding": .integer(embedding),
      "sigma": sigma.map(JSONValue.shortest) ?? .string("tensor"),
    ]
  }

  var neededVersion: FileVersion { sigma == nil ? .minor2 : .first }

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
