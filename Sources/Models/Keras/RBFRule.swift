import RadialEngine

/// Decides from the names in a file what a layer of the user's own computes, or says why nothing decides it.
///
/// * `output_form` in the configuration states it;
/// * one matrix and a constant `gamma`: exp(−γ d²);
/// * a matrix and a vector or number that a name calls gamma or beta: exp(−γ d²), `log_gamma` by its exponential;
/// * one matrix in a class called SquaredDist, SquaredDistance, NegSquaredDist, …, with units alone: d², −scale · d².
///
/// Only names speak, never values: of trained numbers nothing tells a gamma from a sigma.
struct RBFRule {
  let clues: RBFClues
  /// `--gamma`, in place of a constant of the configuration.
  let gamma: Double?

  /// Why the file does not decide: a sentence about the layer, what to do included.
  struct Refusal: Error {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }

    /// - Parameter other: what may be done besides.
    init(asking sentence: String, or other: String? = nil) {
      self.sentence = "\(sentence); \(other.map { "\($0), or " } ?? "")\(Self.advice)"
    }

    private static let advice =
      "say what it computes by `rbf_form` FORM (\(RBFForm.allCases.prefix(6).map(\.rawValue).joined(separator: ", ")), or another that the page RBFLayers has)"
  }

  /// How the layer is to be read.
  /// - Throws: where names leave it open, or contradict one another.
  func reading() throws(Refusal) -> RBFReading {
    if clues.layer.config["output_form"] != nil { return try stated() }
    if let reading = try distance() { return reading }
    guard clues.isNamed else {
      if ["dist", "distance", "distances"].contains(where: clues.classWords.contains) {
        throw Refusal(
          asking:
            "Radial serves no such layer: its class name says a distance, not which, and only SquaredDist or NegSquaredDist would"
        )
      }
      throw Refusal(
        asking:
          "Radial serves no such layer: no name of its class, variables and configuration says that it is an RBF layer",
        or: "use Keras' own layers"
      )
    }
    try requireShapes()
    if let word = RBFVocabulary.contradiction(in: clues.classWords) {
      throw Refusal(
        asking:
          "its class name says \(quoted(word)), which is nothing that exp(-gamma d^2) has")
    }
    try requireMatrixName()
    if clues.variables.count == 2 { return try trained() }
    return try constant()
  }

  /// Whether the class is called squared and distance alone, with a neg before it or not; nil: it is not.
  private var isNegated: Bool? {
    let words = clues.classWords
    let isDistance =
      words.count >= 2 && words.suffix(2).first == "squared" && ["dist", "distance"].contains(words.last)
    guard isDistance else { return nil }
    if words.count == 2 { return false }
    return words.count == 3 && ["neg", "negative"].contains(words[0]) ? true : nil
  }

  /// Keras lists what is trained before what is not, so that fixed centers come behind their gammas.
  private var matrix: Int { clues.shapes.first?.count == 2 ? 0 : 1 }
  /// Of two variables the other one.
  private var beside: Int { 1 - matrix }

  /// Names decide only where the variables are those of an RBF layer: a matrix, or a matrix and a vector or number.
  private func requireShapes() throws(Refusal) {
    let shapes = clues.shapes
    guard shapes.count(where: { $0.count == 2 }) == 1,
      shapes.count == 1 || (shapes.count == 2 && shapes[beside].count <= 1)
    else {
      throw Refusal(
        "with \(clues.found) it is no RBF layer that Radial serves, expected a matrix and a constant gamma, or a matrix and a vector of units; save it as such a layer"
      )
    }
  }

  /// A matrix may be called anything but what belongs to another formula. Centers are also called means.
  private func requireMatrixName() throws(Refusal) {
    guard let name = clues.variables[matrix].name else { return }
    let words = Words.of(name)
    let isFactor = words.contains { Words.isOne($0, of: RBFVocabulary.factors) }
    guard isFactor || RBFVocabulary.contradiction(in: words.filter { $0 != "mean" && $0 != "means" }) != nil else {
      return
    }
    throw Refusal(asking: "its matrix is called \(quoted(name)), expected centers, prototypes or mu")
  }
}

extension RBFRule {
  /// `output_form` says it. Such a layer's matrix is (features, units).
  private func stated() throws(Refusal) -> RBFReading {
    // The power of Student's t is no gamma: `rbf_form` student-t says where it comes from.
    let forms = RBF.Output.allCases.filter { $0 != .studentT }
    guard let output = clues.layer.config["output_form"]?.text.flatMap(RBF.Output.init(rawValue:)),
      forms.contains(output)
    else {
      let found = clues.layer.config["output_form"]?.text.map(quoted) ?? "no text"
      throw Refusal(
        "its output_form is \(found), expected one of \(forms.map(\.rawValue).joined(separator: ", ")); save the model again"
      )
    }
    try requireShapes()
    let known: Set = ["output_form", "gamma", "trainable_gamma", "centers_layout"]
    if let unknown = clues.unknownMember(besides: known) { throw Refusal(asking: unknown) }
    guard clues.variables.count == 2 else {
      guard output != .distance else { return reading(output, .none, layout: .featuresUnits) }
      return reading(output, try constantGamma(), layout: .featuresUnits)
    }
    let isScalar = clues.shapes[beside].reduce(1, *) == 1
    let name = clues.variables[beside].name
    var conversion = RBFReading.Conversion.softplus
    if clues.layer.config["trainable_gamma"]?.flag != true {
      conversion = try name.map(self.conversion(of:)) ?? .itself
    } else if !isScalar || (name ?? "raw_gamma") != "raw_gamma" {
      throw Refusal(
        asking:
          "its trainable_gamma is true, but the variable beside its matrix is \(quoted(name ?? "unnamed")) of shape \(clues.shapes[beside]), expected one number called raw_gamma"
      )
    }
    return reading(
      output, output == .distance ? .none : .variable(beside, conversion), layout: isScalar ? .featuresUnits : nil)
  }

  /// A matrix and something trained, which a name must call gamma or beta.
  private func trained() throws(Refusal) -> RBFReading {
    var known: Set = ["centers_layout"]
    let what = clues.shapes[beside].reduce(1, *) == 1 ? "number" : "vector"
    var conversion = RBFReading.Conversion.itself
    if let name = clues.variables[beside].name {
      conversion = try self.conversion(of: name)
      // The configuration's number of the same name is where training began.
      let factors = Words.of(name).flatMap { [$0, $0 + "s", String($0.dropLast())] }
      known.formUnion(RBFVocabulary.factors.intersection(factors))
    }
    if let unknown = clues.unknownMember(besides: known) {
      guard let constant = clues.members.first(where: { RBFVocabulary.factors.contains($0.name) }) else {
        throw Refusal(asking: unknown)
      }
      throw Refusal(
        asking:
          "it has a \(what) beside its matrix and \(quoted(constant.name)) in its configuration, and nothing says whether the \(what) is that"
      )
    }
    guard clues.variables[beside].name != nil || clues.namesTrainedFactor else {
      throw Refusal(
        asking:
          "it has a \(what) beside its matrix, and neither its class name nor its configuration says whether that is a gamma, a beta or a sigma"
      )
    }
    return reading(
      .gaussian, .variable(beside, conversion), from: clues.source(members: clues.namingMembers.map(\.name)))
  }

  /// What a variable's name makes of its numbers: a gamma or beta, or the logarithm of a gamma.
  private func conversion(of name: String) throws(Refusal) -> RBFReading.Conversion {
    let words = Words.of(name)
    let rest = words.filter { !Words.isOne($0, of: RBFVocabulary.factors) }
    if words == ["log", "gamma"] || words == ["log", "gammas"] { return .exponential }
    guard rest.count < words.count, rest.allSatisfy(RBFVocabulary.besideFactors.contains) else {
      throw Refusal(
        asking:
          "beside its matrix it has a variable called \(quoted(name)), expected a gamma or beta that multiplies the squared distance"
      )
    }
    return .itself
  }

  /// One matrix and numbers of the configuration.
  private func constant() throws(Refusal) -> RBFReading {
    if let unknown = clues.unknownMember(besides: ["gamma", "centers_layout"]) { throw Refusal(asking: unknown) }
    let scale = try constantGamma()
    var others: [String] = []
    if gamma != nil { others.append("`gamma`") }
    let members = clues.namingMembers.map(\.name).filter { gamma == nil || $0 != "gamma" }
    return reading(.gaussian, scale, from: clues.source(members: members, others: others))
  }

  private func constantGamma() throws(Refusal) -> RBFReading.Scale {
    if let gamma { return .constant(gamma, name: "`gamma`", .itself) }
    if let name = clues.trainedFactor {
      throw Refusal(
        "its \(quoted(name)) is true, but the file holds one matrix for it and nothing trained besides; save the model again"
      )
    }
    guard let gamma = clues.layer.config["gamma"] else {
      throw Refusal(
        asking:
          "it has one matrix and no gamma: a constant gamma is not a weight, it is only in the configuration, and there is none",
        or:
          "return 'gamma' from get_config() and save the model again, give it by `gamma` if the layer computes exp(-gamma d^2)"
      )
    }
    guard let value = gamma.number else {
      throw Refusal(
        "its 'gamma' is \(gamma.shown), expected a number; return one from get_config() and save the model again, or give it by `gamma`"
      )
    }
    return .constant(value, name: "gamma", .itself)
  }

  /// d² or −scale · d² of a class called just that; nil: the class is called otherwise.
  func distance() throws(Refusal) -> RBFReading? {
    guard let isNegated, clues.layer.config["output_form"] == nil else { return nil }
    guard clues.shapes.map(\.count) == [2] else {
      throw Refusal(
        asking:
          "its class name says a squared distance, but it has \(clues.found), expected one matrix")
    }
    try requireMatrixName()
    let known: Set = isNegated ? ["scale", "centers_layout"] : ["centers_layout"]
    if let unknown = clues.unknownMember(besides: known) { throw Refusal(asking: unknown) }
    guard isNegated else { return reading(.distance, .none, from: clues.source(members: [])) }
    let member = clues.layer.config["scale"]
    guard member == nil || member?.number != nil else {
      throw Refusal("its 'scale' is no number; save the model again")
    }
    let scale = RBFReading.Scale.constant(
      gamma ?? member?.number ?? 1, name: gamma == nil ? "scale" : "`gamma`", .itself)
    return reading(
      .negativeDistance, scale,
      from: clues.source(
        members: member == nil || gamma != nil ? [] : ["scale"], others: gamma == nil ? [] : ["`gamma`"]))
  }

  private func reading(
    _ output: RBF.Output, _ scale: RBFReading.Scale, layout: RBF.CentersLayout? = nil, from source: String? = nil
  ) -> RBFReading {
    RBFReading(output: output, matrix: matrix, scale: scale, layout: layout, inferredFrom: source)
  }
}
