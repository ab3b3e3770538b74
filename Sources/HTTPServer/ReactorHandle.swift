public import Bytes

/// What a handler knows of the thread that calls it.
public protocol ReactorHandle: Sendable {
  /// The reactor's number, from 0.
  var index: Int { get }
  /// Open connections of all reactors. Any thread.
  var openConnections: Int { get }
  /// Makes the reactor call `RequestHandler.didWake`; many calls before it does count as one. Any thread.
  func wake()
  /// An empty buffer for an answer. The reactor's thread only.
  func makeBuffer(minimumCapacity: Int) -> ByteBuffer
}

extension Reactor: ReactorHandle {
  var openConnections: Int { budget.connections }
  func wake() { control.wakeHandler() }
  func makeBuffer(minimumCapacity: Int) -> ByteBuffer { outputBuffers.take(minimumCapacity: minimumCapacity) }
}
