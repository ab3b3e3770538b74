/// `GET /openapi.json`: every route, as OpenAPI 3.1 (spec.openapis.org/oas/v3.1.1) has them.
enum OpenAPIDocument {
  /// Every operation. `HEAD` works wherever `GET` does, and is not listed.
  static let operations: [OpenAPIOperation] = native + openInference + serving

  /// The document.
  /// - Parameter version: Radial's.
  static func json(version: String) -> String {
    // In the operations' order; those of a path together.
    var paths: [String] = []
    var items: [String: [String]] = [:]
    for operation in operations {
      if items[operation.path] == nil { paths.append(operation.path) }
      items[operation.path, default: []].append(operation.json)
    }
    let texts = paths.map { "\"\($0)\":{\(items[$0, default: []].joined(separator: ","))}" }
    return "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Radial\",\"version\":\(JSONWriter.quoted(version)),"
      + "\"summary\":\"A server for Dense + RBF networks\","
      + "\"description\":\"HEAD works wherever GET does, and a slash behind a path makes no other path. A path that is not listed is answered "
      + "with 404, another method with 405 and Allow, both with the schema Error. Answers to rows of 1 KiB and more are compressed by gzip or "
      + "deflate where Accept-Encoding asks for it. A UTF-8 byte order mark before JSON is ignored.\",\"license\":{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}},"
      + "\"servers\":[{\"url\":\"/\"}],\"paths\":{\(texts.joined(separator: ","))},\"components\":\(OpenAPISchemas.components)}"
  }

  private static let operation = "Operation"
  private static let tensors = "Open Inference Protocol"
  private static let tensorFlow = "TensorFlow Serving and KServe"

  private static let native: [OpenAPIOperation] =
    [
      .init(
        .get, "/", id: "root", tag: operation,
        "Says that the server runs; to a browser, by Accept, a page to try it on", answer: .json("Alive")),
      .init(.get, "/livez", id: "livez", tag: operation, "200 as long as the process runs", answer: .json("Alive")),
      .init(
        .get, "/readyz", id: "readyz", tag: operation, "200 when requests are welcome", answer: .json("Ready"),
        refusals: [503]),
      .init(
        .get, "/healthz", id: "healthz", tag: operation, "The same as /readyz", answer: .json("Ready"), refusals: [503]),
      .init(.get, "/metrics", id: "metrics", tag: operation, "Prometheus' text format", answer: .text),
      .init(.get, "/openapi.json", id: "openapi", tag: operation, "This document", answer: .json("OpenAPI")),
      .init(
        .get, "/models", id: "models", tag: "Native", "Every model and version with its state",
        answer: .json("ModelList")),
    ]
    + ofModels("/models/{model}", lone: "/model") { path, id in
      .init(
        .get, path, id: "describe" + id, tag: "Native", "Layers, shapes, formulas, labels, calibration, checksum",
        answer: .json("Model"), refusals: [404, 503])
    }
    + ofModels("/models/{model}", "/predict", lone: "/predict") { path, id in
      .init(
        .post, path, id: "predict" + id, tag: "Native", "Class, score, distances and calibrated verdict of each row",
        body: .json("PredictRequest"), answer: .json("PredictResponse"), refusals: [400, 404, 413, 422, 503, 504])
    }
    + ofModels("/models/{model}", "/distances", lone: "/distances") { path, id in
      .init(
        .post, path, id: "distances" + id, tag: "Native", "Squared distances of each row to every class prototype",
        body: .json("PredictRequest"), answer: .json("DistancesResponse"), refusals: [400, 404, 413, 422, 503, 504])
    }

  private static let openInference: [OpenAPIOperation] =
    ["/v2", "/v2/"].map {
      .init(
        .get, $0, id: $0 == "/v2" ? "serverMetadata" : "serverMetadataSlash", tag: tensors,
        "Name, version and extensions", answer: .json("ServerMetadata"))
    } + [
      .init(.get, "/v2/health/live", id: "live", tag: tensors, "Whether the server runs", answer: .json("Live")),
      .init(
        .get, "/v2/health/ready", id: "ready", tag: tensors, "Whether requests are welcome",
        answer: .json("ServerReady"), refusals: [503]),
      .init(.get, "/v2/models", id: "v2Models", tag: tensors, "The names of all models", answer: .json("Names")),
      .init(
        .get, "/v2/models/stats", id: "statistics", tag: tensors, "Statistics of all models",
        answer: .json("Statistics")),
    ]
    + ofModels("/v2/models/{model}") { path, id in
      .init(
        .get, path, id: "metadata" + id, tag: tensors, "Its tensors", answer: .json("ModelMetadata"), refusals: [404])
    }
    + ofModels("/v2/models/{model}", "/ready") { path, id in
      .init(
        .get, path, id: "ready" + id, tag: tensors, "Whether it is ready", answer: .json("ModelReady"),
        refusals: [404, 503])
    }
    + ofModels("/v2/models/{model}", "/config") { path, id in
      .init(
        .get, path, id: "config" + id, tag: tensors, "Its configuration, as Triton has it",
        answer: .json("ModelConfig"), refusals: [404])
    }
    + ofModels("/v2/models/{model}", "/stats") { path, id in
      .init(
        .get, path, id: "statistics" + id, tag: tensors, "Its statistics", answer: .json("Statistics"),
        refusals: [404])
    }
    + ofModels("/v2/models/{model}", "/infer") { path, id in
      .init(
        .post, path, id: "infer" + id, tag: tensors, "Inference", body: .infer, answer: .infer,
        refusals: [400, 404, 413, 503, 504])
    }
    + [
      .init(
        .post, "/v2/repository/index", id: "index", tag: tensors, "Every version with its state",
        body: .optionalJSON("IndexRequest"), answer: .json("Index"), refusals: [400]),
      .init(
        .post, "/v2/repository/models/{model}/load", id: "load", tag: tensors, "Looks at the model's files now",
        body: .optionalJSON("RepositoryRequest"), answer: .empty, refusals: [400, 404, 503]),
      .init(
        .post, "/v2/repository/models/{model}/unload", id: "unload", tag: tensors,
        "Takes the model out of service; 503 unless the server allows it", body: .optionalJSON("RepositoryRequest"),
        answer: .empty, refusals: [400, 404, 503]),
    ]

  private static let serving: [OpenAPIOperation] =
    [.init(.get, "/v1/models", id: "v1Models", tag: tensorFlow, "The names of all models", answer: .json("Names"))]
    + ofModels("/v1/models/{model}", hasLabels: true) { path, id in
      .init(
        .get, path, id: "status" + id, tag: tensorFlow, "The state of its versions", answer: .json("ModelStatus"),
        refusals: [400, 404, 503])
    }
    + ofModels("/v1/models/{model}", "/metadata", hasLabels: true) { path, id in
      .init(
        .get, path, id: "signatures" + id, tag: tensorFlow, "Its signatures", answer: .json("SignatureMetadata"),
        refusals: [400, 404])
    }
    + ofModels("/v1/models/{model}", ":predict", hasLabels: true) { path, id in
      .init(
        .post, path, id: "v1Predict" + id, tag: tensorFlow, "Scores, distances or both of each row",
        body: .json("ServingPredictRequest"), answer: .json("ServingPredictResponse"),
        refusals: [400, 404, 413, 503, 504])
    }
    + ofModels("/v1/models/{model}", ":classify", hasLabels: true) { path, id in
      .init(
        .post, path, id: "v1Classify" + id, tag: tensorFlow, "Every class's label and score, for each example",
        body: .json("ClassifyRequest"), answer: .json("ClassifyResponse"), refusals: [400, 404, 413, 503, 504])
    }
    + ofModels("/v1/models/{model}", ":regress", hasLabels: true) { path, id in
      .init(
        .post, path, id: "v1Regress" + id, tag: tensorFlow, "Refused: the models here have several outputs",
        body: .optionalJSON("Anything"), answer: .none, refusals: [400, 404])
    }
    + ofModels("/v1/models/{model}", ":explain", hasLabels: true) { path, id in
      .init(
        .post, path, id: "v1Explain" + id, tag: tensorFlow, "Refused: there is no explainer",
        body: .optionalJSON("Anything"), answer: .none, refusals: [400, 404])
    }

  /// The paths of one operation on models: by name, by version, by label; and of the default model.
  private static func ofModels(
    _ prefix: String, _ suffix: String = "", lone: String? = nil, hasLabels: Bool = false,
    _ make: (_ path: String, _ idSuffix: String) -> OpenAPIOperation
  ) -> [OpenAPIOperation] {
    (lone.map { [make($0, "")] } ?? []) + [
      make(prefix + suffix, "OfModel"), make(prefix + "/versions/{version}" + suffix, "OfVersion"),
    ] + (hasLabels ? [make(prefix + "/labels/{label}" + suffix, "OfLabel")] : [])
  }
}
