/// The order of the compute queue: who waits, who runs together, who came too late. Pure: no threads, no clock, no rows.
///
/// First come, first served, by model: a batch is the oldest entry and every later entry of the same model that still fits.
/// Batches grow only while the engine is busy; nothing ever waits for company.
public struct BatchPlanner<ModelID: Hashable & Sendable>: Sendable {
  public struct Limits: Sendable, Equatable {
    /// Rows of one batch. An entry larger than that runs alone.
    public var maxBatchRows: Int
    /// Rows that may wait. An entry that would exceed it is refused, unless nothing waits.
    public var maxQueueRows: Int

    public init(maxBatchRows: Int, maxQueueRows: Int) {
      self.maxBatchRows = maxBatchRows
      self.maxQueueRows = maxQueueRows
    }
  }

  public struct Entry: Sendable, Equatable {
    public var id: UInt64
    public var model: ModelID
    public var rows: Int
    /// When the caller stops waiting, in monotonic nanoseconds; nil: never.
    public var deadline: UInt64?

    public init(id: UInt64, model: ModelID, rows: Int, deadline: UInt64? = nil) {
      self.id = id
      self.model = model
      self.rows = rows
      self.deadline = deadline
    }
  }

  public enum Admission: Sendable, Equatable { case queued, full }

  /// What to do next: compute `batch` together (empty: nothing to do), and tell `expired` that they are too late.
  public struct Step: Sendable, Equatable {
    public var batch: [UInt64] = []
    public var expired: [UInt64] = []
  }

  public let limits: Limits
  /// Rows that wait now.
  public private(set) var queuedRows = 0
  private var waiting: [Entry] = []

  public init(limits: Limits) { self.limits = limits }

  public var isEmpty: Bool { waiting.isEmpty }

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
