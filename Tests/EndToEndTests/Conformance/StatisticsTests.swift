import Synchronization
import Testing

@Suite struct StatisticsTests {
  @Test(arguments: [[], ["--inline-budget", "0"]])
  func `under eight connections every poll is one consistent, growing snapshot`(flags: [String]) throws {
    let server = try RunningServer(Conformance.arguments + flags, model: nil)
    let failures = Failures()
    let finished = Mutex(0)
    let (workers, requests) = (8, 90)
    onThreads(workers + 1) { worker in
      do {
        let radial = try Conformance(server, .socket)
        let client = try radial.connect()
        guard worker < workers else {
          var last: ModelStatistics?
          var isLast = false
          // Bounded by the workers; the last poll is after them.
          while !isLast {
            isLast = finished.withLock { $0 } == workers
            let now = try ModelStatistics(client.exchange("GET", "/v2/models/m/stats"))
            if let problem = Self.inconsistency(of: now, after: last) { failures.add("\(problem): \(now.entry)") }
            last = now
          }
          return
        }
        defer { finished.withLock { $0 += 1 } }
        for step in 0..<requests {
          let rows = 1 + (worker + step) % 3
          let request = step % 2 == 0 ? radial.jsonRequest(0..<rows) : radial.binaryRequest(0..<rows)
          let answer = try client.exchange("POST", Conformance.infer, bytes: request.body, headers: request.headers)
          if answer.status != 200 { failures.add("\(answer.excerpt)") }
        }
      } catch { failures.add("lost: \(error)") }
    }
    #expect(failures.all.isEmpty, "\(failures.all.prefix(3))")
    let statistics = try ModelStatistics(server.connect().exchange("GET", "/v2/models/m/stats"))
    #expect(statistics.count("success") == workers * requests)
    // 1, 2 and 3 rows in turn: two a request.
    #expect(statistics.inferenceCount == workers * requests * 2)
    #expect(statistics.batchCounts.reduce(0) { $0 + $1.key * $1.value } == statistics.inferenceCount)
    #expect(statistics.count("fail") == 0)
  }

  @Test(arguments: [[], ["--inline-budget", "0"]])
  func `whoever has an answer finds it counted, its execution included`(flags: [String]) throws {
    let radial = try Conformance(flags)
    let client = try radial.connect()
    var rows = 0
    for step in 1...200 {
      let count = 1 + step % 3
      rows += count
      let request = radial.binaryRequest(0..<count)
      let answer = try client.exchange("POST", Conformance.infer, bytes: request.body, headers: request.headers)
      try #require(answer.status == 200, answer.excerpt)
      let statistics = try ModelStatistics(client.exchange("GET", "/v2/models/m/stats"))
      try #require(statistics.count("success") == step, "\(statistics.entry)")
      try #require(statistics.inferenceCount == rows, "\(statistics.entry)")
      try #require(statistics.executionCount == step, "\(statistics.entry)")
    }
  }

  /// What contradicts itself, or an earlier snapshot.
  private static func inconsistency(of now: ModelStatistics, after last: ModelStatistics?) -> String? {
    let success = now.count("success")
    for name in ["queue", "compute_input", "compute_infer", "compute_output"] where now.count(name) != success {
      return "\(name) counts \(now.count(name)) of \(success) requests"
    }
    if now.batchCounts.values.reduce(0, +) != now.executionCount { return "executions differ from batch_stats" }
    guard let last else { return nil }
    for (name, duration) in last.durations {
      guard let later = now.durations[name], later.count >= duration.count, later.ns >= duration.ns else {
        return "\(name) fell from \(duration)"
      }
    }
    if now.inferenceCount < last.inferenceCount || now.executionCount < last.executionCount { return "counts fell" }
    return nil
  }
}
