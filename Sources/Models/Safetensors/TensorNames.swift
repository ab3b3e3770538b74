/// The rule for tensors that nothing takes.
///
/// A file may carry tensors of other programs, as its metadata may carry their keys. But one whose name says that it is part of the
/// network (`dense.biass`, `dense.bias` beside `use_bias` false, `dense_2.kernel` without a layer dense_2) belongs to another network
/// than the one that would be served, and so it is refused.
enum TensorNames {
  /// The parts that layers take.
  private static let layerParts = [
    "kernel", "bias", "centers", "scale", "gamma", "beta", "moving_mean", "moving_variance", "factor", "offset",
    "alpha",
  ]
  private static let ownGroups = [
    "calibration": ["distances", "offsets", "sketch"], "selftest": ["inputs", "outputs", "distances"],
    "fitted": ["sketch"], "samples": ["inputs", "labels"],
  ]

  /// More than any program adds, and few enough to look at the spelling of each.
  private static let maximumStrangers = 4096

  /// - Parameters:
  ///   - layers: the parts that each layer takes, by its name.
  ///   - hasCalibration: whether the metadata has a calibration.
  /// - Throws: when a tensor that nothing takes is named like one that something would take.
  static func check(
    _ source: any TensorSource, layers: [String: [String]], hasCalibration: Bool
  ) throws(ModelError) {
    var strangers = 0
    for name in source.tensors.keys.sorted() {
      let (owner, part) = split(name)
      if let parts = layers[owner] {
        if parts.contains(part) { continue }
        guard ownGroups[owner]?.contains(part) == true else { throw invalid(source, name, unused(owner, part, parts)) }
      }
      if let parts = ownGroups[owner] {
        guard parts.contains(part) else {
          throw invalid(
            source, name,
            "is none that '\(owner)' has\(Spelling.hint(for: part, among: parts)), it has \(list(parts)); correct or remove it"
          )
        }
        guard owner != "calibration" || hasCalibration else {
          throw invalid(
            source, name, "is there without the metadata key '\(Calibration.key)'; add the key, or remove the tensor")
        }
        guard owner != "selftest" || source.tensors["selftest.inputs"] != nil else {
          throw invalid(
            source, name, "is there without 'selftest.inputs'; add the rows that it belongs to, or remove the tensor")
        }
        guard owner != "samples" || source.tensors[Samples.inputsTensor] != nil else {
          throw invalid(
            source, name,
            "is there without '\(Samples.inputsTensor)'; add the rows that it belongs to, or remove the tensor")
        }
        continue
      }
      strangers += 1
      guard strangers <= maximumStrangers else {
        throw invalid(source, name, "is one of more than \(maximumStrangers) that no layer takes; remove them")
      }
      guard Spelling.suggestion(for: part, among: layerParts) == nil,
        Spelling.suggestion(for: owner, among: ownGroups.keys.sorted()) == nil
      else {
        // Names of one or two letters are all near each other.
        let known = layers.keys.filter { $0.count > 2 }.sorted() + ownGroups.keys.sorted()
        throw invalid(
          source, name,
          "belongs to no layer\(Spelling.hint(for: owner, among: known)), the architecture has none called '\(JSONValue.shortened(owner))'; describe the layer, or remove or rename the tensor"
        )
      }
    }
  }

  /// What is before the last dot, and what is behind it.
  private static func split(_ name: String) -> (owner: String, part: String) {
    guard let dot = name.lastIndex(of: ".") else { return (name, "") }
    return (String(name[..<dot]), String(name[name.index(after: dot)...]))
  }

  private static func invalid(_ source: any TensorSource, _ name: String, _ sentence: String) -> ModelError {
    ModelError(.tensor, source.path, "tensor '\(JSONValue.shortened(name))' \(sentence)")
  }

  private static func unused(_ owner: String, _ part: String, _ parts: [String]) -> String {
    let question = Spelling.hint(for: part, among: parts)
    return
      "is nothing that layer '\(JSONValue.shortened(owner))' takes\(question), as it is described it takes \(parts.isEmpty ? "no tensor" : list(parts)); correct the description, or remove or rename the tensor"
  }

  private static func list(_ parts: [String]) -> String { parts.joined(separator: ", ") }
}
