import RadialEngine

/// `--rbf-form`: the user says what the layers of the file's own classes compute, the file gives the numbers.
extension RBFForm {
  /// The one matrix of a layer, and at most one number or vector of units beside it.
  ///
  /// Gamma or sigma is the variable beside the matrix; without one it is `gamma` (`--gamma`), else the one number of the configuration
  /// whose name says so.
  func reading(_ clues: RBFClues, gamma: Double?) throws(RBFRule.Refusal) -> RBFReading {
    let (matrix, beside) = try variables(clues)
    var reading = RBFReading(
      output: formula.output, matrix: matrix, scale: try scale(clues, beside, gamma: gamma),
      layout: clues.layer.config["output_form"] == nil ? nil : .featuresUnits)
    reading.normalization = try normalization(clues)
    return reading
  }

  /// The output, how its γ follows from the file's number, and what the number is called.
  private var formula: (output: RBF.Output, conversion: RBFReading.Conversion, parameter: String, names: [String]) {
    let gammas = ["gamma", "beta", "gammas", "betas"]
    let factors = ["scale", "gamma", "beta"]
    let epsilons = ["epsilon", "eps", "shape_parameter", "epsilons"]
    let lengths = ["length_scale", "lengthscale", "length", "length_scales"]
    let sigmas = [
      "sigma", "width", "radius", "std", "stddev", "spread", "bandwidth", "length_scale", "lengthscale", "sigmas",
      "widths",
    ]
    return switch self {
    case .gaussianGamma, .gaussianBeta, .normalizedGaussianGamma: (.gaussian, .itself, "its factor", gammas)
    case .gaussianSigma, .normalizedGaussianSigma: (.gaussian, .sigma, "sigma", sigmas)
    case .distance: (.distance, .itself, "", [])
    case .negativeDistance: (.negativeDistance, .itself, "its factor", factors)
    case .duq: (.gaussian, .sigma, "sigma", [])
    case .scaledDistance: (.scaledDistance, .itself, "its factor", factors)
    case .euclidean: (.euclidean, .itself, "", [])
    case .negativeEuclidean: (.negativeEuclidean, .itself, "its factor", factors)
    case .negativeEuclideanTemperature:
      (.negativeEuclidean, .reciprocal, "the temperature", ["temperature", "temp", "t"])
    case .exponentialGamma: (.exponential, .itself, "its factor", gammas)
    case .exponentialLength: (.exponential, .reciprocal, "the length", lengths)
    case .inverseQuadraticGamma: (.inverseQuadratic, .itself, "its factor", gammas)
    case .inverseQuadraticEpsilon: (.inverseQuadratic, .square, "epsilon", epsilons)
    case .inverseMultiquadricGamma: (.inverseMultiquadric, .itself, "its factor", gammas)
    case .inverseMultiquadricEpsilon: (.inverseMultiquadric, .square, "epsilon", epsilons)
    case .multiquadricGamma: (.multiquadric, .itself, "its factor", gammas)
    case .multiquadricEpsilon: (.multiquadric, .square, "epsilon", epsilons)
    case .matern32: (.matern32, .inverseSquare, "the length", lengths)
    case .matern52: (.matern52, .inverseSquare, "the length", lengths)
    case .studentT, .normalizedStudentT: (.studentT, .reciprocal, "alpha", ["alpha", "nu", "degrees_of_freedom"])
    }
  }

  /// Forms whose outputs are divided by their sum.
  private func normalization(_ clues: RBFClues) throws(RBFRule.Refusal) -> Float? {
    guard [.normalizedGaussianGamma, .normalizedGaussianSigma, .normalizedStudentT].contains(self) else { return nil }
    let members = clues.members.filter { ["epsilon", "eps"].contains($0.name) }
    guard members.count <= 1, members.allSatisfy({ $0.value.number.map { $0 >= 0 && Float($0).isFinite } ?? false })
    else {
      throw RBFRule.Refusal(
        "`rbf_form` \(rawValue) needs at most one 'epsilon' in the configuration, a number from 0 on; save the model again"
      )
    }
    return Float(members.first?.value.number ?? 0)
  }

  /// Which variable is the matrix and which is beside it, by their shapes.
  private func variables(_ clues: RBFClues) throws(RBFRule.Refusal) -> (matrix: Int, beside: Int?) {
    let shapes = clues.shapes
    let matrices = shapes.indices.filter { shapes[$0].count == 2 && shapes[$0].contains(clues.features) }
    let others = shapes.indices.filter { !matrices.contains($0) }
    guard matrices.count == 1, others.count <= 1, others.allSatisfy({ shapes[$0].count <= 1 }) else {
      throw RBFRule.Refusal(
        "`rbf_form` \(rawValue) needs one matrix with \(clues.features) features on a side and at most one vector or number, found \(clues.found); it holds for every layer of a class that is not Keras' own, leave it out or save this layer as one of Keras'"
      )
    }
    return (matrices[0], others.first)
  }

  private func scale(
    _ clues: RBFClues, _ beside: Int?, gamma: Double?
  ) throws(RBFRule.Refusal) -> RBFReading.Scale {
    let (_, conversion, _, words) = formula
    let isSigma = conversion == .sigma
    let hasNone = self == .distance || self == .euclidean
    if let beside {
      guard !hasNone else {
        throw RBFRule.Refusal(
          "`rbf_form` \(rawValue) needs one matrix alone, but beside it there is a variable of shape \(clues.shapes[beside]); say a form that has one (\(Self.gaussianGamma.rawValue), \(Self.gaussianSigma.rawValue), \(Self.negativeDistance.rawValue))"
        )
      }
      if formula.output == .studentT, clues.shapes[beside].reduce(1, *) != 1 {
        throw RBFRule.Refusal(
          "`rbf_form` \(rawValue) needs one alpha for the layer, and its variable has the shape \(clues.shapes[beside]); save the layer with one"
        )
      }
      return .variable(beside, try self.conversion(clues.variables[beside].name))
    }
    if hasNone { return self == .distance ? .none : .constant(1, name: "scale", .itself) }
    if let gamma, formula.output != .studentT { return .constant(gamma, name: "`gamma`", .itself) }
    let members = clues.members.filter { member in
      member.value.number != nil && words.contains { member.words == Words.of($0) }
    }
    guard members.count <= 1 else {
      throw RBFRule.Refusal(
        "`rbf_form` \(rawValue) needs one number, but the configuration has \(RBFClues.list(members.map { quoted($0.name) })); say which by `gamma` NUMBER (1/(2 sigma^2) of a sigma)"
      )
    }
    if let member = members.first, let value = member.value.number {
      return .constant(value, name: member.name, conversion)
    }
    // −d² has no number, nor has −d; but one of another name may be its factor.
    let isBare = !clues.members.contains { $0.value.numbers != nil && !RBFVocabulary.isSize($0.name) }
    if [.negativeDistance, .negativeEuclidean].contains(self), isBare { return .constant(1, name: "scale", .itself) }
    throw RBFRule.Refusal(
      "`rbf_form` \(rawValue) needs a vector or number beside the matrix or \(RBFClues.list(words.prefix(3).map(quoted))) in the configuration, and there is none; give it by `gamma` NUMBER\(isSigma ? " = 1/(2 sigma^2)" : conversion == .itself ? "" : ", the gamma of \(formula.output.rawValue)")"
    )
  }

  /// A variable is the form's number itself under any name, but where that says that it is a function of one.
  private func conversion(_ name: String?) throws(RBFRule.Refusal) -> RBFReading.Conversion {
    let (_, own, parameter, _) = formula
    let isSigma = own == .sigma
    let words = Words.of(name ?? "")
    guard let function = words.first(where: RBFVocabulary.functions.contains) else { return own }
    let rest = words.filter { $0 != "log" }
    if function == "log", rest.count == 1, words.count == 2 {
      if isSigma, ["sigma", "sigmas", "width", "widths", "std", "stddev"].contains(rest[0]) { return .logSigma }
      if own == .itself, Words.isOne(rest[0], of: RBFVocabulary.factors.union(["scale"])) { return .exponential }
    }
    throw RBFRule.Refusal(
      "`rbf_form` \(rawValue) needs \(parameter) itself, but the variable beside the matrix is called \(quoted(name ?? "")); save the layer with \(parameter == "its factor" ? "gamma" : parameter) in its place"
    )
  }
}
