/// Which model a request names: none is the default model, no version is the highest.
struct ModelReference: Equatable, Sendable {
  var name: String?
  var version: Int?
  /// Of a version, as TensorFlow Serving has them.
  var label: String?

  init(name: String? = nil, version: Int? = nil, label: String? = nil) {
    self.name = name
    self.version = version
    self.label = label
  }

  /// Takes `NAME[/versions/V]` off the front of a path's segments.
  /// - Parameter allowsLabels: also `NAME/labels/L`.
  init?(takingFrom parts: inout ArraySlice<Substring>, allowsLabels: Bool = false) {
    guard let name = parts.popFirst(), !name.isEmpty else { return nil }
    self.init(name: String(name))
    if parts.first == "versions" {
      guard let text = parts.dropFirst().first, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        text.first != "0", let version = Int(text)
      else { return nil }
      self.version = version
      parts = parts.dropFirst(2)
    } else if allowsLabels, parts.first == "labels" {
      guard let label = parts.dropFirst().first, !label.isEmpty else { return nil }
      self.label = String(label)
      parts = parts.dropFirst(2)
    }
  }
}
