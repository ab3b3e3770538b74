import Batching
import Bytes
import HTTPServer
import Models
import Predictions
import RadialEngine
import Synchronization

/// A request that would hold its reactor's thread for long: inflated, decoded, computed and encoded piece by piece on the compute queue's
/// cores, while the reactor reads its sockets.
///
/// Rows are decoded into blocks, and each block is computed while later ones are decoded. When all are, the answer is written in parts,
/// several at a time. Every step is a task that takes its model's turn.
///
/// `@unchecked Sendable`: its steps follow each other, or write parts of their own; what they share beside is in `progress`.
final class LargeRequest: @unchecked Sendable {
  /// Who waits for it.
  struct Caller: Sendable {
    /// What tells whether its client is still there.
    let descriptor: Int32
    /// How its answer is to be compressed.
    let coding: AnswerCoding?
    /// When its header section was complete, in monotonic nanoseconds.
    let receivedNanoseconds: UInt64
    /// What its answer is called.
    let requestID: String
  }

  /// What it has become.
  enum Outcome {
    case answered(parts: [ByteBuffer], AnswerHead)
    case refused(APIError)
    /// Its client has left.
    case disconnected
  }

  /// Where a body is, and who reads it.
  struct Source {
    let isCompressed: Bool
    let header: String?
    let decoder: RowsDecoder
    let body: ReceivedBody
  }

  /// How long its steps took, in nanoseconds.
  struct Times: Sendable {
    var queue: UInt64 = 0
    var decode: UInt64 = 0
    var forward: UInt64 = 0
    var encode: UInt64 = 0
  }

  /// What its steps share.
  struct Progress: ~Copyable {
    /// Blocks that are with the compute queue.
    var computing = 0
    var isDecoded = false
    var hasEnded = false
    /// Parts of the answer that are not written yet.
    var unwritten = 0
    var written: [AnswerPart.Written?] = []
    /// What the answer may still take of the memory that was reserved for it.
    var reserved = MemoryCharge()
    /// Of several rows at fault the first one's.
    var failure: APIError?
    var times = Times()
  }

  let id: UInt64
  let served: ServedModel
  let service: Service
  let caller: Caller
  /// Where everything is counted that it takes.
  let memory: MemoryBudget
  private let didEnd: @Sendable (LargeRequest) -> Void
  private let isAbandoned = Atomic<Bool>(false)
  let progress = Mutex(Progress())

  // Touched by one step at a time.
  var source: Source?
  var deadline: UInt64?
  var answer: (any RowsAnswer)?
  var blocks: [RowBlocks.Block] = []
  /// Whether the blocks are its own, and not rows of a batch that others have rows in.
  var ownsBlocks = true
  /// Whether the inputs of the RBF layer are wanted, and whether its blocks have them.
  var (wantsEmbeddings, hasEmbeddings) = (false, false)
  var parts: [AnswerPart] = []
  /// How the answer is compressed; nil: nobody asked for it, it is too small to be worth it, as a row's is where the turns have no time left
  /// for it, or there is no memory for both forms.
  var coding: AnswerCoding?
  /// Where the compute queue tells of its blocks.
  private(set) var completions: CompletionQueue<JobCompletion>

  /// How many rows it has; 0: not yet known.
  var rows = 0
  /// Of each row; none of a regressor's.
  var classifications: [Classification] = []
  /// Rows to be kept for labelling once it is answered.
  var unknown: [UnknownLog.Row] = []
  /// Once it has ended.
  private(set) var outcome = Outcome.disconnected

  /// - Parameters:
  ///   - id: chosen by its reactor.
  ///   - memory: where its body is counted, and everything else is to be.
  ///   - deadline: when its caller stops waiting, in monotonic nanoseconds; nil: never.
  ///   - didEnd: told once, from any thread.
  init(
    id: UInt64, _ served: ServedModel, _ service: Service, _ caller: Caller, _ memory: MemoryBudget, deadline: UInt64?,
    didEnd: @escaping @Sendable (LargeRequest) -> Void
  ) {
    (self.id, self.served, self.service, self.caller, self.memory) = (id, served, service, caller, memory)
    (self.deadline, self.didEnd, coding) = (deadline, didEnd, caller.coding)
    completions = CompletionQueue {}
    completions = CompletionQueue { [weak self] in self?.didCompute() }
  }

  // MARK: Its reactor's

  /// How long its steps took.
  var times: Times { progress.withLock { $0.times } }

  /// Begins with a body that is to be decoded.
  /// - Throws: when as much of its model waits as may.
  func begin(_ source: Source, bodyBytes: Int) throws(APIError) {
    self.source = source
    let first =
      source.isCompressed
      ? task(Self.pieceNanoseconds) { $0.inflate() } : task(service.transferCost.reading(bodyBytes)) { $0.decode() }
    let admission = service.tasks.submit(first)
    guard admission == .queued else { throw .queueFull(retryAfterSeconds: service.retryAfterSeconds(served)) }
  }

  /// Begins with rows that were decoded, and perhaps computed.
  /// - Parameter isComputed: whether only the answer is missing.
  /// - Throws: when as much of its model waits as may.
  func begin(_ work: InferenceRequest.Work, isComputed: Bool) throws(APIError) {
    let maxRows = service.configuration.maxBatchRows
    (answer, rows, ownsBlocks) = (work.answer, work.rows.count, false)
    (wantsEmbeddings, hasEmbeddings) = (work.batch.keepsEmbeddings, work.batch.keepsEmbeddings)
    blocks = stride(from: 0, to: rows, by: maxRows).map { start in
      let end = min(start + maxRows, rows)
      return RowBlocks.Block(
        batch: work.batch, rows: work.rows.lowerBound + start..<work.rows.lowerBound + end, first: start)
    }
    progress.withLock { $0.isDecoded = true }
    if isComputed {
      // The work is done but for its answer: it is not refused now.
      proceed(Self.shortNanoseconds) { $0.encode() }
    } else {
      guard !service.queue.isFull(for: modelID) else {
        throw .queueFull(retryAfterSeconds: service.retryAfterSeconds(served))
      }
      compute(blocks)
    }
  }

  /// Nobody waits for it any more: what is being done is done, and nothing else.
  func abandon() { isAbandoned.store(true, ordering: .relaxed) }

  // MARK: Its steps'

  var modelID: ObjectIdentifier { ObjectIdentifier(served.model.network) }

  /// Whether somebody waits for it; otherwise it ends.
  func isWanted() -> Bool {
    if isAbandoned.load(ordering: .relaxed) {
      end(.disconnected)
    } else if monotonicNanoseconds() >= deadline ?? .max {
      end(.refused(.deadlinePassed))
    } else if service.connectedClients([caller.descriptor]) == [false] {
      end(.disconnected)
    } else {
      return true
    }
    return false
  }

  /// A piece of it, as a task of its model's.
  func task(_ nanoseconds: Double, _ step: @escaping @Sendable (LargeRequest) -> Void) -> TaskQueue.Task {
    TaskQueue.Task(modelID, nanoseconds: nanoseconds) { if self.isWanted() { step(self) } }
  }

  /// Goes on with the next piece.
  func proceed(_ nanoseconds: Double, _ step: @escaping @Sendable (LargeRequest) -> Void) {
    _ = service.tasks.submit(task(nanoseconds, step), isAdmitted: true)
  }

  /// Ends it; only the first end counts.
  func end(_ outcome: Outcome) {
    let isFirst = progress.withLock { progress in
      defer { progress.hasEnded = true }
      return !progress.hasEnded
    }
    guard isFirst else { return }
    self.outcome = outcome
    didEnd(self)
  }
}
