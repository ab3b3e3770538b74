import Dispatch
import Glibc
import Models
import RadialEngine

/// Rows a second of each model's file at several batches, on one thread and on two: medians of interleaved passes, beside the core's FMA peak.
///
/// Verified first: the same bits as the portable kernels give.
@MainActor func timeModels(_ paths: [String], passes: Int, _ instructionSet: InstructionSet) throws {
  print("engine on \(instructionSet.rawValue), medians of interleaved passes; peak of one core\n")
  print("network      rows  rows/s, one thread  GFLOP/s  of peak  two threads: × one")
  for path in paths {
    let network = try Model.load(path: path, name: "model", instructionSet: instructionSet).network
    let portable = try Model.load(path: path, name: "model", instructionSet: .portable).network
    var random = SplitMix(state: 3)
    let rows = random.floats(256 * network.inputWidth, 1)
    guard haveSameBits(network, portable, rows) else {
      print("verification failed: \(path) has other bits on the portable kernels")
      exit(1)
    }
    let name = path.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? path
    for batch in [1, 8, 64, 256] { time(name, network, rows, batch, passes: passes, instructionSet) }
  }
}

private func haveSameBits(_ network: Network, _ portable: Network, _ rows: [Float]) -> Bool {
  // The portable kernels are slow.
  let count = network.multiplyAddsPerRow > 10_000_000 ? 2 : 9
  let answers = [network, portable].map { network in
    var run = Run(network, rows: count)
    run.forward(rows)
    return (run.outputs + run.distances).map(\.bitPattern)
  }
  return answers[0] == answers[1]
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
  _ name: String, _ network: Network, _ rows: [Float], _ batch: Int, passes: Int,
  _ instructionSet: InstructionSet
) {
  var whole = Run(network, rows: batch)
  var peaks: [Double] = []
  var one: [Double] = []
  var two: [Double] = []
  let rowCost = Double(network.multiplyAddsPerRow)
  // About a hundredth of a second a pass.
  let inner = max(1, Int(5e8 / rowCost) / batch)
  var halves = (0..<2).map { _ in Run(network, rows: max(1, batch / 2)) }
  for _ in 0..<passes {
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
    name + String(repeating: " ", count: max(0, 11 - name.count)), fixed(Double(batch), 5, 0), fixed(rate, 19, 1),
    fixed(rate * 2 * rowCost * 1e-9, 8, 1), fixed(rate * 2 * rowCost / peak, 8, 3),
    two.isEmpty ? "" : fixed(median(two) / rate, 18, 2))
}
