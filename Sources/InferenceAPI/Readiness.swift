import Synchronization

/// Whether the server wants traffic: what every probe of every protocol asks.
package enum Readiness: Sendable, Equatable {
  case loading
  /// As long as there is a model to serve.
  case ready
  case draining
}

/// The `Readiness` that all reactors share.
final class ReadinessState: Sendable {
  private let state = Mutex(Readiness.loading)

  var current: Readiness { state.withLock { $0 } }

  func become(_ readiness: Readiness) { state.withLock { $0 = readiness } }

  /// Refuses while requests are not welcome.
  func require(hasModel: Bool) throws(APIError) {
    let current = current
    guard current == .ready else { throw .notReady(current) }
    guard hasModel else { throw .noModel }
  }
}
