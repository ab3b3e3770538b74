/// The order of the compute queue: who waits, who runs together, who came too late. Pure: no threads, no clock, no rows.
///
/// Models take turns by time: the next batch is of the model that has had the least of it while it had work. Within a model it is first
/// come, first served: a batch is the oldest entry and every later one that still fits. Batches grow only while the engine is busy;
/// nothing ever waits for company.
///
/// Source of the turns: start-time fair queueing (Goyal, Vin, Cheng 1996), with the models as flows and estimated times as lengths.
public struct BatchPlanner<ModelID: Hashable & Sendable>: Sendable {
  /// How many rows are computed together, and how many may wait. Each model has its own queue, and each queue these limits.
  public struct Limits: Sendable, Equatable {
    /// Rows of one batch. An entry larger than that runs alone.
    public var maxBatchRows: Int
    /// How long one batch may take, in nanoseconds. An entry that takes longer runs alone.
    public var maxBatchNanoseconds = Double.infinity
    /// Rows that may wait. An entry that would exceed it is refused, unless nothing waits.
    public var maxQueueRows: Int
    /// How long what waits may take, in nanoseconds. An entry that would exceed it is refused, unless nothing waits.
    public var maxQueueNanoseconds = Double.infinity

    /// - Parameters:
    ///   - maxBatchRows: rows of one batch; a larger request is a batch of its own.
    ///   - maxQueueRows: rows of a model that may wait; one request may have more, alone.
    public init(maxBatchRows: Int, maxQueueRows: Int) {
      self.maxBatchRows = maxBatchRows
      self.maxQueueRows = maxQueueRows
    }
  }

  /// What the planner knows of a job: who, for which model, how much, until when.
  public struct Entry: Sendable, Equatable {
    /// Chosen by the submitter.
    public var id: UInt64
    /// Only rows of one model are computed together.
    public var model: ModelID
    /// How many rows it has, at least 1.
    public var rows: Int
    /// How long it takes, in nanoseconds.
    public var nanoseconds: Double
    /// When the caller stops waiting, in monotonic nanoseconds; nil: never.
    public var deadline: UInt64?

    /// An entry that waits until its deadline, or for as long as it takes.
    public init(id: UInt64, model: ModelID, rows: Int, nanoseconds: Double = 0, deadline: UInt64? = nil) {
      self.id = id
      self.model = model
      self.rows = rows
      self.nanoseconds = nanoseconds
      self.deadline = deadline
    }
  }

  /// What became of an entry that was submitted.
  public enum Admission: Sendable, Equatable { case queued, full }

  /// What to do next: compute `batch` together (empty: nothing to do), and tell `expired` that they are too late.
  public struct Step: Sendable, Equatable {
    /// The entries to compute together, in the order of their arrival.
    public var batch: [UInt64] = []
    /// The entries whose deadline has passed.
    public var expired: [UInt64] = []
  }

  /// The queue of one model.
  private struct Lane {
    /// A slice, whose first ones are taken out without moving the others.
    var waiting: ArraySlice<Entry> = []
    /// No entry's is earlier.
    var earliestDeadline = UInt64.max
    var rows = 0
    var nanoseconds = 0.0
    /// The virtual time at which its next batch starts: the time that it has had.
    var start = 0.0

    /// The entry that came first.
    var oldest: UInt64 { waiting.first?.id ?? .max }
  }

  /// As they were given.
  public let limits: Limits
  private var lanes: [ModelID: Lane] = [:]
  /// Virtual time: the start of the batch that was formed last.
  private var now = 0.0

  /// A planner with nothing to do.
  public init(limits: Limits) { self.limits = limits }

  /// Whether nothing waits.
  public var isEmpty: Bool { lanes.values.allSatisfy(\.waiting.isEmpty) }

  /// Rows that wait now, of all models.
  public var queuedRows: Int { lanes.values.reduce(0) { $0 + $1.rows } }

  /// How long what waits of a model takes, in nanoseconds.
  public func queuedNanoseconds(of model: ModelID) -> Double { lanes[model]?.nanoseconds ?? 0 }

  /// Whether an entry would be taken in; one without rows: whether any would.
  public func hasRoom(for model: ModelID, rows: Int = 1, nanoseconds: Double = 0) -> Bool {
    guard let lane = lanes[model], !lane.waiting.isEmpty else { return true }
    return lane.rows + rows <= limits.maxQueueRows && lane.nanoseconds + nanoseconds <= limits.maxQueueNanoseconds
  }

  /// Takes an entry in, unless as much of its model waits as may.
  /// - Parameter isAdmitted: it is part of something that was taken in: it is not refused.
  public mutating func submit(_ entry: Entry, isAdmitted: Bool = false) -> Admission {
    guard isAdmitted || hasRoom(for: entry.model, rows: entry.rows, nanoseconds: entry.nanoseconds) else {
      return .full
    }
    var lane = lanes.removeValue(forKey: entry.model) ?? Lane()
    // Whoever had nothing to do has saved nothing up.
    if lane.waiting.isEmpty { lane.start = max(lane.start, now) }
    lane.waiting.append(entry)
    lane.earliestDeadline = min(lane.earliestDeadline, entry.deadline ?? .max)
    lane.rows += entry.rows
    lane.nanoseconds += entry.nanoseconds
    lanes[entry.model] = lane
    return .queued
  }

  /// Forms the next batch at the time `now` and removes it, and everything that is too late, from the queue.
  public mutating func next(now: UInt64) -> Step {
    var step = Step()
    for model in lanes.keys { expire(model, at: now, into: &step) }
    step.expired.sort()
    let busy = lanes.filter { !$0.value.waiting.isEmpty }
    // Of those that are even, whose oldest entry came first.
    if let model = busy.min(by: { ($0.value.start, $0.value.oldest) < ($1.value.start, $1.value.oldest) })?
      .key
    {
      takeBatch(of: model, into: &step)
    }
    // One that is behind the virtual time begins with it anyway: nothing has to be remembered of it.
    lanes = lanes.filter { !$0.value.waiting.isEmpty || $0.value.start > self.now }
    return step
  }

  private mutating func expire(_ model: ModelID, at now: UInt64, into step: inout Step) {
    guard lanes[model]?.earliestDeadline ?? .max <= now, var lane = lanes.removeValue(forKey: model) else { return }
    for entry in lane.waiting where entry.deadline ?? .max <= now {
      step.expired.append(entry.id)
      lane.rows -= entry.rows
      lane.nanoseconds -= entry.nanoseconds
    }
    lane.waiting.removeAll { $0.deadline ?? .max <= now }
    lane.earliestDeadline = lane.waiting.reduce(.max) { min($0, $1.deadline ?? .max) }
    lanes[model] = lane
  }

  private mutating func takeBatch(of model: ModelID, into step: inout Step) {
    guard var lane = lanes.removeValue(forKey: model) else { return }
    var (rows, nanoseconds, count) = (0, 0.0, 0)
    // Later, smaller entries must not overtake one that does not fit for ever: the first that does not ends the batch.
    for entry in lane.waiting {
      guard
        count == 0
          || (rows + entry.rows <= limits.maxBatchRows
            && nanoseconds + entry.nanoseconds <= limits.maxBatchNanoseconds)
      else { break }
      step.batch.append(entry.id)
      rows += entry.rows
      nanoseconds += entry.nanoseconds
      count += 1
    }
    lane.waiting = lane.waiting.dropFirst(count)
    if lane.waiting.isEmpty { (lane.waiting, lane.earliestDeadline) = ([], .max) }
    lane.rows -= rows
    // Sums of floating-point numbers leave crumbs.
    lane.nanoseconds = lane.waiting.isEmpty ? 0 : max(0, lane.nanoseconds - nanoseconds)
    now = lane.start
    lane.start += nanoseconds
    lanes[model] = lane
  }
}
