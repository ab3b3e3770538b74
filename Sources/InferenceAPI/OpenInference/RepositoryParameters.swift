import HTTPServer
import JSON

/// What Triton's clients send to a model repository.
struct RepositoryParameters {
  /// Whether the index is to list only what is ready.
  var isOnlyReady = false
  /// Whether a model's configuration or files are to be others than it has.
  var hasOverride = false

  static let expected: StaticString = "an object"

  /// Those of an empty body.
  init() {}

  /// Reads a body; members that are not known are skipped.
  init(_ json: borrowing JSONCursor) throws(JSONError) {
    try json.beginObject(Self.expected, "")
    while let name = try json.nextMember("") {
      switch name {
      case "ready": isOnlyReady = try json.bool("ready")
      case "parameters": try readParameters(json)
      default: try json.skip("")
      }
    }
  }

  private mutating func readParameters(_ json: borrowing JSONCursor) throws(JSONError) {
    try json.beginObject("an object", "parameters")
    while let name = try json.nextMember("parameters") {
      switch name {
      case "unload_dependents":
        _ = try json.bool("parameters.unload_dependents")
        continue
      case "config": hasOverride = true
      case _ where name.hasPrefix("file:"): hasOverride = true
      default: break
      }
      try json.skip("parameters")
    }
  }
}

extension RequestReader {
  /// The body of a request about the repository; it may be empty.
  func repository(_ request: any HTTPRequest) throws(APIError) -> RepositoryParameters {
    guard let body = request.body else { throw .bodyTooLarge }
    guard !JSONParser.isEmpty(body) else { return RepositoryParameters() }
    do throws(JSONError) {
      return try decode(body[...], expecting: RepositoryParameters.expected) { (json) throws(JSONError) in
        try RepositoryParameters(json)
      }
    } catch {
      throw APIError(error)
    }
  }
}
