import JSON

/// `GET /openapi.json`: every operation, as OpenAPI 3.1 (spec.openapis.org/oas/v3.1.1) has them.
enum OpenAPI {
  /// What stands in the file where the version of the running server belongs.
  private static let placeholder = "0.0.0"

  /// The document.
  /// - Parameter version: Radial's.
  static func document(version: String) -> String {
    let text = String(decoding: PackageResources.openapi_json, as: UTF8.self)
    // The file is a document of its own, which editors and linters read: only its version is not known before.
    guard let place = text.firstRange(of: "\"version\": \"\(placeholder)\"") else {
      preconditionFailure("openapi.json has no version to replace")
    }
    return text[..<place.lowerBound] + "\"version\": " + String(decoding: JSONWriter.escaped(version), as: UTF8.self)
      + text[place.upperBound...]
  }
}
