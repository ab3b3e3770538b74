import HTTPServer
import Synchronization

/// Whether the server wants traffic: the answers of `/readyz` and `/healthz`.
package enum Readiness: Sendable, Equatable {
  case loading
  /// As long as there is a model to serve.
  case ready
  case draining
}

/// The shared `Readiness` and its prebuilt answers.
final class ReadinessBoard: Sendable {
  private let state = Mutex(Readiness.loading)
  private let ready = FixedResponse(status: 200, contentType: "application/json", body: #"{"status":"ready"}"#)
  private let loading = FixedResponse(
    status: 503, contentType: "application/json",
    body: #"{"error":"not ready: the model is loading; try again in a moment"}"#, headers: [("Retry-After", "1")])
  private let empty = FixedResponse(
    status: 503, contentType: "application/json",
    body: #"{"error":"not ready: no model is loaded; GET /models says why"}"#, headers: [("Retry-After", "1")])
  private let draining = FixedResponse(
    status: 503, contentType: "application/json",
    body: #"{"error":"not ready: the server is shutting down; use another replica"}"#,
    headers: [("Retry-After", "1")])

  var current: Readiness { state.withLock { $0 } }

  func become(_ readiness: Readiness) { state.withLock { $0 = readiness } }

  func response(hasModel: Bool) -> FixedResponse {
    switch current {
    case .loading: loading
    case .ready: hasModel ? ready : empty
    case .draining: draining
    }
  }
}
