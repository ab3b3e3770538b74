/// The order of the compute queue: who waits, who runs together, who came too late. Pure: no threads, no clock, no rows.
///
/// First come, first served, by model: a batch is the oldest entry and every later entry of the same model that still fits.
/// Batches grow only while the engine is busy; nothing ever waits for company.
public struct BatchPlanner<ModelID: Hashable & Sendable>: Sendable {
  /// How many rows are computed together, and how many may wait.
  public struct Limits: Sendable, Equatable {
    /// Rows of one batch. An entry larger than that runs alone.
    public var maxBatchRows: Int
    /// Rows that may wait. An entry that would exceed it is refused, unless nothing waits.
    public var maxQueueRows: Int

    /// - Parameters:
    ///   - maxBatchRows: rows of one batch; a larger request is a batch of its own.
    ///   - maxQueueRows: rows that may wait; one request may have more, alone.
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
    /// When the caller stops waiting, in monotonic nanoseconds; nil: never.
    public var deadline: UInt64?

    /// An entry that waits until its deadline, or for as long as it takes.
    public init(id: UInt64, model: ModelID, rows: Int, deadline: UInt64? = nil) {
      self.id = id
      self.model = model
      self.rows = rows
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

  /// As they were given.
  public let limits: Limits
  /// Rows that wait now.
  public private(set) var queuedRows = 0
  private var waiting: [Entry] = []

  /// A planner with nothing to do.
  public init(limits: Limits) { self.limits = limits }

  /// Whether nothing waits.
  public var isEmpty: Bool { waiting.isEmpty }

  /// Takes an entry in, unless the rows that wait are as many as may.
  public mutating func submit(_ entry: Entry) -> Admission {
    guard waiting.isEmpty || queuedRows + entry.rows <= limits.maxQueueRows else { return .full }
    waiting.append(entry)
    queuedRows += entry.rows
    return .queued
  }

  /// Forms the next batch at the time `now` and removes it, and everything that is too late, from the queue.
  public mutating func next(now: UInt64) -> Step {
    var step = Step()
    var model: ModelID?
    var rows = 0
    var isFull = false
    waiting.removeAll { entry in
      if let deadline = entry.deadline, deadline <= now {
        step.expired.append(entry.id)
      } else if model == nil {
        model = entry.model
        step.batch.append(entry.id)
        rows = entry.rows
      } else if entry.model == model, !isFull, rows + entry.rows <= limits.maxBatchRows {
        step.batch.append(entry.id)
        rows += entry.rows
      } else {
        // Later, smaller entries of the same model must not overtake this one for ever.
        if entry.model == model { isFull = true }
        return false
      }
      queuedRows -= entry.rows
      return true
    }
    return step
  }
}
