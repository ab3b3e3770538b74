import RadialEngine
import Synchronization

/// One request's rows on their way through the compute queue.
public struct Job: Sendable {
  /// Chosen by the submitter; comes back with the outcome.
  public let id: UInt64
  public let batch: RowBatch
  /// The request's own rows of `batch`.
  public let rows: Range<Int>
  /// When the caller stops waiting, in monotonic nanoseconds; nil: never.
  public let deadline: UInt64?
  /// What `isAlive` is asked about before the rows are computed: the caller's socket.
  public let descriptor: Int32
  /// Comes back with the report of its batch, whose jobs are all of one network.
  public let group: Int
  public let mailbox: Mailbox

  public init(
    id: UInt64, batch: RowBatch, rows: Range<Int>, deadline: UInt64?, descriptor: Int32, group: Int = 0,
    mailbox: Mailbox
  ) {
    self.id = id
    self.batch = batch
    self.rows = rows
    self.deadline = deadline
    self.descriptor = descriptor
    self.group = group
    self.mailbox = mailbox
  }
}

/// What became of a job.
public struct FinishedJob: Sendable {
  public enum Outcome: Sendable, Equatable {
    /// The results are in the job's rows of its batch.
    case computed
    /// The deadline passed before its rows were computed.
    case expired
    /// The caller was gone before its rows were computed.
    case dead
  }

  public let id: UInt64
  public let outcome: Outcome
  /// Time between submission and the start of its batch.
  public let waitNanoseconds: UInt64
  /// Of its whole batch.
  public let forwardNanoseconds: UInt64
}

/// Where finished jobs wait for the thread that submitted them.
public final class Mailbox: Sendable {
  private let finished = Mutex<[FinishedJob]>([])
  private let notify: @Sendable () -> Void

  /// - Parameter wake: called from a compute thread after something was put in.
  public init(wake: @escaping @Sendable () -> Void) { notify = wake }

  func put(_ jobs: [FinishedJob]) {
    finished.withLock { $0.append(contentsOf: jobs) }
    wake()
  }

  /// Wakes the mailbox's owner, whatever is in it. Any thread.
  public func wake() { notify() }

  /// Takes everything out.
  public func take() -> [FinishedJob] {
    finished.withLock { list in
      defer { list.removeAll(keepingCapacity: true) }
      return list
    }
  }
}
