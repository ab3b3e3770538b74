import Foundation
import RadialEngine
import Testing

@Suite struct ActivationTests {
  /// The activations as the page 'The model file' defines them, in Float64.
  static func reference(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .linear, .softmax: x
    case .relu: max(x, 0)
    case .sigmoid: 1 / (1 + exp(-x))
    case .softplus: x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
    case .elu: x > 0 ? x : expm1(x)
    case .gelu: 0.5 * x * erfc(-x / 2.0.squareRoot())
    case .selu: 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x))
    case .swish: x / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    case .scaledTanh: 1.7159 * Foundation.tanh(2 * x / 3)
    case .leakyRelu: x < 0 ? 0.2 * x : x
    case .hardSigmoid: min(max(x + 3, 0), 6) / 6
    case .hardSigmoid2: min(max(0.2 * x + 0.5, 0), 1)
    case .relu6: min(max(x, 0), 6)
    case .softsign: x / (1 + abs(x))
    case .exponential: exp(x)
    }
  }

  /// Applies an activation to numbers, one a row.
  static func apply(_ activation: Activation, _ x: [Float], _ set: InstructionSet) throws -> [Float] {
    try Network(inputWidth: 1, layers: [.activation(name: "a", activation)], instructionSet: set).compute(x).outputs
  }

  static let samples: [Float] =
    stride(from: -30, through: 30, by: 0.0137).map { Float($0) }
    + (-149...20).flatMap {
      [Float(sign: .plus, exponent: $0, significand: 1.37), Float(sign: .minus, exponent: $0, significand: 1.37)]
    }

  @Test(arguments: Activation.allCases.filter { $0 != .softmax })
  func `every activation is close to its definition`(activation: Activation) throws {
    let found = try Self.apply(activation, Self.samples, .best)
    for (x, y) in zip(Self.samples, found) {
      let expected = Self.reference(activation, Double(x))
      let bound =
        switch activation {
        case .gelu: 1e-6 + 1e-6 * abs(expected)
        // 0.2 x and 0.5 cancel near -2.5, and 0.2 is no Float32.
        case .hardSigmoid2: 1e-7
        default: 5e-7 * abs(expected) + 1e-44
        }
      let isOverflow = expected > Double(Float.greatestFiniteMagnitude) && y == .infinity
      #expect(isOverflow || abs(Double(y) - expected) <= bound, "\(activation)(\(x)) = \(y), expected \(expected)")
    }
  }

  @Test(arguments: InstructionSet.available) func `special values`(set: InstructionSet) throws {
    let tiny = Float(sign: .plus, exponent: -140, significand: 1)
    let special: [Float] = [0, -0.0, .infinity, -.infinity, .nan, tiny, -tiny, 3e38, -3e38]
    let expected: [Activation: [Float]] = [
      .relu: [0, 0, .infinity, 0, .nan, tiny, 0, 3e38, 0],
      .tanh: [0, -0.0, 1, -1, .nan, tiny, -tiny, 1, -1],
      .sigmoid: [0.5, 0.5, 1, 0, .nan, 0.5, 0.5, 1, 0],
      .elu: [0, 0, .infinity, -1, .nan, tiny, -tiny, 3e38, -1],
    ]
    for (activation, values) in expected {
      let found = try Self.apply(activation, special, set)
      for (index, value) in values.enumerated() {
        let same = value.isNaN ? found[index].isNaN : found[index] == value
        #expect(same, "\(set): \(activation)(\(special[index])) = \(found[index]), expected \(value)")
      }
      if activation == .tanh { #expect(found[1].sign == .minus) }
    }
  }

  @Test func `the gaussian underflows through the denormals to zero and is one at the prototype`() throws {
    let network = try Network(
      inputWidth: 1,
      layers: [
        .rbf(
          RBF(
            name: "r", inputs: 1, units: 1, centers: [0], centersLayout: .featuresUnits, scale: .scalar(1),
            output: .gaussian))
      ])
    let x: [Float] = [0, 1, 9.3, 9.5, 10.1, 10.3, 1e30]
    let found = network.compute(x).outputs
    #expect(found[0] == 1)
    for index in 1..<x.count {
      let expected = exp(-Double(x[index] * x[index]))
      #expect(abs(Double(found[index]) - expected) <= 1e-6 * expected + 1.5e-45, "x = \(x[index])")
    }
    #expect(found[4] > 0 && found[4].isSubnormal)
    #expect(found[6] == 0)
  }

  @Test(arguments: InstructionSet.available) func `leaky_relu and elu take their own number`(set: InstructionSet) throws
  {
    func apply(_ activation: Activation, _ alpha: Float) throws -> [Float] {
      try Network(
        inputWidth: 1, layers: [.activation(name: "a", activation, alpha: alpha)], instructionSet: set
      ).compute([-2, 0, 3]).outputs
    }
    #expect(try apply(.leakyRelu, 0.25) == [-0.5, 0, 3])
    let elu = try apply(.elu, 0.5)
    #expect(abs(elu[0] - Float(0.5 * expm1(-2.0))) < 1e-7 && elu[1] == 0 && elu[2] == 3)
  }

  @Test(arguments: InstructionSet.available) func `softsign of an infinity is one`(set: InstructionSet) throws {
    #expect(try Self.apply(.softsign, [.infinity, -.infinity, 1, -3], set) == [1, -1, 0.5, -0.75])
  }

  @Test func `softmax rows sum to one, and large logits do not overflow`() throws {
    let network = try Network(inputWidth: 3, layers: [.activation(name: "s", .softmax)])
    let found = network.compute([1, 2, 3, 1000, 1000, -1000]).outputs
    #expect(abs(found[0] - 0.09003057) < 1e-7 && abs(found[2] - 0.66524096) < 1e-6)
    #expect(found[3...].elementsEqual([0.5, 0.5, 0]))
  }
}
