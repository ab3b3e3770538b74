import Batching
import Bytes
import HTTPServer
import Synchronization

/// One reactor's part of the service: routes requests, gathers their rows by model, has them computed here or on the compute queue, and
/// answers. Every method runs on the reactor's thread.
final class ReactorHandler: RequestHandler {
  private let service: Service
  private let reactor: any ReactorHandle
  private let recorder: RequestRecorder
  private let reader: RequestReader
  private let writer: AnswerWriter
  private let scheduler: TurnScheduler
  private let gate: Gate
  private let listener: Listener
  private let executor: InlineExecutor
  private let completions: CompletionQueue
  private let repository: RepositoryRequests
  private let subscription: CatalogSubscription

  /// What is served, as of `generation`.
  private var catalog: ModelCatalog
  private var generation: UInt64
  private var batches: [ModelBatch] = []
  /// Whether requests wait in them for the end of the turn.
  private var hasGathered = false
  /// Whether requests were waiting for a model when it was taken out of the catalog.
  private var hasStaleBatches = false
  /// The requests whose rows are in the compute queue, by their jobs.
  private var queued: [UInt64: InferenceRequest] = [:]
  private var nextJob: UInt64 = 0
  /// The large requests, by their numbers, and those that have ended.
  private var large: [UInt64: InferenceRequest] = [:]
  private let ended = EndedRequests()
  /// What this turn may still decode and encode on this thread, in nanoseconds.
  private var turnNanoseconds: Double
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
    turnNanoseconds = service.inlinePolicy.budgetNanoseconds
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
    guard let route = route(of: exchange) else { return refuse(exchange, .unknown, .unknownPath(exchange.path)) }
    if gate.looksAtOrigins, let headers = gate.preflight(exchange, route.endpoint) {
      return answerPreflight(exchange, route.label, headers)
    }
    guard route.endpoint.method.includes(exchange.method) else {
      return refuse(exchange, route.label, .methodNotAllowed(route.endpoint))
    }
    do throws(APIError) {
      if let holder = try gate.check(exchange, route.endpoint) { recorder.admitted(holder) }
      switch route.endpoint.action {
      case .rows(let decoder): try gather(exchange, route, decoder)
      case .document(let document):
        answer(exchange, route.label, try document(inquiry(exchange, route)))
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
    defer { turnNanoseconds = service.inlinePolicy.budgetNanoseconds }
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
        answer(exchange, request.route.label, .empty)
      }
    }
    for request in ended.take() { finish(request) }
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

  /// A large body is announced: it is not read where its request would be refused for want of room.
  func willReceiveBody(of request: any HTTPRequest, bytes: Int?) -> BodyDecision {
    refreshCatalog()
    guard let route = route(of: request), case .rows = route.endpoint.action, request.method == .post,
      let served = try? catalog.served(route.reference)
    else { return .accept(nil) }
    do throws(APIError) {
      try gate.check(request, route.endpoint)
    } catch {
      return refuseBody(request, route, error, by: nil)
    }
    guard service.isQueueFull(for: served), !(bytes.map { mayRunInline($0, served) } ?? false) else {
      return .accept(served.memory)
    }
    return refuseBody(
      request, route, .queueFull(retryAfterSeconds: service.retryAfterSeconds(served)), by: served)
  }

  private func refuseBody(
    _ request: any HTTPRequest, _ route: Route, _ error: APIError, by served: ServedModel?
  ) -> BodyDecision {
    recorder.accepted()
    let response = dressed(writer.response(to: error), for: request)
    recorder.refused(request, route.label, error, response, by: served)
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

  private func inquiry(_ exchange: any HTTPExchange, _ route: Route) -> Inquiry {
    Inquiry(
      request: exchange, reference: route.reference, catalog: catalog, service: service, reader: reader,
      connections: listener == .admin ? service.publicConnections : reactor.connectionFigures)
  }

  private func refuse(
    _ exchange: any HTTPExchange, _ route: RouteLabel, _ error: APIError, by served: ServedModel? = nil
  ) {
    let response = dressed(writer.response(to: error), for: exchange)
    recorder.refused(exchange, route, error, response, by: served)
    exchange.respond(response)
  }

  /// An answer with what browsers of other origins are told.
  private func dressed(_ response: Response, for request: any HTTPRequest) -> Response {
    gate.looksAtOrigins ? response.adding(gate.headers(for: request)) : response
  }

  private func answerPreflight(_ exchange: any HTTPExchange, _ route: RouteLabel, _ headers: [(StaticString, String)]) {
    let seconds = recorder.answered(exchange, route)
    let response = Response(status: 204, body: reactor.makeBuffer(minimumCapacity: 0), headers: headers)
    recorder.sent(exchange, response, seconds: seconds)
    exchange.respond(response)
  }

  private func answer(_ exchange: any HTTPExchange, _ route: RouteLabel, _ document: Document) {
    let seconds = recorder.answered(exchange, route)
    let response = dressed(writer.response(to: document, of: exchange), for: exchange)
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

  private func batch(for served: ServedModel) -> ModelBatch {
    if let batch = batches.first(where: { $0.served === served }) { return batch }
    let batch = ModelBatch(served)
    batches.append(batch)
    return batch
  }

  // MARK: Rows in

  /// Decodes the rows of a request straight into its model's batch of this turn; a large one is left to other threads.
  private func gather(_ exchange: any HTTPExchange, _ route: Route, _ decoder: RowsDecoder) throws(APIError) {
    let served: ServedModel
    do throws(APIError) {
      served = try catalog.served(route.reference)
    } catch {
      if let body = exchange.body, body.count <= Self.checkedBytes { try decoder.check?(reader, body) }
      throw error
    }
    do throws(APIError) {
      // Before the body: a header that is wrong is told before its rows are read.
      let callers = try reader.deadline(of: exchange)
      let isSmall = mayTake(service.transferCost.reading(exchange.bodyBytes))
      guard let body = exchange.body, isSmall else {
        return try enlarge(exchange, route, decoder, served, deadline: callers)
      }
      try gather(exchange, route, decoder.content(of: exchange, body), decoder, served, deadline: callers)
    } catch {
      // Counted as the model's: its statistics tell how many requests failed.
      refuse(exchange, route.label, error, by: served)
    }
  }

  /// Bodies for models that are not there are read as far as this.
  private static let checkedBytes = 64 << 10

  private func gather(
    _ exchange: any HTTPExchange, _ route: Route, _ content: RequestContent, _ decoder: RowsDecoder,
    _ served: ServedModel, deadline: UInt64?
  ) throws(APIError) {
    let start = monotonicNanoseconds()
    let batch = batch(for: served)
    let decoded = try decoder.decode(reader, content, served, batch.rows)
    let deadline = earlier(deadline, decoded.timeoutMicroseconds, from: exchange.receivedNanoseconds)
    let maxAnswerBytes = try service.checkSize(of: decoded.answer, rows: decoded.rows, served)
    let now = monotonicNanoseconds()
    switch scheduler.refusal(rows: decoded.rows, deadline: deadline, now: now, to: batch.turn) {
    case nil: break
    case .full: throw .queueFull(retryAfterSeconds: service.retryAfterSeconds(served))
    case .deadlinePassed: throw .deadlinePassed
    }
    guard let rows = batch.rows.append(decoded.rows) else { throw .noMemory }
    let work = InferenceRequest.Work(
      served: served, answer: decoded.answer, batch: batch.rows, rows: rows, deadline: deadline, decodedAt: now,
      decodeNanoseconds: now - start, maxAnswerBytes: maxAnswerBytes)
    batch.turn.append(.begin(exchange, route, .gathered, work), rows: decoded.rows)
    hasGathered = true
  }

  /// Whether this turn may do something on this thread that takes so long: always where the way to another thread takes as long.
  private func mayTake(_ nanoseconds: Double) -> Bool {
    if nanoseconds <= 2 * InlinePolicy.hopNanoseconds { return true }
    guard nanoseconds <= turnNanoseconds else { return false }
    turnNanoseconds -= nanoseconds
    return true
  }

  // MARK: Large requests

  /// Leaves a request to other threads, its body undecoded.
  private func enlarge(
    _ exchange: any HTTPExchange, _ route: Route, _ decoder: RowsDecoder, _ served: ServedModel, deadline: UInt64?
  ) throws(APIError) {
    let large = makeLarge(exchange, served, deadline: deadline)
    let bytes = exchange.bodyBytes
    let source = LargeRequest.Source(
      body: exchange.takeBody(), header: decoder.header.flatMap(exchange.header), decoder: decoder)
    try large.begin(source, bodyBytes: bytes)
    let request = InferenceRequest.begin(exchange, route, .large)
    request.enlarge(large)
    self.large[large.id] = request
  }

  /// Leaves a request to other threads whose rows are decoded, and perhaps computed.
  private func enlarge(_ request: InferenceRequest, isComputed: Bool) {
    guard let exchange = request.exchange, let work = request.work else { return }
    let large = makeLarge(exchange, work.served, deadline: work.deadline)
    do throws(APIError) {
      try large.begin(work, isComputed: isComputed, maxRows: service.configuration.maxBatchRows)
      request.enlarge(large)
      self.large[large.id] = request
    } catch {
      _ = request.finish()
      refuse(exchange, request.route.label, error, by: work.served)
    }
  }

  private func makeLarge(_ exchange: any HTTPExchange, _ served: ServedModel, deadline: UInt64?) -> LargeRequest {
    nextJob += 1
    let caller = LargeRequest.Caller(
      descriptor: exchange.descriptor, coding: exchange.acceptedCoding,
      receivedNanoseconds: exchange.receivedNanoseconds)
    return LargeRequest(id: nextJob, served, service, caller, deadline: deadline) { [ended, reactor] request in
      ended.put(request)
      reactor.wake()
    }
  }

  /// A large request has ended.
  private func finish(_ large: LargeRequest) {
    guard let request = self.large.removeValue(forKey: large.id), case (let exchange, _)? = request.finish() else {
      return
    }
    switch large.outcome {
    case .answered(let parts, let head):
      let now = monotonicNanoseconds()
      let times = large.times
      let response = dressed(writer.response(parts, head), for: exchange)
      recorder.answered(
        exchange, request.route.label, large.served, rows: large.rows, large.classifications,
        InferenceStatistics.Request(
          whole: now &- exchange.receivedNanoseconds, queue: times.queue, input: times.decode, infer: times.forward,
          output: times.encode), response, at: now)
      exchange.respond(response)
    case .refused(let error): refuse(exchange, request.route.label, error, by: large.served)
    case .disconnected: drop(exchange, request.route.label, by: large.served)
    }
  }

  /// Gives up a request whose client has left. No answer: the socket is gone, and writing to it would only be an error.
  private func drop(_ exchange: any HTTPExchange, _ route: RouteLabel, by served: ServedModel) {
    recorder.disconnected(exchange, route, by: served)
    exchange.cancel()
  }

  // MARK: Rows out

  /// The end of a model's turn: its rows are computed here and now, or go to the compute queue.
  private func compute(_ batch: ModelBatch) {
    let nanoseconds = batch.served.cost.nanoseconds(rows: batch.turn.rows)
    let placement = scheduler.placement(of: batch.turn, nanoseconds: nanoseconds)
    let requests = batch.turn.take()
    switch placement {
    case .inline:
      let forward = executor.run(batch.rows, 0..<batch.rows.count, workspace: batch.workspace)
      recorder.ranInline(batch.served, rows: batch.rows.count, nanoseconds: forward)
      var now = monotonicNanoseconds()
      let start = now - forward
      var isShared = false
      for request in requests {
        // Its client has left within the turn. The rows are computed with the others: taking them out would cost more.
        guard let bytes = request.maxAnswerBytes else { continue }
        guard mayTake(service.transferCost.writing(bytes)) else {
          enlarge(request, isComputed: true)
          isShared = true
          continue
        }
        guard case (let exchange, let work?)? = request.finish() else { continue }
        let queued = start > work.decodedAt ? start - work.decodedAt : 0
        now = answer(exchange, request.route, work, queued: queued, forward: forward, at: now)
      }
      // What others still read is left to them.
      if isShared { batch.replaceRows() } else { batch.rows.clear() }
    case .queue:
      for request in requests { enqueue(request, batch) }
      // The jobs hold the rows now, and the next turn must not write into them.
      batch.replaceRows()
    }
    batch.turn.putBack(requests)
  }

  private func enqueue(_ request: InferenceRequest, _ batch: ModelBatch) {
    guard let work = request.work, let exchange = request.exchange else { return }
    if work.rows.count > service.configuration.maxBatchRows { return enlarge(request, isComputed: false) }
    let id = nextJob
    nextJob += 1
    let job = Job(
      id: id, batch: work.batch, rows: work.rows,
      nanoseconds: work.served.cost.queuedNanoseconds(rows: work.rows.count), deadline: work.deadline,
      descriptor: exchange.descriptor, metricsIndex: work.served.metricsIndex, completions: completions)
    switch service.queue.submit(job) {
    case .queued:
      request.enqueue()
      // Kept by the job's number and not by the exchange, which may close before.
      queued[id] = request
    case .full: runInlineOrRefuse(request, work, exchange, batch)
    }
  }

  /// There is no room in the queue: what is small enough is computed here, and the rest refused.
  private func runInlineOrRefuse(
    _ request: InferenceRequest, _ work: InferenceRequest.Work, _ exchange: any HTTPExchange, _ batch: ModelBatch
  ) {
    _ = request.finish()
    guard work.served.cost.nanoseconds(rows: work.rows.count) <= service.inlinePolicy.budgetNanoseconds else {
      let seconds = service.retryAfterSeconds(work.served)
      return refuse(exchange, request.route.label, .queueFull(retryAfterSeconds: seconds), by: work.served)
    }
    let forward = executor.run(work.batch, work.rows, workspace: batch.workspace)
    recorder.ranInline(work.served, rows: work.rows.count, nanoseconds: forward)
    _ = answer(exchange, request.route, work, queued: 0, forward: forward, at: monotonicNanoseconds())
  }

  /// A request's rows have left the compute queue.
  /// - Parameter start: when this thread turned to it, in monotonic nanoseconds.
  /// - Returns: when it was done with it.
  private func finish(_ request: InferenceRequest, _ job: JobCompletion, at start: UInt64) -> UInt64 {
    if job.outcome == .computed, let bytes = request.maxAnswerBytes, !mayTake(service.transferCost.writing(bytes)) {
      enlarge(request, isComputed: true)
      return start
    }
    guard case (let exchange, let work?)? = request.finish() else { return start }
    switch job.outcome {
    case .computed:
      return answer(
        exchange, request.route, work, queued: job.waitNanoseconds, forward: job.forwardNanoseconds, at: start)
    case .expired: refuse(exchange, request.route.label, .deadlinePassed, by: work.served)
    case .disconnected: drop(exchange, request.route.label, by: work.served)
    }
    return monotonicNanoseconds()
  }

  /// Answers a request whose rows were computed.
  /// - Parameters:
  ///   - queued: how long they waited, in nanoseconds.
  ///   - forward: how long their batch took, in nanoseconds.
  ///   - start: when this thread turned to it, in monotonic nanoseconds.
  /// - Returns: when it was done with it.
  private func answer(
    _ exchange: any HTTPExchange, _ route: Route, _ work: InferenceRequest.Work, queued: UInt64, forward: UInt64,
    at start: UInt64
  ) -> UInt64 {
    do throws(APIError) {
      let (written, classifications) = try writer.response(to: work, of: exchange)
      let response = dressed(written, for: exchange)
      let end = monotonicNanoseconds()
      let times = InferenceStatistics.Request(
        whole: end &- exchange.receivedNanoseconds, queue: queued, input: work.decodeNanoseconds, infer: forward,
        output: end &- start)
      recorder.answered(
        exchange, route.label, work.served, rows: work.rows.count, classifications, times, response, at: end)
      exchange.respond(response)
      return end
    } catch {
      refuse(exchange, route.label, error, by: work.served)
      return monotonicNanoseconds()
    }
  }
}
