import RadialEngine

/// An activation, with its number where it has one.
struct ActivationSpec: Equatable, Sendable {
  static let members = ["activation", "negative_slope", "alpha"]

  let function: Activation
  /// `negative_slope` of leaky_relu, `alpha` of elu; nil: the default.
  let alpha: Float?

  /// - Parameter alpha: nil: the function's default, or it has none.
  init(_ function: Activation, alpha: Float? = nil) { (self.function, self.alpha) = (function, alpha) }

  /// Reads the members of a layer that has an activation.
  init(_ members: Members) throws(ModelError) {
    function = try members.choice("activation", absent: .linear)
    var alpha: Float?
    for (name, owner) in [("negative_slope", Activation.leakyRelu), ("alpha", .elu)] where members.has(name) {
      alpha = Float(try members.number(name, expected: "a finite Float32") { Float($0).isFinite })
      guard function == owner else {
        throw members.invalid(
          "'\(name)' is for the activation \(owner.rawValue), and its activation is \(function.rawValue); leave it out")
      }
    }
    self.alpha = alpha
  }

  var encoded: [String: JSONValue] {
    var members: [String: JSONValue] = ["activation": .string(function.rawValue)]
    if let alpha { members[function == .elu ? "alpha" : "negative_slope"] = .shortest(alpha) }
    return members
  }

  /// What it makes of an expression, for a formula.
  func applied(to expression: String) -> String {
    switch function {
    case .linear: expression
    case .leakyRelu: "leaky_relu(\(expression)), negative_slope = \(alpha ?? function.defaultAlpha)"
    case .elu: "elu(\(expression))\(alpha.map { ", alpha = \($0)" } ?? "")"
    default: "\(function.rawValue)(\(expression))"
    }
  }
}

/// An activation that is a layer.
struct ActivationLayerSpec: LayerPayload {
  let spec: ActivationSpec

  init(_ spec: ActivationSpec) { self.spec = spec }
  /// Reads the members of a layer that has an activation.
  init(_ members: Members) throws(ModelError) { spec = try ActivationSpec(members) }

  var word: String { "activation" }
  var encoded: [String: JSONValue] { spec.encoded }
  var activation: ActivationSpec? { spec }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addActivation(layer, spec)
  }
}
