import Batching
import Bytes
import HTTPServer
import Synchronization

/// One reactor's part of the service: routes requests, gathers their rows by model, has them computed here or on the compute queue, and
/// answers. Every method runs on the reactor's thread. What it does with rows is in `ReactorHandler+rows`.
final class ReactorHandler: RequestHandler {
  let service: Service
  private let reactor: any ReactorHandle
  let recorder: RequestRecorder
  let reader: RequestReader
  let writer: AnswerWriter
  let scheduler: TurnScheduler
  private let gate: Gate
  private let listener: Listener
  let executor: InlineExecutor
  let completions: CompletionQueue<JobCompletion>
  private let repository: RepositoryRequests
  private let subscription: CatalogSubscription

  /// What is served, as of `generation`.
  private(set) var catalog: ModelCatalog
  private var generation: UInt64
  private var batches: [ModelBatch] = []
  /// Whether requests wait in them for the end of the turn.
  var hasGathered = false
  /// Whether requests were waiting for a model when it was taken out of the catalog.
  private var hasStaleBatches = false
  /// The requests whose rows are in the compute queue, by their jobs.
  var queued: [UInt64: InferenceRequest] = [:]
  var nextJob: UInt64 = 0
  let large: LargeRequests
  var budget: TurnBudget
  /// Clients ask for the same path again and again.
  private var lastRoute: (path: String, route: Route?) = ("", nil)

  /// The handler of one reactor; on its thread.
  init(service: Service, reactor: any ReactorHandle, _ listener: Listener) {
    self.service = service
    self.reactor = reactor
    let configuration = service.configuration
    self.listener = listener
    gate = Gate(configuration.access, listener)
    let shard = listener == .admin ? service.shards[service.shards.count - 1] : service.shards[reactor.index]
    recorder = RequestRecorder(shard, service.logger, gate, logsAccess: configuration.logsAccess)
    reader = RequestReader(maxRows: configuration.maxRequestRows, timeout: configuration.requestTimeout)
    writer = AnswerWriter(reactor)
    budget = TurnBudget(service.inlinePolicy)
    large = LargeRequests(service) { reactor.wake() }
    scheduler = TurnScheduler(maxWaitingRows: configuration.maxQueueRows, policy: service.inlinePolicy)
    executor = InlineExecutor(label: "radial.reactor.\(reactor.index)")
    completions = CompletionQueue { reactor.wake() }
    repository = RepositoryRequests(service.registry) { reactor.wake() }
    // Before the catalog is taken, so that what is published in between is not missed. An idle reactor too lets go of
    // what is replaced.
    subscription = service.registry.subscribe { reactor.wake() }
    // The number before the catalog: one that is published in between is noticed as another one.
    generation = service.registry.generation.load(ordering: .acquiring)
    catalog = service.registry.catalog
  }

  // MARK: RequestHandler

  /// A request is whole: answers it at once, or gathers its rows.
  func didReceive(_ exchange: any HTTPExchange) {
    recorder.accepted()
    refreshCatalog()
    // First the path, then the method: a wrong method on a path that is none is a wrong path.
    guard let route = route(of: exchange) else {
      return refuse(exchange, .unknown, .unknownPath(exchange.path, prefix: gate.prefix))
    }
    if gate.looksAtOrigins, let headers = gate.preflight(exchange, route.endpoint) {
      return answerPreflight(exchange, route.label, headers)
    }
    do throws(APIError) {
      if let holder = try gate.check(exchange, route.endpoint) { recorder.admitted(holder) }
      switch route.endpoint.action {
      case .rows(let decoder): try gather(exchange, route, decoder)
      case .document(let document):
        try answer(exchange, route.label, try document(inquiry(exchange, route)))
      case .load(let name):
        let name = try name(inquiry(exchange, route))
        repository.load(name, for: .begin(exchange, route, .loading))
      }
    } catch {
      refuse(exchange, route.label, error)
    }
  }

  /// The turn ends: its rows are computed.
  func didReadSockets() {
    defer { budget.reset() }
    // Most turns bring no rows: a turn that writes an answer is one.
    guard hasGathered else { return }
    // Before the rows are computed: an answer may bring the next request in.
    hasGathered = false
    for batch in batches where !batch.turn.isEmpty { compute(batch) }
    if hasStaleBatches { dropBatches() }
  }

  /// Another thread has finished something, or a catalog was published.
  func didWake() {
    refreshCatalog()
    for (request, error) in repository.takeFinished() {
      guard let (exchange, _) = request.finish() else { continue }
      if let error {
        refuse(exchange, request.route.label, error)
      } else {
        do throws(APIError) {
          try answer(exchange, request.route.label, .empty)
        } catch {
          refuse(exchange, request.route.label, error)
        }
      }
    }
    for (request, large) in large.takeEnded() { finish(request, large) }
    var now = monotonicNanoseconds()
    for job in completions.take() {
      guard let request = queued.removeValue(forKey: job.id) else { continue }
      recorder.leftQueue(after: job.waitNanoseconds)
      now = finish(request, job, at: now)
    }
  }

  /// A second has passed.
  func trimMemory() -> Bool {
    let spare = batches.map { $0.trim() }
    service.giveMemoryBack()
    return spare.contains(true) || service.memory.usedBytes > 0
  }

  /// The server has turned a request away by itself.
  func didReject(_ rejection: ServerRejection, of request: any HTTPRequest) {
    recorder.rejected(rejection, of: request)
  }

  /// The answer to it.
  func response(to rejection: ServerRejection) -> Response {
    writer.response(to: APIError(rejection))
  }

  /// Nobody waits for an answer any more.
  func didLoseClient(_ exchange: any HTTPExchange) {
    guard let request = InferenceRequest.waiting(in: exchange) else { return }
    recorder.disconnected(exchange, request.route.label)
    request.abandon()
  }

  /// The grace is over, and a request still has no answer.
  func responseAtShutdown(to exchange: any HTTPExchange) -> Response {
    let response = writer.response(to: .draining)
    if let request = InferenceRequest.waiting(in: exchange) {
      recorder.refused(exchange, request.route.label, .draining, response)
      request.abandon()
    }
    return response
  }

  /// A large body is announced: it is not read where its request would be refused whatever it holds, or for want of room.
  func willReceiveBody(of request: any HTTPRequest, bytes: Int?) -> BodyDecision {
    refreshCatalog()
    guard let route = route(of: request) else {
      return refuseBody(request, .unknown, .unknownPath(request.path, prefix: gate.prefix))
    }
    let isPreflight = gate.looksAtOrigins && gate.preflight(request, route.endpoint) != nil
    do throws(APIError) {
      if isPreflight { throw .needlessBody(of: route.endpoint) }
      try gate.check(request, route.endpoint)
      guard case .rows = route.endpoint.action else {
        // What refuses every request says why.
        if route.endpoint.isRefused, case .document(let document) = route.endpoint.action {
          _ = try document(inquiry(request, route))
        }
        throw .needlessBody(of: route.endpoint)
      }
      let served = try catalog.served(route.reference)
      guard service.isQueueFull(for: served), !(bytes.map { mayRunInline($0, served) } ?? false) else {
        return .accept(served.requestMemory())
      }
      return refuseBody(
        request, route.label, .queueFull(retryAfterSeconds: service.retryAfterSeconds(served)), by: served)
    } catch {
      return refuseBody(request, route.label, error)
    }
  }

  private func refuseBody(
    _ request: any HTTPRequest, _ route: RouteLabel, _ error: APIError, by served: ServedModel? = nil
  ) -> BodyDecision {
    recorder.accepted()
    let response = dressed(writer.response(to: error), for: request)
    recorder.refused(request, route, error, response, by: served)
    return .refuse(response)
  }

  /// Whether a body of so many bytes may be one that is answered on this thread, by the most rows that it can have.
  private func mayRunInline(_ bytes: Int, _ served: ServedModel) -> Bool {
    let rows = reader.room(bytes, served)
    return service.transferCost.reading(bytes) + served.cost.nanoseconds(rows: rows)
      <= service.inlinePolicy.budgetNanoseconds
  }

  // MARK: What requests are for

  private func route(of exchange: any HTTPRequest) -> Route? {
    // A comparison instead of a walk along the templates.
    if exchange.path != lastRoute.path {
      lastRoute = (exchange.path, gate.path(exchange.path).flatMap(EndpointTable.route))
    }
    return lastRoute.route
  }

  private func inquiry(_ request: any HTTPRequest, _ route: Route) -> Inquiry {
    Inquiry(
      request: request, reference: route.reference, catalog: catalog, service: service, reader: reader,
      connections: listener == .admin ? service.publicConnections : reactor.connectionFigures)
  }

  func refuse(
    _ exchange: any HTTPExchange, _ route: RouteLabel, _ error: APIError, by served: ServedModel? = nil
  ) {
    let response = dressed(writer.response(to: error), for: exchange)
    recorder.refused(exchange, route, error, response, by: served)
    exchange.respond(response)
  }

  /// An answer with what browsers of other origins are told.
  func dressed(_ response: Response, for request: any HTTPRequest) -> Response {
    gate.looksAtOrigins ? response.adding(gate.headers(for: request)) : response
  }

  private func answerPreflight(_ exchange: any HTTPExchange, _ route: RouteLabel, _ headers: [(StaticString, String)]) {
    let seconds = recorder.answered(exchange, route)
    let response = Response(status: 204, body: reactor.makeBuffer(minimumCapacity: 0), headers: headers)
    recorder.sent(exchange, response, seconds: seconds)
    exchange.respond(response)
  }

  private func answer(_ exchange: any HTTPExchange, _ route: RouteLabel, _ document: Document) throws(APIError) {
    let memory = try writer.reserve(for: document)
    let seconds = recorder.answered(exchange, route)
    let response = dressed(writer.response(to: document, of: exchange, memory), for: exchange)
    recorder.sent(exchange, response, seconds: seconds)
    exchange.respond(response)
  }

  // MARK: Models

  /// Takes over the latest catalog, and lets go of the memory of models that are no longer in it.
  private func refreshCatalog() {
    let latest = service.registry.generation.load(ordering: .acquiring)
    guard latest != generation else { return }
    generation = latest
    catalog = service.registry.catalog
    dropBatches()
  }

  /// Drops those of models that are no longer served, unless somebody waits in them.
  private func dropBatches() {
    batches.removeAll { $0.turn.isEmpty && !catalog.contains($0.served) }
    hasStaleBatches = batches.contains { !catalog.contains($0.served) }
  }

  func batch(for served: ServedModel) -> ModelBatch {
    if let batch = batches.first(where: { $0.served === served }) { return batch }
    let batch = ModelBatch(served)
    batches.append(batch)
    return batch
  }
}
