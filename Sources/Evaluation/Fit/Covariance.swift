import Dispatch

/// The covariance of rows within their classes, in Float64: deterministic, on any number of threads.
struct Covariance {
  /// H
  let width: Int
  /// [H]: of all rows.
  let mean: [Double]
  /// [classes][H]; of a class without rows empty.
  let classMeans: [[Double]]
  /// [H, H], row-major, symmetric: the mean of (x − its class' mean)(x − its class' mean)ᵀ.
  private(set) var within: [Double]

  /// - Parameters:
  ///   - rows: [N, H], row-major; at least one row.
  ///   - classes: [N], from 0 to `count` − 1.
  init(_ rows: UnsafeBufferPointer<Float>, width: Int, classes: [Int32], count: Int) {
    self.width = width
    let total = classes.count
    var sums = [[Double]](repeating: [], count: count)
    var counts = [Int](repeating: 0, count: count)
    var all = [Double](repeating: 0, count: width)
    for (row, index) in classes.enumerated() {
      let index = Int(index)
      if sums[index].isEmpty { sums[index] = [Double](repeating: 0, count: width) }
      counts[index] += 1
      for k in 0..<width {
        let value = Double(rows[row * width + k])
        sums[index][k] += value
        all[k] += value
      }
    }
    mean = all.map { $0 / Double(max(total, 1)) }
    let means = zip(sums, counts).map { sum, count in sum.map { $0 / Double(count) } }
    classMeans = means
    // Each thread fills lines of its own, over all rows in their order: the sums are the same on any number of threads.
    let lines = 32
    within = [Double](unsafeUninitializedCapacity: width * width) { target, initialized in
      initialized = width * width
      // Each block writes lines of its own of the target; rows are read alone.
      nonisolated(unsafe) let target = target
      nonisolated(unsafe) let rows = rows
      DispatchQueue.concurrentPerform(iterations: (width + lines - 1) / lines) { block in
        let first = block * lines
        let last = min(width, first + lines)
        for index in first * width..<last * width { target[index] = 0 }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { centred in
          for (row, index) in classes.enumerated() {
            let mean = means[Int(index)]
            mean.withUnsafeBufferPointer { mean in
              for k in 0..<last { centred[k] = Double(rows[row * width + k]) - mean[k] }
            }
            for i in first..<last {
              let factor = centred[i]
              let line = target.baseAddress! + i * width
              for j in 0...i { line[j] += factor * centred[j] }
            }
          }
        }
      }
      for i in 0..<width {
        for j in 0...i {
          let value = target[i * width + j] / Double(max(total, 1))
          target[i * width + j] = value
          target[j * width + i] = value
        }
      }
    }
  }

  /// (1 − λ) Σ + λ · tr Σ / H · I: what keeps directions without variance from counting without bound.
  func shrunk(by lambda: Double) -> [Double] {
    var matrix = within
    var trace = 0.0
    for k in 0..<width { trace += within[k * width + k] }
    // Of rows that are all the same, any scale serves.
    let floor = trace > 0 ? trace / Double(width) : 1
    for index in matrix.indices { matrix[index] *= 1 - lambda }
    for k in 0..<width { matrix[k * width + k] += lambda * floor }
    return matrix
  }
}
