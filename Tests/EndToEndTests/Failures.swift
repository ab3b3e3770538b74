import Foundation
import Synchronization

/// What went wrong on other threads.
final class Failures: Sendable {
  private let list = Mutex<[String]>([])
  func add(_ failure: String) { list.withLock { $0.append(failure) } }
  var all: [String] { list.withLock { $0 } }
}

/// Runs `work` on as many threads as asked for, whatever the cores, and waits for all of them.
func onThreads(_ count: Int, _ work: @escaping @Sendable (Int) -> Void) {
  let group = DispatchGroup()
  for index in 0..<count {
    group.enter()
    Thread {
      work(index)
      group.leave()
    }.start()
  }
  group.wait()
}
