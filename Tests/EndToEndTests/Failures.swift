import Synchronization

/// What went wrong on other threads.
final class Failures: Sendable {
  private let list = Mutex<[String]>([])
  func add(_ failure: String) { list.withLock { $0.append(failure) } }
  var all: [String] { list.withLock { $0 } }
}
