import RadialEngine
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct ActivationTests {
  private static let elementwise = Activation.allCases.filter { $0 != .softmax }

  private func apply(_ activation: Activation, _ x: [Float], set: InstructionSet = .best) throws -> [Float] {
    try Network(inputWidth: 1, layers: [.activation(name: "a", activation)], instructionSet: set).run(x).outputs
  }

  private func truth(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .linear, .softmax: x
    case .relu: max(x, 0)
    case .sigmoid: 1 / (1 + exp(-x))
    case .softplus: max(x, 0) + log1p(exp(-abs(x)))
    case .elu: x > 0 ? x : expm1(x)
    case .gelu: x * erfc(-x / 2.0.squareRoot()) / 2
    case .selu: 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x))
    case .swish: x / (1 + exp(-x))
    case .tanh: tanh(x)
    case .scaledTanh: 1.7159 * tanh(2 * x / 3)
    }
  }

  @Test(arguments: elementwise)
  func staysWithinAMillionthOfTheTruth(activation: Activation) throws {
    let dense = (-4000...4000).map { Float($0) / 32 }
    let scales = (-149...127).flatMap { exponent in
      [-1.75, -1.3, -1, 1, 1.3, 1.75].map { Float($0 * exp2(Double(exponent))) }
    }
    let x = dense + scales
    for (x, y) in zip(x, try apply(activation, x)) {
      let expected = truth(activation, Double(x))
      guard abs(expected) <= Double(Float.greatestFiniteMagnitude) else {
        #expect(y == Float(expected), "\(activation) of \(x)")
        continue
      }
      // Around −100 the last digit of swish's and gelu's denormals is lost to two roundings.
      #expect(abs(Double(y) - expected) <= 1e-6 * abs(expected) + 3e-43, "\(activation) of \(x): \(y), not \(expected)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func haveTheirLimitsAtInfinityAndKeepNaN(set: InstructionSet) throws {
    let limits: [Activation: (Float, Float)] = [
      .linear: (-.infinity, .infinity), .relu: (0, .infinity), .sigmoid: (0, 1), .softplus: (0, .infinity),
      .elu: (-1, .infinity), .gelu: (0, .infinity), .selu: (-1.7580993, .infinity), .swish: (0, .infinity),
      .tanh: (-1, 1), .scaledTanh: (-1.7159, 1.7159),
    ]
    for activation in Self.elementwise {
      let y = try apply(activation, [-.infinity, .infinity, .nan], set: set)
      #expect(y[0] == limits[activation]!.0 && y[1] == limits[activation]!.1, "\(activation): \(y)")
      #expect(y[2].isNaN, "\(activation): \(y)")
    }
  }

  @Test(arguments: [Activation.tanh, .elu, .selu, .gelu, .swish, .scaledTanh])
  func keepTheSignOfZero(activation: Activation) throws {
    #expect(try apply(activation, [0, -0.0]).map(\.sign) == [.plus, .minus])
  }

  /// Whole ranges of floats, denormals and NaN payloads among them.
  @Test(arguments: elementwise)
  func haveTheSameBitsOnEveryInstructionSet(activation: Activation) throws {
    var random = SplitMix(state: 21)
    let x = (0..<4000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
    let answers = try InstructionSet.available.map { try apply(activation, x, set: $0) }
    for other in answers.dropFirst() {
      for (index, y) in other.enumerated() where !(y.isNaN && answers[0][index].isNaN) {
        #expect(y.bitPattern == answers[0][index].bitPattern, "\(activation) of \(x[index])")
      }
    }
  }

  @Test(arguments: InstructionSet.available, [1, 2, 15, 16, 17, 100])
  func softmaxAddsToOneAndStandsLargeLogits(set: InstructionSet, width: Int) throws {
    var random = SplitMix(state: UInt64(width))
    let x = random.floats(9 * width, within: 5000)
    let network = try Network(
      inputWidth: width, layers: [.activation(name: "softmax", .softmax)], instructionSet: set)
    let y = network.run(x).outputs
    for row in 0..<9 {
      let logits = x[(row * width)..<((row + 1) * width)].map(Double.init)
      let powers = logits.map { exp($0 - logits.max()!) }
      let sum = powers.reduce(0, +)
      for column in 0..<width {
        let expected = powers[column] / sum
        #expect(abs(Double(y[row * width + column]) - expected) <= 1e-6 * expected + 1e-37)
      }
    }
  }

  @Test func softmaxGivesInfinitelyUnlikelyClassesZero() throws {
    let network = try Network(inputWidth: 3, layers: [.activation(name: "softmax", .softmax)])
    #expect(network.run([-.infinity, 1, 1, 2, -.infinity, -.infinity]).outputs == [0, 0.5, 0.5, 1, 0, 0])
    #expect(network.run([.nan, 1, 1]).outputs.filter(\.isNaN).count == 3)
  }
}
