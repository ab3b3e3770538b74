import Bytes
import HTTPServer
import Logging
import Models

/// Counts and logs what becomes of the requests of one reactor: each once, before its answer leaves, so that a caller who then asks finds
/// his request counted.
struct RequestRecorder {
  private let metrics: MetricsShard
  /// nil: an answer is no line of the log.
  private let access: AccessLog?

  /// The recorder of one reactor.
  init(_ metrics: MetricsShard, _ logger: Logger, _ gate: Gate, logsAccess: Bool) {
    self.metrics = metrics
    access = logsAccess ? AccessLog(logger, gate) : nil
  }

  /// A caller has shown a key.
  func admitted(_ holder: APIKeys.Holder) { metrics.update { $0.admitted(holder.name) } }

  /// A request has arrived whole.
  func accepted() { metrics.update { $0.accepted += 1 } }

  /// A model has computed a batch on the reactor's thread.
  func ranInline(_ served: ServedModel, rows: Int, nanoseconds: UInt64) {
    metrics.update { $0.ranBatch(index: served.metricsIndex, rows: rows, nanoseconds: nanoseconds, isInline: true) }
  }

  /// The rows of a request have left the compute queue.
  func leftQueue(after nanoseconds: UInt64) { metrics.update { $0.queueWait.observe(Double(nanoseconds) * 1e-9) } }

  /// A request's rows are answered.
  /// - Parameter response: what is sent.
  func answered(
    _ exchange: any HTTPExchange, _ route: RouteLabel, _ served: ServedModel, rows: Int,
    _ classifications: [Classification], _ times: InferenceStatistics.Request, _ response: Response, at now: UInt64
  ) {
    let seconds = Double(times.whole) * 1e-9
    metrics.update {
      $0.answered(
        index: served.metricsIndex, rows: rows, classifications: classifications, times, at: now)
      $0.answered(route, code: 200, seconds: seconds)
    }
    access?.log(
      exchange,
      AccessLog.Answer(
        code: 200, seconds: seconds, bytes: response.bodyBytes, served: served, rows: rows,
        classifications: classifications))
  }

  /// A request without rows is about to be answered: before its answer is made, so that `/metrics` counts itself.
  /// - Returns: what `sent` is told.
  func answered(_ exchange: any HTTPExchange, _ route: RouteLabel) -> Double {
    record(exchange, route, code: 200)
  }

  /// The answer to a request without rows is there.
  func sent(_ exchange: any HTTPExchange, _ response: Response, seconds: Double) {
    access?.log(exchange, AccessLog.Answer(code: 200, seconds: seconds, bytes: response.bodyBytes))
  }

  /// A request is refused.
  /// - Parameters:
  ///   - served: the model that was asked, where it is known.
  ///   - response: what is sent.
  func refused(
    _ exchange: any HTTPRequest, _ route: RouteLabel, _ error: APIError, _ response: Response,
    by served: ServedModel? = nil
  ) {
    let seconds = record(exchange, route, code: error.status, by: served, error.rejectionLabel)
    access?.log(
      exchange,
      AccessLog.Answer(
        code: error.status, seconds: seconds, bytes: response.bodyBytes, served: served, error: error.message))
  }

  /// A request's client has left before its answer.
  /// - Parameter served: the model that was asked, where that is found out in its place.
  func disconnected(_ exchange: any HTTPExchange, _ route: RouteLabel, by served: ServedModel? = nil) {
    let seconds = record(
      exchange, route, code: 499, by: served, RejectionReason.clientDisconnected.rawValue)
    access?.log(exchange, AccessLog.Answer(code: 499, seconds: seconds, served: served))
  }

  /// The server has turned a request away by itself.
  func rejected(_ rejection: ServerRejection, of request: any HTTPRequest) {
    metrics.update {
      // Accepted and answered at once: the sums of both must always agree.
      $0.accepted += 1
      $0.answered(.refused, code: rejection.status, seconds: 0)
      $0.rejected(rejection.reason.rawValue)
    }
    access?.log(rejection, of: request)
  }

  /// - Returns: how long it took.
  @discardableResult
  private func record(
    _ exchange: any HTTPRequest, _ route: RouteLabel, code: Int, by served: ServedModel? = nil, _ reason: String? = nil
  ) -> Double {
    let nanoseconds = monotonicNanoseconds() &- exchange.receivedNanoseconds
    let seconds = Double(nanoseconds) * 1e-9
    metrics.update {
      $0.answered(route, code: code, seconds: seconds)
      // Under one lock, so that a scrape sees all of it or nothing.
      if let served { $0.failed(index: served.metricsIndex, after: nanoseconds) }
      if let reason { $0.rejected(reason) }
    }
    return seconds
  }
}
