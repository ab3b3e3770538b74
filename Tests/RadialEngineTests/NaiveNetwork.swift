import RadialEngine
import TestSupport

/// The naive twin of the matrix kernels: one chain of fused multiply-adds per output, in ascending order.
enum Naive {
  /// y[N, H] = x[N, D] · W[D, H] + b
  static func dense(_ x: [Float], rows: Int, _ layer: Dense) -> [Float] {
    var y: [Float] = []
    for n in 0..<rows {
      for c in 0..<layer.units {
        var sum = layer.bias?[c] ?? 0
        for k in 0..<layer.inputs {
          sum.addProduct(x[n * layer.inputs + k], layer.kernel[k * layer.units + c])
        }
        y.append(sum)
      }
    }
    return y
  }

  /// d²[N, C]
  static func squaredDistances(_ x: [Float], rows: Int, _ layer: RBF) -> [Float] {
    var y: [Float] = []
    for n in 0..<rows {
      for c in 0..<layer.units {
        var sum: Float = 0
        for k in 0..<layer.inputs {
          let center =
            layer.centersLayout == .featuresUnits
            ? layer.centers[k * layer.units + c] : layer.centers[c * layer.inputs + k]
          let difference = x[n * layer.inputs + k] - center
          sum.addProduct(difference, difference)
        }
        y.append(sum)
      }
    }
    return y
  }
}

extension SplitMix {
  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
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
