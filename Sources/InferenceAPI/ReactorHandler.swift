import Batching
import FastJSON
import HTTPServer
import Logging
import Models
import RadialEngine
import Synchronization

/// One reactor's part of the service: decodes requests into the turn's batches, runs or queues them, encodes the answers.
/// Every method runs on the reactor's thread.
final class ReactorHandler: RequestHandler {
  private let service: Service
  private let link: Reactor.Link
  private let parser: OpaquePointer
  private let executor: InlineExecutor
  private let mailbox: Mailbox
  private let metrics: MetricsShard
  /// What is served, as of `generation`.
  private var catalog: Catalog
  private var generation: UInt64
  private var lanes: [Lane] = []
  /// Whether requests were waiting for a model when it was taken out of the catalog.
  private var hasStaleLanes = false
  private var queued: [UInt64: PendingRequest] = [:]
  private var nextJob: UInt64 = 0
  /// Of the answer that is being encoded; kept for its memory.
  private var verdicts: [Verdict] = []

  /// `Exchange.tag` of a request whose rows wait in the turn, and of one with nothing owed; others hold their job's number.
  private static let inTurn = -2
  private static let idle = -1

  /// JSON nested deeper than this is refused: requests are three levels deep.
  private static let maxDepth = 64

  init(service: Service, link: Reactor.Link) {
    self.service = service
    self.link = link
    guard let parser = fj_parser_create(Self.maxDepth) else { fatalError("out of memory: no JSON parser") }
    self.parser = parser
    executor = InlineExecutor(label: "radial.reactor.\(link.index)")
    mailbox = Mailbox { link.wake() }
    generation = service.generation.load(ordering: .acquiring)
    catalog = service.catalog
    service.register(mailbox)
    metrics = service.shards[link.index]
  }

  deinit { fj_parser_destroy(parser) }

  // MARK: RequestHandler

  func receive(_ exchange: Exchange) {
    metrics.update { $0.accepted += 1 }
    exchange.tag = Self.idle
    refreshCatalog()
    guard let route = Route(path: exchange.path) else {
      return refuse(exchange, .unknown, .unknownPath(exchange.path))
    }
    guard route.allows(exchange.method) else { return refuse(exchange, route.label, .methodNotAllowed(route)) }
    do throws(APIError) {
      switch route {
      case .root, .livez: answer(exchange, route.label, service.alive)
      case .readyz, .healthz:
        answer(exchange, route.label, service.readiness.response(hasModel: catalog.defaultModel != nil))
      case .metrics: answerMetrics(exchange)
      case .models: answer(exchange, route.label, catalog.list)
      case .model(let reference): answer(exchange, route.label, try model(reference).description)
      case .predict(let reference): try admit(exchange, reference, isPredict: true)
      case .distances(let reference): try admit(exchange, reference, isPredict: false)
      }
    } catch {
      refuse(exchange, route.label, error)
    }
  }

  func endTurn() {
    for index in lanes.indices where !lanes[index].pending.isEmpty { finish(&lanes[index]) }
    if hasStaleLanes { dropLanes() }
  }

  func woken() {
    refreshCatalog()
    for job in mailbox.take() {
      guard let pending = queued.removeValue(forKey: job.id) else { continue }
      metrics.update { $0.queueWait.observe(Double(job.waitNanoseconds) * 1e-9) }
      guard let exchange = pending.exchange else { continue }
      exchange.tag = Self.idle
      switch job.outcome {
      case .computed: answer(pending, exchange)
      case .expired: refuse(exchange, pending.operation.route, .deadlinePassed)
      case .dead:
        metrics.update { $0.rejected(RejectionReason.callerGone.rawValue) }
        record(exchange, pending.operation.route, nil, code: 499)
        exchange.drop()
      }
    }
  }

  func refused(_ refusal: Refusal) {
    metrics.update {
      $0.accepted += 1
      $0.answered(.refused, code: refusal.status, seconds: 0)
      $0.rejected(refusal.reason.rawValue)
    }
  }

  func abandoned(_ exchange: Exchange) {
    let route: RouteLabel
    switch exchange.tag {
    case Self.idle: return
    case Self.inTurn:
      guard let (lane, place) = place(of: exchange) else { return }
      route = lanes[lane].pending[place].operation.route
      lanes[lane].pending[place].exchange = nil
    default:
      let job = UInt64(exchange.tag)
      guard let pending = queued[job] else { return }
      route = pending.operation.route
      queued[job]?.exchange = nil
    }
    exchange.tag = Self.idle
    metrics.update {
      $0.answered(route, code: 499, seconds: Self.seconds(since: exchange))
      $0.rejected(RejectionReason.callerGone.rawValue)
    }
  }

  func unanswered(_ exchange: Exchange) -> Response {
    if exchange.tag >= 0 { queued[UInt64(exchange.tag)]?.exchange = nil }
    exchange.tag = Self.idle
    record(exchange, .predict, .draining, code: APIError.draining.status)
    return APIError.draining.response(in: link.makeBuffer(minimumCapacity: 256))
  }

  // MARK: Models

  /// Takes over the latest catalog, and lets go of the memory of models that are no longer in it.
  private func refreshCatalog() {
    let latest = service.generation.load(ordering: .acquiring)
    guard latest != generation else { return }
    generation = latest
    catalog = service.catalog
    dropLanes()
  }

  /// Those of models that are no longer served, unless somebody waits in them.
  private func dropLanes() {
    lanes.removeAll { $0.pending.isEmpty && !catalog.contains($0.served) }
    hasStaleLanes = lanes.contains { !catalog.contains($0.served) }
  }

  private func model(_ reference: ModelReference) throws(APIError) -> ServedModel {
    guard let name = reference.name else {
      guard let served = catalog.defaultModel else { throw .noModel }
      return served
    }
    switch catalog.model(named: name, version: reference.version) {
    case .found(let served): return served
    case .unknownModel: throw .unknownModel(name, served: catalog.all.map(\.model.name))
    case .unknownVersion: throw .unknownVersion(name, reference.version ?? 0)
    }
  }

  // MARK: Decode

  /// Decodes the rows straight into the turn's batch.
  private func admit(_ exchange: Exchange, _ reference: ModelReference, isPredict: Bool) throws(APIError) {
    let served = try model(reference)
    let deadline = try deadline(of: exchange)
    let body = exchange.body
    guard let bytes = body.baseAddress, body.count > 0 else { throw .emptyBody }

    let lane = lane(for: served)
    let batch = lanes[lane].batch
    let width = served.model.network.inputWidth
    let maxRows = service.configuration.maxRequestRows
    let room = min(max(1, fj_max_rows(body.count, width)), maxRows)
    let rows = batch.reserve(room)
    var request = fj_predict_request()
    var error = fj_error()
    let text = bytes.assumingMemoryBound(to: CChar.self)
    guard fj_decode_predict(parser, text, body.count, served.shape, room, rows, &request, &error) == FJ_OK else {
      throw .undecodable(error, maxRows: maxRows)
    }
    let operation: Operation
    if isPredict {
      let options = PredictOptions(request)
      try options.validate(for: served)
      if options.needsEmbeddings { batch.keepsEmbeddings = true }
      operation = .predict(options)
    } else {
      operation = .distances(isSingle: request.single)
    }
    if batch.count > 0, batch.count + request.rows > service.configuration.maxQueueRows {
      throw .queueFull(retryAfterSeconds: service.retryAfterSeconds(served))
    }
    exchange.tag = Self.inTurn
    lanes[lane].pending.append(
      PendingRequest(
        exchange: exchange, served: served, operation: operation, batch: batch, rows: batch.append(request.rows),
        deadline: deadline))
  }

  private func deadline(of exchange: Exchange) throws(APIError) -> UInt64? {
    guard let value = exchange.header("X-Request-Timeout-Ms") else { return nil }
    // RFC 9110 5.5: blanks behind a value are not part of it.
    let text = String(value.prefix { $0 != " " && $0 != "\t" })
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let milliseconds = UInt64(text),
      (1...86_400_000).contains(milliseconds)
    else { throw .badTimeout(text) }
    return exchange.receivedNanoseconds + milliseconds * 1_000_000
  }

  private func lane(for served: ServedModel) -> Int {
    if let lane = lanes.firstIndex(where: { $0.served === served }) { return lane }
    lanes.append(Lane(served))
    return lanes.count - 1
  }

  private func place(of exchange: Exchange) -> (lane: Int, place: Int)? {
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
      let rows = lane.batch.count
      metrics.update { $0.ranBatch(rows: rows, nanoseconds: nanoseconds, isInline: true) }
      for request in pending {
        guard let exchange = request.exchange else { continue }
        exchange.tag = Self.idle
        answer(request, exchange)
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
      mailbox: mailbox)
    switch service.queue.submit(job) {
    case .queued:
      exchange.tag = Int(id)
      queued[id] = request
    case .full:
      exchange.tag = Self.idle
      let seconds = service.retryAfterSeconds(request.served)
      refuse(exchange, request.operation.route, .queueFull(retryAfterSeconds: seconds))
    }
  }

  // MARK: Encode

  private func answer(_ request: PendingRequest, _ exchange: Exchange) {
    let network = request.served.model.network
    let encoder = PredictionEncoder(
      served: request.served, results: request.batch.results(row: request.rows.lowerBound), rows: request.rows.count)
    let perRow = 160 + 17 * (network.outputWidth + network.distanceWidth)
    let buffer = link.makeBuffer(minimumCapacity: 128 + perRow * request.rows.count)
    do throws(APIError) {
      let body: OutputBuffer
      verdicts.removeAll(keepingCapacity: true)
      switch request.operation {
      case .predict(let options): body = try encoder.predictions(options, into: buffer, verdicts: &verdicts)
      case .distances(let isSingle): body = try encoder.distances(isSingle: isSingle, into: buffer, verdicts: &verdicts)
      }
      // Before it leaves, so that a caller who then asks finds his request counted.
      let seconds = Self.seconds(since: exchange)
      metrics.update {
        $0.answered(slot: request.served.slot, rows: request.rows.count, verdicts: verdicts)
        $0.answered(request.operation.route, code: 200, seconds: seconds)
      }
      logAccess(exchange, code: 200, seconds: seconds)
      exchange.respond(Response(status: 200, contentType: "application/json", body: body))
    } catch {
      refuse(exchange, request.operation.route, error)
    }
  }

  private func answerMetrics(_ exchange: Exchange) {
    // Recorded first, so that the answer counts itself.
    record(exchange, .metrics, nil, code: 200)
    let buffer = link.makeBuffer(minimumCapacity: 16 << 10)
    buffer.append(service.metricsText(openConnections: link.openConnections))
    exchange.respond(Response(status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: buffer))
  }

  private func answer(_ exchange: Exchange, _ route: RouteLabel, _ response: FixedResponse) {
    record(exchange, route, nil, code: response.status)
    exchange.respond(.fixed(response))
  }

  private func refuse(_ exchange: Exchange, _ route: RouteLabel, _ error: APIError) {
    record(exchange, route, error, code: error.status)
    exchange.respond(error.response(in: link.makeBuffer(minimumCapacity: 512)))
  }

  /// Counts the answer, before it leaves.
  private func record(_ exchange: Exchange, _ route: RouteLabel, _ error: APIError?, code: Int) {
    let seconds = Self.seconds(since: exchange)
    metrics.update {
      $0.answered(route, code: code, seconds: seconds)
      if let reason = error?.rejectionReason { $0.rejected(reason.rawValue) }
    }
    logAccess(exchange, code: code, seconds: seconds)
  }

  private func logAccess(_ exchange: Exchange, code: Int, seconds: Double) {
    guard service.configuration.logsAccess else { return }
    service.logger.info(
      "request",
      metadata: [
        "method": "\(exchange.method)", "path": "\(exchange.path)", "code": "\(code)",
        "microseconds": "\(Int(seconds * 1e6))", "request_id": "\(exchange.requestID ?? "")",
      ])
  }

  private static func seconds(since exchange: Exchange) -> Double {
    Double(monotonicNanoseconds() &- exchange.receivedNanoseconds) * 1e-9
  }
}
