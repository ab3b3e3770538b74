import Dispatch
import Synchronization

/// The queue of work that is no forward pass: decoding large bodies, encoding large answers. Each task runs on one core, several at a time;
/// models take turns, as in `BatchPlanner`.
public final class TaskQueue: Sendable {
  /// A piece of work: short, so that others have their turns; what goes on submits its next piece.
  public struct Task: Sendable {
    /// Whose turn it takes.
    public let model: ObjectIdentifier
    /// How long it takes one core, in nanoseconds.
    public let nanoseconds: Double
    /// Does it, on a thread of the queue.
    public let run: @Sendable () -> Void

    /// A piece of work for a model, by its network.
    public init(_ model: ObjectIdentifier, nanoseconds: Double, run: @escaping @Sendable () -> Void) {
      self.model = model
      self.nanoseconds = nanoseconds
      self.run = run
    }
  }

  private struct State {
    var planner: BatchPlanner<ObjectIdentifier>
    var tasks: [UInt64: Task] = [:]
    var nextID: UInt64 = 0
    var running = 0
  }

  private let state: Mutex<State>
  private let threads: Int
  private let queue = DispatchQueue(label: "radial.tasks", qos: .utility, attributes: .concurrent)

  /// - Parameters:
  ///   - threads: how many tasks run at a time, at least 1.
  ///   - maxNanoseconds: what may wait of one model, in nanoseconds of all threads together.
  public init(threads: Int, maxNanoseconds: Double) {
    self.threads = max(1, threads)
    var limits = BatchPlanner<ObjectIdentifier>.Limits(maxBatchRows: 1, maxQueueRows: .max)
    limits.maxQueueNanoseconds = maxNanoseconds * Double(self.threads)
    state = Mutex(State(planner: BatchPlanner(limits: limits)))
  }

  /// How long what waits of a model takes, in nanoseconds.
  public func queuedNanoseconds(of model: ObjectIdentifier) -> Double {
    state.withLock { $0.planner.queuedNanoseconds(of: model) } / Double(threads)
  }

  /// Whether as much of a model waits as may.
  public func isFull(for model: ObjectIdentifier) -> Bool { state.withLock { !$0.planner.hasRoom(for: model) } }

  /// Queues a task, unless as much of its model waits as may. Any thread.
  /// - Parameter isAdmitted: it goes on with something that was taken in: it is not refused.
  public func submit(_ task: Task, isAdmitted: Bool = false) -> BatchPlanner<ObjectIdentifier>.Admission {
    let (admission, starts) = state.withLock { state in
      let id = state.nextID
      state.nextID += 1
      let entry = BatchPlanner<ObjectIdentifier>.Entry(
        id: id, model: task.model, rows: 1, nanoseconds: task.nanoseconds)
      let admission = state.planner.submit(entry, isAdmitted: isAdmitted)
      guard admission == .queued else { return (admission, false) }
      state.tasks[id] = task
      guard state.running < threads else { return (admission, false) }
      state.running += 1
      return (admission, true)
    }
    if starts { queue.async { self.runUntilEmpty() } }
    return admission
  }

  private func runUntilEmpty() {
    while let task = next() { task.run() }
  }

  private func next() -> Task? {
    state.withLock { state in
      guard let id = state.planner.next(now: 0).batch.first, let task = state.tasks.removeValue(forKey: id) else {
        state.running -= 1
        return nil
      }
      return task
    }
  }
}
