// What requests that name a model may be refused with.
extension APIError {
  static func unknownModel(_ name: String, served: [String]) -> APIError {
    APIError(
      404,
      "model '\(name)' is not served here; GET /models lists the models (\(served.prefix(8).joined(separator: ", ")))")
  }

  static func unknownVersion(_ version: Int, of name: String) -> APIError {
    APIError(404, "model '\(name)' has no version \(version); GET /models lists the versions")
  }

  static func unknownLabel(_ label: String, of name: String) -> APIError {
    APIError(
      400,
      "version label '\(label)' of model '\(name)' is not known, expected 'stable', the version that answers by default"
    )
  }

  static var noModel: APIError {
    APIError(503, nil, retryAfterSeconds: 1, "no model is loaded; GET /models says why")
  }
}
