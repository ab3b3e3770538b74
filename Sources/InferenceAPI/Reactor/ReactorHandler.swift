import Batching
import Bytes
import HTTPServer
import Logging
import Models
import RadialEngine
import Synchronization

/// One reactor's part of the service: decodes requests into the turn's batches, runs or queues them, encodes the answers.
/// Every method runs on the reactor's thread.
final class ReactorHandler: RequestHandler {
  let service: Service
  let link: any ReactorHandle
  let metrics: MetricsShard
  /// What is served, as of `generation`.
  private(set) var catalog: ModelCatalog
  let reader: RequestReader
  private let executor: InlineExecutor
  private let completions: CompletionQueue
  let repositoryRequests: RepositoryRequests
  private let subscription: CatalogSubscription
  private var generation: UInt64
  private var lanes: [Lane] = []
  /// Whether requests were waiting for a model when it was taken out of the catalog.
  private var hasStaleLanes = false
  private var queued: [UInt64: PendingRequest] = [:]
  private var nextJob: UInt64 = 0
  /// Clients ask for the same path again and again.
  private var lastRoute: (path: String, route: Route?) = ("", nil)
  /// Of the answer that is being encoded; kept for its memory.
  var classifications: [Classification] = []
  /// When this thread finished what it did last for a request, in monotonic nanoseconds: from there on it works for the next.
  var lap: UInt64 = 0

  init(service: Service, link: any ReactorHandle) {
    self.service = service
    self.link = link
    reader = RequestReader(maxRows: service.configuration.maxRequestRows)
    executor = InlineExecutor(label: "radial.reactor.\(link.index)")
    completions = CompletionQueue { link.wake() }
    repositoryRequests = RepositoryRequests(service.registry) { link.wake() }
    // Before the catalog is taken, so that what is published in between is not missed. An idle reactor too lets go of
    // what is replaced.
    subscription = service.registry.subscribe { link.wake() }
    generation = service.registry.generation.load(ordering: .acquiring)
    catalog = service.registry.catalog
    metrics = service.shards[link.index]
  }

  // MARK: RequestHandler

  func didReceive(_ exchange: any HTTPExchange) {
    metrics.update { $0.accepted += 1 }
    refreshCatalog()
    guard let route = route(of: exchange) else { return refuse(exchange, .unknown, .unknownPath(exchange.path)) }
    guard route.allows(exchange.method) else { return refuse(exchange, route.label, .methodNotAllowed(route)) }
    do throws(APIError) {
      switch route {
      case .root:
        let isPage = exchange.header("Accept").map(PlaygroundPage.isPreferred) ?? false
        answer(exchange, route.label, isPage ? PlaygroundPage.response : service.alive)
      case .livez: answer(exchange, route.label, service.alive)
      case .readyz, .healthz:
        try requireReadiness()
        answer(exchange, route.label, service.ready)
      case .metrics: answerMetrics(exchange)
      case .openAPI: answer(exchange, route.label, service.openAPI)
      case .models: answer(exchange, route.label, catalog.list)
      case .model(let reference): answer(exchange, route.label, try catalog.served(reference).description)
      case .predict(let reference):
        try admit(exchange, .predict, catalog.served(reference)) { served, batch throws(APIError) in
          try reader.native(exchange, served, into: batch, isPredict: true)
        }
      case .distances(let reference):
        try admit(exchange, .distances, catalog.served(reference)) { served, batch throws(APIError) in
          try reader.native(exchange, served, into: batch, isPredict: false)
        }
      case .openInference(let route): try receive(exchange, route)
      case .serving(let route): try receive(exchange, route)
      }
    } catch {
      refuse(exchange, route.label, error)
    }
  }

  func didReadSockets() {
    for index in lanes.indices where !lanes[index].pending.isEmpty { finish(&lanes[index]) }
    if hasStaleLanes { dropLanes() }
  }

  func didWake() {
    refreshCatalog()
    for (exchange, route, error) in repositoryRequests.take() {
      exchange.place = .none
      if let error { refuse(exchange, route, error) } else { answer(exchange, route, text: "") }
    }
    lap = monotonicNanoseconds()
    for job in completions.take() {
      guard let pending = queued.removeValue(forKey: job.id) else { continue }
      metrics.update { $0.queueWait.observe(Double(job.waitNanoseconds) * 1e-9) }
      guard let exchange = pending.exchange else { continue }
      exchange.place = .none
      switch job.outcome {
      case .computed: answer(pending, exchange, queued: job.waitNanoseconds, forward: job.forwardNanoseconds)
      case .expired: refuse(exchange, pending.operation.route, .deadlinePassed, by: pending.served)
      case .disconnected:
        metrics.update { $0.rejected(RejectionReason.callerGone.rawValue) }
        record(exchange, pending.operation.route, nil, code: 499, by: pending.served)
        exchange.cancel()
      }
    }
  }

  func didReject(_ rejection: ServerRejection) {
    metrics.update {
      $0.accepted += 1
      $0.answered(.refused, code: rejection.status, seconds: 0)
      $0.rejected(rejection.reason.rawValue)
    }
  }

  func response(to rejection: ServerRejection) -> Response {
    let json = JSONWriter(link.makeBuffer(minimumCapacity: 256))
    json.write("{\"error\":")
    json.write(string: rejection.message)
    json.write("}")
    return Response(status: rejection.status, body: json.buffer, headers: rejection.headers)
  }

  func didLoseClient(_ exchange: any HTTPExchange) {
    let route: RouteLabel
    switch exchange.place {
    case .none: return
    case .repository: route = repositoryRequests.forget(exchange) ?? .v2Load
    case .turn:
      guard let (lane, place) = place(of: exchange) else { return }
      route = lanes[lane].pending[place].operation.route
      lanes[lane].pending[place].exchange = nil
    case .queue(let job):
      guard let pending = queued[job] else { return }
      route = pending.operation.route
      queued[job]?.exchange = nil
    }
    exchange.place = .none
    metrics.update {
      $0.answered(route, code: 499, seconds: Self.seconds(since: exchange))
      $0.rejected(RejectionReason.callerGone.rawValue)
    }
  }

  func responseAtShutdown(to exchange: any HTTPExchange) -> Response {
    var route = RouteLabel.predict
    switch exchange.place {
    case .none, .turn: break
    case .repository: route = repositoryRequests.forget(exchange) ?? .v2Load
    case .queue(let job):
      route = queued[job]?.operation.route ?? route
      queued[job]?.exchange = nil
    }
    exchange.place = .none
    record(exchange, route, .draining, code: APIError.draining.status)
    return APIError.draining.response(in: link.makeBuffer(minimumCapacity: 256))
  }

  // MARK: Routes

  private func route(of exchange: any HTTPRequest) -> Route? {
    if exchange.path != lastRoute.path { lastRoute = (exchange.path, Route(path: exchange.path)) }
    return lastRoute.route
  }

  /// Refuses a probe while requests are not welcome.
  func requireReadiness() throws(APIError) {
    try service.readiness.require(hasModel: catalog.defaultModel != nil)
  }

  // MARK: Models

  /// Takes over the latest catalog, and lets go of the memory of models that are no longer in it.
  private func refreshCatalog() {
    let latest = service.registry.generation.load(ordering: .acquiring)
    guard latest != generation else { return }
    generation = latest
    catalog = service.registry.catalog
    dropLanes()
  }

  /// Those of models that are no longer served, unless somebody waits in them.
  private func dropLanes() {
    lanes.removeAll { $0.pending.isEmpty && !catalog.contains($0.served) }
    hasStaleLanes = lanes.contains { !catalog.contains($0.served) }
  }

  // MARK: Decode

  /// Decodes the rows straight into the turn's batch.
  /// - Parameter read: leaves rows in the batch's reserve and says what they are for.
  func admit(
    _ exchange: any HTTPExchange, _ route: RouteLabel, _ served: ServedModel,
    _ read: (ServedModel, RowBatch) throws(APIError) -> (Operation, rows: Int)
  ) throws(APIError) {
    do throws(APIError) {
      let start = monotonicNanoseconds()
      var deadline = try deadline(of: exchange)
      let lane = lane(for: served)
      let batch = lanes[lane].batch
      let (operation, rows) = try read(served, batch)
      if batch.count > 0, batch.count + rows > service.configuration.maxQueueRows {
        throw .queueFull(retryAfterSeconds: service.retryAfterSeconds(served))
      }
      if case .infer(let request) = operation, request.timeout > 0 {
        let end = exchange.receivedNanoseconds &+ min(request.timeout, 1 << 50) * 1000
        deadline = min(deadline ?? .max, end)
        if monotonicNanoseconds() >= end { throw .deadlinePassed }
      }
      exchange.place = .turn
      let decoded = monotonicNanoseconds()
      lanes[lane].pending.append(
        PendingRequest(
          exchange: exchange, served: served, operation: operation, batch: batch, rows: batch.append(rows),
          deadline: deadline, decodedAt: decoded, decodeNanoseconds: decoded - start))
    } catch {
      refuse(exchange, route, error, by: served)
    }
  }

  private func deadline(of exchange: any HTTPRequest) throws(APIError) -> UInt64? {
    guard let value = exchange.header("X-Request-Timeout-Ms") else { return nil }
    guard let milliseconds = wholeNumber(value), (1...86_400_000).contains(milliseconds) else {
      throw .badTimeout(String(value.prefix(32)))
    }
    return exchange.receivedNanoseconds + milliseconds * 1_000_000
  }

  private func lane(for served: ServedModel) -> Int {
    if let lane = lanes.firstIndex(where: { $0.served === served }) { return lane }
    lanes.append(Lane(served))
    return lanes.count - 1
  }

  private func place(of exchange: any HTTPExchange) -> (lane: Int, place: Int)? {
    for lane in lanes.indices {
      if let place = lanes[lane].pending.firstIndex(where: { $0.exchange === exchange }) { return (lane, place) }
    }
    return nil
  }

  // MARK: Compute

  /// The end of a lane's turn: its batch runs here and now, or goes to the compute queue.
  private func finish(_ lane: inout Lane) {
    // Taken out, so that an answer may touch the lane, and put back, emptied, for its memory.
    var pending: [PendingRequest] = []
    swap(&pending, &lane.pending)
    let cost = lane.served.cost.nanoseconds(rows: lane.batch.count)
    if service.inlinePolicy.runsInline(nanoseconds: cost, requests: pending.count) {
      let nanoseconds = executor.run(lane.batch, workspace: lane.workspace)
      let (slot, rows) = (lane.served.metricsIndex, lane.batch.count)
      metrics.update { $0.ranBatch(index: slot, rows: rows, nanoseconds: nanoseconds, isInline: true) }
      lap = monotonicNanoseconds()
      let start = lap - nanoseconds
      for request in pending {
        guard let exchange = request.exchange else { continue }
        exchange.place = .none
        answer(
          request, exchange, queued: start > request.decodedAt ? start - request.decodedAt : 0, forward: nanoseconds)
      }
      lane.batch.clear()
    } else {
      for request in pending { enqueue(request) }
      lane.batch = RowBatch(network: lane.served.model.network)
    }
    pending.removeAll(keepingCapacity: true)
    swap(&pending, &lane.pending)
  }

  private func enqueue(_ request: PendingRequest) {
    guard let exchange = request.exchange else { return }
    let id = nextJob
    nextJob += 1
    let job = Job(
      id: id, batch: request.batch, rows: request.rows, deadline: request.deadline, descriptor: exchange.descriptor,
      metricsIndex: request.served.metricsIndex, completions: completions)
    switch service.queue.submit(job) {
    case .queued:
      exchange.place = .queue(job: id)
      queued[id] = request
    case .full:
      exchange.place = .none
      let seconds = service.retryAfterSeconds(request.served)
      refuse(exchange, request.operation.route, .queueFull(retryAfterSeconds: seconds), by: request.served)
    }
  }
}
