import RadialEngine

/// 784 → Dense 256 tanh → Dense 84 tanh → RBF 10, with random weights.
struct BenchModel {
  static let inputs = 784
  static let rowCount = 256
  let first: Dense
  let second: Dense
  let rbf: RBF
  /// [rowCount, inputs]
  let rows: [Float]

  init(seed: UInt64) {
    var random = SplitMix(state: seed)
    func values(_ count: Int, within limit: Float) -> [Float] { (0..<count).map { _ in random.float() * limit } }
    first = Dense(
      name: "first", inputs: 784, units: 256, kernel: values(784 * 256, within: 0.06), bias: values(256, within: 0.1),
      activation: .tanh)
    second = Dense(
      name: "second", inputs: 256, units: 84, kernel: values(256 * 84, within: 0.1), bias: values(84, within: 0.1),
      activation: .tanh)
    rbf = RBF(
      name: "rbf", inputs: 84, units: 10, centers: values(840, within: 1), centersLayout: .featuresUnits,
      scale: .scalar(0.05), output: .gaussian)
    rows = values(Self.rowCount * Self.inputs, within: 1)
  }

  func network(instructionSet: InstructionSet) throws -> Network {
    try Network(
      inputWidth: Self.inputs, layers: [.dense(first), .dense(second), .rbf(rbf)], instructionSet: instructionSet)
  }
}

/// Steele, Lea and Flood's SplitMix64.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// −1..<1
  mutating func float() -> Float { Float(Int32(truncatingIfNeeded: next() >> 40) - (1 << 23)) / Float(1 << 23) }
}

/// Traps unless distances are those of the triple loop on the engine's own embeddings, and the first layer's sums those
/// of the triple loop, bit for bit.
func verify(_ network: Network, against model: BenchModel) {
  let count = 7
  var linear = model.first
  linear.activation = .linear
  guard
    let head = try? Network(
      inputWidth: BenchModel.inputs, layers: [.dense(linear)], instructionSet: network.instructionSet)
  else { fatalError("the first layer alone is not a network") }
  var sums = [Float](repeating: 0, count: count * 256)
  head.forward(model.rows, rows: count, into: .init(outputs: &sums), workspace: head.makeWorkspace())
  var outputs = [Float](repeating: 0, count: count * 10)
  var distances = outputs
  var embeddings = [Float](repeating: 0, count: count * 84)
  outputs.withUnsafeMutableBufferPointer { outputs in
    distances.withUnsafeMutableBufferPointer { distances in
      embeddings.withUnsafeMutableBufferPointer { embeddings in
        let results = Network.Results(
          outputs: outputs.baseAddress!, distances: distances.baseAddress, embeddings: embeddings.baseAddress)
        network.forward(model.rows, rows: count, into: results, workspace: network.makeWorkspace())
      }
    }
  }
  for row in 0..<count {
    for unit in 0..<256 {
      var sum = model.first.bias![unit]
      for k in 0..<784 { sum.addProduct(model.rows[row * 784 + k], model.first.kernel[k * 256 + unit]) }
      precondition(sum.bitPattern == sums[row * 256 + unit].bitPattern, "sum \(row), \(unit)")
    }
    for unit in 0..<10 {
      var sum: Float = 0
      for k in 0..<84 {
        let difference = embeddings[row * 84 + k] - model.rbf.centers[k * 10 + unit]
        sum.addProduct(difference, difference)
      }
      precondition(sum.bitPattern == distances[row * 10 + unit].bitPattern, "distance \(row), \(unit)")
    }
  }
}
