import Dispatch
import Models
import OfflineScoring
import RadialEngine

/// Rows with what the network's own outputs say of them.
struct Scored: Sendable {
  let rows: [[Float]]
  /// The class that is answered for each.
  let classes: [Int32]
  /// 1 − the largest probability; empty: the outputs are none.
  let softmax: [Float]
  /// Of the logits; empty: there are none.
  let energy: [Float]

  init(_ model: Model, _ rows: [[Float]]) {
    self.rows = rows
    let scores = model.network.map(rows, keepsLogits: true) { results, row in
      RowScore(row, results, model, limits: [])
    }
    classes = scores.map(\.predicted)
    softmax = scores.compactMap(\.softmax)
    energy = scores.compactMap(\.energy)
  }
}

extension Network {
  /// Computes rows on all cores, and makes something of each.
  /// - Parameter make: of the results of a block of rows and the row in it.
  func map<Value: Sendable>(
    _ rows: [[Float]], keepsLogits: Bool = false, _ make: @Sendable (Results, Int) -> Value
  ) -> [Value] {
    let part = 64
    let parts = (rows.count + part - 1) / part
    let made = [[Value]](unsafeUninitializedCapacity: parts) { target, initialized in
      initialized = parts
      // Each part initializes an element of its own.
      nonisolated(unsafe) let target = target
      DispatchQueue.concurrentPerform(iterations: parts) { index in
        let block = rows[index * part..<min(rows.count, (index + 1) * part)]
        let results = ResultRows(self, capacity: block.count, keepsEmbeddings: false, keepsLogits: keepsLogits)
        let inputs = block.flatMap { $0 }
        forward(inputs, rows: block.count, into: results.lent, workspace: makeWorkspace())
        (target.baseAddress! + index).initialize(to: (0..<block.count).map { make(results.lent, $0) })
      }
    }
    return made.flatMap { $0 }
  }
}
