import Testing

@testable import RadialEngine

/// Layers that vanish into others change nothing but rounding.
@Suite struct LayerMergingTests {
  private let x: [Float]
  private let normalization: BatchNormalization
  private let dense: Dense

  init() {
    var random = SplitMix(state: 31)
    x = random.floats(9 * 6, within: 2)
    normalization = BatchNormalization(
      name: "norm", width: 20, epsilon: 1e-3, gamma: random.floats(20), beta: random.floats(20),
      movingMean: random.floats(20), movingVariance: random.floats(20).map { abs($0) })
    dense = Dense(
      name: "dense", inputs: 6, units: 20, kernel: random.floats(120), bias: random.floats(20), activation: .linear)
  }

  private func normalized(_ y: [Float], _ normalization: BatchNormalization) -> [Double] {
    y.enumerated().map { index, y in
      let column = index % normalization.width
      let deviation = Double(normalization.movingVariance[column] + normalization.epsilon).squareRoot()
      let centered = Double(y) - Double(normalization.movingMean[column])
      return Double(normalization.gamma?[column] ?? 1) * centered / deviation
        + Double(normalization.beta?[column] ?? 0)
    }
  }

  private func expectClose(_ found: [Float], _ expected: [Double]) {
    for (found, expected) in zip(found, expected) {
      #expect(abs(Double(found) - expected) <= 2e-6 + 4e-6 * abs(expected))
    }
  }

  @Test func normalizationFoldsIntoALinearDenseLayer() throws {
    let plain = try Network(inputWidth: 6, layers: [.dense(dense)])
    let folded = try Network(
      inputWidth: 6, layers: [.dense(dense), .dropout(name: "d"), .batchNormalization(normalization)])
    #expect(folded.steps.count == 1)
    expectClose(folded.run(x).outputs, normalized(plain.run(x).outputs, normalization))
  }

  @Test func normalizationAfterAnActivationIsAStep() throws {
    var tanh = dense
    tanh.activation = .tanh
    var bare = normalization
    bare.gamma = nil
    bare.beta = nil
    let plain = try Network(inputWidth: 6, layers: [.dense(tanh)])
    let normalizing = try Network(inputWidth: 6, layers: [.dense(tanh), .batchNormalization(bare)])
    #expect(normalizing.steps.count == 2)
    expectClose(normalizing.run(x).outputs, normalized(plain.run(x).outputs, bare))
  }

  @Test func normalizationMayComeFirst() throws {
    let first = BatchNormalization(
      name: "norm", width: 3, epsilon: 0, gamma: nil, beta: [0, 1, 2], movingMean: [1, 1, 1],
      movingVariance: [4, 4, 4])
    let network = try Network(inputWidth: 3, layers: [.batchNormalization(first)])
    #expect(network.run([1, 3, 5, 7, 9, 11]).outputs == [0, 2, 4, 3, 5, 7])
  }

  /// 1e30 · 1e30 does not fit a float, though the network's answer for a small input does.
  @Test func normalizationThatWouldOverflowTheWeightsIsNotFolded() throws {
    let huge = Dense(name: "dense", inputs: 1, units: 1, kernel: [1e30], bias: nil, activation: .linear)
    let scaling = BatchNormalization(
      name: "norm", width: 1, epsilon: 0, gamma: [1e30], beta: nil, movingMean: [0], movingVariance: [1])
    let network = try Network(inputWidth: 1, layers: [.dense(huge), .batchNormalization(scaling)])
    #expect(network.steps.count == 2)
    #expect(network.run([.leastNonzeroMagnitude]).outputs[0].isFinite)
  }

  @Test(arguments: Activation.allCases)
  func aStandAloneActivationEqualsTheDenseLayersOwn(activation: Activation) throws {
    var activated = dense
    activated.activation = activation
    let own = try Network(inputWidth: 6, layers: [.dense(activated)])
    let apart = try Network(
      inputWidth: 6, layers: [.dense(dense), .dropout(name: "d"), .activation(name: "a", activation)])
    #expect(apart.steps.count == 1)
    #expect(own.answers(x) == apart.answers(x))
  }

  @Test func dropoutAloneIsTheIdentity() throws {
    let network = try Network(inputWidth: 6, layers: [.dropout(name: "d")])
    #expect(network.run(x).outputs == x)
  }

  @Test func countsAreTheLayersOwn() throws {
    let network = try everyStep(inputs: 5, hidden: 7, units: 3, seed: 1)
    #expect(network.parameterCount == (35 + 7) + 28 + 49 + (21 + 3))
    #expect(network.multiplyAddsPerRow == 35 + 49 + 21)
    #expect(network.inputWidth == 5 && network.outputWidth == 3)
    #expect(network.distanceWidth == 3 && network.embeddingWidth == 7)
  }
}
