import Synchronization

/// What a handler knows of its reactor.
public struct ReactorHandle: Sendable {
  let reactor: Reactor
  /// The reactor's number, from 0.
  public var index: Int { reactor.index }
  /// Makes the reactor call `RequestHandler.didWake`. Any thread.
  public func wake() { reactor.control.wakeHandler() }
  /// Open connections of all reactors. Any thread.
  public var openConnections: Int { reactor.budget.openConnections.load(ordering: .relaxed) }
  /// An empty buffer for an answer. The reactor's thread only.
  public func makeBuffer(minimumCapacity: Int = 0) -> OutputBuffer {
    reactor.outputBuffers.take(minimumCapacity: minimumCapacity)
  }
}
