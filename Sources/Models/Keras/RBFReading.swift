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
    /// ε² of a shape parameter.
    case square
    /// 1 / T of a temperature, a length or a number of degrees of freedom.
    case reciprocal
    /// 1 / ℓ²
    case inverseSquare
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
  /// What is added to the sum of the outputs, by which each is divided; nil: they are not.
  var normalization: Float?
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
      case .variable(_, .square), .constant(_, _, .square): "epsilon^2"
      case .variable(_, .reciprocal), .constant(_, _, .reciprocal): "1/number"
      case .variable(_, .inverseSquare), .constant(_, _, .inverseSquare): "1/length^2"
      }
    return switch output {
    case .gaussian: "exp(-\(gamma) d^2)\(normalization == nil ? "" : " over their sum")"
    case .distance: "d^2"
    case .negativeDistance: "-\(gamma) d^2"
    default: "\(output.rawValue) with gamma \(gamma)"
    }
  }
}
