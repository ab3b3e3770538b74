internal import CMicroHTTPD
import Glibc
import Synchronization

/// What other threads may do to a reactor: wake it, and tell it how far the end has come.
final class Doorbell: Sendable {
  let descriptor: Int32
  let isDraining = Atomic<Bool>(false)
  let isQuiesced = Atomic<Bool>(false)
  let isStopping = Atomic<Bool>(false)
  /// CLOCK_MONOTONIC at which a stopping reactor answers for the handler.
  let graceEnd = Atomic<UInt64>(.max)
  private let wokenByLink = Atomic<Bool>(false)

  init?() {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// Makes the reactor call `woken`; many calls before it does count as one.
  func wake() { if !wokenByLink.exchange(true, ordering: .acquiringAndReleasing) { ring() } }

  /// Ends the reactor's sleep. A full counter is as readable as one of 1, so the result does not matter.
  func ring() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  /// Silences the bell.
  func answer() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
  }

  /// Whether `wake` was called since the last time.
  func takeWake() -> Bool {
    wokenByLink.load(ordering: .relaxed) && wokenByLink.exchange(false, ordering: .acquiringAndReleasing)
  }
}
