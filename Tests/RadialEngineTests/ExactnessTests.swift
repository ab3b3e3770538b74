import RadialEngine
import Testing

/// The kernels against their naive twins, bit for bit.
@Suite struct ExactnessTests {
  static let widths = [1, 2, 3, 15, 16, 17, 33, 63, 64, 65, 84, 100, 130, 257]
  static let batches = Array(1...70) + Array(127...130) + Array(255...257)

  private func dense(inputs: Int, units: Int, bias: Bool, set: InstructionSet) throws -> (Network, Dense) {
    var random = SplitMix(state: UInt64(inputs * 1000 + units))
    let dense = Dense(
      name: "dense", inputs: inputs, units: units, kernel: random.floats(inputs * units),
      bias: bias ? random.floats(units) : nil, activation: .linear)
    return (try Network(inputWidth: inputs, layers: [.dense(dense)], instructionSet: set), dense)
  }

  private func rbf(inputs: Int, units: Int, set: InstructionSet) throws -> (Network, RBF) {
    var random = SplitMix(state: UInt64(inputs * 1000 + units + 1))
    let rbf = RBF(
      name: "rbf", inputs: inputs, units: units, centers: random.floats(inputs * units),
      centersLayout: .featuresUnits, scale: .scalar(0.5), output: .distance)
    return (try Network(inputWidth: inputs, layers: [.rbf(rbf)], instructionSet: set), rbf)
  }

  @Test(arguments: InstructionSet.available)
  func denseEqualsItsTwinForEveryWidth(set: InstructionSet) throws {
    var random = SplitMix(state: 1)
    for units in Self.widths {
      for inputs in [1, 2, 17, 84] {
        let x = random.floats(19 * inputs)
        let (network, dense) = try dense(inputs: inputs, units: units, bias: inputs != 17, set: set)
        let expected = twinDense(x, dense.kernel, bias: dense.bias, inputs: inputs, units: units)
        #expect(network.answers(x).outputs == expected.map(\.bitPattern), "\(inputs) → \(units)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func distancesEqualTheirTwinForEveryWidth(set: InstructionSet) throws {
    var random = SplitMix(state: 2)
    for units in Self.widths {
      for inputs in [1, 3, 33, 84] {
        let x = random.floats(19 * inputs)
        let (network, rbf) = try rbf(inputs: inputs, units: units, set: set)
        let expected = twinDistances(x, rbf.centers, inputs: inputs, units: units).map(\.bitPattern)
        let answers = network.answers(x)
        #expect(answers.distances == expected, "\(inputs) → \(units)")
        #expect(answers.outputs == expected, "\(inputs) → \(units)")
        #expect(answers.embeddings == x.map(\.bitPattern))
      }
    }
  }

  /// 69 columns are one full panel and one vector with 16 lanes; 33 and 49 columns are panels of three and four vectors.
  @Test(arguments: InstructionSet.available, [10, 33, 49, 69, 130])
  func everyBatchSizeEqualsTheTwin(set: InstructionSet, units: Int) throws {
    let inputs = 5
    var random = SplitMix(state: 3)
    let x = random.floats(257 * inputs)
    let (linear, dense) = try dense(inputs: inputs, units: units, bias: true, set: set)
    let (radial, rbf) = try rbf(inputs: inputs, units: units, set: set)
    let sums = twinDense(x, dense.kernel, bias: dense.bias, inputs: inputs, units: units).map(\.bitPattern)
    let distances = twinDistances(x, rbf.centers, inputs: inputs, units: units).map(\.bitPattern)
    for batch in Self.batches {
      let part = Array(x.prefix(batch * inputs))
      #expect(linear.answers(part).outputs == Array(sums.prefix(batch * units)), "batch \(batch)")
      #expect(radial.answers(part).outputs == Array(distances.prefix(batch * units)), "batch \(batch)")
    }
  }

  /// Beyond finite numbers and within the denormals the twin still rules.
  @Test(arguments: InstructionSet.available)
  func extremeNumbersEqualTheTwin(set: InstructionSet) throws {
    let extremes: [Float] = [
      0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
      .greatestFiniteMagnitude, 1e-30, 1e30,
    ]
    let dense = Dense(
      name: "dense", inputs: 2, units: 3, kernel: [1, 1e-20, 1e20, -.leastNonzeroMagnitude, 3e38, 0], bias: nil,
      activation: .linear)
    let network = try Network(inputWidth: 2, layers: [.dense(dense)], instructionSet: set)
    let x = extremes.flatMap { first in extremes.flatMap { [first, $0] } }
    let expected = twinDense(x, dense.kernel, bias: nil, inputs: 2, units: 3)
    for (found, expected) in zip(network.run(x).outputs, expected) {
      #expect(found.bitPattern == expected.bitPattern || found.isNaN && expected.isNaN)
    }
  }

  @Test(arguments: InstructionSet.available)
  func preprocessingIsOneFusedMultiplyAdd(set: InstructionSet) throws {
    var random = SplitMix(state: 4)
    for width in [1, 3, 16, 33, 130] {
      let x = random.floats(7 * width, within: 255)
      let network = try Network(
        inputWidth: width, preprocessing: Preprocessing(scale: 1 / 255, offset: -0.3),
        layers: [.dropout(name: "dropout")], instructionSet: set)
      let expected = x.map { Float(-0.3).addingProduct($0, 1 / 255) }
      #expect(network.run(x).outputs == expected)
    }
  }
}
