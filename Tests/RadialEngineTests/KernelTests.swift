import RadialEngine
import TestSupport
import Testing

@Suite struct KernelTests {
  static let widths = [1, 2, 3, 15, 16, 17, 33, 48, 63, 64, 65, 84, 100, 130, 257]

  @Test(arguments: InstructionSet.available)
  func `dense and distances equal their naive twins bit for bit, at odd sizes`(set: InstructionSet) throws {
    for (index, units) in Self.widths.enumerated() {
      let seed = UInt64(index + 1)
      var random = SplitMix(state: seed)
      let inputs = Self.widths[(index * 7) % Self.widths.count]
      let rows = [1, 2, 3, 5, 7, 13, 17][index % 7]
      let dense = Dense(
        name: "d", inputs: inputs, units: units, kernel: random.floats(inputs * units), bias: random.floats(units),
        activation: .linear)
      let rbf = RBF(
        name: "r", inputs: inputs, units: units, centers: random.floats(inputs * units),
        centersLayout: index % 2 == 0 ? .featuresUnits : .unitsFeatures, scale: .scalar(1), output: .distance)
      let x = random.floats(rows * inputs, in: -2...2)
      let products = try Network(inputWidth: inputs, layers: [.dense(dense)], instructionSet: set).compute(x).outputs
      #expect(products.bits == Naive.dense(x, rows: rows, dense).bits, "seed \(seed), \(rows)x\(inputs)x\(units)")
      let distances = try Network(inputWidth: inputs, layers: [.rbf(rbf)], instructionSet: set).compute(x)
      let expected = Naive.squaredDistances(x, rows: rows, rbf)
      #expect(distances.outputs.bits == expected.bits, "seed \(seed), \(rows)x\(inputs)x\(units)")
      #expect(distances.distances.bits == expected.bits, "seed \(seed)")
    }
  }

  /// Every activation, normalisation and output form in one stack.
  static func stack(_ random: inout SplitMix) -> [Layer] {
    var layers: [Layer] = []
    var width = 21
    for (index, activation) in Activation.allCases.enumerated() {
      let units = [19, 33, 70][index % 3]
      layers.append(
        .dense(
          Dense(
            name: "d\(index)", inputs: width, units: units, kernel: random.floats(width * units, in: -0.5...0.5),
            bias: index % 2 == 0 ? random.floats(units) : nil, activation: activation)))
      width = units
    }
    layers.append(
      .batchNormalization(
        BatchNormalization(
          name: "n", width: width, epsilon: 0.001, gamma: random.floats(width), beta: random.floats(width),
          movingMean: random.floats(width), movingVariance: random.floats(width, in: 0.1...2))))
    layers.append(.dropout(name: "drop"))
    layers.append(
      .rbf(
        RBF(
          name: "r", inputs: width, units: 11, centers: random.floats(width * 11), centersLayout: .unitsFeatures,
          scale: .perUnit(random.floats(11, in: 0.01...0.1)), output: .gaussian)))
    return layers
  }

  @Test func `a row's answer is the same bits in every batch, split and instruction set`() throws {
    let seed: UInt64 = 42
    var random = SplitMix(state: seed)
    let layers = Self.stack(&random)
    let x = random.floats(257 * 21, in: -3...3)
    let reference = try Network(inputWidth: 21, layers: layers, instructionSet: .portable)
    let expected = reference.compute(x)
    #expect(expected.outputs.allSatisfy { $0.isFinite })
    for set in InstructionSet.available {
      let network = try Network(inputWidth: 21, layers: layers, instructionSet: set)
      let sizes = set == .portable ? [1, 2, 3, 48, 49, 97, 257] : Array(1...257)
      for rows in sizes {
        let found = network.compute(Array(x.prefix(rows * 21)))
        #expect(found.outputs.bits == Array(expected.outputs.bits.prefix(rows * 11)), "\(set), \(rows) rows")
        #expect(found.distances.bits == Array(expected.distances.bits.prefix(rows * 11)), "\(set), \(rows) rows")
      }
      for start in [1, 5, 47, 48, 100, 256] {
        let found = network.compute(Array(x[(start * 21)...]))
        #expect(found.outputs.bits == Array(expected.outputs.bits[(start * 11)...]), "\(set), from row \(start)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func `preprocessing is one fused operation before the first layer`(set: InstructionSet) throws {
    var random = SplitMix(state: 3)
    let dense = Dense(name: "d", inputs: 37, units: 5, kernel: random.floats(185), bias: nil, activation: .linear)
    let x = random.floats(37 * 3, in: 0...255)
    let network = try Network(
      inputWidth: 37, preprocessing: Preprocessing(scale: 1 / 255, offset: -0.5), layers: [.dense(dense)],
      instructionSet: set)
    let scaled = x.map { Float(-0.5).addingProduct($0, 1 / 255) }
    #expect(network.compute(x).outputs.bits == Naive.dense(scaled, rows: 3, dense).bits)
  }

  @Test func `a matrix that is packed in parts, in huge pages, has every weight in its place`() throws {
    var random = SplitMix(state: 17)
    let (inputs, units) = (1130, 1003)
    let kernel = random.floats(inputs * units)
    let network = try Network(
      inputWidth: inputs,
      layers: [
        .dense(Dense(name: "d", inputs: inputs, units: units, kernel: kernel, bias: nil, activation: .linear))
      ])
    // Rows of the unit matrix: each answers a row of the weights.
    let chosen = [0, 1, 31, 32, 33, 511, 512, 1024, 1129]
    var x = [Float](repeating: 0, count: chosen.count * inputs)
    for (row, k) in chosen.enumerated() { x[row * inputs + k] = 1 }
    let found = network.compute(x).outputs
    for (row, k) in chosen.enumerated() {
      #expect(Array(found[row * units..<(row + 1) * units]) == Array(kernel[k * units..<(k + 1) * units]), "row \(k)")
    }
  }

  @Test(arguments: [0, 1, 100, 4096]) func `the first number that is not finite is found`(place: Int) {
    var values = [Float](repeating: -.greatestFiniteMagnitude, count: 4097)
    #expect(values.firstNonFinite == nil && [Float]().firstNonFinite == nil)
    for value in [Float.nan, .infinity, -.infinity, -.nan] {
      values[place] = value
      #expect(values.firstNonFinite == place)
    }
  }
}
