import RadialEngine
import TestSupport
import Testing

/// Layers of cells: normalisation, rectifiers, and images that are padded or cropped.
@Suite struct CellTests {
  @Test(arguments: [(1, 1), (1, 7), (12, 3), (5, 16), (3, 100), (1, 5000)])
  func `a cell is normalised over its channels`(cells: Int, width: Int) throws {
    var random = SplitMix(state: 7)
    // A mean beside which the deviation is small takes digits that Float32 has not to spare.
    let x = random.floats(2 * cells * width, in: 999...1001)
    let (gamma, beta) = (random.floats(width), random.floats(width))
    for kind in [CellNormalization.Kind.layer, .unit] {
      let layer = CellNormalization(
        name: "n", kind: kind, width: width, cells: cells, epsilon: 1e-3, gamma: kind == .layer ? gamma : nil,
        beta: kind == .layer ? beta : nil)
      var expected: [Double] = []
      for cell in 0..<2 * cells {
        let values = x[cell * width..<(cell + 1) * width].map(Double.init)
        let mean = kind == .layer ? values.reduce(0, +) / Double(width) : 0
        let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        let divisor = kind == .layer ? (squares / Double(width) + 1e-3).squareRoot() : squares.squareRoot()
        expected += values.indices.map { k in
          (values[k] - mean) / divisor * (kind == .layer ? Double(gamma[k]) : 1)
            + (kind == .layer ? Double(beta[k]) : 0)
        }
      }
      for set in InstructionSet.available {
        let network = try Network(
          inputWidth: cells * width, layers: [.cellNormalization(layer)], instructionSet: set)
        let found = network.compute(x).outputs
        #expect(found.count == expected.count)
        for (y, exact) in zip(found, expected) { #expect(abs(Double(y) - exact) <= 2e-7 * (1 + abs(exact))) }
        #expect(network.parameterCount == (kind == .layer ? 2 * width : 0))
      }
    }
  }

  @Test func `a cell of zeros stays zeros, and a constant one is beta`() throws {
    for (kind, epsilon) in [(CellNormalization.Kind.unit, 1e-12), (.layer, 1e-3)] {
      let layer = CellNormalization(name: "n", kind: kind, width: 3, cells: 2, epsilon: epsilon)
      let network = try Network(inputWidth: 6, layers: [.cellNormalization(layer)])
      let constant: Float = kind == .layer ? 5 : 0
      #expect(network.compute([0, 0, 0, constant, constant, constant]).outputs == [0, 0, 0, 0, 0, 0])
    }
  }

  /// As Keras computes it: what a threshold lets through is cut at 0 where there is a maximum.
  @Test func `a rectifier has a slope, a threshold and a maximum`() throws {
    let cases: [(Rectifier, [(Float, Float)])] = [
      (Rectifier(slope: 0, threshold: 1, maximum: nil), [(1, 0), (1.5, 1.5), (0.5, 0), (-3, 0)]),
      (Rectifier(slope: 0, threshold: 0, maximum: 2), [(-1, 0), (1, 1), (3, 2)]),
      (Rectifier(slope: 0.5, threshold: 1, maximum: 2), [(-1, -1), (1, 0), (1.5, 1.5), (9, 2), (0, -0.5)]),
      (Rectifier(slope: 0, threshold: -1, maximum: nil), [(-2, 0), (-0.5, -0.5), (3, 3)]),
      (Rectifier(slope: 0, threshold: -1, maximum: 2), [(-2, 0), (-0.5, 0), (3, 2)]),
    ]
    for (rectifier, pairs) in cases {
      for set in InstructionSet.available {
        let network = try Network(
          inputWidth: pairs.count, layers: [.rectifier(name: "r", rectifier)], instructionSet: set)
        let (found, expected) = (network.compute(pairs.map(\.0)).outputs, pairs.map(\.1))
        #expect(found == expected, "\(rectifier)")
        let undefined = network.compute([Float](repeating: .nan, count: pairs.count)).outputs
        #expect(undefined.allSatisfy { $0.isNaN })
      }
    }
  }

  @Test func `a parametric rectifier has a slope a value`() throws {
    let layer = ParametricRectifier(name: "p", slopes: (0..<19).map { Float($0) - 9 }, parameterCount: 19)
    for set in InstructionSet.available {
      let network = try Network(inputWidth: 19, layers: [.parametricRectifier(layer)], instructionSet: set)
      let expected = (0..<19).map { 18 - 2 * Float($0) }
      #expect(network.compute([Float](repeating: -2, count: 19)).outputs == expected)
      #expect(network.compute([Float](repeating: 3, count: 19)).outputs == [Float](repeating: 3, count: 19))
    }
  }

  @Test func `an image is padded with zeros and cropped`() throws {
    let image = ImageShape(rows: 2, columns: 3, channels: 2)
    let x = (1...24).map(Float.init)
    let margins = Margins(top: 1, bottom: 2, left: 0, right: 3)
    let padding = ZeroPadding2D(name: "z", input: image, margins: margins)
    let padded = try Network(inputWidth: 12, layers: [.zeroPadding2D(padding)])
    #expect(padded.outputWidth == 5 * 6 * 2)
    let rows = padded.compute(x).outputs
    for n in 0..<2 {
      for row in 0..<5 {
        for column in 0..<6 {
          for channel in 0..<2 {
            let isInside = (1..<3).contains(row) && column < 3
            let expected = isInside ? x[n * 12 + ((row - 1) * 3 + column) * 2 + channel] : 0
            #expect(rows[n * 60 + (row * 6 + column) * 2 + channel] == expected)
          }
        }
      }
    }
    let cropping = Cropping2D(
      name: "c", input: ImageShape(rows: 5, columns: 6, channels: 2), margins: margins)
    let back = try Network(inputWidth: 12, layers: [.zeroPadding2D(padding), .cropping2D(cropping)])
    #expect(back.compute(x).outputs == x)
    for bad in [Margins(top: -1, bottom: 0, left: 0, right: 0), Margins(top: .max, bottom: 0, left: 0, right: 0)] {
      #expect(throws: EngineError.imageTooLarge(layer: "z")) {
        try Network(inputWidth: 12, layers: [.zeroPadding2D(ZeroPadding2D(name: "z", input: image, margins: bad))])
      }
      #expect(throws: EngineError.windowDoesNotFit(layer: "c")) {
        try Network(inputWidth: 12, layers: [.cropping2D(Cropping2D(name: "c", input: image, margins: bad))])
      }
    }
    #expect(throws: EngineError.windowDoesNotFit(layer: "c")) {
      let all = Margins(top: 1, bottom: 1, left: 0, right: 0)
      return try Network(inputWidth: 12, layers: [.cropping2D(Cropping2D(name: "c", input: image, margins: all))])
    }
  }

  /// Every layer that is new here, in a chain that ends in a class.
  static func stack(_ random: inout SplitMix) -> [Layer] {
    let window = Window(size: Extent(rows: 3, columns: 3), strides: Extent(rows: 1, columns: 1), padding: .same)
    let first = ImageShape(rows: 6, columns: 5, channels: 3)
    let second = ImageShape(rows: 8, columns: 6, channels: 3)
    let third = ImageShape(rows: 7, columns: 6, channels: 6)
    let whole = Window(size: Extent(rows: 7, columns: 6), strides: Extent(rows: 1, columns: 1), padding: .valid)
    var spread = window
    spread.dilation = Extent(rows: 2, columns: 2)
    return [
      .zeroPadding2D(
        ZeroPadding2D(name: "z", input: first, margins: Margins(top: 1, bottom: 1, left: 0, right: 1))),
      .conv2D(
        Conv2D(
          name: "d", input: second, filters: 3, window: window, groups: 3, kernel: random.floats(27), bias: nil,
          activation: .linear)),
      .cellNormalization(
        CellNormalization(
          name: "l", kind: .layer, width: 3, cells: 48, epsilon: 1e-3, gamma: random.floats(3), beta: nil)),
      .conv2D(
        Conv2D(
          name: "m", input: second, filters: 6, window: spread, groups: 3, kernel: random.floats(54),
          bias: random.floats(6), activation: .gelu)),
      .cropping2D(
        Cropping2D(
          name: "c", input: ImageShape(rows: 8, columns: 6, channels: 6),
          margins: Margins(top: 1, bottom: 0, left: 0, right: 0))),
      .parametricRectifier(ParametricRectifier(name: "p", slopes: random.floats(252), parameterCount: 252)),
      .conv2D(
        Conv2D(
          name: "s", input: third, filters: 6, window: spread, kernel: random.floats(324), bias: random.floats(6),
          activation: .linear)),
      .rectifier(name: "r", Rectifier(slope: 0.1, threshold: 0.2, maximum: 3)),
      .pooling2D(Pooling2D(name: "a", input: third, kind: .average, window: whole)),
      .cellNormalization(CellNormalization(name: "u", kind: .unit, width: 6, epsilon: 1e-12)),
      .rbf(
        RBF(
          name: "rbf", inputs: 6, units: 4, centers: random.floats(24), centersLayout: .featuresUnits,
          scale: .scalar(0.5), output: .gaussian)),
    ]
  }

  @Test func `answers are the same bits in every batch, split and instruction set`() throws {
    var random = SplitMix(state: 8)
    let layers = Self.stack(&random)
    let x = random.floats(101 * 90, in: -2...2)
    let expected = try Network(inputWidth: 90, layers: layers, instructionSet: .portable).compute(x)
    #expect(expected.outputs.allSatisfy { $0.isFinite } && Set(expected.outputs).count > 100)
    for set in InstructionSet.available {
      let network = try Network(inputWidth: 90, layers: layers, instructionSet: set)
      for rows in [1, 2, 3, 7, 47, 48, 49, 101] {
        let found = network.compute(Array(x.prefix(rows * 90)))
        #expect(found.outputs.bits == Array(expected.outputs.bits.prefix(rows * 4)), "\(set), \(rows) rows")
        #expect(found.distances.bits == Array(expected.distances.bits.prefix(rows * 4)), "\(set), \(rows) rows")
        let tail = network.compute(Array(x.suffix(rows * 90)))
        #expect(tail.outputs.bits == Array(expected.outputs.bits.suffix(rows * 4)), "\(set), \(rows) rows")
      }
    }
  }

  @Test func `groups that do not divide, and weights that do not fit, are refused`() {
    let image = ImageShape(rows: 3, columns: 3, channels: 4)
    let window = Window(size: Extent(rows: 1, columns: 1), strides: Extent(rows: 1, columns: 1), padding: .valid)
    for (groups, filters) in [(3, 4), (2, 5), (0, 4), (-1, 4), (8, 8)] {
      #expect(throws: EngineError.badGroups(layer: "c", groups: groups, channels: 4, filters: filters)) {
        try Network(
          inputWidth: 36,
          layers: [
            .conv2D(
              Conv2D(
                name: "c", input: image, filters: filters, window: window, groups: groups, kernel: [], bias: nil,
                activation: .linear))
          ])
      }
    }
    let refused: [(Layer, EngineError)] = [
      (
        .parametricRectifier(ParametricRectifier(name: "p", slopes: [1, 2], parameterCount: 2)),
        .wrongCount(layer: "p", part: "alpha", expected: 36, found: 2)
      ),
      (
        .cellNormalization(CellNormalization(name: "n", kind: .layer, width: 5, epsilon: 0)),
        .wrongWidth(layer: "n", expected: 36, found: 5)
      ),
      (
        .cellNormalization(CellNormalization(name: "n", kind: .layer, width: 36, epsilon: 0, gamma: [1])),
        .wrongCount(layer: "n", part: "gamma", expected: 36, found: 1)
      ),
      (
        .cellNormalization(CellNormalization(name: "n", kind: .unit, width: 36, epsilon: .nan)),
        .notFinite(layer: "n", part: "epsilon", index: 0)
      ),
    ]
    for (layer, error) in refused {
      #expect(throws: error) { try Network(inputWidth: 36, layers: [layer]) }
    }
  }
}
