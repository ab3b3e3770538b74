import Dispatch
import RadialEngine
import Synchronization
import Testing

@testable import Batching

/// y = x₀ + 2x₁ beside squared distances to (0, 0) and (1, 1): answers that a test can compute by hand.
private func makeNetwork() throws -> Network {
  try Network(
    inputWidth: 2,
    layers: [
      .rbf(
        RBF(
          name: "rbf", inputs: 2, units: 2, centers: [0, 0, 1, 1], centersLayout: .unitsFeatures, scale: .scalar(1),
          output: .distance))
    ])
}

/// Collects finished jobs and lets a test wait for a number of them.
private final class Inbox: Sendable {
  let arrived = DispatchSemaphore(value: 0)
  let completions: CompletionQueue<JobCompletion>
  init() {
    let arrived = arrived
    completions = CompletionQueue { arrived.signal() }
  }
  func wait(for count: Int) -> [JobCompletion] {
    var jobs: [JobCompletion] = []
    while jobs.count < count {
      guard arrived.wait(timeout: .now() + 30) == .success else { return jobs }
      jobs += completions.take()
    }
    return jobs
  }
}

@Suite struct ComputeQueueTests {
  /// A batch of one row (x, 0).
  private func row(_ x: Float, _ network: Network) -> RowBatch {
    let batch = RowBatch(network: network)
    let room = batch.reserve(1)!
    room[0] = x
    room[1] = 0
    _ = batch.append(1)
    return batch
  }

  @Test(arguments: [1, 2, 3]) func `rows of many submitters come back right, in batches`(threads: Int) throws {
    let network = try makeNetwork()
    let rows = Mutex([Int]())
    let queue = ComputeQueue(
      .init(
        limits: .init(maxBatchRows: 16, maxQueueRows: 10_000), threads: threads,
        didRunBatch: { report in rows.withLock { $0.append(report.rows) } }))
    let inbox = Inbox()
    let batches = (0..<500).map { row(Float($0), network) }
    for (id, batch) in batches.enumerated() {
      #expect(
        queue.submit(
          Job(id: UInt64(id), batch: batch, rows: 0..<1, deadline: nil, descriptor: -1, completions: inbox.completions))
          == .queued)
    }
    let finished = inbox.wait(for: 500)
    #expect(Set(finished.map(\.id)).count == 500)
    #expect(finished.allSatisfy { $0.outcome == .computed })
    for (x, batch) in batches.enumerated() {
      let outputs = batch.results(row: 0).outputs
      #expect(outputs[0] == Float(x * x))
      #expect(outputs[1] == Float((x - 1) * (x - 1) + 1))
    }
    #expect(rows.withLock { $0.reduce(0, +) } == 500)
    #expect(rows.withLock { $0.allSatisfy { $0 <= 16 } })
  }

  @Test func `a large job is split over the cores without changing a bit`() throws {
    let network = try makeNetwork()
    let batch = RowBatch(network: network)
    let count = 1_100_000
    let room = batch.reserve(count)!
    for index in 0..<2 * count { room[index] = Float(index % 4099) * 0.37 }
    let rows = batch.append(count)!
    let queue = ComputeQueue(.init(limits: .init(maxBatchRows: 64, maxQueueRows: 64), threads: 2))
    let inbox = Inbox()
    #expect(
      queue.submit(Job(id: 7, batch: batch, rows: rows, deadline: nil, descriptor: -1, completions: inbox.completions))
        == .queued)
    #expect(inbox.wait(for: 1).first?.outcome == .computed)
    let alone = RowBatch(network: network)
    _ = alone.reserve(1)
    _ = alone.append(1)
    let workspace = network.makeWorkspace()
    for row in stride(from: 0, to: count, by: 9973) {
      alone.input(row: 0).update(from: batch.input(row: row), count: 2)
      network.forward(alone.input(row: 0), rows: 1, into: alone.results(row: 0), workspace: workspace)
      #expect(alone.results(row: 0).outputs[0].bitPattern == batch.results(row: row).outputs[0].bitPattern)
      #expect(alone.results(row: 0).outputs[1].bitPattern == batch.results(row: row).outputs[1].bitPattern)
    }
  }

  @Test func `late and departed callers are not computed`() throws {
    let network = try makeNetwork()
    let queue = ComputeQueue(
      .init(limits: .init(maxBatchRows: 4, maxQueueRows: 100), threads: 1, isAlive: { $0.map { $0 != 99 } }))
    let inbox = Inbox()
    let batch = row(3, network)
    for (id, deadline, descriptor) in [(0, UInt64(1), 5), (1, nil, 99), (2, nil, 5)] as [(UInt64, UInt64?, Int32)] {
      _ = queue.submit(
        Job(
          id: id, batch: batch, rows: 0..<1, deadline: deadline, descriptor: descriptor, completions: inbox.completions)
      )
    }
    let outcomes = Dictionary(uniqueKeysWithValues: inbox.wait(for: 3).map { ($0.id, $0.outcome) })
    #expect(outcomes == [0: .expired, 1: .disconnected, 2: .computed])
  }
}
