import Dispatch
import Glibc
import Synchronization

/// Lines on their way to a descriptor, written by a thread of their own: whoever logs never waits for who reads.
///
/// Beyond some bytes that nobody has read, lines are dropped and counted.
final class LogOutput: Sendable {
  private struct State {
    var waiting: [UInt8] = []
    var isWriting = false
  }

  private let descriptor: Int32
  private let limit: Int
  private let state = Mutex(State())
  private let dropped = Atomic<Int>(0)
  private let queue = DispatchQueue(label: "radial.log")

  /// - Parameters:
  ///   - descriptor: such as standard error's.
  ///   - limit: bytes that may wait.
  init(descriptor: Int32 = STDERR_FILENO, limit: Int = 1 << 20) { (self.descriptor, self.limit) = (descriptor, limit) }

  /// Lines that were dropped so far.
  var droppedLines: Int { dropped.load(ordering: .relaxed) }

  /// Writes a line, some time; any thread.
  func write(_ line: String) {
    let starts: Bool? = state.withLock { state in
      guard state.waiting.count + line.utf8.count < limit else { return nil }
      state.waiting += line.utf8
      state.waiting.append(0x0a)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    guard let starts else {
      dropped.wrappingAdd(1, ordering: .relaxed)
      return
    }
    if starts { queue.async { self.writeAll() } }
  }

  /// Waits until everything is written, for as long as somebody reads, or for a short while where nobody does.
  /// - Returns: whether it is.
  @discardableResult
  func flush(seconds: Double) -> Bool {
    let done = DispatchSemaphore(value: 0)
    queue.async { done.signal() }
    return done.wait(timeout: .now() + seconds) == .success
  }

  private func writeAll() {
    while true {
      let bytes = state.withLock { state in
        var bytes: [UInt8] = []
        swap(&bytes, &state.waiting)
        if bytes.isEmpty { state.isWriting = false }
        return bytes
      }
      if bytes.isEmpty { return }
      // Nobody can be told that the log cannot be written.
      bytes.withUnsafeBytes { writeWhole($0) }
    }
  }

  private func writeWhole(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      let written = Glibc.write(descriptor, start, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        // A descriptor that does not block is waited for.
        guard errno == EAGAIN else { return }
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&wait, 1, -1)
        continue
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }
}
