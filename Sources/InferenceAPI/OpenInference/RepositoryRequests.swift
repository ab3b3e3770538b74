import HTTPServer
import Synchronization

/// One reactor's requests to load or unload models.
///
/// A load is carried out off the reactor's thread, one at a time in the whole process, and answered on it; an unload is
/// done at once. Used on its reactor's thread only.
final class RepositoryRequests {
  /// The loads that are done, until the reactor looks. Written on the registry's queue.
  private final class Completions: Sendable {
    let loads = Mutex<[(id: Int, outcome: ModelRegistry.RequestOutcome)]>([])
  }

  private struct Load {
    let exchange: any HTTPExchange
    let name: String
  }

  private let registry: ModelRegistry
  private let wake: @Sendable () -> Void
  private let completions = Completions()
  private var waiting: [Int: Load] = [:]
  private var nextID = 0

  /// - Parameter wake: makes the reactor call `take`; any thread.
  init(_ registry: ModelRegistry, wake: @escaping @Sendable () -> Void) {
    self.registry = registry
    self.wake = wake
  }

  /// Begins to load what the files have of `name`; `take` tells when it is done.
  func load(_ name: String, _ exchange: any HTTPExchange) {
    let id = nextID
    nextID += 1
    waiting[id] = Load(exchange: exchange, name: name)
    registry.load(name) { [completions, wake] outcome in
      completions.loads.withLock { $0.append((id, outcome)) }
      wake()
    }
  }

  /// Takes every version of `name` out of service.
  /// - Returns: why it is refused; nil: it is done.
  func unload(_ name: String) -> APIError? { Self.error(registry.unload(name), name) }

  /// The requests that were carried out since the last call, each with its refusal, if there is one.
  func take() -> [(exchange: any HTTPExchange, route: RouteLabel, error: APIError?)] {
    let done = completions.loads.withLock { list in
      defer { list.removeAll() }
      return list
    }
    return done.compactMap { id, outcome in
      waiting.removeValue(forKey: id).map { ($0.exchange, .v2Load, Self.error(outcome, $0.name)) }
    }
  }

  /// The caller has left, or got another answer; what it asked for is done all the same.
  /// - Returns: what it asked for; nil: it waits for nothing here.
  func forget(_ exchange: any HTTPExchange) -> RouteLabel? {
    guard let id = waiting.first(where: { $0.value.exchange === exchange })?.key else { return nil }
    waiting[id] = nil
    return .v2Load
  }

  private static func error(_ outcome: ModelRegistry.RequestOutcome, _ name: String) -> APIError? {
    switch outcome {
    case .done: nil
    case .unknown(let served): .unknownModel(name, served: served)
    case .failed(let sentence): .notLoaded(name, sentence)
    case .refused: .lastVersion(name)
    }
  }
}
