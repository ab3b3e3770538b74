import Testing

@testable import InferenceAPI

@Suite struct RouteTests {
  static let routes: [(String, Route?)] = [
    ("/", .root), ("/livez", .livez), ("/readyz", .readyz), ("/healthz", .healthz), ("/metrics", .metrics),
    ("/models", .models), ("/model", .model(ModelReference())), ("/predict", .predict(ModelReference())),
    ("/distances", .distances(ModelReference())), ("/models/m", .model(ModelReference(name: "m"))),
    ("/models/m/predict", .predict(ModelReference(name: "m"))),
    ("/models/m/distances", .distances(ModelReference(name: "m"))),
    ("/models/m/versions/3", .model(ModelReference(name: "m", version: 3))),
    ("/models/m/versions/3/predict", .predict(ModelReference(name: "m", version: 3))),
    ("/models/m/versions/3/distances", .distances(ModelReference(name: "m", version: 3))),
    ("", nil), ("/predict/", nil), ("/models/", nil), ("/models/m/", nil), ("/models/m/versions", nil),
    ("/models/m/versions/0", nil), ("/models/m/versions/-1", nil), ("/models/m/versions/x", nil),
    ("/models/m/versions/99999999999999999999", nil), ("/models/m/nope", nil), ("//predict", nil), ("/Predict", nil),
  ]

  @Test func `paths are routed exactly`() {
    for (path, expected) in Self.routes { #expect(Route(path: path) == expected, "\(path)") }
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
