import FileFormats
import RadialEngine

/// RBF layers are classes of the users' own: RBFRule says what a file's names decide, RBFForm what the user says in their place.
extension KerasTranslator {
  /// A layer of the user's own, if names or the user say that it is an RBF layer.
  mutating func addRBF(_ layer: KerasLayer) throws(ModelError) {
    guard !layer.isKeras else {
      throw invalid(
        layer,
        "Radial serves no such layer; use Keras' Dense, Conv2D, pooling, normalisation, dropout and activation layers")
    }
    let variables = try variables(layer)
    if let other = try weights.others(of: layer) {
      throw invalid(
        layer,
        "beside its own variables it holds \(quoted(other)), a layer within it or a variable under a name of its own, which Radial does not serve; build the network of layers in one chain and save it again"
      )
    }
    guard RBFClues.areJudged(layer, variables) else {
      throw invalid(
        layer,
        "its configuration has more than 256 members, or one of its names is longer than 256 bytes; use fewer and shorter ones"
      )
    }
    let clues = RBFClues(layer, variables, features: shape.count == 1 ? shape[0] : 0)
    guard shape.count == 1 else {
      // A layer that nothing calls an RBF layer is refused as that, not for its inputs.
      if options.rbfForm == nil, !clues.isNamed { _ = try ruling(layer, RBFRule(clues: clues, gamma: nil).reading) }
      throw invalid(layer, "its inputs have the shape \(shape), expected one dimension; put a Flatten layer before it")
    }
    if options.rbfForm == .duq || (options.rbfForm == nil && DUQRule.isDUQ(clues.shapes)) {
      let rule = DUQRule(clues: clues, isStated: options.rbfForm == .duq)
      try addDUQ(layer, variables, try ruling(layer, rule.reading))
    } else {
      let options = options
      let reading = try ruling(layer) { () throws(RBFRule.Refusal) in try Self.reading(clues, options) }
      try addRBF(layer, clues, reading)
    }
  }

  /// Runs a rule, whose refusals become the layer's.
  private func ruling<Result>(
    _ layer: KerasLayer, _ rule: () throws(RBFRule.Refusal) -> Result
  ) throws(ModelError) -> Result {
    do throws(RBFRule.Refusal) {
      return try rule()
    } catch {
      throw invalid(layer, error.sentence)
    }
  }

  /// The user's word goes before the file's; where they differ, the layer's description says so.
  private static func reading(_ clues: RBFClues, _ options: LoadOptions) throws(RBFRule.Refusal) -> RBFReading {
    let rule = RBFRule(clues: clues, gamma: options.gamma)
    guard let form = options.rbfForm else { return try rule.reading() }
    var reading = try form.reading(clues, gamma: options.gamma)
    if let other = try? rule.reading(), other.formula != reading.formula {
      let source = other.inferredFrom ?? "its output_form"
      reading.inferredFrom = "`rbf_form` \(form.rawValue), against \(other.formula) from \(source)"
    }
    return reading
  }

  private mutating func addRBF(
    _ layer: KerasLayer, _ clues: RBFClues, _ reading: RBFReading
  ) throws(ModelError) {
    var perUnit: Int?
    var source = reading.inferredFrom
    var power: Double = 1
    let scale: RBFSpec.Scale
    switch reading.scale {
    case .none: scale = .number(1)
    case .constant(let value, let name, let conversion):
      usesGamma = usesGamma || name == "`gamma`"
      let number = try gamma(value, conversion, called: name.hasPrefix("`") ? name : quoted(name), layer)
      (scale, power) = (.number(Float(number)), Self.power(gamma: number))
    case .variable(let index, let conversion):
      let tensor = try tensor(clues.variables[index], of: layer)
      let gammas = try gammas(tensor, conversion, called: clues.variables[index].name, layer)
      if gammas.count == 1 {
        (scale, power) = (.number(Float(gammas[0])), Self.power(gamma: gammas[0]))
      } else {
        perUnit = gammas.count
        scale = .tensor
        // Where the formula is inferred, such ones are also a reason to doubt it.
        if let first = gammas.firstIndex(where: { $0 <= 0 }) {
          source? +=
            "; \(gammas.count { $0 <= 0 }) of its \(gammas.count) gammas are not positive, the first at unit \(first)"
        }
        set("scale", of: layer, Tensor(gammas.map { Float($0) }, shape: [gammas.count]))
      }
    }
    let centers = clues.variables[reading.matrix]
    let (layout, units) = try layout(of: centers.dataset.shape, perUnit: perUnit, clues, stated: reading.layout)
    if let sentence = clues.disagreement(units: units) { throw invalid(layer, "\(sentence); save the model again") }
    set("centers", of: layer, try tensor(centers, of: layer))
    guard (1...Network.maximumWidth).contains(units) else {
      throw invalid(layer, "it has \(units) units, expected 1 to \(Network.maximumWidth)")
    }
    var spec = RBFSpec(units: units, output: reading.output, scale: scale, centersLayout: layout)
    spec.normalization = reading.normalization
    if reading.output == .studentT { spec.power = Float(power) }
    try emit(.rbf(spec), layer, inferredFrom: source)
  }

  /// Of Student's t with α = 1 / γ degrees of freedom.
  private static func power(gamma: Double) -> Double { (1 / gamma + 1) / 2 }

  /// Which side of the matrix the features are on, and how many units it has.
  /// - Parameters:
  ///   - perUnit: how many gammas the layer has, one a unit; nil: it has one for all.
  ///   - stated: what the file says of a matrix that fits both ways; nil: nothing but a `centers_layout` in its configuration.
  private func layout(
    of matrix: [Int], perUnit: Int?, _ clues: RBFClues, stated: RBF.CentersLayout?
  ) throws(ModelError) -> (RBF.CentersLayout, Int) {
    let layer = clues.layer
    let features = shape[0]
    let units = perUnit ?? clues.units
    let fits = RBF.CentersLayout.allCases.filter { layout in
      let sides = layout == .featuresUnits ? matrix : matrix.reversed()
      return sides[0] == features && (units == nil || sides[1] == units)
    }
    guard var layout = fits.first else {
      throw invalid(
        layer,
        "its matrix has the shape \(matrix), expected \(features) features on one side\(units.map { " and \($0) units on the other" } ?? ""); save the model again"
      )
    }
    let member = layer.config["centers_layout"]
    let said = member?.text.flatMap(RBF.CentersLayout.init(rawValue:))
    guard member == nil || (said.map(fits.contains) ?? false) else {
      throw invalid(
        layer,
        "its centers_layout is \(quoted(member?.text ?? "no text")), expected \(fits.map(\.rawValue).joined(separator: " or ")) of its matrix \(matrix) on \(features) features; save the model again"
      )
    }
    // A matrix of one number is its own transpose.
    if fits.count > 1, matrix != [1, 1] {
      guard let decided = options.rbfLayout ?? said ?? stated else {
        throw invalid(
          layer,
          "its matrix \(matrix) fits both ways, and the file does not say which side is that of the \(features) features; say `rbf_layout` features_units or `rbf_layout` units_features"
        )
      }
      layout = decided
    }
    return (layout, layout == .featuresUnits ? matrix[1] : matrix[0])
  }
}
