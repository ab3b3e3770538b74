import Testing

@testable import RadialEngine

/// A row's bits depend on the row alone.
@Suite struct InvarianceTests {
  private static let inputs = 37
  private let x: [Float]

  init() {
    var random = SplitMix(state: 11)
    x = random.floats(150 * Self.inputs, within: 3)
  }

  @Test(arguments: InstructionSet.available)
  func anySplitOfTheRowsGivesTheSameBits(set: InstructionSet) throws {
    let network = try everyStep(inputs: Self.inputs, hidden: 85, units: 11, seed: 5, instructionSet: set)
    let whole = network.answers(x)
    let workspace = network.makeWorkspace()
    for seed in 1...3 as ClosedRange<UInt64> {
      var random = SplitMix(state: seed)
      var pieces = Answers(outputs: [], distances: [], embeddings: [])
      var row = 0
      while row < 150 {
        let count = min(150 - row, Int(random.next() % 40))
        let piece = network.answers(
          Array(x[(row * Self.inputs)..<((row + count) * Self.inputs)]), workspace: workspace)
        pieces.outputs += piece.outputs
        pieces.distances += piece.distances
        pieces.embeddings += piece.embeddings
        row += count
      }
      #expect(pieces == whole, "seed \(seed)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func anyBlockSizeGivesTheSameBits(set: InstructionSet) throws {
    let network = try everyStep(inputs: Self.inputs, hidden: 20, units: 4, seed: 6, instructionSet: set)
    let expected = network.answers(x)
    for rows in [1, 2, 5, 6, 7, 13, 96, 1000] {
      #expect(network.answers(x, workspace: network.makeWorkspace(blockRows: rows)) == expected, "\(rows) rows")
    }
  }

  @Test(arguments: Activation.allCases)
  func allInstructionSetsGiveTheSameBits(activation: Activation) throws {
    let answers = try InstructionSet.available.map { set in
      try everyStep(inputs: Self.inputs, hidden: 36, units: 7, seed: 7, activation: activation, instructionSet: set)
        .answers(x)
    }
    for other in answers.dropFirst() { #expect(other == answers[0]) }
    #expect(answers[0].outputs.contains { Float(bitPattern: $0) != 0 })
  }

  @Test func threadsWithTheirOwnWorkspacesGiveTheSameBits() async throws {
    let network = try everyStep(inputs: Self.inputs, hidden: 36, units: 7, seed: 8)
    let expected = network.answers(x)
    let x = x
    await withTaskGroup(of: Answers.self) { group in
      for _ in 0..<8 { group.addTask { network.answers(x) } }
      for await answers in group { #expect(answers == expected) }
    }
  }

  @Test func noRowsWriteNothing() throws {
    let network = try everyStep(inputs: Self.inputs, hidden: 5, units: 3, seed: 9)
    var output: Float = 42
    network.forward(&output, rows: 0, into: .init(outputs: &output), workspace: network.makeWorkspace())
    #expect(output == 42)
  }

  @Test func theWorkspaceOfANarrowerNetworkIsRefused() async {
    await #expect(processExitsWith: .failure) {
      let narrow = try everyStep(inputs: 2, hidden: 2, units: 2, seed: 1)
      let wide = try everyStep(inputs: 2, hidden: 100, units: 2, seed: 1)
      _ = wide.run([1, 2], workspace: narrow.makeWorkspace())
    }
  }
}
