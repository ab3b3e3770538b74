import Batching
package import Bytes
import CMalloc
package import HTTPServer
package import Logging
import Models
package import RadialEngine
import Synchronization

/// What all reactors share: the registry of models, the compute queue, the counters, the readiness. It sees the registry;
/// the registry does not see it.
package final class Service: Sendable {
  /// The limits of answering, and what is said of the process.
  package struct Configuration: Sendable {
    /// What all requests may take: the one that the registry and the server have.
    package var memory = MemoryBudget(limit: 512 << 20)
    /// Of one answer.
    package var maxResponseBytes = 256 << 20
    /// How much work of a model may wait.
    package var maxQueueTime = Duration.seconds(1)
    /// How long a caller waits who does not say.
    package var requestTimeout = Duration.seconds(30)
    /// Whether a waiting request is given up when its client has said that it sends no more.
    package var dropsHalfClosed = true
    /// Rows of one compute-queue batch.
    package var maxBatchRows = 256
    /// Rows of a model that may wait for the compute queue.
    package var maxQueueRows = 16_384
    /// Rows of one request.
    package var maxRequestRows = 16_384
    /// The longest a reactor may compute before it reads its sockets again.
    package var inlineBudget = Duration.milliseconds(1)
    /// Cores that the compute queue may use.
    package var threads = 1
    /// What is asked of callers.
    package var access = Gate.Configuration()
    /// Whether every answer is a line of the log.
    package var logsAccess = false
    /// Lines of the log that were dropped so far.
    package var droppedLogLines: @Sendable () -> Int = { 0 }
    /// Where rows that are called unknown are kept; nil: nowhere.
    package var unknownLog: UnknownLog?
    /// When the certificate expires, in seconds since the epoch; nil: there is none.
    package var certificateExpiry: (@Sendable () -> Int)?
    /// What `radial_build_info` says.
    package var version = "unknown"
    /// What the kernels use, as `radial_build_info` says it.
    package var instructionSet = InstructionSet.best

    /// The defaults of the command line, on one core.
    package init() {}
  }

  /// As it was given.
  package let configuration: Configuration
  /// What is served.
  let registry: ModelRegistry
  let memory: MemoryBudget
  let queue: ComputeQueue
  /// Where large bodies are decoded and large answers encoded.
  let tasks: TaskQueue
  let transferCost = TransferCost.measured
  let inlinePolicy: InlinePolicy
  let readiness = ReadinessState()
  let logger: Logger
  let shards: [MetricsShard]
  private let queueShard: MetricsShard
  let openAPI: FixedResponse

  /// A service that is `loading` until `become`.
  /// - Parameters:
  ///   - registry: what is served; it may go on changing.
  ///   - reactors: how many handlers will be made; the admin listener's counts too, and is the last.
  package init(_ configuration: Configuration, registry: ModelRegistry, reactors: Int, logger: Logger) {
    self.configuration = configuration
    // A block from here on goes back to the system when it is freed; otherwise the allocator learns to keep even large ones.
    mallopt(M_MMAP_THRESHOLD, Int32(ByteBuffer.mapped))
    self.registry = registry
    memory = configuration.memory
    self.logger = logger
    openAPI = FixedResponse(status: 200, body: OpenAPI.document(version: configuration.version))
    shards = (0..<reactors).map { _ in MetricsShard() }
    let queueShard = MetricsShard()
    self.queueShard = queueShard
    inlinePolicy = InlinePolicy(budgetNanoseconds: Double(configuration.inlineBudget / .nanoseconds(1)))
    var limits = BatchPlanner<ObjectIdentifier>.Limits(
      maxBatchRows: configuration.maxBatchRows, maxQueueRows: configuration.maxQueueRows)
    limits.maxQueueNanoseconds = Double(configuration.maxQueueTime / .nanoseconds(1))
    limits.maxBatchNanoseconds = Self.batchNanoseconds
    tasks = TaskQueue(threads: configuration.threads, maxNanoseconds: limits.maxQueueNanoseconds)
    let dropsHalfClosed = configuration.dropsHalfClosed
    queue = ComputeQueue(
      ComputeQueue.Configuration(
        limits: limits, threads: configuration.threads,
        isAlive: { InferenceAPI.connectedClients($0, dropsHalfClosed: dropsHalfClosed) },
        didRunBatch: { report in
          queueShard.update {
            $0.ranBatch(
              index: report.metricsIndex, rows: report.rows, nanoseconds: report.forwardNanoseconds, isInline: false)
          }
        }))
  }

  /// The handler of one reactor.
  /// - Parameter listener: where its requests come in.
  package func makeHandler(_ reactor: any ReactorHandle, _ listener: Listener = .only) -> any RequestHandler {
    ReactorHandler(service: self, reactor: reactor, listener)
  }

  /// Says how many connections the public listener has open: told to whoever asks on another.
  package func countConnections(_ count: @escaping @Sendable () -> ConnectionFigures) {
    connections.withLock { $0 = count }
  }
  private let connections = Mutex<@Sendable () -> ConnectionFigures>({ ConnectionFigures() })

  /// Of the public listener.
  var publicConnections: ConnectionFigures { connections.withLock { $0 }() }

  /// Whether `/readyz` answers 200.
  var isReady: Bool { readiness.current == .ready && registry.catalog.defaultModel != nil }

  /// Says from now on whether requests are welcome.
  package func become(_ readiness: Readiness) { self.readiness.become(readiness) }

  /// How long other models wait for one at most, unless a single request takes longer.
  private static let batchNanoseconds = 50e6

  /// Asks the allocator to give the memory of a burst of requests back to the system.
  func giveMemoryBack() { if memory.hasEnded() { malloc_trim(0) } }

  /// Which of these sockets' clients still wait.
  func connectedClients(_ descriptors: [Int32]) -> [Bool] {
    InferenceAPI.connectedClients(descriptors, dropsHalfClosed: configuration.dropsHalfClosed)
  }

  /// Whether as much of a model waits as may.
  func isQueueFull(for served: ServedModel) -> Bool {
    let model = ObjectIdentifier(served.model.network)
    return queue.isFull(for: model) || tasks.isFull(for: model)
  }

  /// Seconds until there will be room for a model, by the cost of what waits of it.
  func retryAfterSeconds(_ served: ServedModel) -> Int {
    // Never 0: a client that comes back at once would be refused again.
    max(1, Int((queuedNanoseconds(of: served) * 1e-9).rounded(.up)))
  }

  /// How long what waits of a model will take, on all cores.
  func queuedNanoseconds(of served: ServedModel) -> Double {
    let model = ObjectIdentifier(served.model.network)
    return queue.queuedNanoseconds(of: model) + tasks.queuedNanoseconds(of: model)
  }

  /// Refuses an answer that could be larger than answers may be.
  /// - Returns: an upper bound of its bytes.
  @discardableResult
  func checkSize(of answer: any RowsAnswer, rows: Int, _ served: ServedModel) throws(APIError) -> Int {
    let bytes = answer.maxBytes(rows: rows, served)
    guard bytes <= configuration.maxResponseBytes else {
      throw .responseTooLarge(
        rows: rows, bytesPerRow: answer.maxBytes(rows: 1, served), limit: configuration.maxResponseBytes)
    }
    return bytes
  }

  /// All counters, summed as they stand at one moment: every thread's are locked together.
  var metrics: MetricsValues {
    // One lock within the other: all are held while the last is read, so that no request is counted in one shard and
    // not yet in another.
    func sum(_ rest: ArraySlice<MetricsShard>) -> MetricsValues {
      guard let first = rest.first else { return MetricsValues() }
      return first.read { values in
        var total = sum(rest.dropFirst())
        total.add(values)
        return total
      }
    }
    return sum((shards + [queueShard])[...])
  }
}
