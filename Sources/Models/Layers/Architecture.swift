import RadialEngine

/// A network's description: in files of Radial's own the JSON under `radial.architecture`, every member of which must be known.
struct Architecture {
  /// A layer under its name.
  struct Entry: Equatable {
    let name: String
    let spec: LayerSpec
    /// From what a reader inferred the formula of the layer; nil: the file states it.
    let inferredFrom: String?
  }

  /// Of the names of layers, and of what tells from what a formula was inferred.
  static let maximumTextBytes = 1024
  /// Deeper networks than any.
  private static let maximumLayers = 4096

  /// As the file has it; a row is its values in row-major order.
  let inputShape: [Int]
  /// Of rows that are images.
  let inputLayout: ImageLayout
  /// What the file calls the input, for protocols that name it.
  let inputName: String?
  /// What the file calls its outputs; nil: it does not say.
  let outputNames: OutputNames?
  let layers: [Entry]
  /// What measures distances where the layers do not; nil: nothing else.
  let distances: DistanceHeadSpec?
  /// A row is known where the one output is above it; nil: the network says nothing of that kind.
  let knownAbove: Float?

  /// - Parameter path: the file's, for errors.
  init(
    inputShape: [Int], inputLayout: ImageLayout = .channelsLast, inputName: String?,
    outputNames: OutputNames? = nil, layers: [Entry], distances: DistanceHeadSpec? = nil, knownAbove: Float? = nil,
    path: String
  ) throws(ModelError) {
    guard inputLayout == .channelsLast || inputShape.count == 3 else {
      throw ModelError(
        .architecture, path, "'input_layout' is of an image, and its input has the shape \(inputShape); leave it out")
    }
    guard NetworkReader.product(inputShape) != nil else {
      throw ModelError(.architecture, path, "its input has the shape \(inputShape), expected \(Self.shapeText)")
    }
    if let outputNames {
      guard let inputName else {
        throw ModelError(.architecture, path, "it has 'output_names' and no 'input_name'; name the input too")
      }
      var tensors: Set<String> = []
      for name in [inputName] + outputNames.all where !tensors.insert(name).inserted {
        throw ModelError(
          .architecture, path,
          "two of its tensors are called '\(JSONValue.shortened(name))'; give each its own name")
      }
    }
    guard layers.count <= Self.maximumLayers else {
      throw ModelError(
        .architecture, path,
        "it has \(layers.count) layers, expected at most \(Self.maximumLayers); build a smaller one")
    }
    var names: Set<String> = []
    for (index, layer) in layers.enumerated() {
      for (what, text) in [("name", layer.name), ("source of its formula", layer.inferredFrom ?? "none")]
      where !(1...Self.maximumTextBytes).contains(text.utf8.count) {
        throw ModelError(
          .architecture, path,
          "layers[\(index)]: its \(what) has \(text.utf8.count) bytes, expected 1 to \(Self.maximumTextBytes); use shorter names"
        )
      }
      guard names.insert(layer.name).inserted else {
        throw ModelError(.architecture, path, "two layers are called '\(layer.name)'; give each its own name")
      }
    }
    (self.inputShape, self.inputLayout, self.inputName) = (inputShape, inputLayout, inputName)
    (self.outputNames, self.layers, self.distances) = (outputNames, layers, distances)
    self.knownAbove = knownAbove
  }

  /// Decodes the text under the key.
  /// - Parameter path: the file's, for errors.
  init(_ text: String, path: String) throws(ModelError) {
    let members = try Members(
      key: Self.key, text: text,
      known: [
        "version", "input_shape", "input_layout", "input_name", "output_names", "layers", "distances", "known_above",
      ], path: path, .architecture)
    let version = try members.count("version", in: 1...Int(Int32.max))
    guard version == 1 else { throw FileVersion.newer(what: "\(Self.key) has version \(version)", reads: "1", path) }
    let inputShape = try members.integers("input_shape", expected: Self.shapeText)
    guard NetworkReader.product(inputShape) != nil else { throw members.wrong("input_shape", expected: Self.shapeText) }
    let inputLayout: ImageLayout = try members.choice("input_layout", absent: .channelsLast)
    let inputName = try members.optionalText("input_name", maximumBytes: Model.tensorNameBytes.upperBound)
    var outputNames: OutputNames?
    if let value = members.value("output_names") { outputNames = try OutputNames(value, path: path) }
    guard let entries = members.value("layers")?.array, entries.count <= Self.maximumLayers else {
      throw members.wrong("layers", expected: "an array of at most \(Self.maximumLayers) layers")
    }
    var layers: [Entry] = []
    for (index, value) in entries.enumerated() { layers.append(try Entry(value, at: index, path: path)) }
    var head: DistanceHeadSpec?
    if let value = members.value("distances") { head = try DistanceHeadSpec(value, path: path) }
    var knownAbove: Float?
    if members.value("known_above") != nil {
      knownAbove = Float(try members.number("known_above", expected: "a number of Float32") { Float($0).isFinite })
    }
    try self.init(
      inputShape: inputShape, inputLayout: inputLayout, inputName: inputName, outputNames: outputNames,
      layers: layers, distances: head, knownAbove: knownAbove, path: path)
  }

  /// The text under the key.
  var encoded: String {
    var members: [String: JSONValue] = [
      "version": .integer(1), "input_shape": .integers(inputShape), "layers": .array(layers.map(\.encoded)),
    ]
    if inputLayout != .channelsLast { members["input_layout"] = .string(inputLayout.rawValue) }
    members["input_name"] = inputName.map(JSONValue.string)
    members["output_names"] = outputNames?.encoded
    members["distances"] = distances?.encoded
    members["known_above"] = knownAbove.map(JSONValue.shortest)
    return JSONValue.object(members).text(isPretty: false)
  }

  /// The version of files that can say all of it.
  var neededVersion: FileVersion {
    guard distances == nil, knownAbove == nil, outputNames == nil, inputLayout == .channelsLast else { return .minor2 }
    let inference: FileVersion =
      inputName != nil || layers.contains { $0.inferredFrom != nil } ? .minor1 : .first
    return layers.reduce(inference) { max($0, $1.spec.payload.neededVersion) }
  }

  static let key = "radial.architecture"
  private static let shapeText =
    "[features], [rows, columns] or [rows, columns, channels], at most \(Network.maximumWidth) values"
}

extension Architecture.Entry {
  /// - Parameter index: among the layers, for one that has no name.
  init(_ value: JSONValue, at index: Int, path: String) throws(ModelError) {
    func invalid(_ sentence: String) -> ModelError {
      ModelError(.architecture, path, "'\(Architecture.key)': layers[\(index)] \(sentence)")
    }
    guard let object = value.object else { throw invalid("is \(value.shown), expected an object with type and name") }
    func word(_ member: String) throws(ModelError) -> String {
      guard let text = object[member]?.text, (1...Architecture.maximumTextBytes).contains(text.utf8.count) else {
        let near = object.keys.sorted().first {
          !["type", "name"].contains($0) && Spelling.suggestion(for: $0, among: [member]) != nil
        }
        throw invalid(
          "has the '\(member)' \(object[member]?.shown ?? "missing"), expected a text of 1 to \(Architecture.maximumTextBytes) bytes"
            + (near.map { "; '\(JSONValue.shortened($0))' is there, did you mean '\(member)'?" } ?? ""))
      }
      return text
    }
    let name = try word("name")
    let type = try word("type")
    let owner = "layer '\(JSONValue.shortened(name))' (\(JSONValue.shortened(type)))"
    guard let layerType = LayerSpec.types.first(where: { $0.word == type }) else {
      let words = LayerSpec.types.map(\.word)
      throw ModelError(
        .architecture, path,
        "\(owner): unknown layer type\(Spelling.hint(for: type, among: words)), expected one of \(words.joined(separator: ", "))"
      )
    }
    let members = try Members(
      object, known: ["type", "name"] + layerType.members, of: owner, path: path, .architecture)
    self.name = name
    spec = try layerType.decode(members)
    inferredFrom =
      layerType.members.contains("inferred_from")
      ? try members.optionalText("inferred_from", maximumBytes: Architecture.maximumTextBytes) : nil
  }

  /// As a file has it.
  var encoded: JSONValue {
    let payload = spec.payload
    var members = payload.encoded
    members["type"] = .string(payload.word)
    members["name"] = .string(name)
    members["inferred_from"] = inferredFrom.map(JSONValue.string)
    return .object(members)
  }
}

/// One row of the layer table.
public struct LayerDescription: Sendable, Equatable {
  /// The layer's name in its file.
  public let name: String
  /// The word for its type in Radial's own files.
  public let type: String
  /// Without the batch dimension.
  public let inputShape: [Int]
  /// Without the batch dimension.
  public let outputShape: [Int]
  /// The activation's name; nil: the type has none.
  public let activation: String?
  /// How many numbers it was trained for.
  public let parameters: Int
  /// In words that a reader can check, such as `exp(-gamma * sum((x - mu)^2)), gamma = 0.5`.
  public let formula: String
  /// From what the formula was inferred, such as "the class name 'RBFLayer' and the member 'gamma'"; nil: the file states it.
  public let inferredFrom: String?

  /// Whether it measures distances to prototypes.
  public var isPrototypeLayer: Bool { type == "rbf" || type == "duq" }
}
