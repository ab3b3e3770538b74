import RadialEngine
import TestSupport
import Testing

@Suite struct ImageTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let rows: Int, columns: Int, channels: Int, filters: Int
    let window: Window
    let groups: Int
    var input: ImageShape { ImageShape(rows: rows, columns: columns, channels: channels) }
    var testDescription: String { "\(rows)x\(columns)x\(channels), \(filters) filters in \(groups), \(window)" }

    init(
      _ input: (Int, Int, Int), _ filters: Int, _ size: (Int, Int), _ strides: (Int, Int), _ padding: Padding,
      groups: Int = 1, dilation: (Int, Int) = (1, 1)
    ) {
      (rows, columns, channels) = input
      self.filters = filters
      self.groups = groups
      window = Window(
        size: Extent(rows: size.0, columns: size.1), strides: Extent(rows: strides.0, columns: strides.1),
        padding: padding, dilation: Extent(rows: dilation.0, columns: dilation.1))
    }
  }

  static let cases: [Case] = [
    Case((28, 28, 1), 6, (5, 5), (1, 1), .same), Case((14, 14, 6), 16, (5, 5), (1, 1), .valid),
    Case((7, 11, 3), 5, (3, 2), (2, 3), .same), Case((7, 11, 3), 17, (2, 5), (1, 2), .valid),
    Case((1, 9, 2), 33, (1, 4), (1, 1), .same), Case((9, 1, 5), 40, (4, 1), (3, 1), .same),
    Case((5, 6, 1), 1, (1, 1), (1, 1), .valid), Case((5, 6, 19), 64, (1, 1), (2, 2), .valid),
    Case((4, 4, 2), 130, (4, 4), (1, 1), .valid), Case((3, 3, 1), 20, (7, 5), (1, 1), .same),
    Case((6, 5, 16), 16, (2, 2), (3, 3), .same), Case((13, 40, 1), 7, (3, 3), (1, 1), .valid),
    // Sums in blocks: of two whole runs, of one, of parts of a long one; on the image's edge, in one panel and in several.
    Case((9, 8, 50), 5, (5, 5), (1, 1), .valid), Case((4, 5, 250), 20, (3, 3), (1, 1), .same),
    Case((2, 3, 1300), 3, (1, 1), (1, 1), .valid), Case((3, 4, 600), 33, (2, 3), (2, 1), .same),
    // One channel: columns that fill no block of 4 and no panel, filters likewise; two rows of the output that are one long row.
    Case((6, 7, 1), 7, (3, 3), (1, 1), .same), Case((4, 6, 1), 3, (2, 2), (1, 1), .valid),
    Case((3, 33, 1), 9, (2, 3), (2, 1), .same), Case((5, 18, 1), 34, (3, 1), (1, 1), .same),
    Case((6, 8, 20), 33, (1, 1), (1, 1), .valid), Case((7, 30, 3), 2, (1, 1), (1, 1), .same),
    Case((40, 50, 1), 2, (40, 33), (1, 1), .valid), Case((2, 1700, 3), 1, (1, 1600), (1, 50), .valid),
  ]

  private static func around(_ top: Int, _ bottom: Int, _ left: Int, _ right: Int) -> Padding {
    .explicit(Margins(top: top, bottom: bottom, left: left, right: right))
  }

  /// With padding that neither word says; the last two have more cells in a window than are summed in one block.
  static let padded: [Case] = [
    Case((6, 6, 1), 2, (3, 3), (2, 2), around(1, 1, 1, 1)), Case((7, 11, 3), 5, (3, 2), (2, 3), around(2, 0, 0, 1)),
    Case((1, 1, 5), 4, (3, 3), (1, 1), around(1, 1, 2, 0)), Case((5, 4, 37), 33, (2, 4), (1, 2), around(1, 0, 3, 3)),
    Case((9, 1, 16), 16, (4, 1), (3, 1), around(3, 3, 0, 0)), Case((8, 9, 2), 3, (2, 2), (3, 5), around(0, 1, 1, 1)),
    Case((40, 50, 2), 2, (38, 33), (1, 9), around(20, 37, 0, 32)),
    Case((33, 40, 5), 1, (40, 40), (2, 3), around(39, 7, 3, 39)),
  ]

  /// Convolutions in groups, and with gaps between the cells of their windows.
  static let spread: [Case] =
    [
      Case((9, 8, 3), 5, (3, 3), (1, 1), .same, dilation: (2, 2)),
      Case((9, 8, 3), 17, (3, 1), (2, 1), .valid, dilation: (3, 7)),
      Case((60, 7, 2), 4, (3, 2), (1, 1), .same, dilation: (20, 3)),
      Case((2, 130, 1), 3, (1, 5), (1, 1), .valid, dilation: (1, 9)),
      Case((9, 8, 6), 4, (3, 3), (1, 1), .same, groups: 2), Case((9, 8, 6), 40, (2, 3), (2, 2), .valid, groups: 2),
      Case((5, 120, 4), 8, (3, 3), (1, 2), .same, groups: 4, dilation: (1, 2)),
      Case((3, 5, 1200), 4, (3, 3), (1, 1), .same, groups: 2), Case((8, 9, 3), 3, (3, 3), (1, 1), .same, groups: 3),
      Case((8, 9, 37), 37, (3, 3), (2, 2), .same, groups: 37), Case((8, 9, 16), 16, (2, 5), (1, 1), .valid, groups: 16),
      Case((9, 11, 20), 20, (3, 3), (1, 1), .same, groups: 20, dilation: (2, 3)),
      Case((8, 9, 5), 15, (3, 3), (1, 1), .same, groups: 5), Case((40, 50, 2), 2, (40, 33), (1, 1), .valid, groups: 2),
      Case((1, 1, 1), 3, (1, 1), (1, 1), .same, groups: 1, dilation: (9, 9)),
    ] + (1...10).map { Case((3, $0, 11), 11, (2, 2), (1, 1), .same, groups: 11) }

  @Test(arguments: cases + spread + padded) func `a convolution is its naive twin, bit for bit`(item: Case) throws {
    for (seed, bias) in [(UInt64(1), true), (2, false)] {
      var random = SplitMix(state: seed)
      let taps = item.window.size.rows * item.window.size.columns * item.channels / item.groups
      let layer = Conv2D(
        name: "c", input: item.input, filters: item.filters, window: item.window, groups: item.groups,
        kernel: random.floats(taps * item.filters), bias: bias ? random.floats(item.filters) : nil, activation: .linear)
      let width = item.input.count!
      let x = random.floats(3 * width, in: -2...2)
      let rows = (0..<3).map { NaiveImages.convolve(Array(x[$0 * width..<($0 + 1) * width]), layer) }
      for set in InstructionSet.available {
        let found = try Network(inputWidth: width, layers: [.conv2D(layer)], instructionSet: set).compute(x).outputs
        #expect(found.bits == rows.flatMap(\.chain).bits, "\(set), seed \(seed)")
        for (y, exact) in zip(found, rows.flatMap(\.exact)) {
          #expect(abs(Double(y) - exact) <= 1e-6 * Double(taps), "\(set), seed \(seed)")
        }
      }
    }
  }

  @Test(arguments: [1, 3, 4], [false, true])
  func `batch normalisation and the activation behind it become part of a convolution`(groups: Int, hasBias: Bool)
    throws
  {
    var random = SplitMix(state: 9)
    let input = ImageShape(rows: 5, columns: 6, channels: 12)
    let window = Window(size: Extent(rows: 3, columns: 3), strides: Extent(rows: 1, columns: 1), padding: .same)
    let filters = 24
    let layer = Conv2D(
      name: "c", input: input, filters: filters, window: window, groups: groups,
      kernel: random.floats(9 * 12 / groups * filters), bias: hasBias ? random.floats(filters) : nil,
      activation: .linear)
    let normalization = BatchNormalization(
      name: "n", width: filters, epsilon: 0.001, gamma: random.floats(filters), beta: random.floats(filters),
      movingMean: random.floats(filters), movingVariance: random.floats(filters, in: 0.5...2), cells: 30)
    let x = random.floats(input.count!, in: -2...2)
    for activation in [Activation.relu, .tanh, .elu] {
      let layers: [Layer] = [
        .conv2D(layer), .batchNormalization(normalization), .activation(name: "a", activation, alpha: nil),
      ]
      let sums = NaiveImages.convolve(x, layer).exact
      for set in InstructionSet.available {
        let network = try Network(inputWidth: x.count, layers: layers, instructionSet: set)
        for (index, y) in network.compute(x).outputs.enumerated() {
          let c = index % filters
          let deviation = (Double(normalization.movingVariance[c]) + 0.001).squareRoot()
          let z =
            (sums[index] - Double(normalization.movingMean[c])) / deviation * Double(normalization.gamma![c])
            + Double(normalization.beta![c])
          #expect(abs(Double(y) - ActivationTests.reference(activation, z)) <= 2e-5, "\(set), \(activation), \(index)")
        }
      }
    }
  }

  @Test(arguments: cases + padded) func `poolings are their naive twins`(item: Case) throws {
    var random = SplitMix(state: 3)
    let width = item.input.count!
    let x = random.floats(2 * width, in: -2...2)
    for kind in [Pooling2D.Kind.average, .maximum] {
      let layer = Pooling2D(name: "p", input: item.input, kind: kind, window: item.window)
      let expected = (0..<2).flatMap {
        NaiveImages.pool(Array(x[$0 * width..<($0 + 1) * width]), item.input, item.window, kind)
      }
      for set in InstructionSet.available {
        let found = try Network(inputWidth: width, layers: [.pooling2D(layer)], instructionSet: set).compute(x).outputs
        #expect(found.count == expected.count)
        for (y, exact) in zip(found, expected) {
          #expect(kind == .maximum ? Double(y) == exact : abs(Double(y) - exact) <= 2e-6, "\(set), \(kind)")
        }
      }
    }
  }

  @Test(arguments: [Padding.valid, .same, around(1, 1, 1, 1), around(2, 0, 0, 2)])
  func `the largest of a window is a NaN where it has one, and cells around the image do not count`(padding: Padding)
    throws
  {
    let input = ImageShape(rows: 5, columns: 6, channels: 21)
    let window = Window(size: Extent(rows: 3, columns: 3), strides: Extent(rows: 2, columns: 1), padding: padding)
    var random = SplitMix(state: 8)
    // Nothing but numbers below 0: a zero of the padding would be the largest.
    var x = random.floats(input.count!, in: -9 ... -1)
    for place in [0, 63, 130, 629] { x[place] = .nan }
    for place in [5, 64, 200] { x[place] = -.infinity }
    var expected: [Float] = []
    NaiveImages.windows(input, window) { cells in
      for c in 0..<input.channels {
        let values = cells.map { x[($0.0 * input.columns + $0.1) * input.channels + c] }
        expected.append(values.contains(where: \.isNaN) ? .nan : values.max()!)
      }
    }
    for set in InstructionSet.available {
      let layer = Pooling2D(name: "p", input: input, kind: .maximum, window: window)
      let found = try Network(inputWidth: x.count, layers: [.pooling2D(layer)], instructionSet: set).compute(x).outputs
      #expect(found.count == expected.count)
      for (y, wanted) in zip(found, expected) { #expect(y.isNaN ? wanted.isNaN : y == wanted, "\(set)") }
    }
  }

  @Test func `padding as long as the window is refused, since a window might lie beside the image`() {
    for margins in [Margins(top: 3, bottom: 0, left: 0, right: 0), Margins(top: 0, bottom: 0, left: 0, right: 2)] {
      let window = Window(
        size: Extent(rows: 3, columns: 2), strides: Extent(rows: 1, columns: 1), padding: .explicit(margins))
      let layer = Pooling2D(
        name: "p", input: ImageShape(rows: 4, columns: 4, channels: 1), kind: .maximum, window: window)
      #expect(throws: EngineError.self) { try Network(inputWidth: 16, layers: [.pooling2D(layer)]) }
    }
    let negative = Window(
      size: Extent(rows: 3, columns: 2), strides: Extent(rows: 1, columns: 1),
      padding: .explicit(Margins(top: -1, bottom: 0, left: 0, right: 0)))
    #expect(negative.placed(on: ImageShape(rows: 4, columns: 4, channels: 1)) == nil)
  }

  @Test(arguments: cases + padded) func `subsampling is factor times the mean plus offset`(item: Case) throws {
    var random = SplitMix(state: 4)
    let x = random.floats(item.input.count!, in: -2...2)
    let layer = Subsampling2D(
      name: "s", input: item.input, window: item.window, factor: random.floats(item.channels),
      offset: random.floats(item.channels), activation: .scaledTanh)
    let means = NaiveImages.pool(x, item.input, item.window, .average)
    for set in InstructionSet.available {
      let network = try Network(inputWidth: x.count, layers: [.subsampling2D(layer)], instructionSet: set)
      for (index, y) in network.compute(x).outputs.enumerated() {
        let c = index % item.channels
        let z = Double(layer.factor[c]) * means[index] + Double(layer.offset[c])
        #expect(abs(Double(y) - ActivationTests.reference(.scaledTanh, z)) <= 4e-6, "\(set), \(index)")
      }
    }
  }

  /// A network with every layer of images, then the DUQ head: 9x8x2 inputs, 5 classes.
  static func stack(_ random: inout SplitMix) -> [Layer] {
    func window(_ size: (Int, Int), _ strides: (Int, Int), _ padding: Padding) -> Window {
      Window(
        size: Extent(rows: size.0, columns: size.1), strides: Extent(rows: strides.0, columns: strides.1),
        padding: padding)
    }
    let first = ImageShape(rows: 9, columns: 8, channels: 2)
    let second = ImageShape(rows: 9, columns: 8, channels: 19)
    let third = ImageShape(rows: 5, columns: 4, channels: 19)
    let fourth = ImageShape(rows: 3, columns: 2, channels: 3)
    return [
      .conv2D(
        Conv2D(
          name: "c1", input: first, filters: 19, window: window((3, 5), (1, 1), .same), kernel: random.floats(570),
          bias: random.floats(19), activation: .leakyRelu, alpha: 0.1)),
      .batchNormalization(
        BatchNormalization(
          name: "n", width: 19, epsilon: 0.001, gamma: random.floats(19), beta: random.floats(19),
          movingMean: random.floats(19), movingVariance: random.floats(19, in: 0.5...2), cells: 72)),
      .pooling2D(
        Pooling2D(name: "p", input: second, kind: .maximum, window: window((3, 3), (2, 2), around(1, 1, 1, 1)))),
      .conv2D(
        Conv2D(
          name: "c2", input: third, filters: 3, window: window((3, 3), (1, 1), .valid), kernel: random.floats(513),
          bias: nil, activation: .tanh)),
      .subsampling2D(
        Subsampling2D(
          name: "s", input: fourth, window: window((2, 2), (1, 1), .same), factor: random.floats(3),
          offset: random.floats(3), activation: .scaledTanh)),
      .pooling2D(Pooling2D(name: "a", input: fourth, kind: .average, window: window((2, 1), (1, 1), .valid))),
      .reshape(name: "f"),
      .duq(
        DUQ(
          name: "q", inputs: 12, embedding: 7, units: 5, sigmas: [0.5], kernel: random.floats(420),
          centers: random.floats(35))),
    ]
  }

  @Test func `an image's answer is the same bits in every batch, split and instruction set`() throws {
    var random = SplitMix(state: 5)
    let layers = Self.stack(&random)
    let x = random.floats(101 * 144, in: -2...2)
    let expected = try Network(inputWidth: 144, layers: layers, instructionSet: .portable).compute(x)
    #expect(expected.outputs.allSatisfy { $0.isFinite } && Set(expected.outputs).count > 100)
    for set in InstructionSet.available {
      let network = try Network(inputWidth: 144, layers: layers, instructionSet: set)
      for rows in [1, 2, 3, 7, 47, 48, 49, 101] {
        let found = network.compute(Array(x.prefix(rows * 144)))
        #expect(found.outputs.bits == Array(expected.outputs.bits.prefix(rows * 5)), "\(set), \(rows) rows")
        #expect(found.distances.bits == Array(expected.distances.bits.prefix(rows * 5)), "\(set), \(rows) rows")
        let tail = network.compute(Array(x.suffix(rows * 144)))
        #expect(tail.outputs.bits == Array(expected.outputs.bits.suffix(rows * 5)), "\(set), \(rows) rows")
      }
    }
  }

  @Test(arguments: [(3, 1, 1), (20, 7, 10), (84, 16, 17), (5, 33, 2), (3, 1500, 4)])
  func `a DUQ head is its naive twin, and its contributions sum to its distances`(
    inputs: Int, embedding: Int, units: Int
  ) throws {
    var random = SplitMix(state: 6)
    let layer = DUQ(
      name: "q", inputs: inputs, embedding: embedding, units: units, sigmas: [0.7],
      kernel: random.floats(inputs * embedding * units), centers: random.floats(embedding * units))
    let x = random.floats(inputs)
    let exact = NaiveImages.distances(x, layer)
    for set in InstructionSet.available {
      let network = try Network(inputWidth: inputs, layers: [.duq(layer)], instructionSet: set)
      #expect(
        network.prototypesAreClasses && network.distanceWidth == units && network.embeddingWidth == embedding * units)
      let found = network.compute(x)
      for c in 0..<units {
        #expect(abs(Double(found.distances[c]) - exact[c]) <= 1e-5 * (1 + exact[c]), "\(set), \(c)")
        let score = ActivationTests.reference(.exponential, -exact[c] / (2 * 0.49))
        #expect(abs(Double(found.outputs[c]) - score) <= 2e-5, "\(set), \(c)")
      }
      var embeddings = [Float](repeating: 0, count: network.embeddingWidth)
      var outputs = found.outputs
      embeddings.withUnsafeMutableBufferPointer { embeddings in
        outputs.withUnsafeMutableBufferPointer { outputs in
          network.forward(
            x, rows: 1,
            into: Network.Results(
              outputs: outputs.baseAddress!, distances: nil, embeddings: embeddings.baseAddress!),
            workspace: network.makeWorkspace())
        }
      }
      var contributions = [Float](repeating: .nan, count: units * network.embeddingWidth)
      network.contributions(embedding: embeddings, into: &contributions)
      for c in 0..<units {
        let sum = contributions[c * network.embeddingWidth..<(c + 1) * network.embeddingWidth].reduce(0, +)
        #expect(abs(sum - found.distances[c]) <= 1e-5 * (1 + sum), "\(set), \(c)")
      }
    }
  }

  static func convolution(_ input: ImageShape, _ size: (Int, Int), filters: Int, _ padding: Padding = .valid) -> Layer {
    .conv2D(
      Conv2D(
        name: "c", input: input, filters: filters,
        window: Window(
          size: Extent(rows: size.0, columns: size.1), strides: Extent(rows: 1, columns: 1), padding: padding),
        kernel: [1], bias: nil, activation: .linear))
  }

  @Test func `sizes that do not fit or overflow are refused`() {
    let enormous = ImageShape(rows: 1 << 32, columns: 1 << 32, channels: 1)
    let wide = ImageShape(rows: 1024, columns: 1024, channels: 1)
    let small = ImageShape(rows: 3, columns: 3, channels: 1)
    let refused: [(Int, Layer, EngineError)] = [
      (1 << 20, Self.convolution(enormous, (1, 1), filters: 1), .imageTooLarge(layer: "c")),
      (1 << 20, Self.convolution(wide, (1, 1), filters: 2), .imageTooLarge(layer: "c")),
      (
        1 << 20, Self.convolution(wide, (1024, 1024), filters: 1, .same),
        .wrongCount(layer: "c", part: "kernel", expected: 1 << 20, found: 1)
      ),
      (1 << 20, Self.convolution(wide, (1 << 19, 1), filters: 1, .same), .imageTooLarge(layer: "c")),
      (9, Self.convolution(small, (.max, .max), filters: 1, .same), .windowDoesNotFit(layer: "c")),
      (9, Self.convolution(small, (4, 1), filters: 1), .windowDoesNotFit(layer: "c")),
      (9, Self.convolution(small, (0, 1), filters: 1), .windowDoesNotFit(layer: "c")),
      (8, Self.convolution(small, (1, 1), filters: 1), .wrongWidth(layer: "c", expected: 8, found: 9)),
    ]
    for (width, layer, error) in refused {
      #expect(throws: error) { try Network(inputWidth: width, layers: [layer]) }
    }
  }

  /// No weight is in 2^20 windows of 512 × 512, and a row takes minutes.
  @Test func `a network that nobody could wait for is refused`() throws {
    func pool(_ side: Int) -> Layer {
      .pooling2D(
        Pooling2D(
          name: "p\(side)", input: ImageShape(rows: side, columns: side, channels: 1), kind: .maximum,
          window: Window(
            size: Extent(rows: 512, columns: 512), strides: Extent(rows: 1, columns: 1), padding: .same)))
    }
    #expect(throws: EngineError.tooManyOperations(layer: "p1024")) {
      try Network(inputWidth: 1 << 20, layers: [pool(1024)])
    }
    #expect(try Network(inputWidth: 1 << 18, layers: [pool(512)]).operationsPerRow == 1 << 36)
  }
}
