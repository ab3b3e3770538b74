import Bytes
import Dispatch
import RadialEngine
import Synchronization

/// The bounded queue of heavy forward passes, shared by all reactors: one batch at a time, split by rows over the cores.
///
/// While a batch is computed, requests of all reactors collect behind it and form the next one. The order is `BatchPlanner`'s;
/// this class only performs it on Dispatch.
public final class ComputeQueue: Sendable {
  /// What bounds the queue, and whom it asks and tells.
  public struct Configuration: Sendable {
    /// Of the planner.
    public var limits: BatchPlanner<ObjectIdentifier>.Limits
    /// Cores that a batch may be split over.
    public var threads: Int
    /// Says of each socket whether its caller is still there; asked once per batch, off the reactors.
    public var isAlive: @Sendable ([Int32]) -> [Bool]
    /// Told after every batch, before its jobs are.
    public var didRunBatch: @Sendable (BatchReport) -> Void

    /// A configuration; without `isAlive` every caller is taken to be there.
    public init(
      limits: BatchPlanner<ObjectIdentifier>.Limits, threads: Int,
      isAlive: @escaping @Sendable ([Int32]) -> [Bool] = { $0.map { _ in true } },
      didRunBatch: @escaping @Sendable (BatchReport) -> Void = { _ in }
    ) {
      self.limits = limits
      self.threads = threads
      self.isAlive = isAlive
      self.didRunBatch = didRunBatch
    }
  }

  /// What is told of a batch that was computed.
  public struct BatchReport: Sendable {
    /// That of its jobs.
    public let metricsIndex: Int
    /// Of all its jobs.
    public let rows: Int
    /// How long its forward pass took.
    public let forwardNanoseconds: UInt64
  }

  private struct State {
    var planner: BatchPlanner<ObjectIdentifier>
    var jobs: [UInt64: (job: Job, submitted: UInt64)] = [:]
    var nextID: UInt64 = 0
    var isRunning = false
  }

  private let configuration: Configuration
  private let state: Mutex<State>
  private let queue = DispatchQueue(label: "radial.compute", qos: .userInitiated)
  private let worker: BatchWorker

  /// A queue that starts its threads with the first batch that needs them.
  public init(_ configuration: Configuration) {
    self.configuration = configuration
    state = Mutex(State(planner: BatchPlanner(limits: configuration.limits)))
    worker = BatchWorker(threads: configuration.threads)
  }

  /// Rows that wait now, of all models.
  public var queuedRows: Int { state.withLock { $0.planner.queuedRows } }

  /// How long what waits of a model takes on all cores, in nanoseconds.
  public func queuedNanoseconds(of model: ObjectIdentifier) -> Double {
    state.withLock { $0.planner.queuedNanoseconds(of: model) }
  }

  /// Whether as much of a model waits as may.
  public func isFull(for model: ObjectIdentifier) -> Bool { state.withLock { !$0.planner.hasRoom(for: model) } }

  /// Queues a job; its outcome arrives in its mailbox. Any thread.
  /// - Parameter isAdmitted: it is part of a request that was taken in: it is not refused.
  public func submit(_ job: Job, isAdmitted: Bool = false) -> BatchPlanner<ObjectIdentifier>.Admission {
    let (admission, starts) = state.withLock { state in
      let id = state.nextID
      state.nextID += 1
      let entry = BatchPlanner<ObjectIdentifier>.Entry(
        id: id, model: ObjectIdentifier(job.batch.network), rows: job.rows.count,
        nanoseconds: job.nanoseconds / Double(configuration.threads), deadline: job.deadline)
      let admission = state.planner.submit(entry, isAdmitted: isAdmitted)
      guard admission == .queued else { return (admission, false) }
      state.jobs[id] = (job, monotonicNanoseconds())
      defer { state.isRunning = true }
      return (admission, !state.isRunning)
    }
    if starts { queue.async { self.runUntilEmpty() } }
    return admission
  }

  private func runUntilEmpty() {
    while true {
      let now = monotonicNanoseconds()
      let (batch, expired) = state.withLock { state in
        let step = state.planner.next(now: now)
        let take = { (id: UInt64) in state.jobs.removeValue(forKey: id) }
        let taken = (step.batch.compactMap(take), step.expired.compactMap(take))
        if taken.0.isEmpty && taken.1.isEmpty { state.isRunning = false }
        return taken
      }
      if batch.isEmpty && expired.isEmpty { return }
      var finished = expired.map { ($0, JobCompletion.Outcome.expired) }
      var forwardNanoseconds: UInt64 = 0
      if !batch.isEmpty {
        let alive = configuration.isAlive(batch.map(\.job.descriptor))
        let living = zip(batch, alive).filter(\.1).map(\.0)
        if !living.isEmpty {
          let start = monotonicNanoseconds()
          worker.run(living.map(\.job))
          forwardNanoseconds = monotonicNanoseconds() - start
          configuration.didRunBatch(
            BatchReport(
              metricsIndex: living[0].job.metricsIndex, rows: living.reduce(0) { $0 + $1.job.rows.count },
              forwardNanoseconds: forwardNanoseconds))
        }
        finished += zip(batch, alive).map { ($0, $1 ? .computed : .disconnected) }
      }
      deliver(finished, startedAt: now, forwardNanoseconds: forwardNanoseconds)
    }
  }

  private func deliver(
    _ finished: [((job: Job, submitted: UInt64), JobCompletion.Outcome)], startedAt start: UInt64,
    forwardNanoseconds: UInt64
  ) {
    let byQueue = Dictionary(grouping: finished) { ObjectIdentifier($0.0.job.completions) }
    for entries in byQueue.values {
      entries[0].0.job.completions.put(
        entries.map { entry, outcome in
          JobCompletion(
            id: entry.job.id, outcome: outcome, waitNanoseconds: start > entry.submitted ? start - entry.submitted : 0,
            forwardNanoseconds: forwardNanoseconds)
        })
    }
  }
}
