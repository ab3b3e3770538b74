import Batching
import Bytes
import HTTPServer
import Logging
import Models
import RadialEngine

// What leaves a reactor; every answer is counted before it does, so that a caller who then asks finds his request counted.

extension ReactorHandler {
  /// The answer to a computed request.
  /// - Parameters:
  ///   - queued: how long its rows waited, in nanoseconds.
  ///   - forward: how long their batch took, in nanoseconds.
  func answer(_ request: PendingRequest, _ exchange: any HTTPExchange, queued: UInt64, forward: UInt64) {
    let rows = RowResults(
      served: request.served, results: request.batch.results(row: request.rows.lowerBound), count: request.rows.count)
    let start = lap
    classify(rows, for: request.operation)
    do throws(APIError) {
      let response = try encode(request.operation, rows, exchange)
      lap = monotonicNanoseconds()
      let now = lap
      let times = InferenceStatistics.Request(
        whole: now &- exchange.receivedNanoseconds, queue: queued, input: request.decodeNanoseconds, infer: forward,
        output: now &- start)
      let seconds = Double(times.whole) * 1e-9
      metrics.update {
        $0.answered(
          index: request.served.metricsIndex, rows: rows.count, classifications: classifications, times, at: now)
        $0.answered(request.operation.route, code: 200, seconds: seconds)
      }
      logAccess(exchange, code: 200, seconds: seconds)
      exchange.respond(response)
    } catch {
      refuse(exchange, request.operation.route, error, by: request.served)
      lap = monotonicNanoseconds()
    }
  }

  /// Decides on every row, once: what is printed is what is counted, whichever route asked.
  private func classify(_ rows: RowResults, for operation: Operation) {
    classifications.removeAll(keepingCapacity: true)
    var (omitsVerdict, rate): (Bool, Double?) = (false, nil)
    if case .predict(let options) = operation {
      (omitsVerdict, rate) = (options.reject == .off, options.falseRejectRate)
    }
    for row in 0..<rows.count {
      guard let classification = rows.classification(row, omitsVerdict: omitsVerdict, rate: rate) else { return }
      classifications.append(classification)
    }
  }

  private func encode(_ operation: Operation, _ rows: RowResults, _ exchange: any HTTPExchange) throws(APIError)
    -> Response
  {
    let network = rows.network
    let perRow = 160 + 17 * (network.outputWidth + network.distanceWidth)
    let buffer = link.makeBuffer(minimumCapacity: 256 + perRow * rows.count)
    switch operation {
    case .predict(let options):
      let body = try PredictionEncoder(rows: rows, isSingle: options.isSingle).predictions(
        options, classifications, into: buffer)
      return response(body, to: exchange)
    case .distances(let isSingle):
      let body = try PredictionEncoder(rows: rows, isSingle: isSingle).distances(into: buffer)
      return response(body, to: exchange)
    case .serve(let request):
      ServingEncoder(request: request, rows: rows).write(into: buffer)
      return response(buffer, to: exchange)
    case .infer(let request):
      let jsonBytes = InferEncoder(request: request, rows: rows).write(into: buffer, classifications: classifications)
      guard let jsonBytes else { return response(buffer, to: exchange) }
      return response(
        buffer, to: exchange, contentType: "application/octet-stream",
        headers: [("Inference-Header-Content-Length", String(jsonBytes))])
    }
  }

  /// An answer of status 200, compressed where its caller asks for that and it pays: below some size it costs more than it saves, and
  /// callers' libraries ask for it unasked, so that it has to be cheap.
  private func response(
    _ body: ByteBuffer, to exchange: any HTTPExchange, contentType: StaticString = "application/json",
    headers: [(StaticString, String)] = []
  ) -> Response {
    if body.count >= 1024, let coding = exchange.acceptedCoding {
      let target = link.makeBuffer(minimumCapacity: body.count / 2)
      if target.append(deflating: body, coding == .gzip ? .gzip : .zlib) {
        body.recycle()
        return Response(
          status: 200, contentType: contentType, body: target,
          headers: headers + [("Content-Encoding", coding.rawValue), ("Vary", "Accept-Encoding")])
      }
      target.recycle()
    }
    return Response(status: 200, contentType: contentType, body: body, headers: headers)
  }

  func answerMetrics(_ exchange: any HTTPExchange) {
    // Recorded first, so that the answer counts itself.
    record(exchange, .metrics, nil, code: 200)
    let buffer = link.makeBuffer(minimumCapacity: 16 << 10)
    buffer.append(service.metricsText(openConnections: link.openConnections))
    exchange.respond(response(buffer, to: exchange, contentType: "text/plain; version=0.0.4; charset=utf-8"))
  }

  func answer(_ exchange: any HTTPExchange, _ route: RouteLabel, _ response: FixedResponse) {
    record(exchange, route, nil, code: response.status)
    exchange.respond(.fixed(response))
  }

  /// An answer of JSON that was put together for it.
  func answer(_ exchange: any HTTPExchange, _ route: RouteLabel, text: String) {
    record(exchange, route, nil, code: 200)
    let buffer = link.makeBuffer(minimumCapacity: text.utf8.count)
    buffer.append(text)
    exchange.respond(Response(status: 200, contentType: "application/json", body: buffer))
  }

  /// - Parameter served: the model that was asked, where it is known.
  func refuse(_ exchange: any HTTPExchange, _ route: RouteLabel, _ error: APIError, by served: ServedModel? = nil) {
    record(exchange, route, error, code: error.status, by: served)
    exchange.respond(error.response(in: link.makeBuffer(minimumCapacity: 512)))
  }

  /// Counts an answer without rows, before it leaves.
  func record(
    _ exchange: any HTTPExchange, _ route: RouteLabel, _ error: APIError?, code: Int, by served: ServedModel? = nil
  ) {
    let nanoseconds = monotonicNanoseconds() &- exchange.receivedNanoseconds
    let seconds = Double(nanoseconds) * 1e-9
    metrics.update {
      $0.answered(route, code: code, seconds: seconds)
      if let served { $0.failed(index: served.metricsIndex, after: nanoseconds) }
      if let reason = error?.rejectionReason { $0.rejected(reason.rawValue) }
    }
    logAccess(exchange, code: code, seconds: seconds)
  }

  private func logAccess(_ exchange: any HTTPExchange, code: Int, seconds: Double) {
    guard service.configuration.logsAccess else { return }
    service.logger.info(
      "request",
      metadata: [
        "method": "\(exchange.method)", "path": "\(exchange.path)", "code": "\(code)",
        "microseconds": "\(Int(seconds * 1e6))", "request_id": "\(exchange.requestID ?? "")",
      ])
  }

  static func seconds(since exchange: any HTTPExchange) -> Double {
    Double(monotonicNanoseconds() &- exchange.receivedNanoseconds) * 1e-9
  }
}
