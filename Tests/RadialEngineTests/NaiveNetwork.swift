import RadialEngine
import TestSupport

/// The naive twin of the matrix kernels: one chain of fused multiply-adds per output, in ascending order; of more than 1,024 terms the
/// sum of such chains, 512 terms each.
enum Naive {
  static func block(_ terms: Int) -> Int { terms <= 1024 ? terms : 512 }

  /// `start` and the terms a[k] b[k], in blocks.
  static func sum(of terms: Int, from start: Float, _ factors: (_ k: Int) -> (Float, Float)) -> Float {
    var total = start
    for first in stride(from: 0, to: terms, by: block(terms)) {
      var part: Float = first == 0 ? start : 0
      for k in first..<min(terms, first + block(terms)) {
        let (a, b) = factors(k)
        part.addProduct(a, b)
      }
      total = first == 0 ? part : total + part
    }
    return total
  }

  /// y[N, H] = x[N, D] · W[D, H] + b
  static func dense(_ x: [Float], rows: Int, _ layer: Dense) -> [Float] {
    var y: [Float] = []
    for n in 0..<rows {
      for c in 0..<layer.units {
        y.append(
          sum(of: layer.inputs, from: layer.bias?[c] ?? 0) { k in
            (x[n * layer.inputs + k], layer.kernel[k * layer.units + c])
          })
      }
    }
    return y
  }

  /// d²[N, C]
  static func squaredDistances(_ x: [Float], rows: Int, _ layer: RBF) -> [Float] {
    var y: [Float] = []
    for n in 0..<rows {
      for c in 0..<layer.units {
        y.append(
          sum(of: layer.inputs, from: 0) { k in
            let center =
              layer.centersLayout == .featuresUnits
              ? layer.centers[k * layer.units + c] : layer.centers[c * layer.inputs + k]
            let difference = x[n * layer.inputs + k] - center
            return (difference, difference)
          })
      }
    }
    return y
  }
}

extension Network {
  /// Outputs [N, O] and distances [N, C] of rows [N, D].
  func compute(_ inputs: [Float]) -> (outputs: [Float], distances: [Float]) {
    let rows = inputs.count / inputWidth
    var outputs = [Float](repeating: .nan, count: rows * outputWidth)
    var distances = [Float](repeating: .nan, count: max(1, rows * distanceWidth))
    let workspace = makeWorkspace()
    inputs.withUnsafeBufferPointer { inputs in
      outputs.withUnsafeMutableBufferPointer { outputs in
        distances.withUnsafeMutableBufferPointer { distances in
          forward(
            inputs.baseAddress!, rows: rows,
            into: Results(
              outputs: outputs.baseAddress!, distances: distanceWidth > 0 ? distances.baseAddress! : nil),
            workspace: workspace)
        }
      }
    }
    return (outputs, distances)
  }
}

extension [Float] {
  var bits: [UInt32] { map(\.bitPattern) }
}
