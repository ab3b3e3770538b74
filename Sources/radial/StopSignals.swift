import Dispatch
import Glibc
import Synchronization

/// SIGTERM and SIGINT: the first one starts the drain, the second one ends the process at once; so does the first one
/// before anything is served. SIGHUP: look at the model files again.
///
/// `@unchecked Sendable`: `state` has its lock, the semaphore is one, `sources` is written by `init` alone.
final class StopSignals: @unchecked Sendable {
  private struct State {
    /// The latest signal to stop.
    var stop: Int32?
    /// Whether there is something to drain.
    var isServing = false
  }
  private let state = Mutex(State())
  private let semaphore = DispatchSemaphore(value: 0)
  // Dispatch's protocol is not marked Sendable; the sources are made in init and only kept alive afterwards.
  private var sources: [any DispatchSourceSignal] = []
  private let last: @Sendable (_ name: String, _ isServing: Bool) -> Void

  /// From now on these signals come here.
  /// - Parameter last: says on the signals' queue that the process ends at once.
  init(last: @escaping @Sendable (_ name: String, _ isServing: Bool) -> Void) {
    self.last = last
    let queue = DispatchQueue(label: "radial.signals")
    for number in [SIGTERM, SIGINT, SIGHUP] {
      // A signal source observes; the default action must be switched off beside it.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [weak self] in self?.arrived(number) }
      source.resume()
      sources.append(source)
    }
  }

  /// From now on the first signal to stop is waited for.
  func beginServing() { state.withLock { $0.isServing = true } }

  /// Blocks until the first signal to stop and returns its name. Until then `look` runs on the calling thread every
  /// `interval` seconds (0: never), and, saying so, for each SIGHUP. A signal to stop is heeded once `look` returns.
  func wait(every interval: Double, look: (_ isHangup: Bool) -> Void) -> String {
    while true {
      if semaphore.wait(timeout: interval > 0 ? .now() + interval : .distantFuture) == .timedOut {
        look(false)
        continue
      }
      if let stop = state.withLock({ $0.stop }) { return Self.name(of: stop) }
      look(true)
    }
  }

  private func arrived(_ number: Int32) {
    guard number != SIGHUP else {
      semaphore.signal()
      return
    }
    let (isFirst, isServing) = state.withLock { state in
      defer { state.stop = number }
      return (state.stop == nil, state.isServing)
    }
    if isFirst && isServing {
      semaphore.signal()
      return
    }
    last(Self.name(of: number), isServing)
    _exit(128 + number)
  }

  private static func name(of signal: Int32) -> String { signal == SIGINT ? "SIGINT" : "SIGTERM" }
}
