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

  static func parse(_ text: String) -> [String: Double] {
    var values: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      values[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return values
  }
}
