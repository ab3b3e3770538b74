/// The name under which a model is served: 1 to 128 of the letters, digits, `_`, `.` and `-`, so that it stands in a path as it is.
enum ModelName {
  private static let maximumBytes = 128
  private static let bytes = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-".utf8)

  /// A name that was given, as it is.
  /// - Throws: when it cannot be one.
  static func checked(_ name: String, of path: String) throws(ModelError) -> String {
    guard (1...maximumBytes).contains(name.utf8.count), name.utf8.allSatisfy(bytes.contains) else {
      let other = displayed(of: name)
      throw ModelError(
        .name, path,
        "'\(name)' cannot be a model's name, expected 1 to \(maximumBytes) letters, digits, '_', '.' or '-'; give it one by `model` \(quoted("\(path)=\(other)")) or `model_name` \(other), or in a models directory rename it"
      )
    }
    return name
  }

  /// For a model that nobody serves: the file's name up to its first dot, with one `_` for each stretch that cannot be in a name.
  static func displayed(of file: String) -> String {
    let stem = file.drop { $0 == "." }.prefix { $0 != "." }
    let words = stem.split { !String($0).utf8.allSatisfy(bytes.contains) }
    return words.isEmpty ? "model" : String(words.joined(separator: "_").prefix(maximumBytes))
  }

  /// As a word for a shell.
  private static func quoted(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ bytes.contains($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "=") }) else {
      return text
    }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
