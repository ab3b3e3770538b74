import Synchronization

/// Where what other threads have finished waits for the thread that asked for it.
public final class CompletionQueue<Element: Sendable>: Sendable {
  private let finished = Mutex<[Element]>([])
  private let wake: @Sendable () -> Void

  /// - Parameter wake: called after something was put in, by who did.
  public init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

  /// Puts something in, and wakes who asked for it; any thread.
  public func put(_ elements: [Element]) {
    finished.withLock { $0.append(contentsOf: elements) }
    wake()
  }

  /// Takes everything out.
  public func take() -> [Element] {
    finished.withLock { list in
      defer { list.removeAll(keepingCapacity: true) }
      return list
    }
  }
}
