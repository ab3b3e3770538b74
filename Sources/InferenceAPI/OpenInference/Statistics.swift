import Batching
import Bytes
import Glibc
import Models

/// What one version of a model has done since the process began, whichever protocol asked for it. Times are in nanoseconds, and per request: a batch's
/// time counts for each request that was in it.
struct InferenceStatistics: Sendable {
  /// How often something was done, and how long that took altogether.
  struct Total: Sendable, Encodable {
    var count: UInt64 = 0
    var nanoseconds: UInt64 = 0

    enum CodingKeys: String, CodingKey {
      case count
      case nanoseconds = "ns"
    }

    mutating func add(_ nanoseconds: UInt64) {
      count += 1
      self.nanoseconds &+= nanoseconds
    }

    mutating func add(_ other: Total) {
      count += other.count
      nanoseconds &+= other.nanoseconds
    }

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
  fileprivate var queue = Total(), input = Total(), infer = Total(), output = Total()
  /// Forward passes.
  fileprivate var executions = Total()
  /// Forward passes by their rows: beyond 256, which callers choose, by the next power of two.
  fileprivate var batches: [Int: Total] = [:]
  /// In monotonic nanoseconds.
  private var lastInference: UInt64 = 0

  /// Counts an answered request.
  /// - Parameter now: when it was answered, in monotonic nanoseconds.
  mutating func succeeded(_ request: Request, at now: UInt64) {
    success.add(request.whole)
    queue.add(request.queue)
    input.add(request.input)
    infer.add(request.infer)
    output.add(request.output)
    lastInference = max(lastInference, now)
  }

  /// Counts a refused request.
  mutating func failed(after nanoseconds: UInt64) { fail.add(nanoseconds) }

  /// Counts a forward pass over `rows` rows.
  mutating func executed(rows: Int, nanoseconds: UInt64) {
    executions.add(nanoseconds)
    let size = rows <= 256 ? rows : 1 << (Int.bitWidth - (rows - 1).leadingZeroBitCount)
    batches[size, default: Total()].add(nanoseconds)
  }

  /// Adds what another thread has counted.
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

  /// Since the epoch; 0: never.
  fileprivate var lastInferenceMilliseconds: UInt64 {
    guard lastInference > 0 else { return 0 }
    var wall = timespec()
    clock_gettime(CLOCK_REALTIME, &wall)
    // By the difference of two monotonic times, so that a clock that is set does not move it.
    let now = UInt64(wall.tv_sec) * 1_000_000_000 + UInt64(wall.tv_nsec)
    return (now &- (monotonicNanoseconds() &- lastInference)) / 1_000_000
  }
}

extension InferenceStatistics {
  /// The statistics of some versions: `{"model_stats":[…]}`.
  struct Document: Encodable {
    let modelStats: [Entry]

    /// - Parameter values: of one moment.
    init(_ versions: [ServedModel], _ values: MetricsValues) {
      modelStats = versions.map { served in
        let index = served.metricsIndex
        return Entry(served.key, index < values.models.count ? values.models[index] : ModelCounters())
      }
    }
  }

  /// What one version has done, as Triton says it.
  struct Entry: Encodable {
    struct Parts: Encodable {
      let success, fail, queue, computeInput, computeInfer, computeOutput: Total
      let cacheHit = Total()
      let cacheMiss = Total()
    }
    /// Rows are decoded and encoded by request, so that of a batch only the forward pass has a time.
    struct Batch: Encodable {
      let batchSize: Int
      let computeInput, computeInfer, computeOutput: Total
    }

    let name: String
    let version: String
    let lastInference: UInt64
    let inferenceCount: UInt64
    let executionCount: UInt64
    let inferenceStats: Parts
    let responseStats: [String: Total] = [:]
    let batchStats: [Batch]
    let memoryUsage: [String] = []

    init(_ key: ModelSource.Key, _ counters: ModelCounters) {
      let statistics = counters.statistics
      (name, version) = (key.name, String(key.version))
      lastInference = statistics.lastInferenceMilliseconds
      inferenceCount = counters.rows
      executionCount = statistics.executions.count
      inferenceStats = Parts(
        success: statistics.success, fail: statistics.fail, queue: statistics.queue, computeInput: statistics.input,
        computeInfer: statistics.infer, computeOutput: statistics.output)
      batchStats = statistics.batches.sorted { $0.key < $1.key }.map { rows, total in
        let untimed = Total(count: total.count)
        return Batch(batchSize: rows, computeInput: untimed, computeInfer: total, computeOutput: untimed)
      }
    }
  }
}
