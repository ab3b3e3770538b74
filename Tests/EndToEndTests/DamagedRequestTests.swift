import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct DamagedRequestTests {
  /// What 20,000 damaged requests came to.
  struct Tally {
    /// Of Radial's own answers.
    var answers: [Int: Int] = [:]
    /// libmicrohttpd's own answers.
    var pages = 0
    var closed = 0
    var failures: [String] = []
  }

  @Test func `damaged requests: a refusal, a right answer or a close each time, and the server lives`()
    throws
  {
    // Limits as short as the sweep is fine: libmicrohttpd may see the end of a stream that came along with a part of a body
    // only when the deadline comes.
    let server = try RunningServer(
      ["--header-timeout", "0.5", "--body-timeout", "0.5", "--max-body-bytes", "65536"], model: "example.safetensors")
    let seed = UInt64.random(in: 0..<UInt64.max)
    let templates = DamagedRequest.templates(row: String(repeating: "0.5,", count: 99) + "1e-3")
    let golden = try templates.map { whole in
      let client = try Client(port: server.port)
      client.send(whole)
      let answer = try client.receive()
      #expect(answer.status == 200)
      return answer.body
    }
    let (workers, requests) = (256, mutations(20_000))
    let tally = Mutex(Tally())
    onThreads(workers) { worker in
      var own = Tally()
      for index in stride(from: worker, to: requests, by: workers) {
        var generator = SplitMix(state: seed &+ UInt64(index))
        let template = index % templates.count
        let request = DamagedRequest(templates[template], using: &generator)
        do {
          let client = try Client(port: server.port, timeoutSeconds: 20)
          client.resetsAtEnd()
          client.send(request.bytes)
          // An incomplete request is over, too: most need not wait for a deadline.
          client.finishSending()
          guard let answer = try client.receiveIfAny() else {
            own.closed += 1
            continue
          }
          if let complaint = Self.complaint(answer, request.bodyIsWhole ? golden[template] : nil) {
            own.failures.append("request \(index): \(complaint)")
          }
          if answer.headers["content-type"] == nil {
            own.pages += 1
          } else {
            own.answers[answer.status, default: 0] += 1
          }
        } catch { own.failures.append("request \(index): \(error)") }
      }
      tally.withLock { tally in
        tally.answers.merge(own.answers, uniquingKeysWith: +)
        tally.pages += own.pages
        tally.closed += own.closed
        tally.failures += own.failures
      }
    }
    let result = tally.withLock { $0 }
    #expect(result.failures.isEmpty, "seed \(seed)")
    #expect(result.answers.values.reduce(result.pages + result.closed, +) == requests, "seed \(seed)")
    // The damage is of the kind that matters: much of it is noticed, some of it is harmless.
    #expect(
      result.answers[400, default: 0] > requests / 10 && result.answers[200, default: 0] > requests / 100,
      "seed \(seed)"
    )
    #expect(server.isRunning)
    try Self.checkAfterwards(server, templates, golden, result)
  }

  /// What is wrong with an answer to a damaged request; nil: nothing.
  /// - Parameter golden: the answer to the whole request, if the damage left its body alone.
  static func complaint(_ answer: Client.Answer, _ golden: String?) -> String? {
    switch answer.status {
    case 200:
      // A damaged path may be another route's: the root's or the list of models.
      if answer.json["status"] is String || answer.json["models"] is [Any] { return nil }
      if let golden { return answer.body == golden ? nil : "not the right answer: \(answer.body)" }
      if answer.json["layers"] is [Any] { return nil }
      // Nor do the protocols of tensors say which is nearest; a NaN among the bytes is a number there, and no JSON.
      let tensors = ["{\"model_name\":\"example\"", "{\"id\":", "{\"outputs\":", "{\"predictions\":"]
      if tensors.contains(where: answer.body.hasPrefix), answer.json["predictions"] as? [[String: Any]] == nil {
        return nil
      }
      // A number may have become another one: still a class for the row, and the one that is nearest.
      guard let predictions = answer.json["predictions"] as? [[String: Any]] else { return "no answer: \(answer.body)" }
      for prediction in predictions {
        guard let distances = prediction["distances"] as? [Double], distances.count == 10,
          let nearest = prediction["class"] as? Int, distances.indices.contains(nearest),
          distances[nearest] == distances.min()
        else { return "not the nearest class: \(answer.body)" }
      }
      return predictions.count == 1 ? nil : "one row was sent: \(answer.body)"
    case 500: return "a bug of ours: \(answer.body)"
    case 400..<600:
      // What libmicrohttpd cannot parse it answers by a page of its own. When a Content-Length is no number, 0.9.75 sends
      // the header section twice, so that the page begins with the second one; then, as always here, it closes.
      let isPage = answer.body.hasPrefix("<html><head><title>") || answer.body.hasPrefix("HTTP/1.1 400 ")
      let isClear = answer.json["error"] is String || (isPage && answer.headers["connection"] == "close")
      return isClear ? nil : "\(answer.status) without a sentence: \(answer.body)"
    default: return "status \(answer.status)"
    }
  }

  /// The server answers as before, and has counted at least what was seen of it.
  static func checkAfterwards(
    _ server: RunningServer, _ templates: [[UInt8]], _ golden: [String], _ result: Tally
  ) throws {
    let client = try Client(port: server.port)
    for (template, golden) in zip(templates, golden) {
      client.send(template)
      #expect(try client.receive().body == golden)
    }
    var values: [String: Double] = [:]
    // The last connections may not be closed yet. Bounded: each round is a request.
    for _ in 0..<2_000 {
      values = MetricsTests.parse(try client.exchange("GET", "/metrics").body)
      if values["radial_connections"] == 1 && values["radial_requests_in_flight"] == 0 { break }
    }
    #expect(values["radial_connections"] == 1)
    #expect(values["radial_requests_in_flight"] == 0)
    func sum(_ prefix: String, _ suffix: String = "}") -> Double {
      values.filter { $0.key.hasPrefix(prefix) && $0.key.hasSuffix(suffix) }.values.reduce(0, +)
    }
    let answered = sum("radial_requests_total{")
    #expect(values["radial_requests_accepted_total"] == answered)
    #expect(sum("radial_request_duration_seconds_count{") == answered)
    #expect(sum("radial_predictions_total{") == sum("radial_rows_total{"))
    for (status, count) in result.answers {
      #expect(sum("radial_requests_total{", "code=\"\(status)\"}") >= Double(count), "status \(status)")
    }
  }
}
