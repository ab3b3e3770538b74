// What requests that name a model may be refused with.
extension APIError {
  /// 404, with some of the names that are served.
  static func unknownModel(_ name: String, served: [String]) -> APIError {
    APIError(
      404,
      "model '\(name)' is not served here; GET /models lists the models (\(served.prefix(8).joined(separator: ", ")))")
  }

  /// 404: the model is there, in other versions.
  static func unknownVersion(_ version: Int, of name: String) -> APIError {
    APIError(404, "model '\(name)' has no version \(version); GET /models lists the versions")
  }

  /// 400, as TensorFlow Serving answers it.
  static func unknownLabel(_ label: String, of name: String) -> APIError {
    APIError(
      400,
      "version label '\(label)' of model '\(name)' is not known, expected 'stable', the version that answers by default"
    )
  }

  /// 503: nothing is served, so that nothing answers by default.
  static var noModel: APIError {
    APIError(503, nil, retryAfterSeconds: 1, "no model is loaded; GET /models says why")
  }
}
