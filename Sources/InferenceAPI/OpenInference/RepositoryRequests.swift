import Synchronization

/// One reactor's requests to load models: carried out off the reactor's thread, one at a time in the whole process, and answered on it.
///
/// Used on its reactor's thread only.
final class RepositoryRequests {
  /// The loads that are done, until the reactor looks. Written on the registry's queue.
  private final class Completions: Sendable {
    let loads = Mutex<[(id: Int, outcome: ModelRegistry.RequestOutcome)]>([])
  }

  private let registry: ModelRegistry
  private let wake: @Sendable () -> Void
  private let completions = Completions()
  private var waiting: [Int: (request: InferenceRequest, name: String)] = [:]
  private var nextID = 0

  /// - Parameter wake: makes the reactor call `takeFinished`; any thread.
  init(_ registry: ModelRegistry, wake: @escaping @Sendable () -> Void) {
    self.registry = registry
    self.wake = wake
  }

  /// Begins to load what the files have of `name`; `takeFinished` tells when it is done. A client that leaves changes nothing.
  func load(_ name: String, for request: InferenceRequest) {
    let id = nextID
    nextID += 1
    // Before the load begins: it may be done before this returns.
    waiting[id] = (request, name)
    registry.load(name) { [completions, wake] outcome in
      completions.loads.withLock { $0.append((id, outcome)) }
      wake()
    }
  }

  /// The requests that were carried out since the last call, each with its refusal, if there is one.
  func takeFinished() -> [(request: InferenceRequest, error: APIError?)] {
    let done = completions.loads.withLock { list in
      defer { list.removeAll() }
      return list
    }
    return done.compactMap { id, outcome in
      waiting.removeValue(forKey: id).map { ($0.request, APIError(outcome, of: $0.name)) }
    }
  }
}
