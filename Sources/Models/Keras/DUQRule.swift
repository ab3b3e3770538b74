import FileFormats
import RadialEngine

/// Decides whether a layer of the user's own is DUQ's head (van Amersfoort et al. 2020): a projection W [m, n, classes], centroids
/// [n, classes] or their running sums with the counts [classes], and `sigma` or `length_scale` in the configuration.
struct DUQRule {
  /// DUQ's head, as a file has it.
  struct Reading {
    let sigma: Double
    /// The member that gives it.
    let name: String
    /// nil: the user states the formula.
    let inferredFrom: String?
  }

  let clues: RBFClues
  /// Whether `--rbf-form duq` says it.
  let isStated: Bool

  private static let sigmas = ["sigma", "length_scale"]
  /// What trains the centroids, and the sizes of the projection.
  private static let known: Set = [
    "n", "embedding", "embedding_dim", "embedding_size", "num_embeddings", "n_embeddings", "centroid_size",
    "centroid_dim", "centroid_dims", "model_output_size", "feature_size", "features", "momentum", "gamma",
  ]
  private static let counts: Set = ["n", "count", "counts", "number", "numbers", "class", "classes", "num"]

  /// Whether variables of these shapes may be DUQ's.
  static func isDUQ(_ shapes: [[Int]]) -> Bool { [[3, 2], [3, 2, 1]].contains(shapes.map(\.count)) }

  /// How the layer is to be read.
  /// - Throws: where it is none of DUQ's, or names do not say that it is.
  func reading() throws(RBFRule.Refusal) -> Reading {
    let shapes = clues.shapes
    guard Self.isDUQ(shapes), shapes[0][0] == clues.features, shapes[1] == [shapes[0][1], shapes[0][2]],
      shapes.count == 2 || shapes[2] == [shapes[0][2]]
    else {
      throw RBFRule.Refusal(
        "\(clues.found) on \(clues.features) inputs are not DUQ's (features, n, classes) and (n, classes); use Keras' own layers or save it as an RBF layer"
      )
    }
    let sigmas = Self.sigmas.filter { clues.layer.config[$0] != nil }
    guard sigmas.count == 1, let sigma = clues.layer.config[sigmas[0]]?.number else {
      throw RBFRule.Refusal(
        "variables of shapes \(shapes) are DUQ's only with one number 'sigma' or 'length_scale' in the configuration, found \(sigmas.count); return it from get_config() and save the model again"
      )
    }
    if isStated { return Reading(sigma: sigma, name: sigmas[0], inferredFrom: nil) }
    try requireNames(sigmas[0])
    let members = clues.namingMembers.map(\.name).filter { !Self.known.contains($0) } + sigmas
    return Reading(sigma: sigma, name: sigmas[0], inferredFrom: clues.source(members: members))
  }

  private func requireNames(_ sigma: String) throws(RBFRule.Refusal) {
    // DUQ's gamma, the momentum of its centroids, names nothing here.
    let isNamed =
      clues.namingClass != nil || sigma == "length_scale"
      || (clues.members.map(\.words) + clues.variables.map { Words.of($0.name ?? "") }).joined().contains {
        Words.isOne($0, of: RBFVocabulary.layer) || Words.isOne($0, of: RBFVocabulary.centers)
      }
    guard isNamed else {
      throw RBFRule.Refusal(
        asking:
          "Radial serves no such layer: its shapes are those of DUQ's head, but no name of its class, variables and configuration says so"
      )
    }
    if let word = RBFVocabulary.contradiction(in: clues.classWords) {
      throw RBFRule.Refusal(asking: "its class name says \(quoted(word)), which DUQ's head does not have")
    }
    if let unknown = clues.unknownMember(besides: Self.known.union(Self.sigmas)) {
      throw RBFRule.Refusal(asking: unknown)
    }
    // The projection may be called kernel. A third variable is the counts, or something else of one number a class.
    if let name = clues.variables[1].name, let word = RBFVocabulary.contradiction(in: Words.of(name)) {
      throw RBFRule.Refusal(
        asking: "its centroids are called \(quoted(name)), and \(quoted(word)) is nothing that DUQ's head has")
    }
    guard clues.variables.count == 3 else { return }
    let isCount = clues.variables[2].name.map { Words.of($0).allSatisfy(Self.counts.contains) }
    guard isCount ?? clues.classWords.contains(where: { Words.isOne($0, of: ["duq"]) }) else {
      throw RBFRule.Refusal(
        asking:
          "its third variable \(clues.variables[2].name.map(quoted) ?? "") is not said to be the counts of DUQ's centroids"
      )
    }
  }
}

extension KerasTranslator {
  /// The head of van Amersfoort et al. 2020.
  mutating func addDUQ(
    _ layer: KerasLayer, _ variables: [KerasVariable], _ reading: DUQRule.Reading
  ) throws(ModelError) {
    let kernel = variables[0].dataset.shape
    _ = try gamma(reading.sigma, .sigma, called: quoted(reading.name), layer)
    set("kernel", of: layer, try tensor(variables[0], of: layer))
    var centers = try tensor(variables[1], of: layer)
    if variables.count == 3 {
      // The running sums m come with the running counts N: a centroid is m / N.
      let counts = try tensor(variables[2], of: layer).floats
      if let index = counts.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
        let name = variables[2].name.map(quoted) ?? "third variable"
        throw invalid(
          layer, "its \(name)[\(index)] is \(counts[index]), expected a positive count; train or save the model again")
      }
      let sums = centers.floats
      centers = Tensor(sums.indices.map { sums[$0] / counts[$0 % counts.count] }, shape: centers.shape)
    }
    set("centers", of: layer, centers)
    let (embedding, units) = (kernel[1], kernel[2])
    guard (1...Network.maximumWidth).contains(units), (1...Network.maximumWidth / units).contains(embedding) else {
      throw invalid(
        layer, "it has \(units) units of \(embedding) numbers, expected at most \(Network.maximumWidth) in all")
    }
    try emit(
      .duq(DUQSpec(units: units, embedding: embedding, sigma: Float(reading.sigma))), layer,
      inferredFrom: reading.inferredFrom)
  }
}
