import RadialEngine
import TestSupport
import Testing

/// Layers whose sums are taken in blocks, and normalisations whose means are large.
@Suite struct WideSumTests {
  @Test(arguments: InstructionSet.available)
  func `sums of more than 1,024 terms are taken in blocks, bit for bit`(set: InstructionSet) throws {
    for (inputs, units, rows) in [(1024, 17, 7), (1025, 1, 13), (1536, 70, 1), (2049, 16, 6), (4100, 33, 3)] {
      var random = SplitMix(state: UInt64(inputs))
      let dense = Dense(
        name: "d", inputs: inputs, units: units, kernel: random.floats(inputs * units), bias: random.floats(units),
        activation: .linear)
      let rbf = RBF(
        name: "r", inputs: inputs, units: units, centers: random.floats(inputs * units), centersLayout: .unitsFeatures,
        scale: .scalar(1), output: .distance)
      let x = random.floats(rows * inputs, in: -2...2)
      let products = try Network(inputWidth: inputs, layers: [.dense(dense)], instructionSet: set).compute(x).outputs
      #expect(products.bits == Naive.dense(x, rows: rows, dense).bits, "\(rows)x\(inputs)x\(units)")
      let distances = try Network(inputWidth: inputs, layers: [.rbf(rbf)], instructionSet: set).compute(x)
      #expect(distances.outputs.bits == Naive.squaredDistances(x, rows: rows, rbf).bits, "\(rows)x\(inputs)x\(units)")
    }
  }

  /// Wide in every way: a long row, a wide mean, a wide embedding, a softmax over many classes.
  private static func stack(_ random: inout SplitMix) -> [Layer] {
    let input = ImageShape(rows: 36, columns: 40, channels: 1)
    let window = Window(
      size: Extent(rows: 33, columns: 38), strides: Extent(rows: 1, columns: 1), padding: .same)
    return [
      .conv2D(
        Conv2D(
          name: "c", input: input, filters: 1, window: window, kernel: random.floats(33 * 38, in: -0.05...0.05),
          bias: random.floats(1), activation: .tanh)),
      .pooling2D(Pooling2D(name: "p", input: input, kind: .average, window: window)),
      .reshape(name: "f"),
      .activation(name: "s", .softmax),
      .dense(
        Dense(
          name: "d", inputs: 1440, units: 8, kernel: random.floats(1440 * 8, in: -20...20), bias: nil,
          activation: .linear)),
      .duq(
        DUQ(
          name: "q", inputs: 8, embedding: 1100, units: 2, sigmas: [0.5], kernel: random.floats(8 * 2200),
          centers: random.floats(2200, in: -0.1...0.1))),
    ]
  }

  @Test func `a wide row's answer is the same bits in every batch and on every instruction set`() throws {
    var random = SplitMix(state: 11)
    let layers = Self.stack(&random)
    let x = random.floats(15 * 1440, in: -1...1)
    let sets = InstructionSet.available
    let expected = try Network(inputWidth: 1440, layers: layers, instructionSet: sets[0]).compute(x)
    #expect(expected.distances.allSatisfy { $0.isFinite } && Set(expected.distances).count == 30)
    // The portable kernels call fma() once a number: fewer rows are enough for them.
    for set in sets {
      let network = try Network(inputWidth: 1440, layers: layers, instructionSet: set)
      for rows in set == .portable ? [1, 2] : [1, 2, 3, 6, 8, 13, 15] {
        let found = network.compute(Array(x.prefix(rows * 1440)))
        #expect(found.outputs.bits == Array(expected.outputs.bits.prefix(rows * 2)), "\(set), \(rows) rows")
        #expect(found.distances.bits == Array(expected.distances.bits.prefix(rows * 2)), "\(set), \(rows) rows")
      }
    }
  }

  /// A NaN in one row's image must not reach its neighbours through what vectors write behind a cell.
  @Test(arguments: InstructionSet.available)
  func `a cell of NaN spoils no other cell of a convolution in blocks`(set: InstructionSet) throws {
    var random = SplitMix(state: 12)
    let layer = Conv2D(
      name: "c", input: ImageShape(rows: 1, columns: 5, channels: 1200), filters: 3,
      window: Window(
        size: Extent(rows: 1, columns: 1), strides: Extent(rows: 1, columns: 1), padding: .valid),
      kernel: random.floats(3600), bias: random.floats(3), activation: .linear)
    var x = random.floats(2 * 6000)
    x[2 * 1200 + 700] = .nan
    x[3 * 1200 + 3] = .infinity
    let found = try Network(inputWidth: 6000, layers: [.conv2D(layer)], instructionSet: set).compute(x).outputs
    for (index, value) in found.enumerated() {
      #expect(value.isFinite != (6..<12).contains(index), "\(index): \(value)")
    }
  }

  /// Against Float64. One chain of fused operations was 1e-6, 3e-6, 6e-6 and 2e-5 off with these widths.
  @Test(arguments: [784, 4096, 18_432, 65_536])
  func `wide distances and products keep their digits`(inputs: Int) throws {
    let seed = UInt64(inputs)
    var random = SplitMix(state: seed)
    let units = 4
    let weights = random.floats(inputs * units, in: 0...1)
    let x = random.floats(8 * inputs, in: 0...1)
    let rbf = RBF(
      name: "r", inputs: inputs, units: units, centers: weights, centersLayout: .featuresUnits, scale: .scalar(1),
      output: .distance)
    let kernel = weights.map { ($0 - 0.5) / 8 }
    let dense = Dense(name: "d", inputs: inputs, units: units, kernel: kernel, bias: nil, activation: .linear)
    let distances = try Network(inputWidth: inputs, layers: [.rbf(rbf)]).compute(x).distances
    let products = try Network(inputWidth: inputs, layers: [.dense(dense)]).compute(x).outputs
    var (distanceError, productError, largest) = (0.0, 0.0, 0.0)
    for n in 0..<8 {
      for c in 0..<units {
        var (distance, product) = (0.0, 0.0)
        for k in 0..<inputs {
          let difference = Double(x[n * inputs + k]) - Double(weights[k * units + c])
          distance += difference * difference
          product += Double(x[n * inputs + k]) * Double(kernel[k * units + c])
        }
        let index = n * units + c
        distanceError = max(distanceError, abs(Double(distances[index]) - distance) / distance)
        productError = max(productError, abs(Double(products[index]) - product))
        largest = max(largest, abs(product))
      }
    }
    print(
      "\(inputs) inputs: distances \(distanceError) of themselves, products \(productError / largest) of the largest")
    #expect(distanceError <= 4e-6, "seed \(seed)")
    #expect(productError / largest <= 4e-6, "seed \(seed)")
  }

  @Test(arguments: [(2000, 7), (15_000, 3), (1e6, 30)] as [(Float, Float)])
  func `a normalisation takes the mean off first`(mean: Float, deviation: Float) throws {
    var random = SplitMix(state: 13)
    let width = 37
    let means = random.floats(width, in: -1...1).map { mean + $0 * deviation }
    let variances = random.floats(width, in: 0.5...2).map { $0 * deviation * deviation }
    let normalization = BatchNormalization(
      name: "n", width: width, epsilon: 0, gamma: random.floats(width), beta: random.floats(width), movingMean: means,
      movingVariance: variances)
    let rbf = RBF(
      name: "r", inputs: width, units: 3, centers: random.floats(width * 3), centersLayout: .unitsFeatures,
      scale: .scalar(1), output: .distance)
    let x = random.floats(5 * width, in: -2...2).map { mean + $0 * deviation }
    for set in InstructionSet.available {
      let network = try Network(
        inputWidth: width, layers: [.batchNormalization(normalization), .rbf(rbf)], instructionSet: set)
      let found = network.compute(x).distances
      for n in 0..<5 {
        for c in 0..<3 {
          var exact = 0.0
          for k in 0..<width {
            let centered = (Double(x[n * width + k]) - Double(means[k])) / Double(variances[k]).squareRoot()
            let h = centered * Double(normalization.gamma![k]) + Double(normalization.beta![k])
            let difference = h - Double(rbf.centers[c * width + k])
            exact += difference * difference
          }
          #expect(abs(Double(found[n * 3 + c]) - exact) <= 2e-6 * exact, "\(set), row \(n), unit \(c)")
        }
      }
    }
  }
}
