import Batching

/// One reactor's requests to load models: carried out off the reactor's thread, one at a time in the whole process, and answered on it.
///
/// Used on its reactor's thread only.
final class RepositoryRequests {
  private let registry: ModelRegistry
  private let completions: CompletionQueue<(id: Int, outcome: ModelRegistry.RequestOutcome)>
  private var waiting: [Int: (request: InferenceRequest, name: String)] = [:]
  private var nextID = 0

  /// - Parameter wake: makes the reactor call `takeFinished`; any thread.
  init(_ registry: ModelRegistry, wake: @escaping @Sendable () -> Void) {
    self.registry = registry
    completions = CompletionQueue(wake: wake)
  }

  /// Begins to load what the files have of `name`; `takeFinished` tells when it is done. A client that leaves changes nothing.
  func load(_ name: String, for request: InferenceRequest) {
    let id = nextID
    nextID += 1
    // Before the load begins: it may be done before this returns.
    waiting[id] = (request, name)
    registry.load(name) { [completions] in completions.put([(id, $0)]) }
  }

  /// The requests that were carried out since the last call, each with its refusal, if there is one.
  func takeFinished() -> [(request: InferenceRequest, error: APIError?)] {
    completions.take().compactMap { id, outcome in
      waiting.removeValue(forKey: id).map { ($0.request, APIError(outcome, of: $0.name)) }
    }
  }
}
