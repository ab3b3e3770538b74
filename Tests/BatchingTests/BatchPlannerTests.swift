import TestSupport
import Testing

@testable import Batching

@Suite struct BatchPlannerTests {
  typealias Entry = BatchPlanner<String>.Entry

  func planner(batch: Int = 8, queue: Int = 100, nanoseconds: Double = .infinity, batchNanoseconds: Double = .infinity)
    -> BatchPlanner<String>
  {
    var limits = BatchPlanner<String>.Limits(maxBatchRows: batch, maxQueueRows: queue)
    limits.maxQueueNanoseconds = nanoseconds
    limits.maxBatchNanoseconds = batchNanoseconds
    return BatchPlanner(limits: limits)
  }

  @Test func `an empty queue has nothing to do`() {
    var planner = planner()
    #expect(planner.next(now: 0) == .init())
    #expect(planner.isEmpty)
  }

  @Test func `entries of one model run together, oldest first, up to the batch limit`() {
    var planner = planner()
    for id in 0..<5 { #expect(planner.submit(Entry(id: UInt64(id), model: "m", rows: 3)) == .queued) }
    #expect(planner.next(now: 0).batch == [0, 1])
    #expect(planner.next(now: 0).batch == [2, 3])
    #expect(planner.next(now: 0).batch == [4])
    #expect(planner.queuedRows == 0)
  }

  @Test func `a later small entry does not overtake one that did not fit`() {
    var planner = planner()
    for (id, rows) in [(0, 5), (1, 4), (2, 1)] { _ = planner.submit(Entry(id: UInt64(id), model: "m", rows: rows)) }
    #expect(planner.next(now: 0).batch == [0])
    #expect(planner.next(now: 0).batch == [1, 2])
  }

  @Test func `models do not mix, and keep their places`() {
    var planner = planner()
    for (id, model) in [(0, "a"), (1, "b"), (2, "a"), (3, "b")] {
      _ = planner.submit(Entry(id: UInt64(id), model: model, rows: 1))
    }
    #expect(planner.next(now: 0).batch == [0, 2])
    #expect(planner.next(now: 0).batch == [1, 3])
  }

  @Test func `an entry larger than a batch runs alone`() {
    var planner = planner()
    for (id, rows) in [(0, 50), (1, 1)] { _ = planner.submit(Entry(id: UInt64(id), model: "m", rows: rows)) }
    #expect(planner.next(now: 0).batch == [0])
    #expect(planner.next(now: 0).batch == [1])
  }

  @Test func `entries past their deadline are told so and never computed`() {
    var planner = planner()
    _ = planner.submit(Entry(id: 0, model: "m", rows: 1, deadline: 100))
    _ = planner.submit(Entry(id: 1, model: "m", rows: 1, deadline: 101))
    _ = planner.submit(Entry(id: 2, model: "n", rows: 1, deadline: 50))
    #expect(planner.next(now: 100) == .init(batch: [1], expired: [0, 2]))
    #expect(planner.isEmpty)
    #expect(planner.queuedRows == 0)
  }

  @Test func `a full queue refuses, and takes again once rows have left`() {
    var planner = planner(queue: 10)
    #expect(planner.submit(Entry(id: 0, model: "m", rows: 8)) == .queued)
    #expect(planner.submit(Entry(id: 1, model: "m", rows: 3)) == .full)
    #expect(planner.submit(Entry(id: 2, model: "m", rows: 2)) == .queued)
    #expect(planner.queuedRows == 10)
    _ = planner.next(now: 0)
    #expect(planner.submit(Entry(id: 3, model: "m", rows: 3)) == .queued)
  }

  @Test func `an entry larger than the whole queue is taken when nothing waits`() {
    var planner = planner(queue: 10)
    #expect(planner.submit(Entry(id: 0, model: "m", rows: 50)) == .queued)
    #expect(planner.submit(Entry(id: 1, model: "m", rows: 1)) == .full)
  }

  @Test func `a full queue of one model refuses no other`() {
    var planner = planner(queue: 10)
    #expect(planner.submit(Entry(id: 0, model: "a", rows: 10)) == .queued)
    #expect(planner.submit(Entry(id: 1, model: "a", rows: 1)) == .full)
    #expect(planner.submit(Entry(id: 2, model: "b", rows: 10)) == .queued)
  }

  @Test func `a queue is bounded by time, and takes any entry when it is empty`() {
    var planner = planner(nanoseconds: 100)
    #expect(planner.submit(Entry(id: 0, model: "a", rows: 1, nanoseconds: 500)) == .queued)
    #expect(planner.submit(Entry(id: 1, model: "a", rows: 1, nanoseconds: 1)) == .full)
    #expect(!planner.hasRoom(for: "a") && planner.hasRoom(for: "b") && planner.queuedNanoseconds(of: "a") == 500)
    #expect(planner.submit(Entry(id: 2, model: "a", rows: 1, nanoseconds: 1), isAdmitted: true) == .queued)
    #expect(planner.next(now: 0).batch == [0, 2])
    for id in 3..<7 {
      #expect(planner.submit(Entry(id: UInt64(id), model: "a", rows: 1, nanoseconds: 30)) == (id < 6 ? .queued : .full))
    }
  }

  @Test func `a batch is bounded by time`() {
    var planner = planner(batchNanoseconds: 100)
    for (id, nanoseconds) in [(0, 60.0), (1, 40), (2, 1), (3, 300), (4, 1)] {
      _ = planner.submit(Entry(id: UInt64(id), model: "a", rows: 1, nanoseconds: nanoseconds))
    }
    #expect((0..<4).map { _ in planner.next(now: 0).batch } == [[0, 1], [2], [3], [4]])
  }

  @Test func `models take turns by time, whatever their rows`() {
    var planner = planner(batch: 1, queue: 1000)
    // Ten times as dear: one of it for ten of the other.
    for id in 0..<20 { _ = planner.submit(Entry(id: UInt64(id), model: "dear", rows: 1, nanoseconds: 100)) }
    for id in 20..<120 { _ = planner.submit(Entry(id: UInt64(id), model: "cheap", rows: 1, nanoseconds: 10)) }
    var dear = 0
    for step in 1...110 {
      if let id = planner.next(now: 0).batch.first, id < 20 { dear += 1 }
      #expect(abs(dear - step / 11) <= 1, "after \(step) batches")
    }
    #expect(dear == 10)
  }

  @Test func `a model that had nothing to do has saved nothing up`() {
    var planner = planner(batch: 1, queue: 1000)
    for id in 0..<50 { _ = planner.submit(Entry(id: UInt64(id), model: "a", rows: 1, nanoseconds: 10)) }
    for _ in 0..<40 { _ = planner.next(now: 0) }
    for id in 50..<70 { _ = planner.submit(Entry(id: UInt64(id), model: "b", rows: 1, nanoseconds: 10)) }
    let first = (0..<10).compactMap { _ in planner.next(now: 0).batch.first }
    #expect((4...6).contains(first.count { $0 < 50 }), "\(first)")
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `every entry comes out exactly once, in the order of its model`(seed: UInt64) {
    var generator = SplitMix(state: seed)
    var planner = planner(batch: 16, queue: 1 << 20)
    var order: [String: [UInt64]] = [:]
    var out: [String: [UInt64]] = [:]
    var models: [UInt64: String] = [:]
    var id: UInt64 = 0
    for _ in 0..<2000 {
      if Int.random(in: 0..<3, using: &generator) > 0 {
        let model = ["a", "b", "c"][Int.random(in: 0..<3, using: &generator)]
        _ = planner.submit(Entry(id: id, model: model, rows: Int.random(in: 1...20, using: &generator)))
        order[model, default: []].append(id)
        models[id] = model
        id += 1
      } else {
        let batch = planner.next(now: 0).batch
        #expect(Set(batch.map { models[$0] }).count <= 1)
        for id in batch { out[models[id] ?? "", default: []].append(id) }
      }
    }
    while !planner.isEmpty { for id in planner.next(now: 0).batch { out[models[id] ?? "", default: []].append(id) } }
    #expect(out == order, "seed \(seed)")
    #expect(planner.queuedRows == 0)
  }
}
