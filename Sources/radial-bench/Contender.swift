import RadialEngine

/// Something that is timed.
struct Contender {
  let name: String
  let batch: Int
  let multiplyAddsPerRow: Int
  /// Runs it once; returns its floating-point operations.
  let run: () -> Double

  static func engine(_ network: Network, model: BenchModel, batch: Int) -> Contender {
    let workspace = network.makeWorkspace()
    let outputs = UnsafeMutablePointer<Float>.allocate(capacity: batch * 10)
    return Contender(name: "engine", batch: batch, multiplyAddsPerRow: network.multiplyAddsPerRow) {
      network.forward(model.rows, rows: batch, into: .init(outputs: outputs), workspace: workspace)
      return Double(2 * network.multiplyAddsPerRow * batch)
    }
  }

  /// The two dense layers' sums, column by column as one would write them first.
  static func tripleLoop(_ model: BenchModel, batch: Int) -> Contender {
    let hidden = UnsafeMutablePointer<Float>.allocate(capacity: batch * 256)
    let outputs = UnsafeMutablePointer<Float>.allocate(capacity: batch * 84)
    let multiplyAdds = 784 * 256 + 256 * 84
    return Contender(name: "triple loop, dense alone", batch: batch, multiplyAddsPerRow: multiplyAdds) {
      multiplyNaively(model.rows, model.first.kernel, rows: batch, inputs: 784, units: 256, into: hidden)
      multiplyNaively(hidden, model.second.kernel, rows: batch, inputs: 256, units: 84, into: outputs)
      return Double(2 * multiplyAdds * batch)
    }
  }

  static func openBLAS(_ library: OpenBLAS, model: BenchModel, batch: Int) -> Contender {
    let hidden = UnsafeMutablePointer<Float>.allocate(capacity: batch * 256)
    let outputs = UnsafeMutablePointer<Float>.allocate(capacity: batch * 84)
    let multiplyAdds = 784 * 256 + 256 * 84
    return Contender(name: "OpenBLAS, dense alone", batch: batch, multiplyAddsPerRow: multiplyAdds) {
      library.multiply(model.rows, model.first.kernel, rows: batch, inputs: 784, units: 256, into: hidden)
      library.multiply(hidden, model.second.kernel, rows: batch, inputs: 256, units: 84, into: outputs)
      return Double(2 * multiplyAdds * batch)
    }
  }

  static func peak(_ instructionSet: InstructionSet) -> Contender {
    Contender(name: "fused multiply-adds in registers", batch: 0, multiplyAddsPerRow: 1) {
      instructionSet.spin(rounds: 2000)
    }
  }
}

private func multiplyNaively(
  _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, rows: Int, inputs: Int, units: Int,
  into y: UnsafeMutablePointer<Float>
) {
  for row in 0..<rows {
    for unit in 0..<units {
      var sum: Float = 0
      for k in 0..<inputs { sum += x[row * inputs + k] * w[k * units + unit] }
      y[row * units + unit] = sum
    }
  }
}
