import Bytes
import Dispatch
import Glibc

/// K-means of rows, in Float64: seeded, deterministic, on any number of threads.
///
/// Sources: Lloyd, "Least squares quantization in PCM" (1982); Arthur and Vassilvitskii, "k-means++: The Advantages of Careful Seeding"
/// (2007), section 5, whose greedy choice of the first centers is taken.
struct KMeans {
  /// [K][H]; fewer than asked for where there are fewer different rows.
  private(set) var centers: [[Double]]
  /// The sum of squared distances to the nearest center.
  private(set) var inertia = 0.0

  private static let maximumIterations = 100

  /// - Parameters:
  ///   - rows: [N][H], at least one.
  ///   - count: K
  init(_ rows: [[Float]], count: Int, seed: UInt64) {
    var random = SplitMix64(state: seed)
    centers = [rows[Int.random(in: 0..<rows.count, using: &random)].map(Double.init)]
    var nearest = Self.distances(rows, centers[0])
    let trials = 2 + Int(log(Double(max(count, 1))))
    while centers.count < min(count, rows.count) {
      let total = nearest.reduce(0, +)
      guard total > 0 else { break }
      // Of several candidates the one that leaves the least.
      var best: (center: [Double], nearest: [Double], rest: Double)?
      for _ in 0..<trials {
        let center = rows[Self.draw(nearest, total, &random)].map(Double.init)
        let left = Self.distances(rows, center)
        let distances = zip(nearest, left).map { min($0, $1) }
        let rest = distances.reduce(0, +)
        if best.map({ rest < $0.rest }) ?? true { best = (center, distances, rest) }
      }
      guard let best else { break }
      centers.append(best.center)
      nearest = best.nearest
    }
    refine(rows)
  }

  /// An index, with a chance in proportion to its weight.
  private static func draw(_ weights: [Double], _ total: Double, _ random: inout SplitMix64) -> Int {
    var target = Double.random(in: 0..<total, using: &random)
    for (index, weight) in weights.enumerated() where weight > 0 {
      target -= weight
      if target < 0 { return index }
    }
    return weights.lastIndex { $0 > 0 } ?? 0
  }

  private static func distances(_ rows: [[Float]], _ center: [Double]) -> [Double] {
    let part = 256
    return [Double](unsafeUninitializedCapacity: rows.count) { target, initialized in
      initialized = rows.count
      // Each block writes the elements of its own rows.
      nonisolated(unsafe) let target = target
      DispatchQueue.concurrentPerform(iterations: (rows.count + part - 1) / part) { block in
        for row in block * part..<min(rows.count, (block + 1) * part) { target[row] = distance(rows[row], center) }
      }
    }
  }

  /// From given centers on.
  init(_ rows: [[Float]], from centers: [[Double]]) {
    self.centers = centers
    refine(rows)
  }

  private mutating func refine(_ rows: [[Float]]) {
    var assigned = [Int](repeating: -1, count: rows.count)
    for _ in 0..<Self.maximumIterations {
      let (nearest, distances) = assign(rows)
      inertia = distances.reduce(0, +)
      guard nearest != assigned else { return }
      assigned = nearest
      var sums = centers.map { [Double](repeating: 0, count: $0.count) }
      var counts = [Int](repeating: 0, count: centers.count)
      for (row, index) in zip(rows, assigned) {
        counts[index] += 1
        for k in row.indices { sums[index][k] += Double(row[k]) }
      }
      for index in centers.indices {
        // A center that no row is nearest to stays where it is.
        if counts[index] > 0 { centers[index] = sums[index].map { $0 / Double(counts[index]) } }
      }
    }
    inertia = assign(rows).distances.reduce(0, +)
  }

  private func assign(_ rows: [[Float]]) -> (nearest: [Int], distances: [Double]) {
    var nearest = [Int](repeating: 0, count: rows.count)
    var distances = [Double](repeating: 0, count: rows.count)
    let centers = centers
    nearest.withUnsafeMutableBufferPointer { nearest in
      distances.withUnsafeMutableBufferPointer { distances in
        // Each block writes the elements of its own rows.
        nonisolated(unsafe) let (nearest, distances) = (nearest, distances)
        let part = 256
        DispatchQueue.concurrentPerform(iterations: (rows.count + part - 1) / part) { block in
          for row in block * part..<min(rows.count, (block + 1) * part) {
            var best = (index: 0, distance: Double.infinity)
            for index in centers.indices {
              let distance = Self.distance(rows[row], centers[index])
              if distance < best.distance { best = (index, distance) }
            }
            (nearest[row], distances[row]) = best
          }
        }
      }
    }
    return (nearest, distances)
  }

  private static func distance(_ row: [Float], _ center: [Double]) -> Double {
    row.withUnsafeBufferPointer { row in
      center.withUnsafeBufferPointer { center in
        var sums = SIMD8<Double>(repeating: 0)
        var k = 0
        while k + 8 <= row.count {
          let x = SIMD8<Double>(UnsafeRawPointer(row.baseAddress! + k).loadUnaligned(as: SIMD8<Float>.self))
          let difference = x - UnsafeRawPointer(center.baseAddress! + k).loadUnaligned(as: SIMD8<Double>.self)
          sums += difference * difference
          k += 8
        }
        var total = sums.sum()
        while k < row.count {
          let difference = Double(row[k]) - center[k]
          total += difference * difference
          k += 1
        }
        return total
      }
    }
  }
}
