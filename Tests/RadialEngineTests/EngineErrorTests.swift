import RadialEngine
import Testing

@Suite struct EngineErrorTests {
  private let dense = Dense(
    name: "dense", inputs: 2, units: 3, kernel: [1, 2, 3, 4, 5, 6], bias: [1, 2, 3], activation: .relu)
  private let rbf = RBF(
    name: "rbf", inputs: 2, units: 2, centers: [1, 2, 3, 4], centersLayout: .featuresUnits, scale: .perUnit([1, 2]),
    output: .gaussian)
  private let normalization = BatchNormalization(
    name: "norm", width: 2, epsilon: 1e-3, gamma: [1, 1], beta: [0, 0], movingMean: [0, 0], movingVariance: [1, 1])

  private func error(_ layers: [Layer], inputWidth: Int = 2, preprocessing: Preprocessing = .identity) -> EngineError? {
    do {
      _ = try Network(inputWidth: inputWidth, preprocessing: preprocessing, layers: layers)
      return nil
    } catch { return error }
  }

  private func changed<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
    var value = value
    change(&value)
    return value
  }

  @Test func soundLayersAreNoError() {
    #expect(error([.dense(dense)]) == nil)
    #expect(error([.rbf(rbf)]) == nil)
    #expect(error([.batchNormalization(normalization)]) == nil)
  }

  @Test func theNetworksOwnSettingsAreChecked() {
    #expect(error([]) == .noLayers)
    #expect(error([.dense(dense)], inputWidth: 0) == .invalidInputWidth(0))
    #expect(error([.dense(dense)], inputWidth: .max) == .invalidInputWidth(.max))
    let endless = Preprocessing(scale: .infinity, offset: 0)
    #expect(error([.dense(dense)], preprocessing: endless) == .invalidPreprocessing(endless))
  }

  @Test func widthsMustChainAndStayInBounds() {
    #expect(error([.dense(dense), .rbf(rbf)]) == .widthMismatch(layer: "rbf", expected: 3, found: 2))
    #expect(error([.dense(dense)], inputWidth: 7) == .widthMismatch(layer: "dense", expected: 7, found: 2))
    #expect(
      error([.batchNormalization(normalization)], inputWidth: 3)
        == .widthMismatch(layer: "norm", expected: 3, found: 2))
    #expect(error([.dense(changed(dense) { $0.units = 0 })]) == .invalidWidth(layer: "dense", found: 0))
    #expect(error([.rbf(changed(rbf) { $0.units = .max })]) == .invalidWidth(layer: "rbf", found: .max))
    #expect(error([.dense(changed(dense) { $0.inputs = -1 })]) == .invalidWidth(layer: "dense", found: -1))
  }

  @Test func tensorsMustHaveTheirCount() {
    let cases: [(Layer, String, Int, Int)] = [
      (.dense(changed(dense) { $0.kernel.removeLast() }), "kernel", 6, 5),
      (.dense(changed(dense) { $0.bias = [] }), "bias", 3, 0),
      (.rbf(changed(rbf) { $0.centers.append(1) }), "centers", 4, 5),
      (.rbf(changed(rbf) { $0.scale = .perUnit([1]) }), "scale", 2, 1),
      (.batchNormalization(changed(normalization) { $0.gamma = [1] }), "gamma", 2, 1),
      (.batchNormalization(changed(normalization) { $0.beta = [1] }), "beta", 2, 1),
      (.batchNormalization(changed(normalization) { $0.movingMean = [] }), "moving_mean", 2, 0),
      (.batchNormalization(changed(normalization) { $0.movingVariance = [1, 1, 1] }), "moving_variance", 2, 3),
    ]
    for (layer, tensor, expected, found) in cases {
      #expect(
        error([layer]) == .countMismatch(layer: layer.name, tensor: tensor, expected: expected, found: found))
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func numbersMustBeFinite(wrong: Float) {
    let cases: [(Layer, String, Int)] = [
      (.dense(changed(dense) { $0.kernel[4] = wrong }), "kernel", 4),
      (.dense(changed(dense) { $0.bias![2] = wrong }), "bias", 2),
      (.rbf(changed(rbf) { $0.centers[3] = wrong }), "centers", 3),
      (.rbf(changed(rbf) { $0.scale = .perUnit([1, wrong]) }), "scale", 1),
      (.rbf(changed(rbf) { $0.scale = .scalar(wrong) }), "scale", 0),
      (.batchNormalization(changed(normalization) { $0.epsilon = wrong }), "epsilon", 0),
      (.batchNormalization(changed(normalization) { $0.gamma![1] = wrong }), "gamma", 1),
      (.batchNormalization(changed(normalization) { $0.beta![1] = wrong }), "beta", 1),
      (.batchNormalization(changed(normalization) { $0.movingMean[0] = wrong }), "moving_mean", 0),
      (.batchNormalization(changed(normalization) { $0.movingVariance[1] = wrong }), "moving_variance", 1),
    ]
    for (layer, tensor, index) in cases {
      #expect(error([layer]) == .notFinite(layer: layer.name, tensor: tensor, index: index))
    }
  }

  @Test func aVarianceMustHaveAFiniteReciprocalRoot() {
    let negative = changed(normalization) { $0.movingVariance[1] = -1 }
    #expect(error([.batchNormalization(negative)]) == .invalidVariance(layer: "norm", index: 1, found: -1))
    let overflowing = changed(normalization) {
      $0.epsilon = 0
      $0.movingVariance[1] = .leastNonzeroMagnitude
      $0.gamma![1] = 1e30
    }
    let tensor = "gamma / √(moving_variance + epsilon)"
    #expect(error([.batchNormalization(overflowing)]) == .notFinite(layer: "norm", tensor: tensor, index: 1))
  }

  @Test func anInstructionSetMustExistHere() throws {
    #expect(try InstructionSet.selected(forcing: nil) == .best)
    for set in InstructionSet.available { #expect(try InstructionSet.selected(forcing: set.rawValue) == set) }
    #expect(InstructionSet.available.last == .portable)
    #expect(throws: EngineError.unknownInstructionSet("mmx")) { try InstructionSet.selected(forcing: "mmx") }
    let missing = try #require(InstructionSet.allCases.first { !InstructionSet.available.contains($0) })
    #expect(throws: EngineError.unavailableInstructionSet(missing)) {
      try InstructionSet.selected(forcing: missing.rawValue)
    }
    #expect(throws: EngineError.unavailableInstructionSet(missing)) {
      try Network(inputWidth: 2, layers: [.dense(dense)], instructionSet: missing)
    }
  }

  @Test func messagesSayWhereWhatWasExpectedAndFound() {
    #expect(
      "\(EngineError.countMismatch(layer: "dense", tensor: "kernel", expected: 6, found: 5))"
        == "layer 'dense', kernel: expected 6 numbers, found 5")
    #expect("\(EngineError.unknownInstructionSet("mmx"))".contains("'portable', found 'mmx'"))
  }
}
