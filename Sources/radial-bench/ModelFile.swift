import Models
import RadialEngine

/// Rows a second that a network computes on one thread, by the rows of a batch: medians of interleaved passes of some 256 rows.
func rates(of network: Network, batches: [Int], passes: Int = 21) -> [(rows: Int, rate: Double)] {
  var random = SplitMix(state: 2)
  let largest = batches.max() ?? 1
  let inputs = random.floats(largest * network.inputWidth, 1)
  var outputs = [Float](repeating: 0, count: largest * network.outputWidth)
  let workspace = network.makeWorkspace()
  func pass(_ rows: Int, times: Int) -> Double {
    let start = seconds()
    for _ in 0..<times {
      outputs.withUnsafeMutableBufferPointer { outputs in
        guard let target = outputs.baseAddress else { return }
        network.forward(
          inputs, rows: rows, into: Network.Results(outputs: target, distances: nil), workspace: workspace)
      }
    }
    return Double(times * rows) / (seconds() - start)
  }
  var found = batches.map { _ in [Double]() }
  for _ in 0..<passes {
    for (index, rows) in batches.enumerated() { found[index].append(pass(rows, times: max(1, 256 / rows))) }
  }
  return zip(batches, found).map { ($0, median($1)) }
}

/// The same of a model's file, a line a batch: rows, rows a second.
func timeModel(_ path: String, passes: Int, _ instructionSet: InstructionSet) throws {
  let network = try Model.load(path: path, name: "model", instructionSet: instructionSet).network
  for (rows, rate) in rates(of: network, batches: [1, 8, 64], passes: passes) { print(rows, fixed(rate, 0, 1)) }
}
