import FileFormats

/// What a file says of a layer whose class is the user's own: names, and the shapes of the variables.
struct RBFClues {
  /// A member of the configuration that is neither standard nor about training alone.
  struct Member {
    let name: String
    let value: JSONValue
    let words: [String]
  }

  /// Names are taken apart and searched, so what a damaged file may cost is bounded.
  private static let maximumNameBytes = 256
  private static let maximumMembers = 256

  let layer: KerasLayer
  let variables: [KerasVariable]
  /// Width of what reaches the layer.
  let features: Int
  let classWords: [String]
  /// Those of the configuration that a rule must account for, by name.
  let members: [Member]

  /// What the file says of one layer.
  init(_ layer: KerasLayer, _ variables: [KerasVariable], features: Int) {
    self.layer = layer
    self.variables = variables
    self.features = features
    classWords = Words.of(layer.className)
    members = (layer.config.object ?? [:]).compactMap { name, value in
      let isIgnored =
        RBFVocabulary.standard.contains(name) || RBFVocabulary.trainingSuffixes.contains { name.hasSuffix($0) }
      return isIgnored ? nil : Member(name: name, value: value, words: Words.of(name))
    }.sorted { $0.name < $1.name }
  }

  /// Whether the names and members are few and short enough to be judged.
  static func areJudged(_ layer: KerasLayer, _ variables: [KerasVariable]) -> Bool {
    let members = layer.config.object ?? [:]
    return members.count <= maximumMembers
      && ([layer.className] + members.keys + variables.compactMap(\.name)).allSatisfy {
        $0.utf8.count <= maximumNameBytes
      }
  }

  /// The shapes of the variables for a sentence, such as "variables of shapes [[4, 3], [3]]".
  var found: String {
    guard !shapes.isEmpty else { return "no variables" }
    guard shapes.count > 6 else { return "variables of shapes \(shapes)" }
    return "\(shapes.count) variables, the first of shapes \(Array(shapes.prefix(6)))"
  }

  var shapes: [[Int]] { variables.map(\.dataset.shape) }

  /// The class, if its name speaks of an RBF layer; such as "the class name 'RBFLayer'".
  var namingClass: String? {
    Self.names(classWords) ? "the class name \(quoted(layer.className))" : nil
  }

  /// The members whose names speak of an RBF layer.
  var namingMembers: [Member] { members.filter { Self.names($0.words) } }

  /// Whether something names the layer. A variable called gamma or beta does so only beside another clue: a weight normalisation
  /// has a gamma too, an affine layer a beta.
  var isNamed: Bool {
    namingClass != nil || !namingMembers.isEmpty
      || variables.contains { variable in
        Words.of(variable.name ?? "").contains {
          Words.isOne($0, of: RBFVocabulary.layer) || Words.isOne($0, of: RBFVocabulary.centers)
        }
      }
  }

  /// The first member that no form without `--rbf-form` has, as a sentence's subject and predicate; nil: each is known.
  /// - Parameter known: names that the form in question accounts for.
  func unknownMember(besides known: Set<String> = []) -> String? {
    for member in members where !known.contains(member.name) && !isHarmless(member) {
      if let word = RBFVocabulary.contradiction(in: member.words) {
        return "its configuration has \(quoted(member.name)), and \(quoted(word)) is nothing that exp(-gamma d^2) has"
      }
      return "its configuration has \(quoted(member.name)), which may change what it computes"
    }
    return nil
  }

  /// Whether a member cannot change the formula by any value: sizes, which the matrix confirms; where training began; what
  /// was trained; an activation that is none.
  private func isHarmless(_ member: Member) -> Bool {
    if RBFVocabulary.isSize(member.name) { return member.value.integer != nil }
    if member.name == "activation" { return member.value == .null || member.value.text == "linear" }
    let subjects = RBFVocabulary.factors.union(RBFVocabulary.centers)
    guard member.words.contains(where: { Words.isOne($0, of: subjects) }) else { return false }
    if member.words.contains(where: RBFVocabulary.initial.contains) {
      return member.words.allSatisfy { RBFVocabulary.initial.contains($0) || Words.isOne($0, of: subjects) }
    }
    return member.value.flag != nil && member.words.contains(where: RBFVocabulary.trained.contains)
      && member.words.allSatisfy { RBFVocabulary.trained.contains($0) || Words.isOne($0, of: subjects) }
  }

  /// Whether the name of the class or a member that gives a first value says that the layer has a trained gamma or beta.
  var namesTrainedFactor: Bool {
    func hasFactor(_ words: [String]) -> Bool { words.contains { Words.isOne($0, of: RBFVocabulary.factors) } }
    return hasFactor(classWords)
      || members.contains { hasFactor($0.words) && $0.words.contains(where: RBFVocabulary.initial.contains) }
  }

  /// A member that says that gamma or beta is trained; nil: none does.
  var trainedFactor: String? {
    members.first { member in
      member.value.flag == true && member.words.contains(where: RBFVocabulary.trained.contains)
        && member.words.contains { Words.isOne($0, of: RBFVocabulary.factors) }
    }?.name
  }

  /// The units that the configuration states; nil: it states none.
  var units: Int? { (["units"] + RBFVocabulary.units).lazy.compactMap { layer.config[$0]?.integer }.first }

  /// The first member that gives another size than the matrix has, as a sentence; nil: all agree.
  func disagreement(units: Int) -> String? {
    for (names, expected, what) in [
      (RBFVocabulary.units, units, "units"), (RBFVocabulary.features, features, "features"),
    ] {
      for name in names {
        if let value = layer.config[name]?.integer, value != expected {
          return "its \(quoted(name)) is \(value), but its matrix has \(expected) \(what)"
        }
      }
    }
    return nil
  }

  /// What the formula is inferred from, in words.
  /// - Parameter others: what decided besides the names of class, variables and members.
  func source(members: [String], others: [String] = []) -> String {
    var parts: [String] = []
    parts += namingClass.map { [$0] } ?? []
    let names = variables.compactMap(\.name)
    if names.count == variables.count, !names.isEmpty {
      parts.append("its variable\(names.count == 1 ? "" : "s") " + Self.list(names.map(quoted)))
    } else {
      parts.append(variables.count == 1 ? "its one matrix" : "the shapes of its \(variables.count) variables")
    }
    let members = members.count <= 6 ? members : Array(members.prefix(6))
    if !members.isEmpty { parts.append("the member\(members.count == 1 ? "" : "s") " + Self.list(members.map(quoted))) }
    return Self.list(parts + others)
  }

  private static func names(_ words: [String]) -> Bool {
    words.contains { word in
      [RBFVocabulary.layer, RBFVocabulary.centers, RBFVocabulary.factors].contains { Words.isOne(word, of: $0) }
    }
  }

  /// Some texts as a sentence lists them.
  static func list(_ parts: [String]) -> String {
    parts.count < 2 ? parts.joined() : parts.dropLast().joined(separator: ", ") + " and " + parts[parts.count - 1]
  }
}

/// A name of a file in quotes, without what a terminal would obey, cut where it is long.
func quoted(_ name: String) -> String {
  let cut = name.unicodeScalars.prefix(80).map { $0.value < 32 || $0.value == 127 ? "?" : String($0) }.joined()
  return "'\(cut)\(name.unicodeScalars.count > 80 ? "…" : "")'"
}
