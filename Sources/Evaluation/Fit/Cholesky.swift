import Dispatch

/// Σ = L Lᵀ of a symmetric positive definite matrix, in Float64.
///
/// Source: Golub and Van Loan, Matrix Computations (2013), section 4.2, by lines.
struct Cholesky {
  /// H
  let width: Int
  /// [H, H], row-major, zeros above the diagonal.
  let lower: [Double]

  /// nil: the matrix is not positive definite.
  /// - Parameter matrix: [H, H], row-major; what is above the diagonal is not read.
  init?(_ matrix: [Double], width: Int) {
    var lower = [Double](repeating: 0, count: width * width)
    var isDefinite = true
    lower.withUnsafeMutableBufferPointer { lower in
      guard let start = lower.baseAddress else { return }
      // In column j each part writes the elements of its own lines below j, and reads columns before j, which are done.
      nonisolated(unsafe) let pointer = start
      for j in 0..<width {
        nonisolated(unsafe) let line = pointer + j * width
        let rest = matrix[j * width + j] - Self.product(line, line, j)
        guard rest > 0, rest.isFinite else {
          isDefinite = false
          return
        }
        let pivot = rest.squareRoot()
        line[j] = pivot
        // The column below it; each element is one product, whoever computes it.
        let below = width - j - 1
        let parts = below * j > 1 << 16 ? 8 : 1
        DispatchQueue.concurrentPerform(iterations: parts) { part in
          for i in (j + 1 + below * part / parts)..<(j + 1 + below * (part + 1) / parts) {
            let other = pointer + i * width
            other[j] = (matrix[i * width + j] - Self.product(other, line, j)) / pivot
          }
        }
      }
    }
    guard isDefinite else { return nil }
    (self.width, self.lower) = (width, lower)
  }

  /// L⁻¹, [H, H], row-major, zeros above the diagonal.
  var inverse: [Double] {
    var inverse = [Double](repeating: 0, count: width * width)
    inverse.withUnsafeMutableBufferPointer { inverse in
      guard let start = inverse.baseAddress else { return }
      // Each part writes columns of its own.
      nonisolated(unsafe) let pointer = start
      let width = width
      let lower = lower
      // Column by column, each by itself; kept by lines of the transpose, so that sums run along memory.
      let parts = min(width, 64)
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { column in
          for c in stride(from: part, to: width, by: parts) {
            column[c] = 1 / lower[c * width + c]
            for i in c + 1..<max(width, c + 1) {
              var sum = 0.0
              lower.withUnsafeBufferPointer { lower in
                sum = Self.product(lower.baseAddress! + i * width + c, column.baseAddress! + c, i - c)
              }
              column[i] = -sum / lower[i * width + i]
            }
            for i in c..<width { pointer[i * width + c] = column[i] }
          }
        }
      }
    }
    return inverse
  }

  /// Eight sums side by side, then their sum: the same on every machine.
  private static func product(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
    var sums = SIMD8<Double>(repeating: 0)
    var k = 0
    while k + 8 <= count {
      let x = UnsafeRawPointer(a + k).loadUnaligned(as: SIMD8<Double>.self)
      let y = UnsafeRawPointer(b + k).loadUnaligned(as: SIMD8<Double>.self)
      sums += x * y
      k += 8
    }
    var total = sums.sum()
    while k < count {
      total += a[k] * b[k]
      k += 1
    }
    return total
  }
}
