import Batching
package import HTTPServer
package import Logging
package import Models
import RadialEngine

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

    package init() {}
  }

  let configuration: Configuration
  let registry: ModelRegistry
  let models: [ServedModel]
  private let indices: [ObjectIdentifier: Int]
  let queue: ComputeQueue
  let inlinePolicy: InlinePolicy
  let readiness = ReadinessBoard()
  let logger: Logger
  let shards: [MetricsShard]
  private let queueShard: MetricsShard
  let modelList: FixedResponse
  let alive = FixedResponse(status: 200, contentType: "application/json", body: #"{"status":"alive"}"#)

  /// - Parameters:
  ///   - models: every model of `registry`, with its measured cost.
  ///   - reactors: how many handlers will be made.
  package init(
    _ configuration: Configuration, registry: ModelRegistry, models: [ServedModel], reactors: Int, logger: Logger
  ) {
    self.configuration = configuration
    self.registry = registry
    self.models = models
    self.logger = logger
    indices = Dictionary(
      uniqueKeysWithValues: models.enumerated().map { (ObjectIdentifier($0.element.model), $0.offset) })
    shards = (0..<reactors).map { _ in MetricsShard() }
    let queueShard = MetricsShard()
    self.queueShard = queueShard
    inlinePolicy = InlinePolicy(budgetNanoseconds: Double(configuration.inlineBudget / .nanoseconds(1)))
    queue = ComputeQueue(
      ComputeQueue.Configuration(
        limits: .init(maxBatchRows: configuration.maxBatchRows, maxQueueRows: configuration.maxQueueRows),
        threads: configuration.threads, isAlive: callersAlive,
        didRunBatch: { report in
          queueShard.update { $0.ranBatch(rows: report.rows, nanoseconds: report.forwardNanoseconds, isInline: false) }
        }))
    let items = models.map { served in
      "{\"name\":\(String(decoding: JSONWriter.escaped(served.model.name), as: UTF8.self)),"
        + "\"version\":\"\(served.model.version)\",\"state\":\"ready\","
        + "\"default\":\(served.model === registry.defaultModel)}"
    }
    modelList = FixedResponse(
      status: 200, contentType: "application/json", body: "{\"models\":[\(items.joined(separator: ","))]}")
  }

  /// The handler of one reactor.
  package func makeHandler(_ link: Reactor.Link) -> any RequestHandler {
    ReactorHandler(service: self, link: link)
  }

  package func become(_ readiness: Readiness) { self.readiness.become(readiness) }

  /// The model that a request names, and its index in `models`.
  func model(_ reference: ModelReference) throws(APIError) -> (served: ServedModel, index: Int) {
    let model: Model
    if let name = reference.name {
      switch registry.model(named: name, version: reference.version) {
      case .found(let found): model = found
      case .unknownModel: throw .unknownModel(name, served: models.map(\.model.name))
      case .unknownVersion: throw .unknownVersion(name, reference.version ?? 0)
      }
    } else {
      model = registry.defaultModel
    }
    guard let index = indices[ObjectIdentifier(model)] else {
      preconditionFailure("the registry holds a model that was not prepared for serving")
    }
    return (models[index], index)
  }

  /// Seconds until the compute queue will have room, by the cost of what waits.
  func retryAfterSeconds(_ served: ServedModel) -> Int {
    let seconds = served.cost.nanoseconds(rows: queue.queuedRows) * 1e-9 / Double(max(1, configuration.threads))
    return max(1, Int(seconds.rounded(.up)))
  }

  /// All counters, summed.
  var metrics: MetricsValues {
    var sum = queueShard.snapshot
    for shard in shards { sum.add(shard.snapshot) }
    return sum
  }
}
