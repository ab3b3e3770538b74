import RadialEngine
import TestSupport
import Testing

/// A second head on the body of a network: outputs as without it, distances of its own.
@Suite struct DistanceHeadTests {
  private static let classes = [0, 2, 1, 1, 0, 2, 2]

  /// 6 → 9 relu → 5 → softmax; the head reads `depth` layers' outputs.
  private static func network(
    _ random: inout SplitMix, depth: Int?, set: InstructionSet = .best
  ) throws -> (Network, DistanceHead?) {
    var body = SplitMix(state: 21)
    let layers: [Layer] = [
      .dense(
        Dense(
          name: "a", inputs: 6, units: 9, kernel: body.floats(54), bias: body.floats(9), activation: .relu)),
      .dense(
        Dense(name: "b", inputs: 9, units: 3, kernel: body.floats(27), bias: body.floats(3), activation: .linear)),
      .activation(name: "s", .softmax),
    ]
    guard let depth else { return (try Network(inputWidth: 6, layers: layers, instructionSet: set), nil) }
    let width = [6, 9, 3][depth]
    let head = DistanceHead(
      depth: depth,
      projection: Dense(
        name: "w", inputs: width, units: 4, kernel: random.floats(4 * width), bias: random.floats(4),
        activation: .linear),
      prototypes: RBF(
        name: "p", inputs: 4, units: 7, centers: random.floats(28), centersLayout: .unitsFeatures,
        scale: .scalar(0.5), output: .gaussian),
      classes: classes)
    return (try Network(inputWidth: 6, layers: layers, head: head, instructionSet: set), head)
  }

  @Test(arguments: [0, 1, 2]) func `outputs stay, and distances are each class's smallest`(depth: Int) throws {
    for set in InstructionSet.available {
      var random = SplitMix(state: 22)
      let (plain, _) = try Self.network(&random, depth: nil, set: set)
      let (network, made) = try Self.network(&random, depth: depth, set: set)
      let head = try #require(made)
      #expect(network.distanceWidth == 3 && network.prototypeCount == 7 && network.prototypeClasses == Self.classes)
      #expect(network.embeddingWidth == 4 && !network.prototypesAreClasses && network.lastActivation == .softmax)
      #expect(network.parameterCount == plain.parameterCount + 4 * [6, 9, 3][depth] + 4 + 28)
      for rows in [1, 7, 49, 101] {
        let x = random.floats(6 * rows, in: -2...2)
        let (found, without) = (network.compute(x), plain.compute(x))
        #expect(found.outputs.bits == without.outputs.bits)
        // What the head reads, by a network that ends there.
        let layers = [Layer.reshape(name: "i")]
        let embedding: [Float]
        if depth == 0 {
          embedding = try Network(inputWidth: 6, layers: layers, instructionSet: set).compute(x).outputs
        } else {
          var body = SplitMix(state: 21)
          let a = Dense(
            name: "a", inputs: 6, units: 9, kernel: body.floats(54), bias: body.floats(9), activation: .relu)
          let b = Dense(
            name: "b", inputs: 9, units: 3, kernel: body.floats(27), bias: body.floats(3), activation: .linear)
          embedding = try Network(
            inputWidth: 6, layers: depth == 1 ? [.dense(a)] : [.dense(a), .dense(b)], instructionSet: set
          ).compute(x).outputs
        }
        let measured = try Network(
          inputWidth: [6, 9, 3][depth], layers: [.dense(head.projection), .rbf(head.prototypes)], instructionSet: set
        ).compute(embedding)
        for row in 0..<rows {
          for index in 0..<3 {
            let own = (0..<7).filter { Self.classes[$0] == index }.map { measured.distances[row * 7 + $0] }
            #expect(found.distances[row * 3 + index] == own.min(), "\(set), \(row), \(index)")
          }
        }
      }
    }
  }

  @Test func `contributions are those of the nearest prototype, and prototypes are told`() throws {
    var random = SplitMix(state: 23)
    let (network, made) = try Self.network(&random, depth: 1)
    let head = try #require(made)
    for unit in 0..<7 {
      #expect(network.prototype(unit) == Array(head.prototypes.centers[unit * 4..<(unit + 1) * 4]))
    }
    let x = random.floats(6)
    var (outputs, distances, embedding) = (
      [Float](repeating: 0, count: 3), [Float](repeating: 0, count: 3), [Float](repeating: 0, count: 4)
    )
    outputs.withUnsafeMutableBufferPointer { outputs in
      distances.withUnsafeMutableBufferPointer { distances in
        embedding.withUnsafeMutableBufferPointer { embedding in
          network.forward(
            x, rows: 1,
            into: Network.Results(
              outputs: outputs.baseAddress!, distances: distances.baseAddress!, embeddings: embedding.baseAddress!),
            workspace: network.makeWorkspace())
        }
      }
    }
    var contributions = [Float](repeating: .nan, count: 12)
    network.contributions(embedding: embedding, into: &contributions)
    for index in 0..<3 {
      let sum = contributions[index * 4..<(index + 1) * 4].reduce(0, +)
      #expect(abs(sum - distances[index]) <= 1e-5 * (1 + sum))
    }
  }

  @Test func `a head that does not fit is refused`() throws {
    var random = SplitMix(state: 24)
    let (_, made) = try Self.network(&random, depth: 1)
    let good = try #require(made)
    let layers: [Layer] = [
      .dense(Dense(name: "a", inputs: 6, units: 9, kernel: random.floats(54), bias: nil, activation: .relu)),
      .activation(name: "s", .softmax),
    ]
    func refusal(_ change: (inout DistanceHead) -> Void) -> EngineError? {
      var head = good
      change(&head)
      do {
        _ = try Network(inputWidth: 6, layers: layers, head: head)
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal { _ in } == nil)
    #expect(refusal { $0.depth = 2 } == .badHead(depth: 2, layers: 2))
    #expect(refusal { $0.depth = 0 } == .wrongWidth(layer: "w", expected: 6, found: 9))
    #expect(refusal { $0.classes[0] = 3 } == nil)
    #expect(
      refusal { $0.classes = [0, 0, 0, 2, 2, 2, 2] } == .wrongCount(layer: "p", part: "classes", expected: 7, found: 7))
    #expect(refusal { $0.classes[0] = .max } == .wrongCount(layer: "p", part: "classes", expected: 7, found: 7))
    #expect(refusal { $0.classes.removeLast() } == .wrongCount(layer: "p", part: "classes", expected: 7, found: 6))
    #expect(refusal { $0.prototypes.inputs = 5 } == .wrongWidth(layer: "p", expected: 4, found: 5))
    #expect(refusal { $0.prototypes.centers[3] = .nan } == .notFinite(layer: "p", part: "centers", index: 3))
    #expect(refusal { $0.projection.kernel = [] } == .wrongCount(layer: "w", part: "kernel", expected: 36, found: 0))
  }
}
