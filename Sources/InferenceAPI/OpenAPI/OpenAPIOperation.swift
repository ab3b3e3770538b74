/// One operation of the OpenAPI document: a path, its method, what goes in and what comes out.
struct OpenAPIOperation: Sendable {
  enum Method: String, Sendable { case get, post }

  enum Body: Sendable {
    /// A schema of `OpenAPISchemas`.
    case json(String)
    /// The same, or nothing.
    case optionalJSON(String)
    /// JSON, and behind it the bytes of a tensor; or those alone.
    case infer
  }

  enum Answer: Sendable {
    /// A schema of `OpenAPISchemas`.
    case json(String)
    case infer
    case text
    case empty
    /// There is none: the operation is refused, always.
    case none
  }

  let method: Method
  /// With `{model}`, `{version}` and `{label}`.
  let path: String
  let id: String
  let tag: String
  let summary: String
  let body: Body?
  let answer: Answer
  /// The statuses of its refusals, beside those of every request.
  let refusals: [Int]

  init(
    _ method: Method, _ path: String, id: String, tag: String, _ summary: String, body: Body? = nil, answer: Answer,
    refusals: [Int] = []
  ) {
    self.method = method
    self.path = path
    self.id = id
    self.tag = tag
    self.summary = summary
    self.body = body
    self.answer = answer
    self.refusals = refusals
  }

  /// The operation object.
  var json: String {
    var members = [
      "\"operationId\":\"\(id)\"", "\"tags\":[\"\(tag)\"]", "\"summary\":\(JSONWriter.quoted(summary))",
      "\"parameters\":[\(parameters.map { "{\"$ref\":\"#/components/parameters/\($0)\"}" }.joined(separator: ","))]",
    ]
    if let body = bodyJSON { members.append("\"requestBody\":\(body)") }
    members.append("\"responses\":{\(responses.joined(separator: ","))}")
    return "\"\(method)\":{\(members.joined(separator: ","))}"
  }

  /// Names in `components.parameters`.
  private var parameters: [String] {
    var names = ["model", "version", "label"].filter { path.contains("{\($0)}") }
    names.append("requestID")
    if computes { names.append("timeout") }
    if case .infer = body { names.append("inferenceHeader") }
    return names
  }

  /// Whether rows are sent to a model.
  private var computes: Bool {
    switch body {
    case .json, .infer: true
    case .optionalJSON, nil: false
    }
  }

  private var bodyJSON: String? {
    switch body {
    case .json(let schema): "{\"required\":true,\"content\":\(Self.content(schema))}"
    case .optionalJSON(let schema): "{\"required\":false,\"content\":\(Self.content(schema))}"
    case .infer:
      "{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/InferRequest\"}},"
        + "\"application/octet-stream\":{\"schema\":{\"type\":\"string\",\"format\":\"binary\"}}}}"
    case nil: nil
    }
  }

  /// What any request may be refused with before its route is asked: by the limits of header section and body, by the codings, while
  /// draining. All are listed instead of a `default`, which would declare every status right.
  private static let refusalsOfEveryRequest = [400, 408, 413, 415, 431, 501, 503]

  private var responses: [String] {
    let answered: [String] =
      switch answer {
      case .json(let schema): [Self.answered("The answer", "\"content\":\(Self.content(schema))")]
      case .infer:
        [
          Self.answered(
            "JSON; behind it the bytes of the binary tensors, if there are any",
            headers: ",\"Inference-Header-Content-Length\":{\"$ref\":\"#/components/headers/inferenceHeader\"}",
            "\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/InferResponse\"}},"
              + "\"application/octet-stream\":{\"schema\":{\"type\":\"string\",\"format\":\"binary\"}}}")
        ]
      case .text: [Self.answered("The answer", "\"content\":{\"text/plain\":{\"schema\":{\"type\":\"string\"}}}")]
      case .empty: [Self.answered("Done; the body is empty")]
      case .none: []
      }
    // What names no model finds the default one, or none: that is a 503.
    let own = refusals.filter { $0 != 404 || path.contains("{") }
    return answered
      + Set(own + Self.refusalsOfEveryRequest).sorted().map {
        "\"\($0)\":{\"$ref\":\"#/components/responses/\(Self.name(of: $0))\"}"
      }
  }

  /// The response of status 200.
  private static func answered(_ description: String, headers: String = "", _ content: String? = nil) -> String {
    "\"200\":{\"description\":\"\(description)\",\"headers\":{\"X-Request-ID\":{\"$ref\":\"#/components/headers/requestID\"}\(headers)}"
      + (content.map { ",\($0)" } ?? "") + "}"
  }

  private static func content(_ schema: String) -> String {
    "{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/\(schema)\"}}}"
  }

  private static func name(of status: Int) -> String {
    switch status {
    case 400: "BadRequest"
    case 404: "NotFound"
    case 408: "RequestTimeout"
    case 413: "ContentTooLarge"
    case 415: "UnsupportedMediaType"
    case 422: "UnprocessableContent"
    case 431: "HeaderFieldsTooLarge"
    case 501: "NotImplemented"
    case 503: "ServiceUnavailable"
    case 504: "GatewayTimeout"
    default: preconditionFailure("status \(status) has no response in OpenAPISchemas")
    }
  }
}
