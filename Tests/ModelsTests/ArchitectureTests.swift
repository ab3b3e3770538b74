import RadialEngine
import Testing

@testable import Models

/// What `radial convert` writes of a network is what was read.
@Suite struct ArchitectureTests {
  private static let window = Window(
    size: Extent(rows: 3, columns: 2), strides: Extent(rows: 2, columns: 1), padding: .same)

  private static let padded = Window(
    size: Extent(rows: 3, columns: 2), strides: Extent(rows: 2, columns: 1),
    padding: .explicit(Margins(top: 0, bottom: 2, left: 1, right: 0)))

  /// At least one of every type, with every member that it may have.
  static let specs: [LayerSpec] = [
    .dense(DenseSpec(units: 4, hasBias: false, activation: ActivationSpec(.leakyRelu, alpha: 0.1))),
    .dense(DenseSpec(units: 4, hasBias: true, activation: ActivationSpec(.elu, alpha: 1.7))),
    .rbf(RBFSpec(units: 3, output: .gaussian, scale: .number(0.1), centersLayout: .unitsFeatures)),
    .rbf(RBFSpec(units: 3, output: .negativeDistance, scale: .tensor, centersLayout: .featuresUnits)),
    .rbf(RBFSpec(units: 3, output: .distance, scale: nil, centersLayout: .featuresUnits)),
    .duq(DUQSpec(units: 3, embedding: 5, sigma: 0.3)),
    .batchNormalization(BatchNormalizationSpec(epsilon: 0.001, hasBeta: false, hasGamma: true)),
    .dropout(DropoutSpec()), .activation(ActivationLayerSpec(ActivationSpec(.softmax))),
    .conv2D(Conv2DSpec(filters: 6, window: window, hasBias: false, activation: ActivationSpec(.relu6))),
    .pooling2D(PoolingSpec(.average, window)), .pooling2D(PoolingSpec(.maximum, window)),
    .subsampling2D(SubsamplingSpec(window, ActivationSpec(.scaledTanh))), .flatten(FlattenSpec()),
    .reshape(ReshapeSpec([4, -1, 2])),
    .conv2D(
      Conv2DSpec(
        filters: 6,
        window: Window(
          size: Extent(rows: 3, columns: 2), strides: Extent(rows: 1, columns: 1), padding: .valid,
          dilation: Extent(rows: 1, columns: 3)),
        groups: 3, hasBias: true, activation: ActivationSpec(.linear))),
    .globalPooling2D(GlobalPoolingSpec(.average, keepsCell: true)),
    .globalPooling2D(GlobalPoolingSpec(.maximum, keepsCell: false)),
    .margins2D(MarginsSpec(.padding, Margins(top: 1, bottom: 2, left: 3, right: 0))),
    .margins2D(MarginsSpec(.cropping, Margins(top: 1, bottom: 2, left: 0, right: 4))),
    .layerNormalization(LayerNormalizationSpec(axes: .all, epsilon: 0.1, hasBeta: false, hasGamma: true)),
    .unitNormalization(UnitNormalizationSpec(axes: .last, epsilon: 1e-12)),
    .rectifier(RectifierSpec(Rectifier(slope: 0.1, threshold: 0.7, maximum: 3))),
    .rectifier(RectifierSpec(Rectifier(slope: 0, threshold: 1, maximum: nil))),
    .parametricRectifier(ParametricRectifierSpec(sharedAxes: [1, 2])),
    .parametricRectifier(ParametricRectifierSpec(sharedAxes: [])),
    .conv2D(Conv2DSpec(filters: 6, window: padded, hasBias: true, activation: ActivationSpec(.linear))),
    .pooling2D(PoolingSpec(.maximum, padded)), .subsampling2D(SubsamplingSpec(padded, ActivationSpec(.linear))),
  ]

  @Test func `every type of layer is read back as it was written`() throws {
    let layers = Self.specs.enumerated().map { index, spec in
      let isInferred = LayerSpec.types.first { $0.word == spec.payload.word }?.members.contains("inferred_from") == true
      return Architecture.Entry(
        name: "layer\(index)", spec: spec, inferredFrom: isInferred ? "the name of layer \(index)" : nil)
    }
    let written = try Architecture(inputShape: [8, 8, 1], inputName: "pixels", layers: layers, path: "m")
    let read = try Architecture(written.encoded, path: "m")
    #expect(read.inputShape == [8, 8, 1] && read.inputName == "pixels")
    #expect(read.layers == layers)
    #expect(Set(Self.specs.map(\.payload.word)) == Set(LayerSpec.types.map(\.word)))
    #expect(written.neededVersion == .newest)
    // What older readers know is written for them.
    let known = try Architecture(inputShape: [8, 8, 1], inputName: nil, layers: Array(layers[5...14]), path: "m")
    #expect(known.neededVersion == .minor1)
    let newer = try layers[15...].map {
      try Architecture(inputShape: [8, 8, 1], inputName: nil, layers: [$0], path: "m").neededVersion
    }
    #expect(Set(newer.map(\.text)) == ["1.2"])
    #expect(
      try Architecture(inputShape: [8], inputName: nil, layers: [], path: "m").neededVersion == .first)
  }

  @Test(arguments: [
    OutputNames(outputs: "y"), OutputNames(outputs: "\"\u{0}\n", distances: String(repeating: "é", count: 512)),
    OutputNames(outputs: "y", others: ["label", "x"]),
  ])
  func `names of outputs are read back as they were written`(names: OutputNames) throws {
    let written = try Architecture(inputShape: [8], inputName: "in", outputNames: names, layers: [], path: "m")
    #expect(written.neededVersion == .minor2)
    let read = try Architecture(written.encoded, path: "m")
    #expect(read.outputNames == names && read.inputName == "in")
  }

  static let shapes: [(LayerSpec, [Int], [Int]?)] = [
    (specs[0], [7], [4]), (specs[0], [7, 7, 1], nil), (specs[2], [7], [3]), (specs[5], [7], [3]),
    (specs[5], [2, 2], nil), (specs[6], [7, 7, 2], [7, 7, 2]), (specs[7], [9], [9]),
    (specs[9], [8, 8, 1], [4, 8, 6]), (specs[9], [8, 8], nil), (specs[10], [5, 5, 3], [3, 5, 3]),
    (
      .pooling2D(
        PoolingSpec(
          .maximum, Window(size: Extent(rows: 3, columns: 3), strides: Extent(rows: 3, columns: 3), padding: .valid))),
      [2, 9, 1], nil
    ),
    (specs[13], [2, 3, 4], [24]), (specs[14], [16], [4, 2, 2]), (specs[14], [15], nil),
    (specs[15], [8, 8, 3], [6, 5, 6]), (specs[15], [8, 8, 4], nil), (specs[16], [8, 8, 3], [1, 1, 3]),
    (specs[17], [8, 8, 3], [3]), (specs[17], [8], nil), (specs[18], [4, 4, 2], [7, 7, 2]),
    (specs[19], [4, 5, 2], [1, 1, 2]),
    (specs[19], [3, 5, 2], nil), (specs[20], [4, 5, 2], [4, 5, 2]), (specs[24], [4, 5, 2], [4, 5, 2]),
    (specs[24], [4], nil), (specs[27], [5, 4, 3], [3, 4, 3]), (specs[27], [1, 1, 3], [1, 1, 3]),
    (.reshape(ReshapeSpec([1 << 40, 1 << 40])), [4], nil), (.reshape(ReshapeSpec([0, -1])), [4], nil),
  ]

  @Test(arguments: shapes)
  func `a layer's outputs have a shape where it takes its inputs`(spec: LayerSpec, inputs: [Int], outputs: [Int]?) {
    #expect(spec.payload.outputShape(of: inputs) == outputs)
  }
}
