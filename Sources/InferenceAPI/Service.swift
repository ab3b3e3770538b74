import Batching
package import HTTPServer
package import Logging
package import Models
package import RadialEngine
import Synchronization

/// What all reactors share: the models, the compute queue, the counters, the readiness.
package final class Service: Sendable {
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
    package var logsAccess = false
    /// What `radial_build_info` says.
    package var version = "unknown"
    package var instructionSet = InstructionSet.best

    package init() {}
  }

  package let configuration: Configuration
  private let current = Mutex(Catalog([], defaultName: nil, failures: [:]))
  /// Differs for every catalog, so that a reactor notices another one by a load.
  let generation = Atomic<UInt64>(0)
  private let mailboxes = Mutex<[WeakMailbox]>([])
  private let names = Mutex(ModelNames())
  let queue: ComputeQueue
  let inlinePolicy: InlinePolicy
  let readiness = ReadinessBoard()
  let logger: Logger
  let shards: [MetricsShard]
  private let queueShard: MetricsShard
  let openAPI: FixedResponse
  let ready = FixedResponse(status: 200, contentType: "application/json", body: #"{"status":"ready"}"#)
  let alive = FixedResponse(status: 200, contentType: "application/json", body: #"{"status":"alive"}"#)

  /// - Parameter reactors: how many handlers will be made.
  package init(_ configuration: Configuration, reactors: Int, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
    openAPI = FixedResponse(
      status: 200, contentType: "application/json", body: OpenAPIDocument.json(version: configuration.version))
    shards = (0..<reactors).map { _ in MetricsShard() }
    let queueShard = MetricsShard()
    self.queueShard = queueShard
    inlinePolicy = InlinePolicy(budgetNanoseconds: Double(configuration.inlineBudget / .nanoseconds(1)))
    queue = ComputeQueue(
      ComputeQueue.Configuration(
        limits: .init(maxBatchRows: configuration.maxBatchRows, maxQueueRows: configuration.maxQueueRows),
        threads: configuration.threads, isAlive: callersAlive,
        didRunBatch: { report in
          queueShard.update {
            $0.ranBatch(slot: report.group, rows: report.rows, nanoseconds: report.forwardNanoseconds, isInline: false)
          }
        }))
  }

  /// The handler of one reactor.
  package func makeHandler(_ link: any ReactorHandle, _ store: ModelStore) -> any RequestHandler {
    ReactorHandler(service: self, store: store, link: link)
  }

  var isReady: Bool { readiness.current == .ready && catalog.defaultModel != nil }

  package func become(_ readiness: Readiness) { self.readiness.become(readiness) }

  /// What is served now.
  var catalog: Catalog { current.withLock { $0 } }

  /// Every version that is served.
  package var served: [ModelSource.Key] { models.map { ModelSource.Key(name: $0.name, version: $0.version) } }

  /// Every version that is served, by name and version.
  package var models: [Model] { catalog.all.map(\.model) }

  /// Swaps in another catalog. Requests in flight finish on the models that they began with.
  func publish(_ catalog: Catalog) {
    current.withLock { $0 = catalog }
    generation.wrappingAdd(1, ordering: .releasing)
    // Idle reactors too shall let go of what is no longer served.
    for mailbox in mailboxes.withLock({ $0 }) { mailbox.mailbox?.wake() }
  }

  func register(_ mailbox: Mailbox) { mailboxes.withLock { $0.append(WeakMailbox(mailbox: mailbox)) } }

  /// Warms a model up and measures it.
  func prepare(_ model: Model) -> ServedModel {
    let cost = CostModel.measure(model.network)
    let slot = names.withLock { $0.slot(of: model) }
    let served = ServedModel(model, cost: cost, slot: slot, maxRows: configuration.maxRequestRows)
    logger.debug(
      "measured",
      metadata: [
        "model": "\(model.name)", "version": "\(model.version)", "one_row_us": "\(cost.nanoseconds(rows: 1) / 1000)",
        "batch_64_us": "\(cost.nanoseconds(rows: 64) / 1000)",
      ])
    return served
  }

  func count(load key: ModelSource.Key, succeeded: Bool) {
    names.withLock { $0.loads[ModelNames.Load(name: key.name, succeeded: succeeded), default: 0] += 1 }
  }

  /// Who the slots of `metrics` belong to, and the loads.
  var modelNames: ModelNames { names.withLock { $0 } }

  /// Seconds until the compute queue will have room, by the cost of what waits.
  func retryAfterSeconds(_ served: ServedModel) -> Int {
    let seconds = served.cost.nanoseconds(rows: queue.queuedRows) * 1e-9 / Double(max(1, configuration.threads))
    return max(1, Int(seconds.rounded(.up)))
  }

  /// All counters, summed as they stand at one moment: every thread's are locked together.
  var metrics: MetricsValues {
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

/// The models that ever were served by this process, by the slot of their counters: counters outlive their model.
struct ModelNames: Sendable {
  struct Load: Hashable, Sendable {
    let name: String
    let succeeded: Bool
  }

  private(set) var slots: [(key: ModelSource.Key, labels: [String]?)] = []
  var loads: [Load: UInt64] = [:]

  mutating func slot(of model: Model) -> Int {
    let key = ModelSource.Key(name: model.name, version: model.version)
    if let slot = slots.firstIndex(where: { $0.key == key }) {
      slots[slot].labels = model.labels
      return slot
    }
    slots.append((key, model.labels))
    return slots.count - 1
  }
}

private struct WeakMailbox: Sendable {
  weak let mailbox: Mailbox?
}
