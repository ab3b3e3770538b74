import Batching
import HTTPServer
import Models
import Synchronization

/// What is counted of one model. Plain arrays: this is written for every row.
struct ModelCounters: Sendable {
  var rows: UInt64 = 0
  var nearestDistance = Histogram.squaredDistance
  var pValues = Histogram.pValues
  var statistics = InferenceStatistics()
  /// [3 C], by answered class and verdict: none (the model gives none, or the caller switched it off), unknown, known.
  private(set) var predictions: [UInt64] = []

  /// Counts what was decided on one row.
  mutating func predicted(_ row: Classification) {
    // Three counters a class: no verdict, unknown, known.
    let index = 3 * row.predicted + (row.verdict.map { $0.isKnown ? 2 : 1 } ?? 0)
    if index >= predictions.count {
      predictions += [UInt64](repeating: 0, count: 3 * (row.predicted + 1) - predictions.count)
    }
    predictions[index] += 1
    if let pValue = row.verdict?.pValue { pValues.observe(pValue) }
    if let distance = row.distance { nearestDistance.observe(Double(distance)) }
  }

  /// Every combination that was seen.
  var seenPredictions: [(label: Int, known: Bool?, count: UInt64)] {
    predictions.enumerated().compactMap { index, count in
      count == 0 ? nil : (index / 3, [nil, false, true][index % 3], count)
    }
  }

  /// Adds what another thread has counted of the same model.
  mutating func add(_ other: ModelCounters) {
    rows += other.rows
    statistics.add(other.statistics)
    nearestDistance.add(other.nearestDistance)
    pValues.add(other.pValues)
    predictions.add(other.predictions)
  }
}

/// The counters of one reactor, or of the compute queue. Plain values: `MetricsShard` holds the lock.
struct MetricsValues: Sendable {
  /// Requests whose whole body arrived, and those that the server refused before.
  var accepted: UInt64 = 0
  /// By route and status, so that counting is an addition and no hashing.
  private var answers = [UInt64](repeating: 0, count: RouteLabel.count * Self.statuses)
  /// By route.
  private(set) var durations = [Histogram](repeating: .seconds, count: RouteLabel.count)
  /// By `ServedModel.metricsIndex`.
  private(set) var models: [ModelCounters] = []
  private(set) var batchRows = Histogram.rows
  private(set) var inlineBatches: UInt64 = 0
  private(set) var queuedBatches: UInt64 = 0
  var queueWait = Histogram.seconds
  private(set) var forwardDuration = Histogram.seconds
  private(set) var rejections: [String: UInt64] = [:]
  /// By the name of the key.
  private(set) var keyRequests: [String: UInt64] = [:]

  private static let statuses = 600

  /// Counts an answer without rows, or with them.
  mutating func answered(_ route: RouteLabel, code: Int, seconds: Double) {
    answers[route.index * Self.statuses + code] += 1
    durations[route.index].observe(seconds)
  }

  /// Every combination that was seen.
  var answered: [(route: RouteLabel, code: Int, count: UInt64)] {
    RouteLabel.all.flatMap { route in
      (0..<Self.statuses).compactMap { code in
        let count = answers[route.index * Self.statuses + code]
        return count == 0 ? nil : (route, code, count)
      }
    }
  }

  /// Counts a forward pass.
  /// - Parameter index: the model's `metricsIndex`.
  mutating func ranBatch(index: Int, rows: Int, nanoseconds: UInt64, isInline: Bool) {
    model(index) { $0.statistics.executed(rows: rows, nanoseconds: nanoseconds) }
    batchRows.observe(Double(rows))
    forwardDuration.observe(Double(nanoseconds) * 1e-9)
    if isInline { inlineBatches += 1 } else { queuedBatches += 1 }
  }

  /// Counts a refusal of work under its reason.
  mutating func rejected(_ reason: String) { rejections[reason, default: 0] += 1 }

  /// Counts a request that came with a key.
  mutating func admitted(_ name: String) { keyRequests[name, default: 0] += 1 }

  /// An answered request's rows.
  mutating func answered(
    index: Int, rows: Int, classifications: [Classification], _ request: InferenceStatistics.Request, at now: UInt64
  ) {
    model(index) { model in
      model.rows += UInt64(rows)
      model.statistics.succeeded(request, at: now)
      for row in classifications { model.predicted(row) }
    }
  }

  /// A refused request to a model.
  mutating func failed(index: Int, after nanoseconds: UInt64) {
    model(index) { $0.statistics.failed(after: nanoseconds) }
  }

  private mutating func model(_ index: Int, _ change: (inout ModelCounters) -> Void) {
    // Models come while the server runs; their counters stay when they go.
    if index >= models.count { models += [ModelCounters](repeating: .init(), count: index + 1 - models.count) }
    change(&models[index])
  }

  /// Adds what another thread has counted.
  mutating func add(_ other: MetricsValues) {
    accepted += other.accepted
    answers.add(other.answers)
    for route in durations.indices { durations[route].add(other.durations[route]) }
    if other.models.count > models.count {
      models += [ModelCounters](repeating: .init(), count: other.models.count - models.count)
    }
    for index in other.models.indices { models[index].add(other.models[index]) }
    batchRows.add(other.batchRows)
    inlineBatches += other.inlineBatches
    queuedBatches += other.queuedBatches
    queueWait.add(other.queueWait)
    forwardDuration.add(other.forwardDuration)
    rejections.merge(other.rejections, uniquingKeysWith: +)
    keyRequests.merge(other.keyRequests, uniquingKeysWith: +)
  }
}

extension [UInt64] {
  /// Element by element; a shorter one is padded with zeros.
  fileprivate mutating func add(_ other: [UInt64]) {
    if other.count > count { self += [UInt64](repeating: 0, count: other.count - count) }
    for index in other.indices { self[index] += other[index] }
  }
}

/// The counters that one thread writes and a scrape reads. The lock is uncontended but for scrapes: some 10 ns.
final class MetricsShard: Sendable {
  private let values = Mutex(MetricsValues())

  /// Counts something; the thread that owns the shard.
  func update(_ change: (inout MetricsValues) -> Void) { values.withLock { change(&$0) } }

  /// Nothing is counted while `body` looks.
  func read<Result: Sendable>(_ body: (MetricsValues) -> sending Result) -> Result { values.withLock { body($0) } }
}
