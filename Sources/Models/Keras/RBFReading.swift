import RadialEngine

/// How the variables and the configuration of an RBF layer are to be read.
struct RBFReading {
  /// How γ follows from a number of the file.
  enum Conversion {
    /// It is the number.
    case itself
    /// exp of the number: `log_gamma`.
    case exponential
    /// softplus of the number: scripts/train's layer keeps the inverse, so that its gamma stays positive.
    case softplus
    /// 1 / 2σ²
    case sigma
    /// 1 / 2 exp(σ)²: `log_sigma`.
    case logSigma
  }

  /// The factor γ of the squared distance.
  enum Scale {
    /// The squared distance as it is.
    case none
    /// One number, or one a unit, that was trained.
    case variable(Int, Conversion)
    /// A number of the configuration or of a flag.
    case constant(Double, name: String, Conversion)
  }

  let output: RBF.Output
  /// Which variable is the matrix.
  let matrix: Int
  let scale: Scale
  /// What the file says of a matrix that fits both ways; nil: nothing.
  var layout: RBF.CentersLayout?
  /// nil: the file or the user states the formula.
  var inferredFrom: String?
}

extension RBFReading {
  /// The formula, for a comparison and for a sentence.
  var formula: String {
    let gamma =
      switch scale {
      case .none: ""
      case .variable(_, .itself), .constant(_, _, .itself): "gamma"
      case .variable(_, .exponential), .constant(_, _, .exponential): "exp(log_gamma)"
      case .variable(_, .softplus), .constant(_, _, .softplus): "softplus(raw_gamma)"
      case .variable(_, .sigma), .constant(_, _, .sigma): "1/(2 sigma^2)"
      case .variable(_, .logSigma), .constant(_, _, .logSigma): "1/(2 exp(log_sigma)^2)"
      }
    return switch output {
    case .gaussian: "exp(-\(gamma) d^2)"
    case .distance: "d^2"
    case .negativeDistance: "-\(gamma) d^2"
    }
  }
}
