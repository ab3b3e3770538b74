import RadialEngine

/// One layer of a Keras configuration that is no model itself.
struct KerasLayer {
  /// Without the package that a registered class carries: `rbf>SeedRBF` is `SeedRBF`.
  let className: String
  /// Whether the class is Keras' own.
  let isKeras: Bool
  /// Its own name, and that made unique by the names of the models around it.
  let ownName: String
  let name: String
  let config: JSONValue
  /// Whether the configuration says the name; it does not where a class has no `get_config` of its own.
  let isNamed: Bool
  /// Its index among the layers of its model, behind those of the models around it.
  let position: [Int]
  var isNested: Bool { position.count > 1 }
}

/// The layers of a model in the order in which a row passes through them; models within the model are unrolled.
struct KerasChain {
  private static let maximumLayers = 10_000
  private static let maximumDepth = 16

  private(set) var layers: [KerasLayer] = []
  /// Without the batch dimension.
  let inputShape: [Int]
  /// What the file calls the model's input: the name of its own InputLayer, if it has one.
  var inputName: String? {
    layers.first.flatMap { $0.className == "InputLayer" && !$0.isNested ? $0.config["name"]?.text ?? $0.ownName : nil }
  }
  private let path: String

  /// The layers of a model in the order in which a row passes them.
  init(_ model: JSONValue, path: String) throws(ModelError) {
    self.path = path
    inputShape = try Self.inputShape(model, path)
    try add(model, at: [], around: [])
    var names: Set<String> = []
    if let twice = layers.first(where: { !names.insert($0.name).inserted }) {
      throw ModelError(.architecture, path, "two layers are called '\(twice.name)'; give each its own name")
    }
  }

  /// The class of a layer; empty: none is said.
  static func className(_ layer: JSONValue) -> String {
    let text = layer["class_name"]?.text ?? ""
    return text.lastIndex(of: ">").map { String(text[text.index(after: $0)...]) } ?? text
  }

  /// Whether a class is a network in a network.
  static func isModel(_ className: String) -> Bool {
    ["Sequential", "Functional", "Model"].contains(className)
  }

  /// The layers of a model's configuration, in its order.
  static func entries(_ model: JSONValue) -> [JSONValue] {
    model["config"]?["layers"]?.array ?? model["config"]?.array ?? []
  }

  /// nil: the configuration does not say it.
  static func name(_ layer: JSONValue) -> String? { layer["name"]?.text ?? layer["config"]?["name"]?.text }

  /// A name for each; where the configuration says none, one of Keras' kind: `rbf_layer`, `rbf_layer_1`, ….
  private static func names(_ entries: [JSONValue]) -> [String] {
    var taken = Set(entries.compactMap(name))
    var counts: [String: Int] = [:]
    return entries.map { entry in
      if let name = name(entry) { return name }
      let snake = snakeCase(className(entry))
      while true {
        let count = counts[snake, default: 0]
        counts[snake] = count + 1
        let name = count == 0 ? snake : "\(snake)_\(count)"
        if taken.insert(name).inserted { return name }
      }
    }
  }

  /// - Parameters:
  ///   - position: of the model itself.
  ///   - around: names of the models around this one.
  private mutating func add(_ model: JSONValue, at position: [Int], around: [String]) throws(ModelError) {
    let className = Self.className(model)
    guard Self.isModel(className) else {
      throw invalid(
        "its model is a '\(className)', a class of its own; Radial reads Sequential and Functional models, build one of these and save it"
      )
    }
    guard around.count <= Self.maximumDepth else { throw invalid("models lie in models too deep; flatten them") }
    let entries = Self.entries(model)
    let names = Self.names(entries)
    let order = className == "Sequential" ? Array(entries.indices) : try Self.order(entries, model, path)
    for index in order {
      let entry = entries[index]
      let name = names[index]
      guard !Self.isModel(Self.className(entry)) else {
        try add(entry, at: position + [index], around: around + [name])
        continue
      }
      guard layers.count < Self.maximumLayers else { throw invalid("it has more than \(Self.maximumLayers) layers") }
      layers.append(
        KerasLayer(
          className: Self.className(entry), isKeras: KerasClasses.isKeras(entry), ownName: name,
          name: (around + [name]).joined(separator: "/"), config: entry["config"] ?? .object([:]),
          isNamed: Self.name(entry) != nil, position: position + [index]))
    }
  }

  private func invalid(_ sentence: String) -> ModelError { ModelError(.architecture, path, sentence) }

  /// Keras' naming.to_snake_case: a break before a capital that follows a small letter, or that precedes one.
  static func snakeCase(_ name: String) -> String {
    let letters = name.filter { $0.isLetter || $0.isNumber || $0 == "_" }.map { $0 }
    var result = ""
    for (index, letter) in letters.enumerated() {
      let isBreak =
        index > 0 && letter.isCapital
        && (letters[index - 1].isSmall || (index + 1 < letters.count && letters[index + 1].isSmall))
      if isBreak { result.append("_") }
      result += letter.lowercased()
    }
    return result
  }

  /// From the InputLayer; from the model or its first layer where there is none.
  private static func inputShape(_ model: JSONValue, _ path: String) throws(ModelError) -> [Int] {
    var model = model
    var candidates: [JSONValue?] = []
    for _ in 0..<maximumDepth {
      let layers = entries(model)
      let first = layers.first { className($0) == "InputLayer" } ?? layers.first
      let config = first?["config"]
      candidates += [
        config?["batch_shape"], config?["batch_input_shape"], model["config"]?["build_input_shape"],
        model["build_config"]?["input_shape"], first?["build_config"]?["input_shape"],
      ]
      guard let first, isModel(className(first)) else { break }
      model = first
    }
    guard let batch = candidates.lazy.compactMap({ $0?.array }).first else {
      throw ModelError(
        .architecture, path,
        "no layer says the shape of the inputs; add keras.Input(shape=(…,)) and save the model again")
    }
    let dimensions = batch.dropFirst().map(\.integer)
    guard !dimensions.isEmpty, dimensions.allSatisfy({ ($0 ?? 0) > 0 }) else {
      let text = dimensions.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
      throw ModelError(
        .architecture, path,
        "the input shape is [\(text)] behind the batch dimension, expected positive numbers; give keras.Input a fixed shape and save the model again"
      )
    }
    let shape = dimensions.compactMap { $0 }
    var total = 1
    for dimension in shape {
      guard dimension <= Network.maximumWidth / total else {
        throw ModelError(
          .architecture, path,
          "the input shape \(shape) has more than \(Network.maximumWidth) numbers; use a smaller one")
      }
      total *= dimension
    }
    return shape
  }
}

extension Character {
  // Keras' rule knows the Latin letters alone.
  fileprivate var isCapital: Bool { ("A"..."Z").contains(self) }
  fileprivate var isSmall: Bool { ("a"..."z").contains(self) }
}
