import RadialEngine
import Testing

@Suite struct RBFTests {
  /// One unit a number of `centers`, each in one dimension.
  private func network(
    _ centers: [Float], scale: RBF.Scale, output: RBF.Output, set: InstructionSet = .best
  ) throws -> Network {
    try Network(
      inputWidth: 1,
      layers: [
        .rbf(
          RBF(
            name: "rbf", inputs: 1, units: centers.count, centers: centers, centersLayout: .unitsFeatures,
            scale: scale, output: output))
      ], instructionSet: set)
  }

  @Test(arguments: InstructionSet.available)
  func gaussianIsOneOnThePrototypeWhateverTheScale(set: InstructionSet) throws {
    for scale: Float in [0, .leastNonzeroMagnitude, 0.5, 1e30, .greatestFiniteMagnitude] {
      let y = try network([3], scale: .scalar(scale), output: .gaussian, set: set).run([3]).outputs
      #expect(y == [1], "scale \(scale)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func gaussianOfOverflowIsZeroAndOfScaleZeroIsOne(set: InstructionSet) throws {
    let x: [Float] = [1e19, 2e19, 3e38]
    #expect(try network([0], scale: .scalar(0.5), output: .gaussian, set: set).run(x).outputs == [0, 0, 0])
    #expect(try network([0], scale: .scalar(1e30), output: .gaussian, set: set).run([1e-3]).outputs == [0])
    #expect(try network([0], scale: .scalar(0), output: .gaussian, set: set).run(x).outputs == [1, 1, 1])
    #expect(try network([0], scale: .scalar(0), output: .gaussian, set: set).run([.nan]).outputs[0].isNaN)
    #expect(try network([0], scale: .scalar(1), output: .distance, set: set).run([2e19]).outputs == [.infinity])
  }

  @Test func outputsAreFunctionsOfTheDistance() throws {
    let scales: RBF.Scale = .perUnit([2, 0.5])
    let distance = try network([0, 1], scale: scales, output: .distance).run([3])
    #expect(distance.outputs == [9, 4] && distance.distances == [9, 4] && distance.embeddings == [3])
    let negative = try network([0, 1], scale: scales, output: .negativeDistance).run([3])
    #expect(negative.outputs == [-18, -2] && negative.distances == [9, 4])
    let gaussian = try network([0, 1], scale: scales, output: .gaussian).run([3])
    #expect(gaussian.distances == [9, 4])
    #expect(abs(gaussian.outputs[1] - 0.13533528) < 1e-7)
  }

  @Test func bothLayoutsOfTheCentersMeanTheSame() throws {
    let (byFeature, byUnit): ([Float], [Float]) = ([1, 2, 3, 4, 5, 6], [1, 3, 5, 2, 4, 6])
    let answers = try [(byFeature, RBF.CentersLayout.featuresUnits), (byUnit, .unitsFeatures)].map { centers, layout in
      let network = try Network(
        inputWidth: 3,
        layers: [
          .rbf(
            RBF(
              name: "rbf", inputs: 3, units: 2, centers: centers, centersLayout: layout, scale: .scalar(1),
              output: .distance))
        ])
      var contributions = [Float](repeating: 0, count: 6)
      network.contributions(embedding: [1, 1, 1], into: &contributions)
      #expect(contributions == [0, 4, 16, 1, 9, 25])
      return network.run([1, 1, 1]).outputs
    }
    #expect(answers == [[20, 35], [20, 35]])
  }

  @Test func theLastRBFLayerIsTheOneCaptured() throws {
    let first = RBF(
      name: "first", inputs: 1, units: 2, centers: [0, 1], centersLayout: .featuresUnits, scale: .scalar(1),
      output: .distance)
    let second = RBF(
      name: "second", inputs: 2, units: 1, centers: [4, 0], centersLayout: .featuresUnits, scale: .scalar(1),
      output: .gaussian)
    let network = try Network(inputWidth: 1, layers: [.rbf(first), .rbf(second)])
    #expect(network.distanceWidth == 1 && network.embeddingWidth == 2 && network.outputWidth == 1)
    let answers = network.run([2])
    #expect(answers.embeddings == [4, 1] && answers.distances == [1])
  }

  @Test func nearestPrefersTheLowerIndexAndToleratesNaN() throws {
    let cases: [([Float], Int, Int)] = [
      ([3, 1, 2], 1, 2), ([1, 1, 1], 0, 1), ([2, 1, 1], 1, 2), ([.nan, .nan, .nan], 0, 1),
      ([.nan, 5, .infinity], 1, 0),
      ([.infinity, 7, .nan], 1, 0), ([0, .nan, 0], 0, 2),
    ]
    for scale in [RBF.Scale.scalar(2), .scalar(1e30), .perUnit([1, 1, 1]), .scalar(.leastNonzeroMagnitude)] {
      let network = try network([0, 1, 2], scale: scale, output: .gaussian)
      for (distances, first, second) in cases {
        let found = network.nearest(distances)
        #expect(found.first == first && found.second == second, "\(distances), \(scale)")
        #expect(Array(network.nearest(distances, count: 2)) == [first, second], "\(distances), \(scale)")
      }
    }
  }

  @Test func nearestWeighsDistancesByTheirUnitsScale() throws {
    let scales: RBF.Scale = .perUnit([10, 1, 0.1])
    #expect(try network([0, 1, 2], scale: scales, output: .gaussian).nearest([1, 2, 30]) == (1, 2))
    #expect(try network([0, 1, 2], scale: scales, output: .gaussian).nearest([1, 2, 30], count: 9) == [1, 2, 0])
    // The output `.distance` does not use the scale.
    #expect(try network([0, 1, 2], scale: scales, output: .distance).nearest([1, 2, 30]) == (0, 1))
    // The products round to the same float, and differ.
    let near: RBF.Scale = .perUnit([1 + .ulpOfOne, 1])
    let distances: [Float] = [1 - .ulpOfOne / 2, 1 + .ulpOfOne / 2]
    #expect(try network([0, 1], scale: near, output: .gaussian).nearest(distances).first == 1)
    #expect(try network([0], scale: .scalar(1), output: .gaussian).nearest([4]).second == nil)
  }

  @Test func aClassifierEndsInPrototypes() throws {
    let rbf = Layer.rbf(
      RBF(
        name: "rbf", inputs: 1, units: 1, centers: [0], centersLayout: .featuresUnits, scale: .scalar(1),
        output: .negativeDistance))
    let dense = Layer.dense(Dense(name: "d", inputs: 1, units: 1, kernel: [1], bias: nil, activation: .linear))
    let cases: [([Layer], Bool)] = [
      ([rbf], true), ([dense, rbf], true), ([rbf, .activation(name: "a", .softmax)], true),
      ([rbf, .dropout(name: "d"), .activation(name: "a", .softmax)], true), ([rbf, dense], false), ([dense], false),
      ([rbf, .activation(name: "a", .relu)], false), ([.dropout(name: "d")], false),
    ]
    for (layers, expected) in cases {
      #expect(try Network(inputWidth: 1, layers: layers).isClassifier == expected)
    }
  }
}
