import Batching
package import HTTPServer
package import Logging
package import RadialEngine
import Synchronization

/// What all reactors share: the registry of models, the compute queue, the counters, the readiness. It sees the registry;
/// the registry does not see it.
package final class Service: Sendable {
  /// The limits of answering, and what is said of the process.
  package struct Configuration: Sendable {
    /// Rows of one compute-queue batch.
    package var maxBatchRows = 256
    /// Rows that may wait for the compute queue.
    package var maxQueueRows = 16_384
    /// Rows of one request.
    package var maxRequestRows = 16_384
    /// The longest a reactor may compute before it reads its sockets again.
    package var inlineBudget = Duration.milliseconds(1)
    /// Cores that the compute queue may use.
    package var threads = 1
    /// Whether every answer is a line of the log.
    package var logsAccess = false
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
  let queue: ComputeQueue
  let inlinePolicy: InlinePolicy
  let readiness = ReadinessState()
  let logger: Logger
  let shards: [MetricsShard]
  private let queueShard: MetricsShard
  let openAPI: FixedResponse

  /// A service that is `loading` until `become`.
  /// - Parameters:
  ///   - registry: what is served; it may go on changing.
  ///   - reactors: how many handlers will be made.
  package init(_ configuration: Configuration, registry: ModelRegistry, reactors: Int, logger: Logger) {
    self.configuration = configuration
    self.registry = registry
    self.logger = logger
    openAPI = FixedResponse(status: 200, body: OpenAPI.document(version: configuration.version))
    shards = (0..<reactors).map { _ in MetricsShard() }
    let queueShard = MetricsShard()
    self.queueShard = queueShard
    inlinePolicy = InlinePolicy(budgetNanoseconds: Double(configuration.inlineBudget / .nanoseconds(1)))
    queue = ComputeQueue(
      ComputeQueue.Configuration(
        limits: .init(maxBatchRows: configuration.maxBatchRows, maxQueueRows: configuration.maxQueueRows),
        threads: configuration.threads, isAlive: connectedClients,
        didRunBatch: { report in
          queueShard.update {
            $0.ranBatch(
              index: report.metricsIndex, rows: report.rows, nanoseconds: report.forwardNanoseconds, isInline: false)
          }
        }))
  }

  /// The handler of one reactor.
  package func makeHandler(_ reactor: any ReactorHandle) -> any RequestHandler {
    ReactorHandler(service: self, reactor: reactor)
  }

  /// Whether `/readyz` answers 200.
  var isReady: Bool { readiness.current == .ready && registry.catalog.defaultModel != nil }

  /// Says from now on whether requests are welcome.
  package func become(_ readiness: Readiness) { self.readiness.become(readiness) }

  /// Seconds until the compute queue will have room, by the cost of what waits.
  func retryAfterSeconds(_ served: ServedModel) -> Int {
    // Never 0: a client that comes back at once would be refused again.
    let seconds = served.cost.nanoseconds(rows: queue.queuedRows) * 1e-9 / Double(max(1, configuration.threads))
    return max(1, Int(seconds.rounded(.up)))
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
