import RadialEngine

/// `--rbf-form`: the user says what the layers of the file's own classes compute, the file gives the numbers.
extension RBFForm {
  /// The one matrix of a layer, and at most one number or vector of units beside it.
  ///
  /// Gamma or sigma is the variable beside the matrix; without one it is `gamma` (`--gamma`), else the one number of the configuration
  /// whose name says so.
  func reading(_ clues: RBFClues, gamma: Double?) throws(RBFRule.Refusal) -> RBFReading {
    let (matrix, beside) = try variables(clues)
    return RBFReading(
      output: output, matrix: matrix, scale: try scale(clues, beside, gamma: gamma),
      layout: clues.layer.config["output_form"] == nil ? nil : .featuresUnits)
  }

  private var output: RBF.Output {
    switch self {
    case .gaussianGamma, .gaussianBeta, .gaussianSigma, .duq: .gaussian
    case .distance: .distance
    case .negativeDistance: .negativeDistance
    }
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
    let isSigma = self == .gaussianSigma
    if let beside {
      guard self != .distance else {
        throw RBFRule.Refusal(
          "`rbf_form` distance needs one matrix alone, but beside it there is a variable of shape \(clues.shapes[beside]); say a form that has one (\(Self.gaussianGamma.rawValue), \(Self.gaussianSigma.rawValue), \(Self.negativeDistance.rawValue))"
        )
      }
      return .variable(beside, try conversion(clues.variables[beside].name, isSigma: isSigma))
    }
    if self == .distance { return .none }
    if let gamma { return .constant(gamma, name: "`gamma`", .itself) }
    let words = names
    let members = clues.members.filter { member in
      member.value.number != nil && words.contains { member.words == Words.of($0) }
    }
    guard members.count <= 1 else {
      throw RBFRule.Refusal(
        "`rbf_form` \(rawValue) needs one number, but the configuration has \(RBFClues.list(members.map { quoted($0.name) })); say which by `gamma` NUMBER (1/(2 sigma^2) of a sigma)"
      )
    }
    if let member = members.first, let value = member.value.number {
      return .constant(value, name: member.name, isSigma ? .sigma : .itself)
    }
    // −d² has no number; but one of another name may be its factor.
    let isBare = !clues.members.contains { $0.value.numbers != nil && !RBFVocabulary.isSize($0.name) }
    if self == .negativeDistance, isBare { return .constant(1, name: "scale", .itself) }
    throw RBFRule.Refusal(
      "`rbf_form` \(rawValue) needs a vector or number beside the matrix or \(RBFClues.list(words.prefix(3).map(quoted))) in the configuration, and there is none; give it by `gamma` NUMBER\(isSigma ? " = 1/(2 sigma^2)" : "")"
    )
  }

  /// Members of the configuration that give the number of a layer with none among its variables.
  private var names: [String] {
    switch self {
    case .gaussianGamma, .gaussianBeta: ["gamma", "beta", "gammas", "betas"]
    case .negativeDistance: ["scale", "gamma", "beta"]
    case .gaussianSigma:
      [
        "sigma", "width", "radius", "std", "stddev", "spread", "bandwidth", "length_scale", "lengthscale", "sigmas",
        "widths",
      ]
    case .distance, .duq: []
    }
  }

  /// A variable is gamma or sigma itself under any name, but where that says that it is a function of one.
  private func conversion(_ name: String?, isSigma: Bool) throws(RBFRule.Refusal) -> RBFReading.Conversion {
    let words = Words.of(name ?? "")
    guard let function = words.first(where: RBFVocabulary.functions.contains) else { return isSigma ? .sigma : .itself }
    let rest = words.filter { $0 != "log" }
    if function == "log", rest.count == 1, words.count == 2 {
      if isSigma, ["sigma", "sigmas", "width", "widths", "std", "stddev"].contains(rest[0]) { return .logSigma }
      if !isSigma, Words.isOne(rest[0], of: RBFVocabulary.factors.union(["scale"])) { return .exponential }
    }
    throw RBFRule.Refusal(
      "`rbf_form` \(rawValue) needs \(isSigma ? "sigma" : "its factor") itself, but the variable beside the matrix is called \(quoted(name ?? "")); save the layer with \(isSigma ? "sigma" : "gamma") in its place"
    )
  }
}
