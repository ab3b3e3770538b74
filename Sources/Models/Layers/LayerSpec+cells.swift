import RadialEngine

// Layers of cells: each cell of an image on its own, or a vector.

/// Which values are normalised together.
enum NormalizedAxes: String, CaseIterable, Sendable {
  /// The channels of each cell.
  case last
  /// All values of a row.
  case all

  /// Values that are normalised together, and how often they come, in a shape.
  func cells(of shape: [Int]) -> (width: Int, cells: Int) {
    let count = shape.reduce(1, *)
    let width = self == .all ? count : shape.last ?? 1
    return (width, count / max(width, 1))
  }
}

/// (x − mean) / √(variance + epsilon) · gamma + beta, mean and variance of the values themselves.
struct LayerNormalizationSpec: LayerPayload {
  static let members = ["axis", "epsilon", "center", "scale"]

  let axes: NormalizedAxes
  let epsilon: Float
  let hasBeta: Bool
  let hasGamma: Bool

  init(axes: NormalizedAxes, epsilon: Float, hasBeta: Bool, hasGamma: Bool) {
    (self.axes, self.epsilon, self.hasBeta, self.hasGamma) = (axes, epsilon, hasBeta, hasGamma)
  }

  init(_ members: Members) throws(ModelError) {
    axes = try members.choice("axis", absent: .last)
    epsilon = Float(
      try members.number(
        "epsilon", absent: 0.001, expected: BatchNormalizationSpec.expectedEpsilon,
        where: BatchNormalizationSpec.isEpsilon))
    hasBeta = try members.flag("center", absent: true)
    hasGamma = try members.flag("scale", absent: true)
  }

  var word: String { "layer_normalization" }
  var encoded: [String: JSONValue] {
    [
      "axis": .string(axes.rawValue), "epsilon": .shortest(epsilon), "center": .bool(hasBeta),
      "scale": .bool(hasGamma),
    ]
  }
  var neededVersion: FileVersion { .minor2 }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addLayerNormalization(layer, self)
  }
}

/// x / √max(Σ x², epsilon)
struct UnitNormalizationSpec: LayerPayload {
  static let members = ["axis", "epsilon"]
  /// Keras 3 keeps the length from 0 at 1e-12, and its square is this.
  static let defaultEpsilon = 1e-24

  let axes: NormalizedAxes
  let epsilon: Double

  init(axes: NormalizedAxes, epsilon: Double) { (self.axes, self.epsilon) = (axes, epsilon) }

  init(_ members: Members) throws(ModelError) {
    axes = try members.choice("axis", absent: .last)
    epsilon = try members.number("epsilon", absent: Self.defaultEpsilon, expected: "a positive number") {
      $0 > 0 && $0.isFinite
    }
  }

  var word: String { "unit_normalization" }
  var encoded: [String: JSONValue] { ["axis": .string(axes.rawValue), "epsilon": .number(epsilon)] }
  var neededVersion: FileVersion { .minor2 }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    reader.addUnitNormalization(layer, self)
  }
}

/// x > threshold ? x : 0, cut to [0, max_value] where there is one, less negative_slope · max(threshold − x, 0).
struct RectifierSpec: LayerPayload {
  static let members = ["negative_slope", "threshold", "max_value"]

  let rectifier: Rectifier

  init(_ rectifier: Rectifier) { self.rectifier = rectifier }

  init(_ members: Members) throws(ModelError) {
    func number(_ name: String) throws(ModelError) -> Float {
      Float(try members.number(name, absent: 0, expected: "a finite Float32") { Float($0).isFinite })
    }
    let maximum =
      members.has("max_value")
      ? Float(try members.number("max_value", expected: "a finite Float32 from 0 on") { $0 >= 0 && Float($0).isFinite })
      : nil
    rectifier = Rectifier(slope: try number("negative_slope"), threshold: try number("threshold"), maximum: maximum)
  }

  var word: String { "relu" }
  var encoded: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "negative_slope": .shortest(rectifier.slope), "threshold": .shortest(rectifier.threshold),
    ]
    members["max_value"] = rectifier.maximum.map(JSONValue.shortest)
    return members
  }
  var neededVersion: FileVersion { .minor2 }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    reader.addRectifier(layer, self)
  }
}

/// x < 0 ? alpha · x : x, an alpha for each value, or one along each of the shared axes.
struct ParametricRectifierSpec: LayerPayload {
  static let members = ["shared_axes"]

  /// From 1, without the batch dimension; ascending.
  let sharedAxes: [Int]

  init(sharedAxes: [Int]) { self.sharedAxes = sharedAxes }

  init(_ members: Members) throws(ModelError) {
    let expected = "ascending numbers of axes, from 1"
    sharedAxes = members.has("shared_axes") ? try members.integers("shared_axes", expected: expected) : []
    guard sharedAxes.allSatisfy({ (1...3).contains($0) }), zip(sharedAxes, sharedAxes.dropFirst()).allSatisfy(<) else {
      throw members.wrong("shared_axes", expected: expected)
    }
  }

  var word: String { "prelu" }
  var encoded: [String: JSONValue] { sharedAxes.isEmpty ? [:] : ["shared_axes": .integers(sharedAxes)] }
  var neededVersion: FileVersion { .minor2 }

  /// Of alpha, for inputs of a shape; nil: an axis is shared that is not there.
  func alphaShape(of inputs: [Int]) -> [Int]? {
    var shape = inputs
    for axis in sharedAxes {
      guard axis <= shape.count else { return nil }
      shape[axis - 1] = 1
    }
    return shape
  }

  func outputShape(of inputs: [Int]) -> [Int]? { alphaShape(of: inputs) == nil ? nil : inputs }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addParametricRectifier(layer, self)
  }
}
