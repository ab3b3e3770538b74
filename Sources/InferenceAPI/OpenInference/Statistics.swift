import Batching
import Bytes
import Glibc
import Models

/// What one version of a model has done since the process began, whichever protocol asked for it. Times are in nanoseconds, and per request: a batch's
/// time counts for each request that was in it.
struct InferenceStatistics: Sendable {
  struct Total: Sendable {
    var count: UInt64 = 0
    var nanoseconds: UInt64 = 0

    mutating func add(_ nanoseconds: UInt64) {
      count += 1
      self.nanoseconds &+= nanoseconds
    }

    mutating func add(_ other: Total) {
      count += other.count
      nanoseconds &+= other.nanoseconds
    }

    var json: String { "{\"count\":\(count),\"ns\":\(nanoseconds)}" }
  }

  /// How long the parts of one answered request took.
  struct Request: Sendable {
    /// From the complete header section to the answer.
    var whole: UInt64
    var queue: UInt64
    /// Body to rows.
    var input: UInt64
    /// The forward pass.
    var infer: UInt64
    /// Rows to answer.
    var output: UInt64
  }

  private(set) var success = Total()
  private(set) var fail = Total()
  private var queue = Total(), input = Total(), infer = Total(), output = Total()
  /// Forward passes.
  private var executions = Total()
  /// Forward passes by their rows.
  private var batches: [Int: Total] = [:]
  /// In monotonic nanoseconds.
  private var lastInference: UInt64 = 0

  mutating func succeeded(_ request: Request, at now: UInt64) {
    success.add(request.whole)
    queue.add(request.queue)
    input.add(request.input)
    infer.add(request.infer)
    output.add(request.output)
    lastInference = max(lastInference, now)
  }

  mutating func failed(after nanoseconds: UInt64) { fail.add(nanoseconds) }

  mutating func executed(rows: Int, nanoseconds: UInt64) {
    executions.add(nanoseconds)
    batches[rows, default: Total()].add(nanoseconds)
  }

  mutating func add(_ other: InferenceStatistics) {
    success.add(other.success)
    fail.add(other.fail)
    queue.add(other.queue)
    input.add(other.input)
    infer.add(other.infer)
    output.add(other.output)
    executions.add(other.executions)
    batches.merge(other.batches) { one, other in
      var sum = one
      sum.add(other)
      return sum
    }
    lastInference = max(lastInference, other.lastInference)
  }

  /// An element of `model_stats`. Rows are decoded and encoded by request, so that of a batch only the forward pass has a time.
  func json(_ key: ModelSource.Key, rows: UInt64) -> String {
    let none = Total().json
    let sizes = batches.sorted { $0.key < $1.key }.map { rows, total in
      let untimed = Total(count: total.count).json
      return
        "{\"batch_size\":\(rows),\"compute_input\":\(untimed),\"compute_infer\":\(total.json),\"compute_output\":\(untimed)}"
    }
    return
      "{\"name\":\(JSONWriter.quoted(key.name)),\"version\":\"\(key.version)\",\"last_inference\":\(lastInferenceMilliseconds),"
      + "\"inference_count\":\(rows),\"execution_count\":\(executions.count),\"inference_stats\":{"
      + "\"success\":\(success.json),\"fail\":\(fail.json),\"queue\":\(queue.json),\"compute_input\":\(input.json),"
      + "\"compute_infer\":\(infer.json),\"compute_output\":\(output.json),\"cache_hit\":\(none),\"cache_miss\":\(none)},"
      + "\"response_stats\":{},\"batch_stats\":[\(sizes.joined(separator: ","))],\"memory_usage\":[]}"
  }

  /// Since the epoch; 0: never.
  private var lastInferenceMilliseconds: UInt64 {
    guard lastInference > 0 else { return 0 }
    var wall = timespec()
    clock_gettime(CLOCK_REALTIME, &wall)
    let now = UInt64(wall.tv_sec) * 1_000_000_000 + UInt64(wall.tv_nsec)
    return (now &- (monotonicNanoseconds() &- lastInference)) / 1_000_000
  }
}

extension Service {
  /// `{"model_stats":[…]}` of the versions given, from one snapshot.
  func openInferenceStatistics(_ versions: [ServedModel]) -> String {
    let values = metrics
    let entries = versions.map { served in
      let counters = served.metricsIndex < values.models.count ? values.models[served.metricsIndex] : ModelCounters()
      return counters.statistics.json(served.key, rows: counters.rows)
    }
    return "{\"model_stats\":[\(entries.joined(separator: ","))]}"
  }
}
