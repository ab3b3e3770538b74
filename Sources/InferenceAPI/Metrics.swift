import Batching
import HTTPServer
import Synchronization

/// The counters of one reactor, or of the compute queue. Plain values: `MetricsShard` holds the lock.
struct MetricsValues: Sendable {
  struct RequestKey: Hashable, Sendable {
    var route: RouteLabel
    var code: Int
  }

  struct PredictionKey: Hashable, Sendable {
    var model: Int
    var label: Int
    /// nil: the model carries no calibration, or the caller switched the verdict off.
    var known: Bool?
  }

  /// Requests whose whole body arrived, and those that the server refused before.
  var accepted: UInt64 = 0
  var answered: [RequestKey: UInt64] = [:]
  var durations: [RouteLabel: Histogram] = [:]
  /// By index of the served model.
  var rows: [UInt64]
  var nearestDistances: [Histogram]
  var predictions: [PredictionKey: UInt64] = [:]
  var batchRows = Histogram.rows
  var inlineBatches: UInt64 = 0
  var queuedBatches: UInt64 = 0
  var queueWait = Histogram.seconds
  var forwardDuration = Histogram.seconds
  var rejections: [String: UInt64] = [:]

  init(models: Int) {
    rows = [UInt64](repeating: 0, count: models)
    nearestDistances = [Histogram](repeating: .squaredDistance, count: models)
  }

  mutating func answered(_ route: RouteLabel, code: Int, seconds: Double) {
    answered[RequestKey(route: route, code: code), default: 0] += 1
    durations[route, default: .seconds].observe(seconds)
  }

  mutating func ranBatch(rows: Int, nanoseconds: UInt64, isInline: Bool) {
    batchRows.observe(Double(rows))
    forwardDuration.observe(Double(nanoseconds) * 1e-9)
    if isInline { inlineBatches += 1 } else { queuedBatches += 1 }
  }

  mutating func rejected(_ reason: String) { rejections[reason, default: 0] += 1 }

  mutating func predicted(_ verdict: Verdict, model: Int) {
    predictions[PredictionKey(model: model, label: verdict.nearest, known: verdict.known), default: 0] += 1
    nearestDistances[model].observe(Double(verdict.distance))
  }

  mutating func add(_ other: MetricsValues) {
    accepted += other.accepted
    answered.merge(other.answered, uniquingKeysWith: +)
    durations.merge(other.durations) { first, second in
      var sum = first
      sum.add(second)
      return sum
    }
    for model in rows.indices {
      rows[model] += other.rows[model]
      nearestDistances[model].add(other.nearestDistances[model])
    }
    predictions.merge(other.predictions, uniquingKeysWith: +)
    batchRows.add(other.batchRows)
    inlineBatches += other.inlineBatches
    queuedBatches += other.queuedBatches
    queueWait.add(other.queueWait)
    forwardDuration.add(other.forwardDuration)
    rejections.merge(other.rejections, uniquingKeysWith: +)
  }
}

/// The counters that one thread writes and a scrape reads. The lock is uncontended but for scrapes: some 10 ns.
final class MetricsShard: Sendable {
  private let values: Mutex<MetricsValues>

  init(models: Int) { values = Mutex(MetricsValues(models: models)) }

  func update(_ change: (inout MetricsValues) -> Void) { values.withLock { change(&$0) } }

  var snapshot: MetricsValues { values.withLock { $0 } }
}
