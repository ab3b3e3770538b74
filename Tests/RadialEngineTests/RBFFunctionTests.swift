import Glibc
import RadialEngine
import TestSupport
import Testing

/// What an RBF layer makes of squared distances, against the formulas in Float64.
@Suite struct RBFFunctionTests {
  private static let power: Float = 1.75

  private static func layer(_ output: RBF.Output, gammas: [Float], power: Float = power, normalized: Float? = nil)
    -> RBF
  {
    RBF(
      name: "r", inputs: 1, units: gammas.count, centers: [Float](repeating: 0, count: gammas.count),
      centersLayout: .unitsFeatures, scale: .perUnit(gammas), output: output, power: power, normalization: normalized)
  }

  /// By the definitions, d² in Float64.
  private static func expected(_ output: RBF.Output, _ square: Double, _ gamma: Double) -> Double {
    let (d, u) = (square.squareRoot(), gamma * square)
    switch output {
    case .gaussian: return exp(-u)
    case .distance: return square
    case .negativeDistance: return -u
    case .scaledDistance: return u
    case .euclidean: return gamma * d
    case .negativeEuclidean: return -gamma * d
    case .exponential: return exp(-gamma * d)
    case .inverseQuadratic: return 1 / (1 + u)
    case .inverseMultiquadric: return 1 / (1 + u).squareRoot()
    case .multiquadric: return (1 + u).squareRoot()
    case .matern32:
      let r = (3 * u).squareRoot()
      return (1 + r) * exp(-r)
    case .matern52:
      let r = (5 * u).squareRoot()
      return (1 + r + r * r / 3) * exp(-r)
    case .studentT: return pow(1 + u, -Double(power))
    }
  }

  /// Distances from the smallest to the largest that Float32 has, and their exact squares.
  private static let distances: [Float] = (-60...60).map { exp2f(Float($0)) * 1.37 } + [0]

  @Test(arguments: RBF.Output.allCases) func `every function is its formula, on every instruction set`(
    output: RBF.Output
  ) throws {
    let gammas: [Float] = [0.5, 1, 3e-4]
    for set in InstructionSet.available {
      let network = try Network(
        inputWidth: 1, layers: [.rbf(Self.layer(output, gammas: gammas))], instructionSet: set)
      let (outputs, squares) = network.compute(Self.distances)
      for (row, _) in Self.distances.enumerated() {
        for (c, gamma) in gammas.enumerated() {
          let (found, square) = (Double(outputs[row * 3 + c]), Double(squares[row * 3 + c]))
          let truth = Self.expected(output, square, Double(gamma))
          #expect(
            abs(found - truth) <= 4e-7 * abs(truth) * max(1, abs(log(max(abs(truth), 1e-30)))) + 1e-37,
            "\(set): \(output) of \(square) with \(gamma) is \(found), expected \(truth)")
        }
      }
    }
  }

  @Test(arguments: RBF.Output.allCases) func `a row's bits are the same in any batch and on every instruction set`(
    output: RBF.Output
  ) throws {
    var random = SplitMix(state: 3)
    let rows = random.floats(67 * 9).map { $0 * 3 }
    let centers = random.floats(21 * 9)
    let layer = RBF(
      name: "r", inputs: 9, units: 21, centers: centers, centersLayout: .unitsFeatures, scale: .scalar(0.3),
      output: output, power: Self.power, normalization: output.isPositive ? 1e-6 : nil,
      classes: (0..<21).map { $0 % 6 })
    let whole = try Network(inputWidth: 9, layers: [.rbf(layer)], instructionSet: .portable).compute(rows)
    for set in InstructionSet.available {
      let network = try Network(inputWidth: 9, layers: [.rbf(layer)], instructionSet: set)
      #expect(network.compute(rows).outputs.bits == whole.outputs.bits)
      for row in [0, 13, 66] {
        let alone = network.compute(Array(rows[row * 9..<row * 9 + 9]))
        #expect(alone.outputs.bits == whole.outputs[row * 6..<row * 6 + 6].map(\.bitPattern))
        #expect(alone.distances.bits == whole.distances[row * 6..<row * 6 + 6].map(\.bitPattern))
      }
    }
  }

  @Test(arguments: InstructionSet.available) func `prototypes, infinite distances and NaN`(set: InstructionSet) throws {
    for output in RBF.Output.allCases {
      let network = try Network(
        inputWidth: 1, layers: [.rbf(Self.layer(output, gammas: [2]))], instructionSet: set)
      let outputs = network.compute([0, 1e30, .nan]).outputs
      let (atPrototype, far): (Float, Float) =
        switch output {
        case .distance, .scaledDistance, .euclidean: (0, .infinity)
        case .negativeDistance, .negativeEuclidean: (-0.0, -.infinity)
        case .multiquadric: (1, .infinity)
        default: (1, 0)
        }
      #expect(outputs[0] == atPrototype && outputs[1] == far && outputs[2].isNaN, "\(output): \(outputs)")
    }
  }

  @Test func `a class is the nearest by what its function compares, where it falls or is a distance`() throws {
    for output in RBF.Output.allCases {
      let network = try Network(inputWidth: 1, layers: [.rbf(Self.layer(output, gammas: [1, 0.25]))])
      #expect(network.prototypesAreClasses == (output != .multiquadric))
      let probabilities = try Network(
        inputWidth: 1, layers: [.rbf(Self.layer(output, gammas: [1, 0.25])), .activation(name: "s", .softmax)])
      #expect(probabilities.prototypesAreClasses == (output.order == .falling), "\(output)")
      guard output.order == .falling else { continue }
      // The largest output is that of the smallest scaled distance.
      for distances: [Float] in [[1, 3.9], [1, 4.1], [1, 15], [1, 17]] {
        let values = zip(distances, [1, 0.25]).map { Self.expected(output, Double($0), $1) }
        #expect((network.nearest(distances).first == 0) == (values[0] >= values[1]), "\(output): \(distances)")
      }
    }
  }

  @Test func `outputs over their sum`() throws {
    let network = try Network(
      inputWidth: 1, layers: [.rbf(Self.layer(.inverseQuadratic, gammas: [1, 3, 0.5], normalized: 0))])
    let outputs = network.compute([1.5]).outputs
    let values = [1.0, 3, 0.5].map { 1 / (1 + $0 * 2.25) }
    for (found, value) in zip(outputs, values) {
      #expect(abs(Double(found) - value / values.reduce(0, +)) < 1e-7)
    }
    // exp(−γ d²) underflows in all units; the limit does not.
    let gaussian = try Network(
      inputWidth: 1, layers: [.rbf(Self.layer(.gaussian, gammas: [1, 1.0001], normalized: 0))])
    let far = gaussian.compute([100]).outputs
    #expect(abs(far[0] - 0.7310586) < 1e-3 && far[0] + far[1] == 1)
  }

  @Test func `contributions of a class are those of its nearest prototype`() throws {
    let rbf = RBF(
      name: "r", inputs: 2, units: 3, centers: [0, 0, 5, 5, 1, 2], centersLayout: .unitsFeatures, scale: .scalar(1),
      output: .gaussian, classes: [0, 1, 0])
    let network = try Network(inputWidth: 2, layers: [.rbf(rbf)])
    #expect(network.distanceWidth == 2 && network.prototypeCount == 3 && network.prototypeClasses == [0, 1, 0])
    var contributions = [Float](repeating: .nan, count: 4)
    network.contributions(embedding: [1, 1], into: &contributions)
    #expect(contributions == [0, 1, 16, 16])
    #expect(network.compute([1, 1]).distances == [1, 32])
    for classes in [[0, 1], [0, 2, 2], [0, -1, 1]] {
      var wrong = rbf
      wrong.classes = classes
      #expect(throws: EngineError.self) { try Network(inputWidth: 2, layers: [.rbf(wrong)]) }
    }
  }
}
