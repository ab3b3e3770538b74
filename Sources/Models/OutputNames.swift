/// What a file calls the outputs of its graph. It then has a name for the input too, and these are the tensors' own, and no aliases.
public struct OutputNames: Sendable, Equatable {
  /// What the last layer gives.
  public let outputs: String
  /// The squared distances; nil: the file gives none.
  public let distances: String?
  /// Outputs of the file that are left out, such as what distances are taken of. Nothing else goes by their names.
  public let others: [String]

  static let maximumOthers = 16
  private static let members = ["outputs", "distances", "others"]

  init(outputs: String, distances: String? = nil, others: [String] = []) {
    (self.outputs, self.distances, self.others) = (outputs, distances, others)
  }

  /// - Parameter path: the file's, for errors.
  init(_ value: JSONValue, path: String) throws(ModelError) {
    let owner = "'\(Architecture.key)': 'output_names'"
    guard let object = value.object else {
      throw ModelError(.architecture, path, "\(owner) is \(value.shown), expected an object with outputs")
    }
    let members = try Members(object, known: Self.members, of: owner, path: path, .architecture)
    let limit = Model.tensorNameBytes.upperBound
    outputs = try members.text("outputs", maximumBytes: limit)
    distances = try members.optionalText("distances", maximumBytes: limit)
    others = try members.optionalTexts("others", maximumCount: Self.maximumOthers, maximumBytes: limit)
  }

  /// As a file has it.
  var encoded: JSONValue {
    var members: [String: JSONValue] = ["outputs": .string(outputs)]
    members["distances"] = distances.map(JSONValue.string)
    if !others.isEmpty { members["others"] = .array(others.map(JSONValue.string)) }
    return .object(members)
  }

  /// The same of a network whose distances are no longer those of the file.
  var withoutDistances: OutputNames { OutputNames(outputs: outputs, others: Array(all.dropFirst())) }

  /// Every name.
  public var all: [String] { [outputs] + (distances.map { [$0] } ?? []) + others }
}
