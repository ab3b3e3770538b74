import Synchronization

/// The bytes of request bodies that all reactors hold together, and their connections, each within a limit. Any thread.
package final class ResourceBudget: Sendable {
  private let maxBufferedBytes: Int
  private let maxConnections: Int
  private let bufferedBytes = Atomic<Int>(0)
  private let openConnections = Atomic<Int>(0)

  /// A budget that nothing has been taken from.
  package init(maxBufferedBytes: Int, maxConnections: Int) {
    self.maxBufferedBytes = maxBufferedBytes
    self.maxConnections = maxConnections
  }

  /// The budget that a configuration asks for.
  package convenience init(_ configuration: ServerConfiguration) {
    self.init(
      maxBufferedBytes: configuration.maxBufferedBytes, maxConnections: max(1, configuration.maxConnections))
  }

  /// Open connections of all reactors.
  package var connections: Int { openConnections.load(ordering: .relaxed) }

  /// Takes `bytes` out of the budget, to be released later.
  /// - Returns: false, and nothing is taken, when the limit would be exceeded.
  func acquire(_ bytes: Int) -> Bool {
    if bufferedBytes.wrappingAdd(bytes, ordering: .relaxed).newValue <= maxBufferedBytes { return true }
    release(bytes)
    return false
  }

  /// Bytes of a body were given back. Any thread.
  func release(_ bytes: Int) { bufferedBytes.wrappingSubtract(bytes, ordering: .relaxed) }

  /// Counts a connection that is open, within the limit or not, until `releaseConnection`.
  /// - Returns: why it is one too many; nil: it is not.
  package func acquireConnection() -> ServerRejection? {
    openConnections.wrappingAdd(1, ordering: .relaxed).newValue > maxConnections
      ? .tooManyConnections(limit: maxConnections) : nil
  }

  /// A connection has closed. Any thread.
  package func releaseConnection() { openConnections.wrappingSubtract(1, ordering: .relaxed) }
}
