import Dispatch
import Glibc
import RadialEngine

/// Rows a second of each network at several batches, on one thread and on two: medians of interleaved passes, beside the core's FMA peak.
///
/// Verified first: the same bits as the portable kernels give.
@MainActor func timeNetworks(_ names: [String], _ instructionSet: InstructionSet) throws {
  print("engine on \(instructionSet.rawValue), medians of interleaved passes; peak of one core\n")
  print("network      rows  rows/s, one thread  GFLOP/s  of peak  two threads: × one")
  for name in names {
    guard let described = BenchmarkNetwork(name) else {
      print("no network '\(name)', expected one of \(BenchmarkNetwork.names.joined(separator: ", "))")
      exit(2)
    }
    let network = try Network(inputWidth: described.inputs, layers: described.layers, instructionSet: instructionSet)
    var random = SplitMix(state: 3)
    let rows = random.floats(256 * described.inputs, 1)
    try verify(described, network, rows)
    for batch in [1, 8, 64, 256] { time(described.name, network, rows, batch, instructionSet) }
  }
}

/// Ends the process where the portable kernels give other bits.
@MainActor private func verify(_ described: BenchmarkNetwork, _ network: Network, _ rows: [Float]) throws {
  let portable = try Network(inputWidth: described.inputs, layers: described.layers, instructionSet: .portable)
  let count = described.name == "large" ? 2 : 9
  var answers: [[Float]] = []
  for network in [network, portable] {
    var run = Run(network, rows: count)
    run.forward(rows)
    answers.append(run.outputs + run.distances)
  }
  guard answers[0].map(\.bitPattern) == answers[1].map(\.bitPattern) else {
    print("verification failed: \(described.name) has other bits on the portable kernels")
    exit(1)
  }
}

/// Memory for the answers of one thread.
private struct Run {
  let network: Network
  let rows: Int
  var outputs: [Float]
  var distances: [Float]
  let workspace: Workspace

  init(_ network: Network, rows: Int) {
    (self.network, self.rows, workspace) = (network, rows, network.makeWorkspace())
    outputs = [Float](repeating: 0, count: rows * network.outputWidth)
    distances = [Float](repeating: 0, count: rows * network.distanceWidth)
  }

  mutating func forward(_ inputs: UnsafePointer<Float>) {
    outputs.withUnsafeMutableBufferPointer { outputs in
      distances.withUnsafeMutableBufferPointer { distances in
        guard let target = outputs.baseAddress else { return }
        network.forward(
          inputs, rows: rows, into: Network.Results(outputs: target, distances: distances.baseAddress),
          workspace: workspace)
      }
    }
  }
}

/// What this thread has run, without what it waited for others on its core.
private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// A batch on one thread, and its halves on two.
@MainActor private func time(
  _ name: String, _ network: Network, _ rows: [Float], _ batch: Int, _ instructionSet: InstructionSet
) {
  var whole = Run(network, rows: batch)
  var peaks: [Double] = []
  var one: [Double] = []
  var two: [Double] = []
  let rowCost = Double(network.multiplyAddsPerRow)
  // About a hundredth of a second a pass.
  let inner = max(1, Int(5e8 / rowCost) / batch)
  var halves = (0..<2).map { _ in Run(network, rows: max(1, batch / 2)) }
  for _ in 0..<15 {
    var start = threadSeconds()
    let done = instructionSet.runPeak(iterations: 100_000)
    peaks.append(done / (threadSeconds() - start))
    start = threadSeconds()
    for _ in 0..<inner { whole.forward(rows) }
    one.append(Double(inner * batch) / (threadSeconds() - start))
    guard batch > 1 else { continue }
    start = seconds()
    halves.withUnsafeMutableBufferPointer { halves in
      nonisolated(unsafe) let lent = halves
      DispatchQueue.concurrentPerform(iterations: 2) { half in
        for _ in 0..<inner { lent[half].forward(rows) }
      }
    }
    two.append(Double(inner * batch) / (seconds() - start))
  }
  let (rate, peak) = (median(one), median(peaks))
  print(
    name + String(repeating: " ", count: max(0, 11 - name.count)), fixed(Double(batch), 5, 0), fixed(rate, 19, 0),
    fixed(rate * 2 * rowCost * 1e-9, 8, 1), fixed(rate * 2 * rowCost / peak, 8, 2),
    two.isEmpty ? "" : fixed(median(two) / rate, 18, 2))
}
