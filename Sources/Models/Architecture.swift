import RadialEngine

/// `radial.architecture`: the description of a network, as JSON. Every member must be known.
struct Architecture {
  /// A layer under its name.
  struct Entry {
    let name: String
    let kind: LayerSpec.Kind
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
  /// Another name of the input, for protocols that name it.
  let inputName: String?
  let layers: [Entry]

  /// - Parameter path: the file's, for errors.
  init(_ text: String, path: String) throws(ModelError) {
    let members = try Members(
      key: Self.key, text: text, known: ["version", "input_shape", "input_name", "layers"], path: path, .architecture)
    let version = try members.count("version", in: 1...Int(Int32.max))
    guard version == 1 else { throw FileVersion.newer(what: "\(Self.key) has version \(version)", reads: "1", path) }
    inputShape = try members.integers("input_shape", expected: Self.shapeText)
    guard NetworkReader.product(inputShape) != nil else { throw members.wrong("input_shape", expected: Self.shapeText) }
    inputName = try members.optionalText("input_name", maximumBytes: Model.inputNameBytes.upperBound)
    guard let entries = members.value("layers")?.array, entries.count <= Self.maximumLayers else {
      throw members.wrong("layers", expected: "an array of at most \(Self.maximumLayers) layers")
    }
    var layers: [Entry] = []
    var names: Set<String> = []
    for (index, value) in entries.enumerated() {
      let entry = try Entry(value, at: index, path: path)
      guard names.insert(entry.name).inserted else {
        throw ModelError(.architecture, path, "two layers are called '\(entry.name)'; give each its own name")
      }
      layers.append(entry)
    }
    self.layers = layers
  }

  static let key = "radial.architecture"
  private static let shapeText =
    "[features], [rows, columns] or [rows, columns, channels], at most \(Network.maximumWidth) values"
}

extension Architecture.Entry {
  /// - Parameter index: among the layers, for one that has no name.
  init(_ value: JSONValue, at index: Int, path: String) throws(ModelError) {
    func refuse(_ sentence: String) -> ModelError {
      ModelError(.architecture, path, "'\(Architecture.key)': layers[\(index)] \(sentence)")
    }
    guard let object = value.object else { throw refuse("is \(value.shown), expected an object with type and name") }
    func word(_ member: String) throws(ModelError) -> String {
      guard let text = object[member]?.text, (1...Architecture.maximumTextBytes).contains(text.utf8.count) else {
        let near = object.keys.sorted().first {
          !["type", "name"].contains($0) && Spelling.suggestion(for: $0, among: [member]) != nil
        }
        throw refuse(
          "has the '\(member)' \(object[member]?.shown ?? "missing"), expected a text of 1 to \(Architecture.maximumTextBytes) bytes"
            + (near.map { "; '\(JSONValue.shortened($0))' is there, did you mean '\(member)'?" } ?? ""))
      }
      return text
    }
    let name = try word("name")
    let type = try word("type")
    let owner = "layer '\(JSONValue.shortened(name))' (\(JSONValue.shortened(type)))"
    guard let kind = LayerSpec.Kind(rawValue: type) else {
      let words = LayerSpec.Kind.allCases.map(\.rawValue)
      throw ModelError(
        .architecture, path,
        "\(owner): unknown layer type\(Spelling.hint(for: type, among: words)), expected one of \(words.joined(separator: ", "))"
      )
    }
    let members = try Members(
      object, known: ["type", "name"] + kind.members, of: owner, path: path, .architecture)
    self.name = name
    self.kind = kind
    spec = try LayerSpec(kind, members)
    inferredFrom =
      kind.members.contains("inferred_from")
      ? try members.optionalText("inferred_from", maximumBytes: Architecture.maximumTextBytes) : nil
  }
}

/// One row of the layer table.
public struct LayerDescription: Sendable, Equatable {
  public let name: String
  public let type: String
  /// Without the batch dimension.
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let activation: String?
  public let parameters: Int
  /// In words that a reader can check, such as `exp(-gamma * sum((x - mu)^2)), gamma = 0.5`.
  public let formula: String
  /// From what the formula was inferred, such as "the class name 'RBFLayer' and the member 'gamma'"; nil: the file states it.
  public let inferredFrom: String?

  /// Whether it measures distances to prototypes.
  public var isPrototypeLayer: Bool { type == "rbf" || type == "duq" }
}
