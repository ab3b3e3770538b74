import Dispatch
package import Models
package import RadialEngine
package import RowFiles
import Synchronization

/// All rows of a file through a network, on several threads and in constant memory: what is kept of a block of rows is a part, and the parts
/// come back in the file's order. A bad row, and one whose results are beyond Float32, ends it.
///
/// `@unchecked Sendable`: `rows` is cut, and `source` changed, on `cutting` alone.
package final class RowScan: @unchecked Sendable {
  /// Some rows and what was computed of them, valid while they are lent.
  package struct Block {
    /// The rows, all of them good.
    package let rows: RowBlock
    /// Their results.
    package let results: Network.Results
    fileprivate let index: Int
  }

  private let model: Model
  private let rows: RowFile
  private let threads: Int
  private let keepsLogits: Bool
  private let cutting = DispatchQueue(label: "radial.scan")
  private var source = Source()

  /// What is decided while the next block is cut.
  private struct Source {
    var blocks = 0
    var rows = 0
    var hasEnded = false
    var failure: OfflineFailure?
    var progress: ProgressBar?
  }

  /// - Parameters:
  ///   - keepsLogits: whether the inputs of a softmax that comes last are kept too.
  ///   - progress: nil: nobody looks.
  package init(
    _ model: Model, _ rows: RowFile, threads: Int, keepsLogits: Bool = false, progress: ProgressBar? = nil
  ) {
    (self.model, self.rows, self.threads, self.keepsLogits) = (model, rows, threads, keepsLogits)
    source.progress = progress
  }

  /// Runs to the end of the rows.
  /// - Parameter part: what is kept of a block; called on several threads.
  /// - Returns: the parts in the file's order.
  package func run<Part: Sendable>(_ part: @Sendable (Block) -> Part) throws(OfflineFailure) -> [Part] {
    let parts = Mutex<[(index: Int, part: Part)]>([])
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      let network = model.network
      let block = RowBlock(width: network.inputWidth, capacity: ResultRows.blockRows(network))
      let workspace = network.makeWorkspace()
      let results = ResultRows(network, capacity: block.capacity, keepsEmbeddings: false, keepsLogits: keepsLogits)
      while let index = nextBlock(block) {
        rows.parse(block)
        if let problem = block.problems.first { return fail(OfflineFailure(problem.description), index) }
        network.forward(block.rows, rows: block.count, into: results.lent, workspace: workspace)
        if let sentence = firstFault(block, results.lent) { return fail(OfflineFailure(sentence), index) }
        let made = part(Block(rows: block, results: results.lent, index: index))
        parts.withLock { $0.append((index, made)) }
      }
    }
    source.progress?.clear()
    if let failure = source.failure { throw failure }
    return parts.withLock { $0.sorted { $0.index < $1.index }.map(\.part) }
  }

  /// Cuts the next block; nil: there is none, or nobody wants it.
  private func nextBlock(_ block: RowBlock) -> Int? {
    cutting.sync {
      guard !source.hasEnded else { return nil }
      do throws(RowFileError) {
        guard try rows.cut(into: block) else {
          source.hasEnded = true
          return nil
        }
      } catch {
        (source.hasEnded, source.failure) = (true, source.failure ?? OfflineFailure(error))
        return nil
      }
      source.blocks += 1
      source.rows += block.cutRows
      source.progress?.update(rows: source.rows, fraction: rows.fraction)
      return source.blocks - 1
    }
  }

  /// The fault of the first block that has one is told: blocks before it are done, or still being looked at.
  private func fail(_ failure: OfflineFailure, _ index: Int) {
    cutting.sync {
      source.hasEnded = true
      guard index < faultyBlock else { return }
      (faultyBlock, source.failure) = (index, failure)
    }
  }
  private var faultyBlock = Int.max

  private func firstFault(_ block: RowBlock, _ results: Network.Results) -> String? {
    let network = model.network
    for row in 0..<block.count {
      let outputs = UnsafeBufferPointer(start: results.outputs + row * network.outputWidth, count: network.outputWidth)
      let distances = UnsafeBufferPointer(
        start: results.distances.map { $0 + row * network.distanceWidth }, count: network.distanceWidth)
      guard outputs.allSatisfy(\.isFinite), distances.allSatisfy(\.isFinite) else {
        return
          "\(rows.name): \(block.place(ofRow: row)): its results are beyond Float32; leave the row out, or scale the rows as the model was trained on"
      }
    }
    return nil
  }
}
