// What the Open Inference Protocol's routes refuse, beside what every route does.
extension APIError {
  static func tensorSize(_ what: String, expected: Int, found: Int) -> APIError {
    APIError(400, "\(what): expected \(expected) bytes, found \(found)")
  }

  static func badInferenceHeader(found: String, body: Int) -> APIError {
    APIError(
      400,
      "Inference-Header-Content-Length: expected how many of the body's \(body) bytes are JSON, found '\(found)'")
  }

  static func noClassification(of tensor: StaticString) -> APIError {
    APIError(
      400,
      "output '\(tensor)' has no classification, since its largest values are not the best; ask for one of 'scores'")
  }

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
