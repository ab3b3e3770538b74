import Synchronization

/// The bytes of request bodies that all reactors hold together, within a limit, and the number of their connections. Any thread.
final class ResourceBudget: Sendable {
  let maxBufferedBytes: Int
  let openConnections = Atomic<Int>(0)
  private let bufferedBytes = Atomic<Int>(0)

  init(maxBufferedBytes: Int) { self.maxBufferedBytes = maxBufferedBytes }

  /// Takes `bytes` out of the budget, to be released later.
  /// - Returns: false, and nothing is taken, when the limit would be exceeded.
  func acquire(_ bytes: Int) -> Bool {
    if bufferedBytes.wrappingAdd(bytes, ordering: .relaxed).newValue <= maxBufferedBytes { return true }
    release(bytes)
    return false
  }

  func release(_ bytes: Int) { bufferedBytes.wrappingSubtract(bytes, ordering: .relaxed) }
}
