// What the Open Inference Protocol's routes refuse, beside what every route does.
extension APIError {
  /// 413: the body of a request about the repository, which is a few names.
  static var bodyTooLarge: APIError {
    APIError(413, "the body is over the limit of 65536 bytes for a request without rows; send less")
  }

  /// 400: bytes of a tensor that are not as many as its shape says.
  /// - Parameter what: whose bytes, as a sentence begins.
  static func tensorSize(_ what: String, expected: Int, found: Int) -> APIError {
    APIError(400, "\(what): expected \(expected) bytes, found \(found)")
  }

  /// 400: the header that says how much of a body is JSON does not.
  static func badInferenceHeader(found: String, body: Int) -> APIError {
    APIError(
      400,
      "Inference-Header-Content-Length: expected how many of the body's \(body) bytes are JSON, found '\(found)'")
  }

  /// 400: only of scores the largest are the best.
  /// - Parameter first: the model's first output.
  static func noClassification(of name: String, scores first: TensorSignature.Output) -> APIError {
    let advice = first.tensor == .scores ? "ask for one of '\(TensorSignature.shown(first.name))'" : "ask for none"
    return APIError(
      400,
      "output '\(TensorSignature.shown(name))' has no classification, since its largest values are not the best; \(advice)"
    )
  }

  /// 400: a load that brings a configuration or files of its own.
  static func overrideRefused(_ name: String) -> APIError {
    APIError(400, "model '\(name)' is loaded from its files as they are; send no config or file parameters")
  }

  /// Why a request to load or unload `name` was not carried out; nil: it was.
  init?(_ outcome: ModelRegistry.RequestOutcome, of name: String) {
    switch outcome {
    case .done: return nil
    case .unknown(let served): self = .unknownModel(name, served: served)
    case .failed(let sentence): self.init(400, "model '\(name)' could not be loaded: \(sentence)")
    case .refused(let advice):
      self.init(
        503, "model '\(name)' is not unloaded: nothing would be left to serve under its name; \(advice)")
    }
  }
}
