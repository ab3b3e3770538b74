import Dispatch
import RadialEngine

/// Computes the jobs of one batch: gathers their rows into one matrix, runs it in parts over the cores, scatters the results.
///
/// `@unchecked Sendable`: used by the compute queue alone, one batch at a time; the parts of a batch have a workspace each.
final class BatchWorker: @unchecked Sendable {
  private let threads: Int
  private var network: Network?
  private var workspaces: [Workspace] = []
  private var gathered: RowBatch?

  /// A part smaller than this is not worth waking a core for, in multiply-adds (some 50 µs).
  private static let smallestPart = 2_000_000

  /// - Parameter threads: at least 1.
  init(threads: Int) { self.threads = max(1, threads) }

  /// All jobs are of the same network.
  func run(_ jobs: [Job]) {
    guard let first = jobs.first else { return }
    let network = first.batch.network
    if network !== self.network {
      (self.network, gathered) = (network, RowBatch(network: network))
      workspaces = (0..<threads).map { _ in network.makeWorkspace() }
    }
    if let rows = contiguousRows(jobs) {
      forward(first.batch, rows: rows)
    } else if let gathered {
      guard gather(jobs, into: gathered) else {
        // No memory for a copy of the rows: they are computed where they are.
        for job in jobs { forward(job.batch, rows: job.rows) }
        return
      }
      forward(gathered, rows: 0..<gathered.count)
      scatter(gathered, to: jobs)
      gathered.clear()
    }
  }

  /// The jobs' rows as one range, if they already lie behind each other in one batch.
  private func contiguousRows(_ jobs: [Job]) -> Range<Int>? {
    var end = jobs[0].rows.lowerBound
    for job in jobs {
      guard job.batch === jobs[0].batch, job.rows.lowerBound == end else { return nil }
      end = job.rows.upperBound
    }
    return jobs[0].rows.lowerBound..<end
  }

  private func forward(_ batch: RowBatch, rows: Range<Int>) {
    let network = batch.network
    let rowsPerPart = max(1, Self.smallestPart / max(1, network.operationsPerRow))
    let parts = max(1, min(threads, rows.count / rowsPerPart))
    let lent = Lent(batch: batch, workspaces: workspaces)
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let start = rows.lowerBound + rows.count * part / parts
      let end = rows.lowerBound + rows.count * (part + 1) / parts
      network.forward(
        lent.batch.input(row: start), rows: end - start, into: lent.batch.results(row: start),
        workspace: lent.workspaces[part])
    }
  }

  /// `@unchecked Sendable`: each part uses its own rows and its own workspace.
  private struct Lent: @unchecked Sendable {
    let batch: RowBatch
    let workspaces: [Workspace]
  }

  /// - Returns: false: there is no memory for them.
  private func gather(_ jobs: [Job], into gathered: RowBatch) -> Bool {
    gathered.keepsEmbeddings = jobs.contains { $0.batch.keepsEmbeddings }
    let rows = jobs.reduce(0) { $0 + $1.rows.count }
    guard var place = gathered.reserve(rows), gathered.append(rows) != nil else { return false }
    for job in jobs {
      let count = job.rows.count * gathered.network.inputWidth
      place.update(from: job.batch.input(row: job.rows.lowerBound), count: count)
      place += count
    }
    return true
  }

  private func scatter(_ gathered: RowBatch, to jobs: [Job]) {
    let network = gathered.network
    var row = 0
    for job in jobs {
      let from = gathered.results(row: row)
      let to = job.batch.results(row: job.rows.lowerBound)
      to.outputs.update(from: from.outputs, count: job.rows.count * network.outputWidth)
      if let target = to.distances, let source = from.distances {
        target.update(from: source, count: job.rows.count * network.distanceWidth)
      }
      if let target = to.embeddings, let source = from.embeddings {
        target.update(from: source, count: job.rows.count * network.embeddingWidth)
      }
      row += job.rows.count
    }
  }
}
