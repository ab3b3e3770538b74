import Foundation
import RadialEngine

@testable import Models

/// What a model computes.
struct Answers: Equatable {
  /// [N, O], [N, C]
  let outputs: [Float]
  let distances: [Float]

  init(_ model: Model, _ rows: [[Float]]) {
    let network = model.network
    var outputs = [Float](repeating: .nan, count: rows.count * network.outputWidth)
    var distances = [Float](repeating: .nan, count: rows.count * network.distanceWidth)
    let inputs = rows.flatMap { $0 }
    outputs.withUnsafeMutableBufferPointer { outputs in
      distances.withUnsafeMutableBufferPointer { distances in
        inputs.withUnsafeBufferPointer {
          network.forward(
            $0.baseAddress!, rows: rows.count,
            into: Network.Results(outputs: outputs.baseAddress!, distances: distances.baseAddress!),
            workspace: network.makeWorkspace())
        }
      }
    }
    self.outputs = outputs
    self.distances = distances
  }

  /// Whether every number has the same bits.
  func isIdentical(to other: Answers) -> Bool {
    outputs.map(\.bitPattern) == other.outputs.map(\.bitPattern)
      && distances.map(\.bitPattern) == other.distances.map(\.bitPattern)
  }

  /// The largest deviation from the expected answers, as a share of what is allowed: at most 1 is right.
  func share(of vectors: Vectors, _ model: Model) -> Double {
    let widest = Double(model.layers.filter { $0.inputShape.count == 1 }.map { $0.inputShape[0] }.max()!)
    let factor: Double = model.layers.count > 6 ? 40 : 1
    let last = model.layers.last { $0.isPrototypeLayer }?.name
    // Names of layers are a reader's own where the file has none.
    let expectedDistances = last.flatMap { vectors.distances[$0] } ?? vectors.distances.first?.value
    var largest = 0.0
    func judge(_ found: Float, _ expected: Double, _ allowed: Double, alsoRight: Double?) {
      let found = Double(found)
      if found == expected || found == alsoRight { return }
      // Beyond Float32 the infinity is right.
      if found == .infinity, expected > Double(Float.greatestFiniteMagnitude) { return }
      let share = abs(found - expected) / allowed
      largest = max(largest, share.isNaN ? .infinity : share)
    }
    for row in vectors.inputs.indices {
      for (index, expected) in vectors.outputs64[row].enumerated() {
        judge(
          outputs[row * model.network.outputWidth + index], expected.double,
          max(4 * vectors.error, 2e-6 + (4e-6 + 2.5e-8 * widest) * abs(expected.double)),
          alsoRight: vectors.outputs[row][index].double)
      }
      for (index, expected) in (expectedDistances?[row] ?? []).enumerated() {
        judge(
          distances[row * model.network.distanceWidth + index], expected.double,
          expected.double == 0 ? 0 : factor * ((1e-5 + 2.5e-8 * widest) * expected.double + 1e-6), alsoRight: nil)
      }
    }
    return largest
  }
}
