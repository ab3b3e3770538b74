public import Bytes

/// What is counted of a server's connections.
public struct ConnectionFigures: Sendable {
  /// Open now.
  public var open = 0
  /// Idle ones that were closed to make room for others.
  public var idleClosed = 0

  /// None.
  public init() {}
}

/// What a handler knows of the thread that calls it.
public protocol ReactorHandle: Sendable {
  /// The reactor's number, from 0.
  var index: Int { get }
  /// Of all reactors. Any thread.
  var connectionFigures: ConnectionFigures { get }
  /// What requests of this reactor's server are counted in.
  var memory: MemoryBudget { get }
  /// Makes the reactor call `RequestHandler.didWake`; many calls before it does count as one. Any thread.
  func wake()
  /// An empty buffer for an answer. The reactor's thread only.
  func makeBuffer(minimumCapacity: Int) -> ByteBuffer
}

extension Reactor: ReactorHandle {
  var connectionFigures: ConnectionFigures { budget.figures }
  var memory: MemoryBudget { budget.memory }
  func wake() { control.wakeHandler() }
  func makeBuffer(minimumCapacity: Int) -> ByteBuffer { outputBuffers.take(minimumCapacity: minimumCapacity) }
}
