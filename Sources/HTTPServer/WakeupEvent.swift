internal import CMicroHTTPD
import Glibc

/// An eventfd on which one thread sleeps and which any thread can signal: many signals before the sleeper wakes count as one.
final class WakeupEvent: Sendable {
  /// For `poll`: readable between `signal` and `clear`.
  let descriptor: Int32

  /// - Returns: nil when the process has no descriptor left.
  init?() {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// Ends the sleep. Any thread.
  func signal() {
    var one: UInt64 = 1
    // A full counter is as readable as one of 1, so the result does not matter.
    _ = write(descriptor, &one, 8)
  }

  /// Makes the descriptor unreadable until the next `signal`. The sleeper's thread only.
  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
  }
}
