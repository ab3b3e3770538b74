import Synchronization

/// The large requests of one reactor that have ended, until it looks. Any thread.
final class EndedRequests: Sendable {
  private let requests = Mutex<[LargeRequest]>([])

  /// Adds one.
  func put(_ request: LargeRequest) { requests.withLock { $0.append(request) } }

  /// Takes them out.
  func take() -> [LargeRequest] {
    requests.withLock { list in
      defer { list.removeAll() }
      return list
    }
  }
}
