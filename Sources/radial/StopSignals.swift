import Dispatch
import Glibc
import Synchronization

/// SIGTERM and SIGINT: the first one starts the drain, the second one ends the process at once.
///
/// `@unchecked Sendable`: `received` has its lock, the semaphore is one, `sources` is written by `init` alone.
final class StopSignals: @unchecked Sendable {
  private let received = Mutex<Int32?>(nil)
  private let semaphore = DispatchSemaphore(value: 0)
  // Dispatch's protocol is not marked Sendable; the sources are made in init and only kept alive afterwards.
  private var sources: [any DispatchSourceSignal] = []

  /// From now on both signals come here.
  init() {
    let queue = DispatchQueue(label: "radial.signals")
    for number in [SIGTERM, SIGINT] {
      // A signal source observes; the default action must be switched off beside it.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [weak self] in self?.arrived(number) }
      source.resume()
      sources.append(source)
    }
  }

  /// Blocks until the first signal and returns its name.
  func wait() -> String {
    semaphore.wait()
    return received.withLock { $0 } == SIGINT ? "SIGINT" : "SIGTERM"
  }

  private func arrived(_ number: Int32) {
    let isFirst = received.withLock { received in
      defer { received = number }
      return received == nil
    }
    if isFirst { semaphore.signal() } else { _exit(128 + number) }
  }
}
