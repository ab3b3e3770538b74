/// A Prometheus histogram: cumulative only when it is written.
struct Histogram: Sendable {
  /// Upper bounds, ascending; +Inf is implied.
  let bounds: [Double]
  private(set) var counts: [UInt64]
  private(set) var sum = 0.0

  /// A histogram that has seen nothing.
  init(bounds: [Double]) {
    self.bounds = bounds
    counts = [UInt64](repeating: 0, count: bounds.count + 1)
  }

  /// Counts a value into the first bucket whose bound it does not pass.
  mutating func observe(_ value: Double) {
    var bucket = 0
    // Few bounds: walking along them is faster than halving.
    while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
    // One NaN or infinity would be the sum for good; it is counted as beyond all bounds.
    guard value.isFinite else {
      counts[bounds.count] += 1
      return
    }
    counts[bucket] += 1
    sum += value
  }

  /// Adds a histogram of the same bounds.
  mutating func add(_ other: Histogram) {
    for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
    sum += other.sum
  }

  /// 10 µs to 10 s.
  static let seconds = Histogram(bounds: [
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
    2.5,
    5, 10,
  ])
  static let rows = Histogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096])
  /// From 0 to 1, in ten buckets of the same width.
  static let pValues = Histogram(bounds: (1...10).map { Double($0) / 10 })
  /// Squared distances have no unit that all models share: powers of four from 1/64 to 2²⁰.
  static let squaredDistance = Histogram(bounds: (0..<14).map { 0.015625 * Double(1 << (2 * $0)) })
}
