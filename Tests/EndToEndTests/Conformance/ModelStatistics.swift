import Testing

/// The one entry of an answer of statistics.
struct ModelStatistics {
  struct Duration: Equatable {
    var count: Int
    var ns: Int
  }

  static let durationNames = [
    "success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss",
  ]

  let entry: [String: Any]
  let inferenceCount: Int
  let executionCount: Int
  let durations: [String: Duration]
  /// Executions by their number of rows.
  let batchCounts: [Int: Int]

  init(_ answer: Client.Answer) throws {
    let list = try #require(answer.json["model_stats"] as? [[String: Any]], answer.excerpt)
    try #require(list.count == 1, answer.excerpt)
    entry = list[0]
    inferenceCount = try #require(entry["inference_count"] as? Int, answer.excerpt)
    executionCount = try #require(entry["execution_count"] as? Int, answer.excerpt)
    durations = try #require(entry["inference_stats"] as? [String: [String: Int]], answer.excerpt).mapValues {
      Duration(count: try #require($0["count"]), ns: try #require($0["ns"]))
    }
    let batches = try #require(entry["batch_stats"] as? [[String: Any]], answer.excerpt)
    batchCounts = try Dictionary(
      uniqueKeysWithValues: batches.map { batch in
        let counts = try ["compute_input", "compute_infer", "compute_output"].map {
          try #require((batch[$0] as? [String: Int])?["count"], answer.excerpt)
        }
        #expect(Set(counts).count == 1, answer.excerpt)
        return (try #require(batch["batch_size"] as? Int, answer.excerpt), counts[0])
      })
  }

  func duration(_ name: String) throws -> Duration { try #require(durations[name], "\(entry)") }

  func count(_ name: String) -> Int { durations[name]?.count ?? -1 }

  var hasEqualComputeCounts: Bool {
    count("compute_input") == count("compute_infer") && count("compute_infer") == count("compute_output")
  }
}
