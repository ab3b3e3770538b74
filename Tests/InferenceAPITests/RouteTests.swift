import Testing

@testable import InferenceAPI

@Suite struct RouteTests {
  private static let m = ModelReference(name: "m")
  private static let third = ModelReference(name: "m", version: 3)
  private static let labelled = ModelReference(name: "m", label: "l")

  static let routes: [(String, Route?)] = [
    ("/", .root), ("/livez", .livez), ("/readyz", .readyz), ("/healthz", .healthz), ("/metrics", .metrics),
    ("/models", .models), ("/model", .model(ModelReference())), ("/predict", .predict(ModelReference())),
    ("/distances", .distances(ModelReference())), ("/models/m", .model(ModelReference(name: "m"))),
    ("/models/m/predict", .predict(ModelReference(name: "m"))),
    ("/models/m/distances", .distances(ModelReference(name: "m"))),
    ("/models/m/versions/3", .model(ModelReference(name: "m", version: 3))),
    ("/models/m/versions/3/predict", .predict(ModelReference(name: "m", version: 3))),
    ("/models/m/versions/3/distances", .distances(ModelReference(name: "m", version: 3))),
    ("/openapi.json", .openAPI), ("/v2", .openInference(.server)),
    ("/v2/health/live", .openInference(.live)), ("/v2/health/ready", .openInference(.ready)),
    ("/v2/models", .openInference(.models)), ("/v2/models/stats", .openInference(.statistics)),
    ("/v2/models/m", .openInference(.model(m))), ("/v2/models/m/versions/3", .openInference(.model(third))),
    ("/v2/models/m/ready", .openInference(.modelReady(m))), ("/v2/models/m/config", .openInference(.config(m))),
    ("/v2/models/m/stats", .openInference(.modelStatistics(m))), ("/v2/models/m/infer", .openInference(.infer(m))),
    ("/v2/models/m/versions/3/infer", .openInference(.infer(third))),
    ("/v2/models/stats/versions/3/infer", .openInference(.infer(ModelReference(name: "stats", version: 3)))),
    ("/v2/repository/index", .openInference(.repositoryIndex)),
    ("/v2/repository/models/m/load", .openInference(.load("m"))),
    ("/v2/repository/models/m/unload", .openInference(.unload("m"))),
    ("/v1/models", .serving(.models)), ("/v1/models/m", .serving(.status(m))),
    ("/v1/models/m/versions/3", .serving(.status(third))), ("/v1/models/m/labels/l", .serving(.status(labelled))),
    ("/v1/models/m/metadata", .serving(.metadata(m))), ("/v1/models/m:predict", .serving(.predict(m))),
    ("/v1/models/m/labels/l/metadata", .serving(.metadata(labelled))),
    ("/v1/models/m/versions/3:predict", .serving(.predict(third))),
    ("/v1/models/m/labels/l:classify", .serving(.classify(labelled))),
    ("/v1/models/m:regress", .serving(.regress(m))), ("/v1/models/m:explain", .serving(.explain(m))),
    ("/v2/models/m/versions/abc", nil), ("/v2/models/m/labels/l", nil), ("/v2/nothing", nil),
    ("/v2/models/m/infer//", nil), ("/v2//", nil), ("/v2/models//", nil), ("/v2/repository/models//load", nil),
    ("/v2/repository/models/m/drop", nil),
    ("/v1", nil), ("/v1/models//", nil), ("/v1/models/m:nope", nil), ("/v1/models/m:/", nil),
    ("/v1/models/a:b:predict", nil),
    ("/v1/models/m:predict/x", nil), ("/v1/models/m/metadata:predict", nil), ("/v1/models/:predict", nil),
    ("/v1/models/m/versions/1/labels/l", nil), ("/v1/models/m/versions/x:predict", nil), ("/v3", nil),
    ("", nil), ("//", nil), ("///", nil), ("/predict//", nil), ("/models//", nil), ("/models/m/versions", nil),
    ("/models/m/versions/0", nil), ("/models/m/versions/-1", nil), ("/models/m/versions/x", nil),
    ("/models/m/versions/99999999999999999999", nil), ("/models/m/nope", nil), ("//predict", nil), ("/Predict", nil),
  ]

  @Test func `paths are routed exactly`() {
    for (path, expected) in Self.routes { #expect(Route(path: path) == expected, "\(path)") }
  }

  @Test func `a slash behind a path makes no other route`() {
    for (path, expected) in Self.routes where !path.hasSuffix("/") {
      #expect(Route(path: path + "/") == (path.isEmpty ? .root : expected), "\(path)/")
      #expect(Route(path: path + "//") == nil, "\(path)//")
    }
  }

  @Test func `the refusal of a path lists the routes of its protocol, all of them, and no other's`() {
    for (path, prefix) in [
      ("/nope", ""), ("/", ""), ("/v", ""), ("/v3/models", ""), ("/v11", ""), ("/v1", "/v1"), ("/v1/", "/v1"),
      ("/v1/models/m:nope", "/v1"), ("/v2/nope", "/v2"), ("/v2/models/m/versions/x", "/v2"),
    ] {
      let words = Set(RouteList.near(path).split(whereSeparator: { " ,;".contains($0) }).map(String.init))
      #expect(words.isSuperset(of: ["GET", "POST"]), "\(path)")
      let listed = words.subtracting(["GET", "POST"])
      #expect(listed.allSatisfy { Route(path: $0) != nil }, "\(path): \(listed)")
      let labels = Set(RouteLabel.allCases).subtracting([.unknown, .refused, .v1Regress, .v1Explain]).filter {
        prefix.isEmpty ? !$0.text.hasPrefix("/v") : $0.text.hasPrefix(prefix)
      }
      #expect(Set(listed.compactMap { Route(path: $0)?.label }) == labels, "\(path): \(listed)")
    }
  }

  @Test func `a value that is not finite does not spoil a histogram's sum`() {
    var histogram = Histogram(bounds: [1])
    for value in [0.5, .nan, .infinity] { histogram.observe(value) }
    #expect(histogram.sum == 0.5 && histogram.counts == [1, 2])
  }

  @Test func `histograms are cumulative when written`() {
    var histogram = Histogram(bounds: [1, 2])
    for value in [0.5, 1, 1.5, 3] { histogram.observe(value) }
    var text = MetricsText()
    text.histogram("h", [("a", "x\"\\\n")], histogram)
    #expect(
      text.text == """
        h_bucket{a="x\\"\\\\\\n",le="1"} 2
        h_bucket{a="x\\"\\\\\\n",le="2"} 3
        h_bucket{a="x\\"\\\\\\n",le="+Inf"} 4
        h_sum{a="x\\"\\\\\\n"} 6
        h_count{a="x\\"\\\\\\n"} 4

        """)
  }
}
