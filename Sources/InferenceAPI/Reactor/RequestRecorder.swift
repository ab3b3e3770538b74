import Bytes
import HTTPServer
import Logging
import Models

/// Counts and logs what becomes of the requests of one reactor: each once, before its answer leaves, so that a caller who then asks finds
/// his request counted.
struct RequestRecorder {
  private let metrics: MetricsShard
  private let logger: Logger
  /// Whether every answer is a line of the log.
  private let logsAccess: Bool

  /// The recorder of one reactor.
  init(_ metrics: MetricsShard, _ logger: Logger, logsAccess: Bool) {
    self.metrics = metrics
    self.logger = logger
    self.logsAccess = logsAccess
  }

  /// A request has arrived whole.
  func accepted() { metrics.update { $0.accepted += 1 } }

  /// A model has computed a batch on the reactor's thread.
  func ranInline(_ served: ServedModel, rows: Int, nanoseconds: UInt64) {
    metrics.update { $0.ranBatch(index: served.metricsIndex, rows: rows, nanoseconds: nanoseconds, isInline: true) }
  }

  /// The rows of a request have left the compute queue.
  func leftQueue(after nanoseconds: UInt64) { metrics.update { $0.queueWait.observe(Double(nanoseconds) * 1e-9) } }

  /// A request's rows are answered.
  func answered(
    _ exchange: any HTTPExchange, _ route: RouteLabel, _ served: ServedModel, rows: Int,
    _ classifications: [Classification], _ times: InferenceStatistics.Request, at now: UInt64
  ) {
    let seconds = Double(times.whole) * 1e-9
    metrics.update {
      $0.answered(
        index: served.metricsIndex, rows: rows, classifications: classifications, times, at: now)
      $0.answered(route, code: 200, seconds: seconds)
    }
    if logsAccess { log(exchange, code: 200, seconds: seconds) }
  }

  /// A request without rows is answered.
  func answered(_ exchange: any HTTPExchange, _ route: RouteLabel) { record(exchange, route, code: 200) }

  /// A request is refused.
  /// - Parameter served: the model that was asked, where it is known.
  func refused(_ exchange: any HTTPRequest, _ route: RouteLabel, _ error: APIError, by served: ServedModel? = nil) {
    record(exchange, route, code: error.status, by: served, error.rejectionLabel)
  }

  /// A request's client has left before its answer.
  /// - Parameter served: the model that was asked, where that is found out in its place.
  func disconnected(_ exchange: any HTTPExchange, _ route: RouteLabel, by served: ServedModel? = nil) {
    record(exchange, route, code: 499, by: served, RejectionReason.clientDisconnected.rawValue)
  }

  /// The server has turned a request away by itself.
  func rejected(_ rejection: ServerRejection) {
    metrics.update {
      // Accepted and answered at once: the sums of both must always agree.
      $0.accepted += 1
      $0.answered(.refused, code: rejection.status, seconds: 0)
      $0.rejected(rejection.reason.rawValue)
    }
  }

  private func record(
    _ exchange: any HTTPRequest, _ route: RouteLabel, code: Int, by served: ServedModel? = nil,
    _ reason: String? = nil
  ) {
    let nanoseconds = monotonicNanoseconds() &- exchange.receivedNanoseconds
    let seconds = Double(nanoseconds) * 1e-9
    metrics.update {
      $0.answered(route, code: code, seconds: seconds)
      // Under one lock, so that a scrape sees all of it or nothing.
      if let served { $0.failed(index: served.metricsIndex, after: nanoseconds) }
      if let reason { $0.rejected(reason) }
    }
    if logsAccess { log(exchange, code: code, seconds: seconds) }
  }

  private func log(_ exchange: any HTTPRequest, code: Int, seconds: Double) {
    logger.info(
      "request",
      metadata: [
        "method": "\(exchange.method)", "path": "\(exchange.path)", "code": "\(code)",
        "microseconds": "\(Int(seconds * 1e6))", "request_id": "\(exchange.requestID ?? "")",
      ])
  }
}
