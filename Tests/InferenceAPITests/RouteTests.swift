import Testing

@testable import InferenceAPI

@Suite struct RouteTests {
  private static let none = ModelReference()
  private static let m = ModelReference(name: "m")
  private static let third = ModelReference(name: "m", version: 3)
  private static let labelled = ModelReference(name: "m", label: "l")

  /// Paths, the metric labels of their endpoints, and the models that they name.
  static let routes: [(path: String, label: String?, reference: ModelReference)] = [
    ("/", "/", none),
    ("/livez", "/livez", none),
    ("/readyz", "/readyz", none),
    ("/healthz", "/healthz", none),
    ("/metrics", "/metrics", none),
    ("/models", "/models", none),
    ("/model", "/model", none),
    ("/predict", "/predict", none),
    ("/distances", "/distances", none),
    ("/models/m", "/model", m),
    ("/models/m/predict", "/predict", m),
    ("/models/m/distances", "/distances", m),
    ("/models/m/versions/3", "/model", third),
    ("/models/m/versions/3/predict", "/predict", third),
    ("/models/m/versions/3/distances", "/distances", third),
    ("/openapi.json", "/openapi.json", none),
    ("/v2", "/v2", none),
    ("/v2/health/live", "/v2/health/live", none),
    ("/v2/health/ready", "/v2/health/ready", none),
    ("/v2/models", "/v2/models", none),
    ("/v2/models/stats", "/v2/models/stats", none),
    ("/v2/models/m", "/v2/models/{model}", m),
    ("/v2/models/m/versions/3", "/v2/models/{model}", third),
    ("/v2/models/m/ready", "/v2/models/{model}/ready", m),
    ("/v2/models/m/config", "/v2/models/{model}/config", m),
    ("/v2/models/m/stats", "/v2/models/{model}/stats", m),
    ("/v2/models/m/infer", "/v2/models/{model}/infer", m),
    ("/v2/models/m/versions/3/infer", "/v2/models/{model}/infer", third),
    ("/v2/models/stats/versions/3/infer", "/v2/models/{model}/infer", ModelReference(name: "stats", version: 3)),
    ("/v2/repository/index", "/v2/repository/index", none),
    ("/v2/repository/models/m/load", "/v2/repository/models/{model}/load", m),
    ("/v2/repository/models/m/unload", "/v2/repository/models/{model}/unload", m),
    ("/v1/models", "/v1/models", none),
    ("/v1/models/m", "/v1/models/{model}", m),
    ("/v1/models/m/versions/3", "/v1/models/{model}", third),
    ("/v1/models/m/labels/l", "/v1/models/{model}", labelled),
    ("/v1/models/m/metadata", "/v1/models/{model}/metadata", m),
    ("/v1/models/m:predict", "/v1/models/{model}:predict", m),
    ("/v1/models/m/labels/l/metadata", "/v1/models/{model}/metadata", labelled),
    ("/v1/models/m/versions/3:predict", "/v1/models/{model}:predict", third),
    ("/v1/models/m/labels/l:classify", "/v1/models/{model}:classify", labelled),
    ("/v1/models/m:regress", "/v1/models/{model}:regress", m),
    ("/v1/models/m:explain", "/v1/models/{model}:explain", m),
    ("/v2/models/m/versions/abc", nil, none),
    ("/v2/models/m/labels/l", nil, none),
    ("/v2/nothing", nil, none),
    ("/v2/models/m/infer//", nil, none),
    ("/v2//", nil, none),
    ("/v2/models//", nil, none),
    ("/v2/repository/models//load", nil, none),
    ("/v2/repository/models/m/drop", nil, none),
    ("/v1", nil, none),
    ("/v1/models//", nil, none),
    ("/v1/models/m:nope", nil, none),
    ("/v1/models/m:/", nil, none),
    ("/v1/models/a:b:predict", nil, none),
    ("/v1/models/m:predict/x", nil, none),
    ("/v1/models/m/metadata:predict", nil, none),
    ("/v1/models/:predict", nil, none),
    ("/v1/models/m/versions/1/labels/l", nil, none),
    ("/v1/models/m/versions/x:predict", nil, none),
    ("/v3", nil, none),
    ("", nil, none),
    ("//", nil, none),
    ("///", nil, none),
    ("/predict//", nil, none),
    ("/models//", nil, none),
    ("/models/m/versions", nil, none),
    ("/models/m/versions/0", nil, none),
    ("/models/m/versions/-1", nil, none),
    ("/models/m/versions/x", nil, none),
    ("/models/m/versions/99999999999999999999", nil, none),
    ("/models/m/nope", nil, none),
    ("//predict", nil, none),
    ("/Predict", nil, none),
    ("/models/a:b", nil, none), ("/v2/models/m:predict", nil, none), ("predict", nil, none),
  ]

  @Test func `paths are routed exactly`() {
    for (path, label, reference) in Self.routes {
      let route = EndpointTable.route(path)
      #expect(route?.label.text == label, "\(path)")
      if let route { #expect(route.reference == reference, "\(path)") }
    }
  }

  @Test func `a slash behind a path makes no other route`() {
    for (path, label, reference) in Self.routes where !path.hasSuffix("/") {
      let route = EndpointTable.route(path + "/")
      #expect(route?.label.text == (path.isEmpty ? "/" : label), "\(path)/")
      if let route { #expect(route.reference == reference, "\(path)/") }
      #expect(EndpointTable.route(path + "//") == nil, "\(path)//")
    }
  }

  @Test func `the refusal of a path lists the routes of its protocol, all of them, and no other's`() {
    for (path, prefix) in [
      ("/nope", ""), ("/", ""), ("/v", ""), ("/v3/models", ""), ("/v11", ""), ("/v1", "/v1"), ("/v1/", "/v1"),
      ("/v1/models/m:nope", "/v1"), ("/v2/nope", "/v2"), ("/v2/models/m/versions/x", "/v2"),
    ] {
      let words = Set(EndpointTable.words(near: path).split(whereSeparator: { " ,;".contains($0) }).map(String.init))
      #expect(words.isSuperset(of: ["GET", "POST"]), "\(path)")
      let listed = words.subtracting(["GET", "POST"])
      #expect(listed.allSatisfy { EndpointTable.route($0) != nil }, "\(path): \(listed)")
      let labels = Set(EndpointTable.all.filter { !$0.isRefused }.map(\.label)).filter {
        prefix.isEmpty ? !$0.hasPrefix("/v") : $0.hasPrefix(prefix)
      }
      #expect(Set(listed.compactMap { EndpointTable.route($0)?.label.text }) == labels, "\(path): \(listed)")
    }
  }

  @Test func `every form of a path is its own endpoint's, and every endpoint has a label of its own`() {
    for (index, endpoint) in EndpointTable.all.enumerated() {
      for template in endpoint.templates {
        let path = OpenAPITests.example(template.text)
        #expect(EndpointTable.route(path)?.label.index == index, "\(path)")
      }
    }
    let labels = RouteLabel.all.map(\.text)
    #expect(Set(labels).count == labels.count && labels.count == RouteLabel.count)
  }
}
