import RadialEngine

/// Steele, Lea and Flood's SplitMix64, seeded.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// −limit..<limit
  mutating func floats(_ count: Int, within limit: Float = 1) -> [Float] {
    (0..<count).map { _ in limit * Float(Int32(truncatingIfNeeded: next() >> 40) - (1 << 23)) / Float(1 << 23) }
  }
}

/// The specification of the dense kernel, one multiply-add at a time: x [N, D], w [D, H], bias [H] → [N, H].
func twinDense(_ x: [Float], _ w: [Float], bias: [Float]?, inputs: Int, units: Int) -> [Float] {
  let start = bias ?? [Float](repeating: 0, count: units)
  return twin(x, w, inputs: inputs, start: start) { sum, x, w in sum.addProduct(x, w) }
}

/// The specification of the distance kernel.
func twinDistances(_ x: [Float], _ centers: [Float], inputs: Int, units: Int) -> [Float] {
  twin(x, centers, inputs: inputs, start: [Float](repeating: 0, count: units)) { sum, x, center in
    sum.addProduct(x - center, x - center)
  }
}

private func twin(
  _ x: [Float], _ w: [Float], inputs: Int, start: [Float], step: (inout Float, Float, Float) -> Void
) -> [Float] {
  let units = start.count
  var y: [Float] = []
  for row in 0..<(x.count / inputs) {
    for unit in 0..<units {
      var sum = start[unit]
      for k in 0..<inputs { step(&sum, x[row * inputs + k], w[k * units + unit]) }
      y.append(sum)
    }
  }
  return y
}

struct Answers: Equatable {
  /// As bits: a NaN then equals itself, and zeros of different signs differ.
  var outputs: [UInt32]
  var distances: [UInt32]
  var embeddings: [UInt32]
}

extension Network {
  /// All results of `forward` for x [N, D].
  func run(_ x: [Float], workspace: Workspace? = nil) -> (outputs: [Float], distances: [Float], embeddings: [Float]) {
    let rows = x.count / inputWidth
    var outputs = [Float](repeating: -77, count: rows * outputWidth)
    var distances = [Float](repeating: -77, count: rows * distanceWidth)
    var embeddings = [Float](repeating: -77, count: rows * embeddingWidth)
    outputs.withUnsafeMutableBufferPointer { outputs in
      distances.withUnsafeMutableBufferPointer { distances in
        embeddings.withUnsafeMutableBufferPointer { embeddings in
          // An empty array has no address.
          let nowhere = UnsafeMutablePointer<Float>.allocate(capacity: 1)
          defer { nowhere.deallocate() }
          let results = Results(
            outputs: outputs.baseAddress ?? nowhere,
            distances: distanceWidth > 0 ? distances.baseAddress : nil,
            embeddings: embeddingWidth > 0 ? embeddings.baseAddress : nil)
          forward(x, rows: rows, into: results, workspace: workspace ?? makeWorkspace())
        }
      }
    }
    return (outputs, distances, embeddings)
  }

  func answers(_ x: [Float], workspace: Workspace? = nil) -> Answers {
    let (outputs, distances, embeddings) = run(x, workspace: workspace)
    return Answers(
      outputs: outputs.map(\.bitPattern), distances: distances.map(\.bitPattern),
      embeddings: embeddings.map(\.bitPattern))
  }
}

/// A network of every step there is: [inputs] → dense → affine → dense tanh → RBF → softmax.
func everyStep(
  inputs: Int, hidden: Int, units: Int, seed: UInt64, activation: Activation = .gelu,
  instructionSet: InstructionSet = .best
) throws -> Network {
  var random = SplitMix(state: seed)
  return try Network(
    inputWidth: inputs, preprocessing: Preprocessing(scale: 0.5, offset: 0.125),
    layers: [
      .dense(
        Dense(
          name: "first", inputs: inputs, units: hidden, kernel: random.floats(inputs * hidden),
          bias: random.floats(hidden), activation: activation)),
      .batchNormalization(
        BatchNormalization(
          name: "norm", width: hidden, epsilon: 1e-3, gamma: random.floats(hidden), beta: random.floats(hidden),
          movingMean: random.floats(hidden), movingVariance: random.floats(hidden).map { abs($0) })),
      .dropout(name: "dropout"),
      .dense(
        Dense(
          name: "second", inputs: hidden, units: hidden, kernel: random.floats(hidden * hidden, within: 0.3),
          bias: nil, activation: .tanh)),
      .rbf(
        RBF(
          name: "rbf", inputs: hidden, units: units, centers: random.floats(hidden * units),
          centersLayout: .featuresUnits, scale: .perUnit(random.floats(units).map { abs($0) }),
          output: .negativeDistance)),
      .activation(name: "softmax", .softmax),
    ], instructionSet: instructionSet)
}
