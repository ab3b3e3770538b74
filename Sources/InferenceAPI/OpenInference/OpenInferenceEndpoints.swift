import Models

/// The operations of the Open Inference Protocol, version 2, with Triton's extensions.
enum OpenInferenceEndpoints {
  static let all: [Endpoint] = [
    .get("/v2") { inquiry in .json(ServerMetadata(version: inquiry.service.configuration.version)) },
    .get("/v2/health/live", purpose: .health) { _ in .json(["live": true]) },
    .get("/v2/health/ready", purpose: .health) { (inquiry) throws(APIError) in
      try inquiry.requireReadiness()
      return .json(["ready": true, "live": true])
    },
    .get("/v2/models") { inquiry in .json(["models": inquiry.catalog.modelNames]) },
    // So the model called stats, if there is one, has no metadata here.
    .get("/v2/models/stats") { inquiry in
      .json(InferenceStatistics.Document(inquiry.catalog.all, inquiry.service.metrics))
    },
    .get("/v2/models/{model}[/versions/{version}]") { (inquiry) throws(APIError) in
      .json(ModelMetadata(try inquiry.served(), versions: try inquiry.catalog.versions(inquiry.reference)))
    },
    .get("/v2/models/{model}[/versions/{version}]/ready", purpose: .health) { (inquiry) throws(APIError) in
      let served = try inquiry.served()
      try inquiry.requireReadiness()
      return .json(ModelReady(name: served.key.name))
    },
    .get("/v2/models/{model}[/versions/{version}]/config") { (inquiry) throws(APIError) in
      .json(TritonConfiguration(try inquiry.served()))
    },
    .get("/v2/models/{model}[/versions/{version}]/stats") { (inquiry) throws(APIError) in
      .json(InferenceStatistics.Document(try inquiry.catalog.versions(inquiry.reference), inquiry.service.metrics))
    },
    Endpoint(.post, "/v2/models/{model}[/versions/{version}]/infer", .rows(InferAnswer.decoder)),
    Endpoint(
      .post, "/v2/repository/index", purpose: .repository,
      .document { (inquiry) throws(APIError) in
        let parameters = try inquiry.reader.repository(inquiry.request)
        return .json(RepositoryEntry.all(of: inquiry.catalog, onlyReady: parameters.isOnlyReady))
      }),
    Endpoint(
      .post, "/v2/repository/models/{model}/load",
      .load { (inquiry) throws(APIError) in
        let name = inquiry.reference.name ?? ""
        guard try !inquiry.reader.repository(inquiry.request).hasOverride else { throw .overrideRefused(name) }
        return name
      }),
    Endpoint(
      .post, "/v2/repository/models/{model}/unload", purpose: .repositoryChange,
      .document { (inquiry) throws(APIError) in
        _ = try inquiry.reader.repository(inquiry.request)
        let name = inquiry.reference.name ?? ""
        if let error = APIError(inquiry.service.registry.unload(name), of: name) { throw error }
        return .empty
      }),
  ]
}
