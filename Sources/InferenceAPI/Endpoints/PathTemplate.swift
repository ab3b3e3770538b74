/// The form of a path, such as `/v1/models/{model}/versions/{version}:predict`.
struct PathTemplate: Sendable {
  private enum Part: Equatable {
    case literal(Substring)
    /// A segment that begins with what is captured and ends with a suffix, a verb behind a colon.
    case model(suffix: Substring)
    case version(suffix: Substring)
    case label(suffix: Substring)
  }

  /// As it is written in the OpenAPI document.
  let text: String
  private let parts: [Part]

  /// - Parameter text: begins with a slash; a segment is a literal, or `{model}`, `{version}` or `{label}` before a suffix.
  init(_ text: String) {
    self.text = text
    parts = Self.segments(of: text[...]).map { segment in
      func suffix(_ name: String) -> Substring? { segment.hasPrefix(name) ? segment.dropFirst(name.count) : nil }
      return if let suffix = suffix("{model}") {
        .model(suffix: suffix)
      } else if let suffix = suffix("{version}") {
        .version(suffix: suffix)
      } else if let suffix = suffix("{label}") {
        .label(suffix: suffix)
      } else {
        .literal(segment)
      }
    }
  }

  /// The templates of a text with one group of alternatives, each of which may be left out: `/a[/b|/c]/d` is `/a/d`, `/a/b/d` and `/a/c/d`.
  static func expanding(_ text: String) -> [PathTemplate] {
    guard let open = text.firstIndex(of: "["), let close = text.firstIndex(of: "]") else { return [PathTemplate(text)] }
    let (prefix, suffix) = (text[..<open], text[text.index(after: close)...])
    let alternatives = text[text.index(after: open)..<close].split(separator: "|").map(String.init)
    return ([""] + alternatives).map { PathTemplate(String(prefix + $0 + suffix)) }
  }

  /// What is between the slashes of a path that begins with one.
  static func segments(of path: Substring) -> [Substring] {
    path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
  }

  /// How many segments its paths have.
  var count: Int { parts.count }

  /// Whether none of its segments is captured.
  var isLiteral: Bool { parts.allSatisfy { if case .literal = $0 { true } else { false } } }

  /// What the segments of a path name; nil: the path is of another form. Names and labels are not empty and have no colon, versions are
  /// decimal numbers from 1, without zeros before them.
  func match(_ segments: [Substring]) -> ModelReference? {
    guard segments.count == parts.count else { return nil }
    var reference = ModelReference()
    for (segment, part) in zip(segments, parts) {
      switch part {
      case .literal(let text):
        guard segment == text else { return nil }
      case .model(let suffix):
        guard let name = Self.captured(segment, suffix) else { return nil }
        reference.name = String(name)
      case .label(let suffix):
        guard let label = Self.captured(segment, suffix) else { return nil }
        reference.label = String(label)
      case .version(let suffix):
        guard let text = Self.captured(segment, suffix), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
          // Two spellings of a version would be two keys of a cache.
          text.first != "0", let version = Int(text)
        else { return nil }
        reference.version = version
      }
    }
    return reference
  }

  private static func captured(_ segment: Substring, _ suffix: Substring) -> Substring? {
    guard segment.hasSuffix(suffix) else { return nil }
    let text = segment.dropLast(suffix.count)
    // No name has a colon (ModelName), and behind one stands a verb.
    return text.isEmpty || text.contains(":") ? nil : text
  }
}
