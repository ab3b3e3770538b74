import Glibc
import RadialEngine
import TestSupport
import Testing

@Suite struct AllocationTests {
  @Test func `forward works in a process that has no memory left`() async {
    await #expect(processExitsWith: .success) {
      let network = try AllocationTests.everyStep()
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: 130 * 200)
      memory.initialize(repeating: 0.5, count: 130 * 200)
      let results = Network.Results(
        outputs: memory + 130 * 40, distances: memory + 130 * 60, embeddings: memory + 130 * 80)
      let workspace = network.makeWorkspace()
      // What the runtime resolves at first use is no part of the steady state.
      network.forward(memory, rows: 130, into: results, workspace: workspace)
      AllocationTests.exhaustMemory()
      // Written out: an array of the sizes would be an allocation.
      network.forward(memory, rows: 1, into: results, workspace: workspace)
      network.forward(memory, rows: 7, into: results, workspace: workspace)
      network.forward(memory, rows: 48, into: results, workspace: workspace)
      network.forward(memory, rows: 130, into: results, workspace: workspace)
      _exit(0)
    }
  }

  @Test func `so does forward of images`() async {
    await #expect(processExitsWith: .success) {
      var random = SplitMix(state: 1)
      let network = try Network(inputWidth: 144, layers: ImageTests.stack(&random))
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: 130 * 200)
      memory.initialize(repeating: 0.5, count: 130 * 200)
      let results = Network.Results(
        outputs: memory + 130 * 144, distances: memory + 130 * 149, embeddings: memory + 130 * 154)
      let workspace = network.makeWorkspace()
      network.forward(memory, rows: 130, into: results, workspace: workspace)
      AllocationTests.exhaustMemory()
      network.forward(memory, rows: 1, into: results, workspace: workspace)
      network.forward(memory, rows: 130, into: results, workspace: workspace)
      _exit(0)
    }
  }

  /// Without it, the tests above could not fail.
  @Test func `an allocation ends a process that has no memory left`() async {
    await #expect(processExitsWith: .failure) {
      AllocationTests.exhaustMemory()
      UnsafeMutableRawPointer.allocate(byteCount: 24, alignment: 8).deallocate()
      _exit(0)
    }
    await #expect(processExitsWith: .success) {
      AllocationTests.exhaustMemory()
      _exit(0)
    }
  }

  /// A network whose plan has a step of each kind.
  static func everyStep() throws -> Network {
    var random = SplitMix(state: 1)
    func dense(_ name: String, _ inputs: Int, _ units: Int, _ activation: Activation) -> Layer {
      .dense(
        Dense(
          name: name, inputs: inputs, units: units, kernel: random.floats(inputs * units), bias: random.floats(units),
          activation: activation))
    }
    let normalization = BatchNormalization(
      name: "n", width: 70, epsilon: 0.001, gamma: nil, beta: random.floats(70), movingMean: random.floats(70),
      movingVariance: [Float](repeating: 1, count: 70))
    return try Network(
      inputWidth: 37, preprocessing: Preprocessing(scale: 0.5, offset: 1),
      layers: [
        dense("a", 37, 70, .tanh), .batchNormalization(normalization), .activation(name: "s", .softmax),
        dense("b", 70, 20, .scaledTanh), .dropout(name: "o"),
        .rbf(
          RBF(
            name: "q", inputs: 20, units: 30, centers: random.floats(600), centersLayout: .unitsFeatures,
            scale: .scalar(0.1), output: .exponential, normalization: 1e-6, classes: (0..<30).map { $0 % 10 })),
        .rbf(
          RBF(
            name: "r", inputs: 10, units: 10, centers: random.floats(100), centersLayout: .featuresUnits,
            scale: .perUnit([Float](repeating: 0.1, count: 10)), output: .gaussian)),
      ])
  }

  /// Forbids the process to grow, then takes all that the allocator still has.
  static func exhaustMemory() {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    var size = 1 << 26
    while size >= 2048 {
      while take(size) {}
      size /= 2
    }
    // Each of the allocator's small sizes has a list of its own.
    while size > 0 {
      while take(size) {}
      size -= 8
    }
  }

  /// Not inlined and by way of its bits: the optimiser takes an unused allocation for one that succeeds.
  @inline(never) @_optimize(none)
  private static func take(_ size: Int) -> Bool { UInt(bitPattern: malloc(size)) != 0 }
}
