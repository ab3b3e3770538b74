extension OpenAPIDocument {
  /// The document of a version of Radial.
  static func text(version: String) -> String {
    let pieces = json.split(separator: "RADIAL_VERSION", omittingEmptySubsequences: false)
    return pieces.joined(separator: version)
  }
}
