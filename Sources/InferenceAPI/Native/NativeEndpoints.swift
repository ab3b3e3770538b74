import HTTPServer

/// Radial's own operations.
enum NativeEndpoints {
  static let all: [Endpoint] = [
    .get("/", purpose: .page) { inquiry in
      let prefersPage = inquiry.request.header("Accept").map(Page.isPreferred) ?? false
      return .fixed(prefersPage ? Page.response : alive)
    },
    .get("/livez", purpose: .health) { _ in .fixed(alive) },
    .get("/readyz", purpose: .health, ready),
    .get("/healthz", purpose: .health, ready),
    .get("/metrics", purpose: .metrics) { inquiry in
      .made(contentType: "text/plain; version=0.0.4; charset=utf-8") {
        inquiry.service.metricsText(inquiry.connections)
      }
    },
    // Made once, since its version does not change.
    .get("/openapi.json") { inquiry in .fixed(inquiry.service.openAPI) },
    .get("/models") { inquiry in .fixed(inquiry.catalog.list) },
    .get("/models/{model}[/versions/{version}]", or: "/model") { (inquiry) throws(APIError) in
      .fixed(try inquiry.served().description)
    },
    .get("/models/{model}[/versions/{version}]/prototypes") { (inquiry) throws(APIError) in
      try PrototypesDocument.make(
        try inquiry.served(), maxResponseBytes: inquiry.service.configuration.maxResponseBytes)
    },
    .get("/models/{model}[/versions/{version}]/samples") { (inquiry) throws(APIError) in
      try SamplesDocument.make(
        try inquiry.served(), maxResponseBytes: inquiry.service.configuration.maxResponseBytes)
    },
    Endpoint(
      .post, "/models/{model}[/versions/{version}]/predict", or: "/predict", .rows(PredictAnswer.decoder)),
    Endpoint(
      .post, "/models/{model}[/versions/{version}]/distances", or: "/distances", .rows(DistancesAnswer.decoder)),
  ]

  private static let alive = FixedResponse(status: 200, body: #"{"status":"alive"}"#)
  private static let isReady = FixedResponse(status: 200, body: #"{"status":"ready"}"#)

  @Sendable private static func ready(_ inquiry: Inquiry) throws(APIError) -> Document {
    try inquiry.requireReadiness()
    return .fixed(isReady)
  }
}
