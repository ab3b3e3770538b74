import Synchronization

/// What other threads tell a reactor: that its handler has something to do, and how far the server's end has come.
final class ReactorControl: Sendable {
  let event: WakeupEvent
  let isDraining = Atomic<Bool>(false)
  let isQuiesced = Atomic<Bool>(false)
  let isStopping = Atomic<Bool>(false)
  /// CLOCK_MONOTONIC in nanoseconds at which a stopping reactor answers for the handler.
  let graceEnd = Atomic<UInt64>(.max)
  private let handlerIsAwaited = Atomic<Bool>(false)
  private let turnIsAwaited = Atomic<Bool>(false)

  /// - Returns: nil when the process has no descriptor left.
  init?() {
    guard let event = WakeupEvent() else { return nil }
    self.event = event
  }

  /// Makes the reactor call `RequestHandler.didWake`; many calls before it does count as one.
  func wakeHandler() {
    if !handlerIsAwaited.exchange(true, ordering: .acquiringAndReleasing) { event.signal() }
  }

  /// Whether `wakeHandler` was called since the last time. The reactor's thread only.
  func takeHandlerWakeup() -> Bool {
    // The plain load first: most turns begin without a wake-up, and an exchange locks the cache line.
    handlerIsAwaited.load(ordering: .relaxed) && handlerIsAwaited.exchange(false, ordering: .acquiringAndReleasing)
  }

  /// Whether the reactor has made a turn since the last call, or is about to end; asks for the next turn. Any thread.
  func hasTurned() -> Bool {
    if isStopping.load(ordering: .acquiring) { return true }
    let hasNot = turnIsAwaited.exchange(true, ordering: .acquiringAndReleasing)
    if !hasNot { event.signal() }
    return !hasNot
  }

  /// A turn has begun. The reactor's thread only.
  func didTurn() {
    // The plain load first, as above.
    if turnIsAwaited.load(ordering: .relaxed) { turnIsAwaited.store(false, ordering: .releasing) }
  }
}
