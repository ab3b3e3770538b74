import RadialEngine
import TestSupport
import Testing

@Suite struct NetworkTests {
  static func rbf(_ units: Int, scale: RBF.Scale = .scalar(1), output: RBF.Output = .gaussian) -> RBF {
    RBF(
      name: "r", inputs: 1, units: units, centers: (0..<units).map { Float($0) }, centersLayout: .featuresUnits,
      scale: scale, output: output)
  }

  static func dense(_ inputs: Int, _ units: Int, count: Int? = nil, value: Float = 1) -> Dense {
    Dense(
      name: "d", inputs: inputs, units: units, kernel: [Float](repeating: value, count: count ?? inputs * units),
      bias: nil, activation: .linear)
  }

  static let refused: [(Int, [Layer], EngineError)] = [
    (1, [], .noLayers),
    (0, [.rbf(rbf(1))], .badSize(layer: "input", found: 0)),
    (2, [.rbf(rbf(3))], .wrongWidth(layer: "r", expected: 2, found: 1)),
    (2, [.dense(dense(2, 3, count: 5))], .wrongCount(layer: "d", part: "kernel", expected: 6, found: 5)),
    (2, [.dense(dense(2, 3, value: .nan))], .notFinite(layer: "d", part: "kernel", index: 0)),
    (1, [.rbf(rbf(2, scale: .perUnit([1])))], .wrongCount(layer: "r", part: "scale", expected: 2, found: 1)),
    (1, [.rbf(rbf(2, scale: .scalar(.infinity)))], .notFinite(layer: "r", part: "scale", index: 0)),
    (
      1,
      [
        .batchNormalization(
          BatchNormalization(
            name: "n", width: 1, epsilon: 0, gamma: nil, beta: nil, movingMean: [0], movingVariance: [-1]))
      ], .badVariance(layer: "n", index: 0)
    ),
  ]

  @Test func `what does not fit together is refused by name`() {
    for (width, layers, expected) in Self.refused {
      #expect(throws: expected) { try Network(inputWidth: width, layers: layers) }
      #expect(expected.description.count > 20)
    }
    #expect(throws: EngineError.unknownInstructionSet("sse")) { try InstructionSet.selected(forcing: "sse") }
  }

  @Test func `the nearest class is decided on distances, ties to the lowest index, never out of range`() throws {
    let plain = try Network(inputWidth: 1, layers: [.rbf(Self.rbf(3))])
    #expect(plain.nearest([2, 1, 1]) == (first: 1, second: 2))
    #expect(plain.nearest([.nan, .nan, .nan]).first == 0)
    #expect(plain.nearest([.nan, .infinity, .nan]).first == 1)
    // Both scores underflow to 0; the distances still differ.
    #expect(plain.nearest([1e30, 1e29, 1e31]) == (first: 1, second: 0))
    #expect(plain.nearest([3, 1, 2], count: 5) == [1, 2, 0])
    let scaled = try Network(inputWidth: 1, layers: [.rbf(Self.rbf(3, scale: .perUnit([1, 10, 1])))])
    #expect(scaled.nearest([2, 1, 3]).first == 0)
    // Without γ in the output there is none in the decision.
    let distance = try Network(
      inputWidth: 1, layers: [.rbf(Self.rbf(3, scale: .perUnit([1, 10, 1]), output: .distance))])
    #expect(distance.nearest([2, 1, 3]).first == 1)
    let single = try Network(inputWidth: 1, layers: [.rbf(Self.rbf(1))])
    #expect(single.nearest([2]) == (first: 0, second: nil))
  }

  @Test func `only an RBF head makes a classifier`() throws {
    let head = try Network(inputWidth: 1, layers: [.rbf(Self.rbf(3)), .activation(name: "s", .softmax)])
    #expect(head.prototypesAreClasses && head.distanceWidth == 3)
    let regressor = try Network(inputWidth: 1, layers: [.rbf(Self.rbf(3)), .dense(Self.dense(3, 1))])
    #expect(!regressor.prototypesAreClasses && regressor.distanceWidth == 3 && regressor.outputWidth == 1)
  }

  @Test func `contributions sum to the distance`() throws {
    var random = SplitMix(state: 5)
    let rbf = RBF(
      name: "r", inputs: 20, units: 3, centers: random.floats(60), centersLayout: .unitsFeatures, scale: .scalar(1),
      output: .gaussian)
    let network = try Network(inputWidth: 20, layers: [.rbf(rbf)])
    let x = random.floats(20)
    var contributions = [Float](repeating: .nan, count: 60)
    network.contributions(embedding: x, into: &contributions)
    let distances = network.compute(x).distances
    for c in 0..<3 {
      let sum = contributions[c * 20..<c * 20 + 20].reduce(0, +)
      #expect(abs(sum - distances[c]) < 1e-5)
      #expect(contributions[c * 20] == (x[0] - rbf.centers[c * 20]) * (x[0] - rbf.centers[c * 20]))
    }
  }

}
