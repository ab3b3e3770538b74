package import Bytes
import Synchronization

/// The memory of request bodies that all reactors hold together, and their connections, each within a limit. Any thread.
package final class ResourceBudget: Sendable {
  /// Of the bodies.
  package let memory: MemoryBudget
  private let maxConnections: Int
  private let openConnections = Atomic<Int>(0)
  private let closedConnections = Atomic<Int>(0)

  /// The budget that a configuration asks for.
  package init(_ configuration: ServerConfiguration) {
    memory = configuration.memory
    maxConnections = max(1, configuration.maxConnections)
  }

  /// Of all reactors.
  package var figures: ConnectionFigures {
    var figures = ConnectionFigures()
    figures.open = openConnections.load(ordering: .relaxed)
    figures.idleClosed = closedConnections.load(ordering: .relaxed)
    return figures
  }

  /// Counts a connection that is open, within the limit or not, until `releaseConnection`.
  /// - Returns: why it is one too many; nil: it is not.
  package func acquireConnection() -> ServerRejection? {
    openConnections.wrappingAdd(1, ordering: .relaxed).newValue > maxConnections
      ? .tooManyConnections(limit: maxConnections) : nil
  }

  /// An idle connection was closed to make room for another.
  func closedIdle() { closedConnections.wrappingAdd(1, ordering: .relaxed) }

  /// A connection has closed. Any thread.
  package func releaseConnection() { openConnections.wrappingSubtract(1, ordering: .relaxed) }
}
