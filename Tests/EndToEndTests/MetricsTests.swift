import Foundation
import Testing

@Suite struct MetricsTests {
  @Test(arguments: [["--inline-budget=1"], ["--inline-budget=0"]])
  func `the counters reconcile with the requests sent`(flags: [String]) throws {
    let server = try RunningServer(flags)
    let client = try Client(port: server.port)
    let sample = try MNISTSample.load()
    for _ in 0..<7 { _ = try client.exchange("POST", "/predict", sample.body(0..<3)) }
    for _ in 0..<5 { _ = try client.exchange("POST", "/distances", sample.body(0..<2)) }
    for _ in 0..<4 { _ = try client.exchange("POST", "/predict", "[") }
    for _ in 0..<3 { _ = try client.exchange("GET", "/nowhere") }
    _ = try Client(port: server.port).exchange("GET", "/livez", headers: ["Bad Name: x"])
    let answer = try client.exchange("GET", "/metrics")
    #expect(answer.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
    let values = Self.parse(answer.body)
    #expect(values[#"radial_requests_total{route="/predict",code="200"}"#] == 7)
    #expect(values[#"radial_requests_total{route="/predict",code="400"}"#] == 4)
    #expect(values[#"radial_requests_total{route="/distances",code="200"}"#] == 5)
    #expect(values[#"radial_requests_total{route="unknown",code="404"}"#] == 3)
    #expect(values[#"radial_requests_total{route="refused",code="400"}"#] == 1)
    #expect(values[#"radial_rows_total{model="digits",version="1"}"#] == 31)
    #expect(values["radial_requests_accepted_total"] == 21)
    #expect(values["radial_requests_in_flight"] == 0)
    #expect(values["radial_ready"] == 1)
    #expect(values["radial_batch_rows_sum"] == 31)
    let batches =
      (values[#"radial_batches_total{where="inline"}"#] ?? 0) + (values[#"radial_batches_total{where="queue"}"#] ?? 0)
    #expect(batches == 12)
    let predicted = values.filter { $0.key.hasPrefix("radial_predictions_total{") }.values.reduce(0, +)
    #expect(predicted == 31)
    #expect(values[#"radial_request_duration_seconds_count{route="/predict"}"#] == 11)
  }

  /// The row's class and verdict follow from its distances, whichever route asks for them.
  @Test func `a row is counted alike on every route`() throws {
    let server = try RunningServer([])
    let client = try Client(port: server.port)
    let row = try MNISTSample.load().body(0..<1)
    let numbers = try #require(row.firstMatch(of: /\[(\[.*\])\]/)?.output.1)
    let tensor = #"{"inputs":[{"name":"x","shape":[1,784],"datatype":"FP32","data":\#(numbers)}]}"#
    var before = try Self.parse(client.exchange("GET", "/metrics").body)
    for (path, body) in [
      ("/predict", row), ("/distances", row), ("/v2/models/digits/infer", tensor), ("/v1/models/digits:predict", row),
      ("/v1/models/digits:classify", #"{"examples":[{"x":\#(numbers)}]}"#),
    ] {
      #expect(try client.exchange("POST", path, body).status == 200, "\(path)")
      let after = try Self.parse(client.exchange("GET", "/metrics").body)
      let changed = after.filter { $0.key.hasPrefix("radial_predictions_total{") && $0.value != before[$0.key] ?? 0 }
      #expect(changed.count == 1, "\(path): \(changed)")
      let key = #"radial_predictions_total{model="digits",version="1",label="7",known="true"}"#
      #expect(changed[key] == (before[key] ?? 0) + 1, "\(path): \(changed)")
      before = after
    }
    #expect(before[#"radial_nearest_distance_count{model="digits",version="1"}"#] == 5)
  }

  static func parse(_ text: String) -> [String: Double] {
    var values: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      values[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return values
  }
}
