import Dispatch
import HTTPServer
import Synchronization

/// One reactor's requests to load or unload models: carried out off its thread, one at a time in the whole process, and answered on it.
///
/// Used on its reactor's thread only, but for `Outbox`.
final class RepositoryDesk {
  enum Request: Sendable {
    case load(String)
    case unload(String)
  }

  /// What has been carried out, until the reactor looks.
  private final class Outbox: Sendable {
    let done = Mutex<[(id: Int, outcome: ModelStore.RepositoryOutcome)]>([])
  }

  private struct Waiting {
    let exchange: any HTTPExchange
    let route: RouteLabel
    let name: String
  }

  private static let queue = DispatchQueue(label: "radial.repository")
  private let store: ModelStore
  private let wake: @Sendable () -> Void
  private let outbox = Outbox()
  private var waiting: [Int: Waiting] = [:]
  private var nextID = 0

  /// - Parameter wake: makes the reactor call `take`; any thread.
  init(_ store: ModelStore, wake: @escaping @Sendable () -> Void) {
    self.store = store
    self.wake = wake
  }

  func submit(_ request: Request, _ exchange: any HTTPExchange) {
    let id = nextID
    nextID += 1
    switch request {
    case .load(let name): waiting[id] = Waiting(exchange: exchange, route: .v2Load, name: name)
    case .unload(let name): waiting[id] = Waiting(exchange: exchange, route: .v2Unload, name: name)
    }
    Self.queue.async { [store, outbox, wake] in
      let outcome =
        switch request {
        case .load(let name): store.load(name)
        case .unload(let name): store.unload(name)
        }
      outbox.done.withLock { $0.append((id, outcome)) }
      wake()
    }
  }

  /// What was carried out since the last call.
  func take() -> [(exchange: any HTTPExchange, route: RouteLabel, error: APIError?)] {
    let done = outbox.done.withLock { list in
      defer { list.removeAll() }
      return list
    }
    return done.compactMap { id, outcome in
      guard let entry = waiting.removeValue(forKey: id) else { return nil }
      let error: APIError? =
        switch outcome {
        case .done: nil
        case .unknown(let served): .unknownModel(entry.name, served: served)
        case .failed(let sentence): .notLoaded(entry.name, sentence)
        case .refused: .lastVersion(entry.name)
        }
      return (entry.exchange, entry.route, error)
    }
  }

  /// The caller has left, or got another answer; what it asked for is done all the same.
  /// - Returns: what it asked for; nil: it waits for nothing here.
  func forget(_ exchange: any HTTPExchange) -> RouteLabel? {
    guard let id = waiting.first(where: { $0.value.exchange === exchange })?.key else { return nil }
    return waiting.removeValue(forKey: id)?.route
  }
}
