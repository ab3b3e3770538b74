import RadialEngine

/// One request's rows on their way through the compute queue.
public struct Job: Sendable {
  /// Chosen by the submitter; comes back with the outcome.
  public let id: UInt64
  /// Where its inputs are and its results belong.
  public let batch: RowBatch
  /// The request's own rows of `batch`.
  public let rows: Range<Int>
  /// How long they take one core, in nanoseconds.
  public let nanoseconds: Double
  /// When the caller stops waiting, in monotonic nanoseconds; nil: never.
  public let deadline: UInt64?
  /// What `isAlive` is asked about before the rows are computed: the caller's socket.
  public let descriptor: Int32
  /// Comes back with the report of its batch, whose jobs are all of one network: where its figures are counted.
  public let metricsIndex: Int
  /// Where its outcome goes.
  public let completions: CompletionQueue<JobCompletion>

  /// A job; its outcome is put into `completions`, from a compute thread.
  public init(
    id: UInt64, batch: RowBatch, rows: Range<Int>, nanoseconds: Double = 0, deadline: UInt64?, descriptor: Int32,
    metricsIndex: Int = 0, completions: CompletionQueue<JobCompletion>
  ) {
    self.id = id
    self.batch = batch
    self.rows = rows
    self.nanoseconds = nanoseconds
    self.deadline = deadline
    self.descriptor = descriptor
    self.metricsIndex = metricsIndex
    self.completions = completions
  }
}

/// What became of a job.
public struct JobCompletion: Sendable {
  /// What became of its rows.
  public enum Outcome: Sendable, Equatable {
    /// The results are in the job's rows of its batch.
    case computed
    /// The deadline passed before its rows were computed.
    case expired
    /// The caller was gone before its rows were computed.
    case disconnected
  }

  /// The job's.
  public let id: UInt64
  /// What became of its rows.
  public let outcome: Outcome
  /// Time between submission and the start of its batch.
  public let waitNanoseconds: UInt64
  /// The time that its whole batch took to compute; 0: it was not computed.
  public let forwardNanoseconds: UInt64
}
