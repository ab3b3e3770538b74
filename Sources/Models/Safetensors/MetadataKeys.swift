import RadialEngine

/// The keys of a file's metadata that are Radial's, all of them. Keys that do not begin with `radial.` are anybody's.
enum MetadataKeys {
  private static let prefix = "radial."
  private static let known = [
    FileVersion.key, Architecture.key, "radial.labels", Preprocessing.key, "radial.training", Calibration.key,
    Verification.key,
  ]

  /// - Throws: when there is a `radial.` key that is none of them.
  static func check(_ metadata: [String: String], path: String) throws(ModelError) {
    for key in metadata.keys.sorted() where key.hasPrefix(prefix) && !known.contains(key) {
      throw ModelError(
        .metadata, path,
        "unknown metadata key '\(JSONValue.shortened(key))'\(Spelling.hint(for: key, among: known)), expected \(known.joined(separator: ", ")); correct it or leave it out (keys that do not begin with '\(prefix)' are free)"
      )
    }
  }
}

extension Preprocessing {
  static let key = "radial.preprocessing"

  /// The text under the key.
  var encoded: String {
    JSONValue.object(["scale": .shortest(scale), "offset": .shortest(offset)]).text(isPretty: false)
  }
}
