/// `radial.version`: which members and keys a file may have. The major part says that old readers read it wrongly, the minor part that
/// they do not know all of it.
///
/// 1.1 brought the member `inferred_from` of layers, the member `input_name` of the architecture, and the key `radial.verified`; 1.2 the
/// members `output_names` and `known_above` of the architecture, the members `groups` and `dilation_rate` of conv2d, the types whose
/// specifications say so, and the members `categories`, `min_rows` and `borrowed` of a calibration.
struct FileVersion: Equatable, Comparable {
  static let key = "radial.version"
  /// The newest that this reader knows.
  static let newest = minor2
  static let first = FileVersion(major: 1, minor: 0)
  static let minor1 = FileVersion(major: 1, minor: 1)
  static let minor2 = FileVersion(major: 1, minor: 2)

  let major: Int
  let minor: Int

  /// By the major part first.
  static func < (one: FileVersion, other: FileVersion) -> Bool { (one.major, one.minor) < (other.major, other.minor) }

  /// As it is written: `1`, `1.1`.
  var text: String { minor == 0 ? "\(major)" : "\(major).\(minor)" }

  /// `MAJOR` or `MAJOR.MINOR`; nil: the text is neither.
  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    // Digits alone: Int takes a sign too.
    guard (1...2).contains(parts.count),
      parts.allSatisfy({ (1...6).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let major = Int(parts[0]), let minor = Int(parts.count == 2 ? parts[1] : "0"), major > 0
    else { return nil }
    self.init(major: major, minor: minor)
  }

  private init(major: Int, minor: Int) { (self.major, self.minor) = (major, minor) }

  /// The lowest version of a file with this metadata and architecture.
  init(needed metadata: [String: String], _ architecture: Architecture) {
    let calibration = metadata[Calibration.key].flatMap { try? JSONReader.read($0) }
    let isRankedByAnswer = calibration?["categories"] != nil || calibration?["borrowed"] != nil
    self = max(
      isRankedByAnswer ? .minor2 : metadata[Verification.key] != nil ? .minor1 : .first,
      architecture.neededVersion)
  }

  /// Refuses a file that a newer Radial made; so all else that is unknown in a file is a mistake.
  static func check(_ metadata: [String: String], path: String) throws(ModelError) {
    // Files of the first trainers have none.
    guard let text = metadata[key] else { return }
    guard let version = FileVersion(text) else {
      throw ModelError(
        .architecture, path,
        "'\(key)' is '\(JSONValue.shortened(text))', expected a version such as 1 or \(newest.text); export the model again"
      )
    }
    guard version <= newest else { throw newer(what: "\(key) \(version.text)", reads: newest.text, path) }
  }

  /// The refusal of a file that only a newer Radial can read.
  static func newer(what: String, reads: String, _ path: String) -> ModelError {
    ModelError(
      .architecture, path, "made by a newer version of Radial (\(what), this one reads up to \(reads)); use that one")
  }
}
