import Glibc
import HTTPServer
import RowFiles
import Synchronization

/// The standard output of `radial predict`, what is said of bad rows, and how the run ends.
///
/// `@unchecked Sendable`: `write`, `fail` and `finish` are called by one thread at a time, whose turn it is; `stopped` is atomic.
final class OfflineOutput: @unchecked Sendable {
  let skipsBadRows: Bool

  private var progress: ProgressBar?
  private var written = 0
  private var skipped = 0
  private var failure: Failure?
  private let stopped = Atomic(false)

  /// Bad rows that are named; the others are counted.
  private static let namedRows = 20

  init(skipsBadRows: Bool, progress: ProgressBar?) {
    self.skipsBadRows = skipsBadRows
    self.progress = progress
  }

  /// Whether no more rows are wanted. Any thread.
  var hasStopped: Bool { stopped.load(ordering: .relaxed) }

  /// Writes the lines of the next rows.
  /// - Parameters:
  ///   - problems: of bad rows among them; the first one ends the run, unless they are skipped.
  ///   - fraction: how much of the file has been cut.
  func write(_ text: OutputBuffer, rows: Int, problems: [BadRow], fraction: Double?) {
    guard failure == nil else { return }
    send(UnsafeRawBufferPointer(start: text.pointer, count: text.count))
    written += rows
    for problem in problems {
      guard skipsBadRows else { return fail(.usage(problem.description)) }
      if skipped < Self.namedRows {
        progress?.clear()
        writeError("radial: skipped \(problem.description)")
      }
      skipped += 1
    }
    if rows > 0 { progress?.update(rows: written + skipped, fraction: fraction) }
  }

  /// Ends the run behind what has been written.
  func fail(_ failure: Failure) {
    if self.failure == nil { self.failure = failure }
    stopped.store(true, ordering: .relaxed)
  }

  /// After the last row.
  func finish() throws(Failure) {
    progress?.finish(rows: written + skipped)
    if skipped > 0 { writeError("radial: skipped \(skipped) bad rows of \(written + skipped)") }
    if let failure { throw failure }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(STDOUT_FILENO, rest.baseAddress, rest.count)
      if count > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if errno == EPIPE {
        endByBrokenPipe()
      } else if errno == EAGAIN {
        // Somebody who shares the pipe has made it non-blocking.
        var request = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        poll(&request, 1, -1)
      } else if errno != EINTR {
        let reason = String(cString: strerror(errno))
        return fail(.environment("writing the predictions failed (\(reason)); check the disk and the rights"))
      }
    }
  }

  /// The reader has what it wanted: ends as every filter does, by the signal.
  private func endByBrokenPipe() -> Never {
    progress?.clear()
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    // Only where the signal is blocked: the status that a shell would show.
    _exit(128 + SIGPIPE)
  }
}
