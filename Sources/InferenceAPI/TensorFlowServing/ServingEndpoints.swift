import Models

/// The operations of TensorFlow Serving's REST API, which KServe's version 1 shares.
enum ServingEndpoints {
  static let all: [Endpoint] = [
    .get("/v1/models") { inquiry in .json(["models": inquiry.catalog.modelNames]) },
    .get(model) { (inquiry) throws(APIError) in
      let versions = try inquiry.catalog.versions(inquiry.reference)
      try inquiry.requireReadiness()
      return .json(ServingStatus(versions))
    },
    .get(model + "/metadata") { (inquiry) throws(APIError) in .json(ServingMetadata(try inquiry.served())) },
    Endpoint(.post, model + ":predict", .rows(ServingAnswer.decoder(isClassify: false))),
    Endpoint(.post, model + ":classify", .rows(ServingAnswer.decoder(isClassify: true))),
    Endpoint(
      .post, model + ":regress", isRefused: true,
      .document { (inquiry) throws(APIError) in throw .cannotRegress(try inquiry.served().key.name) }),
    Endpoint(
      .post, model + ":explain", isRefused: true,
      .document { (inquiry) throws(APIError) in throw .cannotExplain(try inquiry.served().key.name) }),
  ]

  private static let model = "/v1/models/{model}[/versions/{version}|/labels/{label}]"
}
