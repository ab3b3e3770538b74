import Testing

@testable import InferenceAPI

@Suite struct HistogramTests {
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
