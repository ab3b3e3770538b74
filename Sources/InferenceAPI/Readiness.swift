import Synchronization

/// Whether the server wants traffic: what every probe of every protocol asks.
package enum Readiness: Sendable, Equatable {
  /// The process has just begun.
  case loading
  /// As long as there is a model to serve.
  case ready
  /// The process is about to end: requests are answered, and new ones should go elsewhere.
  case draining
}

/// The `Readiness` that all reactors share.
final class ReadinessState: Sendable {
  private let state = Mutex(Readiness.loading)

  /// What holds now. Any thread.
  var current: Readiness { state.withLock { $0 } }

  /// Says what holds from now on. Any thread.
  func become(_ readiness: Readiness) { state.withLock { $0 = readiness } }
}
