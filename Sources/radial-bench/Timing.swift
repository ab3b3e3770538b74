import Bytes
import Dispatch
import Glibc
import Models
import RadialEngine

private let batches = [1, 8, 64, 256]

/// A table of models' files at several batches: rows a second on one thread beside the core's FMA peak, by what the
/// thread has run, or how many times as fast the halves of a batch are on two threads, by the clock. Medians of `passes`.
///
/// Verified first: each batch has the same bits as the largest, whose first rows have those of the portable kernels.
func timeModels(_ paths: [String], passes: Int, onTwoThreads: Bool, _ instructionSet: InstructionSet) throws {
  print("engine on \(instructionSet.rawValue), medians of \(passes) passes; peak of one core\n")
  print("network      rows", onTwoThreads ? " two threads: × one" : "              rows/s  GFLOP/s  of peak")
  for path in paths {
    let network = try Model.load(path: path, name: "model", instructionSet: instructionSet).network
    let portable = try Model.load(path: path, name: "model", instructionSet: .portable).network
    var random = SplitMix64(state: 3)
    let rows = random.floats((batches.max() ?? 1) * network.inputWidth)
    guard haveSameBits(network, portable, rows) else {
      print("verification failed: \(path) has other bits on the portable kernels or in other batches")
      exit(1)
    }
    let name = path.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? path
    for batch in batches where batch > 1 || !onTwoThreads {
      let start = name + String(repeating: " ", count: max(0, 11 - name.count)) + " " + fixed(Double(batch), 5, 0)
      if onTwoThreads {
        print(start, fixed(ratioOfTwoThreads(network, rows, batch, passes: passes), 19, 2))
      } else {
        let (rate, peak) = rateOfOneThread(network, rows, batch, passes: passes, instructionSet)
        let operations = rate * operationsPerRow(network)
        print(start, fixed(rate, 20, 1), fixed(operations * 1e-9, 8, 1), fixed(operations / peak, 8, 3))
      }
    }
  }
}

private func haveSameBits(_ network: Network, _ portable: Network, _ rows: [Float]) -> Bool {
  /// Of outputs and of distances.
  func bits(_ network: Network, _ count: Int) -> [[UInt32]] {
    var run = Run(network, rows: count)
    run.forward(rows)
    return [run.outputs, run.distances].map { $0.map(\.bitPattern) }
  }
  let all = bits(network, batches.max() ?? 1)
  // The portable kernels are slow.
  let few = network.multiplyAddsPerRow > 10_000_000 ? 2 : 9
  let others = batches.map { bits(network, $0) } + [bits(portable, few)]
  return others.allSatisfy { other in zip(all, other).allSatisfy { $0.starts(with: $1) } }
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

private func operationsPerRow(_ network: Network) -> Double { 2 * Double(network.multiplyAddsPerRow) }

/// How often a batch is computed in a pass of about a hundredth of a second.
private func repeats(_ network: Network, _ batch: Int) -> Int { max(1, Int(1e9 / operationsPerRow(network)) / batch) }

/// Rows a second of a batch, and the core's FMA peak in operations a second, in turns, by what this thread has run:
/// without what it waited for others on its core.
private func rateOfOneThread(
  _ network: Network, _ rows: [Float], _ batch: Int, passes: Int, _ instructionSet: InstructionSet
) -> (rate: Double, peak: Double) {
  var run = Run(network, rows: batch)
  let inner = repeats(network, batch)
  var rates: [Double] = []
  var peaks: [Double] = []
  for _ in 0..<passes {
    var start = seconds(CLOCK_THREAD_CPUTIME_ID)
    let done = instructionSet.runPeak(iterations: 100_000)
    peaks.append(done / (seconds(CLOCK_THREAD_CPUTIME_ID) - start))
    start = seconds(CLOCK_THREAD_CPUTIME_ID)
    for _ in 0..<inner { run.forward(rows) }
    rates.append(Double(inner * batch) / (seconds(CLOCK_THREAD_CPUTIME_ID) - start))
  }
  return (median(rates), median(peaks))
}

/// How many times as fast a batch's halves are on two threads as the whole is on one, in turns, both by the clock: what
/// callers wait for.
private func ratioOfTwoThreads(_ network: Network, _ rows: [Float], _ batch: Int, passes: Int) -> Double {
  var whole = Run(network, rows: batch)
  var halves = (0..<2).map { _ in Run(network, rows: batch / 2) }
  let inner = repeats(network, batch)
  let ratios = (0..<passes).map { _ in
    var start = seconds(CLOCK_MONOTONIC)
    for _ in 0..<inner { whole.forward(rows) }
    let one = seconds(CLOCK_MONOTONIC) - start
    start = seconds(CLOCK_MONOTONIC)
    halves.withUnsafeMutableBufferPointer { halves in
      nonisolated(unsafe) let lent = halves
      DispatchQueue.concurrentPerform(iterations: 2) { half in
        for _ in 0..<inner { lent[half].forward(rows) }
      }
    }
    return one / (seconds(CLOCK_MONOTONIC) - start)
  }
  return median(ratios)
}

private func seconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// `value` with so many decimal places, at least `width` characters long.
private func fixed(_ value: Double, _ width: Int, _ places: Int) -> String {
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  var text = String(Int((value * scale).rounded()))
  if places > 0 {
    text = String(repeating: "0", count: max(0, places + 1 - text.count)) + text
    text.insert(".", at: text.index(text.endIndex, offsetBy: -places))
  }
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

extension SplitMix64 {
  /// From -1 to 1.
  fileprivate mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &self) }
  }
}
