import FileFormats

/// Which group of a file's weights belongs to which layer, in the form of Keras' own saving library: `.keras` and `.weights.h5`.
///
/// A model's layers lie below `/layers`, or below `/_layer_checkpoint_dependencies` (Keras 2.13 and 2.14), in groups called after their
/// class, not after themselves: `dense`, `dense_1`, …. In the second form the numbers have gaps, since every layer with variables is
/// counted twice there. On Windows, up to Keras 2.15, a group's whole path is one name with backslashes: `layers\dense`.
struct KerasGroups {
  static let containers = ["layers", "_layer_checkpoint_dependencies"]
  /// Names with backslashes, all their parts and the bytes of both; beyond this the file is damaged.
  private static let maximumParts = 64
  private static let maximumPathBytes = 64 << 20

  private let file: HDF5File
  private let path: String
  private let remedy: String
  /// What a path with slashes alone is called in the file.
  private var aliases: [String: String] = [:]
  /// The names below a path that come of names with backslashes.
  private var parts: [String: Set<String>] = [:]
  /// Paths with slashes alone, by the layers' positions.
  private var groups: [[Int]: String] = [:]
  /// What to say of variables that no layer has: thrown when all layers are known, since of a layer that is not served more can be said.
  private(set) var unclaimed: ModelError?

  /// - Parameter remedy: what to do when configuration and weights do not fit.
  init(_ model: JSONValue, in file: HDF5File, path: String, remedy: String) throws(ModelError) {
    self.file = file
    self.path = path
    self.remedy = remedy
    try splitBackslashes()
    try map(model, at: [], below: "")
  }

  /// Whether the file has weights in this form.
  static func isForm(of file: HDF5File) throws(FormatError) -> Bool {
    try file.members(of: "/")?.contains { name in
      containers.contains(String(name.prefix { $0 != "\\" }))
    } ?? false
  }

  /// The group with the layer's `vars`; nil: there is none.
  subscript(_ position: [Int]) -> String? { groups[position].map(actual) }

  /// Names of what a layer's group holds besides `vars`: the parts of layers within it.
  func parts(of position: [Int]) throws(ModelError) -> Set<String> {
    guard let group = groups[position] else { return [] }
    return try children(group).subtracting(["vars"])
  }

  private mutating func splitBackslashes() throws(ModelError) {
    var bytes = 0
    for name in try members("/") where name.contains("\\") {
      let steps = name.split(separator: "\\").map(String.init)
      guard steps.count <= Self.maximumParts else {
        throw invalid("a group's name has \(steps.count) parts, expected at most \(Self.maximumParts)")
      }
      var place = ""
      for step in steps {
        parts[place, default: []].insert(step)
        place += "/" + step
        bytes += place.utf8.count
      }
      guard bytes <= Self.maximumPathBytes else { throw invalid("its groups' names are too long") }
      guard aliases.updateValue("/" + name, forKey: place) == nil else {
        throw invalid("its weights have the group '\(place)' twice")
      }
    }
  }

  /// The names below a path, whichever way they are written.
  private func children(_ place: String) throws(ModelError) -> Set<String> {
    try parts[place, default: []].union(members(actual(place)).filter { !$0.contains("\\") })
  }

  private func actual(_ place: String) -> String { aliases[place] ?? place }

  private func members(_ place: String) throws(ModelError) -> [String] {
    try reading(path) { () throws(FormatError) in try file.members(of: place) ?? [] }
  }

  private mutating func map(_ model: JSONValue, at position: [Int], below place: String) throws(ModelError) {
    let found = try children(place)
    let containers = Self.containers.filter(found.contains)
    guard containers.count < 2 else {
      throw invalid("its weights lie below '\(place)/\(containers[0])' and below '\(place)/\(containers[1])'")
    }
    // A model without variables has no groups.
    guard let container = containers.first.map({ "\(place)/\($0)" }) else { return }
    let existing = try children(container)
    let numbers = Self.numbers(existing)
    let entries = KerasChain.entries(model)
    var layers: [String: [Int]] = [:]
    for (index, entry) in entries.enumerated() {
      layers[KerasChain.snakeCase(KerasChain.className(entry)), default: []].append(index)
    }
    var taken: Set<String> = []
    for (snake, indices) in layers.sorted(by: { $0.key < $1.key }) {
      let names =
        containers[0] == Self.containers[0]
        ? indices.indices.map { $0 == 0 ? snake : "\(snake)_\($0)" }
        : try numbered(snake, numbers[snake] ?? [], layers: indices.count, in: container)
      for (name, index) in zip(names, indices) where existing.contains(name) {
        guard taken.insert(name).inserted else {
          throw invalid("its weights have one group '\(container)/\(name)' for layers of two classes")
        }
        groups[position + [index]] = "\(container)/\(name)"
        if KerasChain.isModel(KerasChain.className(entries[index])) {
          try map(entries[index], at: position + [index], below: "\(container)/\(name)")
        }
      }
    }
    for name in existing.subtracting(taken).sorted() where try holdsVariables("\(container)/\(name)") {
      unclaimed = invalid(
        "its weights hold variables in '\(container)/\(name)', which no layer of its configuration has")
    }
  }

  /// The groups of one class in the order of their numbers, one for each of `layers`; none where all are empty.
  private func numbered(
    _ snake: String, _ numbers: [Int], layers: Int, in container: String
  ) throws(ModelError) -> [String] {
    let names = numbers.sorted().map { $0 == 0 ? snake : "\(snake)_\($0)" }
    if names.count == layers, numbers.contains(0) { return names }
    for name in names where try holdsVariables("\(container)/\(name)") {
      throw invalid(
        "its weights have \(names.count) groups of the class '\(snake)' in '\(container)' (\(names.joined(separator: ", "))), its configuration has \(layers) such layers"
      )
    }
    return []
  }

  /// By class, the numbers of groups that may be its layers': `dense_2` is the class dense's, or the first of a class dense_2.
  private static func numbers(_ names: Set<String>) -> [String: [Int]] {
    var numbers: [String: [Int]] = [:]
    for name in names {
      numbers[name, default: []].append(0)
      let stem = name.prefix(upTo: name.lastIndex(of: "_") ?? name.startIndex)
      let digits = name.dropFirst(stem.count + 1)
      if let number = Int(digits), number > 0, String(number) == digits {
        numbers[String(stem), default: []].append(number)
      }
    }
    return numbers
  }

  /// Whether there is any variable in a group or below it.
  private func holdsVariables(_ place: String) throws(ModelError) -> Bool {
    var places = [place]
    while let place = places.popLast() {
      guard try members(actual(place) + "/vars").isEmpty else { return true }
      // Deeper than models may lie in models, with two names each.
      guard place.count(where: { $0 == "/" }) < Self.maximumParts else { continue }
      places += try children(place).filter { $0 != "vars" }.map { "\(place)/\($0)" }
    }
    return false
  }

  private func invalid(_ sentence: String) -> ModelError {
    ModelError(.architecture, path, "\(sentence); \(remedy)")
  }
}
