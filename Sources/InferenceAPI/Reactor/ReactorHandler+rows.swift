import Batching
import Bytes
import HTTPServer

// What a reactor's handler does with rows: gathers them, has them computed here or elsewhere, and answers.

extension ReactorHandler {
  // MARK: Rows in

  /// Decodes the rows of a request straight into its model's batch of this turn; a large one is left to other threads.
  func gather(_ exchange: any HTTPExchange, _ route: Route, _ decoder: RowsDecoder) throws(APIError) {
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
      let isSmall = budget.mayTake(service.transferCost.reading(exchange.bodyBytes))
      guard let body = exchange.body, isSmall else {
        return try large.begin(exchange, route, decoder, served, deadline: callers)
      }
      do throws(APIError) {
        try gather(exchange, route, decoder.content(of: exchange, body), decoder, served, deadline: callers)
      } catch  where error.serverReason == .memory {
        // In blocks of its own it may have room, once none is kept for it here, and there it is known whether it ever will.
        let rows = batch(for: served).rows
        if rows.count == 0 {
          rows.clear()
          rows.release()
        }
        try large.begin(exchange, route, decoder, served, deadline: callers)
      }
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
    let keptEmbeddings = batch.rows.keepsEmbeddings
    var isTaken = false
    // The wish of a request that is refused is not the batch's.
    defer { if !isTaken { batch.rows.keepsEmbeddings = keptEmbeddings } }
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
    isTaken = true
    let work = InferenceRequest.Work(
      served: served, answer: decoded.answer, batch: batch.rows, rows: rows, deadline: deadline, decodedAt: now,
      decodeNanoseconds: now - start, maxAnswerBytes: maxAnswerBytes,
      encodeNanoseconds: service.transferCost.writing(decoded.answer.writingBytes(rows: decoded.rows, served)))
    batch.turn.append(.begin(exchange, route, .gathered, work), rows: decoded.rows)
    hasGathered = true
  }

  // MARK: Large requests

  /// Leaves a request to other threads whose rows are decoded, and perhaps computed.
  private func enlarge(_ request: InferenceRequest, isComputed: Bool) {
    do throws(APIError) {
      try large.begin(request, isComputed: isComputed)
    } catch {
      guard case (let exchange, let work)? = request.finish() else { return }
      refuse(exchange, request.route.label, error, by: work?.served)
    }
  }

  /// A large request has ended.
  func finish(_ request: InferenceRequest, _ large: LargeRequest) {
    guard case (let exchange, _)? = request.finish() else { return }
    switch large.outcome {
    case .answered(let parts, let head):
      let now = monotonicNanoseconds()
      let times = large.times
      recorder.leftQueue(after: times.queue)
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
  func compute(_ batch: ModelBatch) {
    let nanoseconds = batch.served.cost.nanoseconds(rows: batch.turn.rows)
    // With what was decoded on the way here.
    let placement = scheduler.placement(of: batch.turn, nanoseconds: budget.spentNanoseconds + nanoseconds)
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
        guard let nanoseconds = request.encodeNanoseconds else { continue }
        guard budget.mayTake(nanoseconds) else {
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
  func finish(_ request: InferenceRequest, _ job: JobCompletion, at start: UInt64) -> UInt64 {
    if job.outcome == .computed, let nanoseconds = request.encodeNanoseconds, !budget.mayTake(nanoseconds) {
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
      let unknown = service.configuration.unknownLog?.unknown(
        classifications[...], work.batch.input(row: work.rows.lowerBound), first: 0, of: work.served,
        requestID: exchange.answerID)
      exchange.respond(response)
      if let unknown { service.configuration.unknownLog?.keep(unknown) }
      return end
    } catch {
      refuse(exchange, route.label, error, by: work.served)
      return monotonicNanoseconds()
    }
  }
}
