import Bytes
import Glibc
package import Models
import RowFiles
import Synchronization

/// Where the lines of `radial predict` go, what is said of bad rows and labels, and how the run ends.
///
/// `@unchecked Sendable`: `write`, `fail` and `finish` are called by one thread at a time, whose turn it is; `stopped` is atomic.
package final class OfflineOutput: @unchecked Sendable {
  let skipsBadRows: Bool

  /// nil: the standard output.
  private let file: OutputFile?
  private var accuracy: Accuracy?
  private var rounded: (count: Int, first: String?) = (0, nil)
  private var progress: ProgressBar?
  private var written = 0
  private var skipped = 0
  private var failure: OfflineFailure?
  private let tell: (String) -> Void
  private let stopped = Atomic(false)

  /// Bad rows that are named; the others are counted.
  private static let namedRows = 20

  /// - Parameters:
  ///   - file: nil: the standard output.
  ///   - countsLabels: whether rows bring labels with them.
  ///   - tell: says a sentence to whoever runs the program.
  package init(
    skipsBadRows: Bool, file: OutputFile?, countsLabels: Bool, progress: ProgressBar?, tell: @escaping (String) -> Void
  ) {
    self.tell = tell
    self.skipsBadRows = skipsBadRows
    self.file = file
    accuracy = countsLabels ? Accuracy() : nil
    self.progress = progress
  }

  /// What becomes of some rows.
  struct Rows {
    /// Of good rows.
    var written = 0
    /// The first one ends the run, unless they are skipped.
    var problems: [BadRow] = []
    /// Of the good rows.
    var labels = Accuracy()
    /// Integers of the good rows that lost digits, and the first of them.
    var rounded: (count: Int, first: String?) = (0, nil)

    /// Whether nothing behind a bad row is written.
    static func ends(_ problem: BadRow, skipsBadRows: Bool) -> Bool { !skipsBadRows || problem.endsFile }
  }

  /// Whether no more rows are wanted. Any thread.
  var hasStopped: Bool { stopped.load(ordering: .relaxed) }

  /// Writes the lines of the next rows.
  /// - Parameter fraction: how much of the file has been cut.
  func write(_ text: ByteBuffer, _ rows: Rows = Rows(), fraction: Double? = nil) {
    guard failure == nil else { return }
    send(UnsafeRawBufferPointer(start: text.pointer, count: text.count))
    guard failure == nil else { return }
    written += rows.written
    accuracy?.add(rows.labels)
    if rounded.count == 0 { rounded.first = rows.rounded.first }
    rounded.count += rows.rounded.count
    for problem in rows.problems {
      guard !Rows.ends(problem, skipsBadRows: skipsBadRows) else { return fail(OfflineFailure(problem.description)) }
      if skipped < Self.namedRows {
        progress?.clear()
        tell("skipped \(problem.description)")
      }
      skipped += 1
    }
    if rows.written > 0 { progress?.update(rows: written + skipped, fraction: fraction) }
  }

  /// Ends the run behind what has been written.
  func fail(_ failure: OfflineFailure) {
    if self.failure == nil { self.failure = failure }
    stopped.store(true, ordering: .relaxed)
  }

  /// After the last row.
  func finish() throws(OfflineFailure) {
    progress?.finish(rows: written + skipped)
    let read = written + skipped
    if skipped > 0 { tell("skipped \(skipped) bad rows of \(read), wrote \(written)") }
    if let first = rounded.first {
      tell("\(rounded.count) integers beyond 2^24 lost digits as Float32, the first at \(first)")
    }
    if let failure {
      guard let file else { throw failure }
      throw OfflineFailure(
        "\(failure.message); stopped behind \(written) good rows, and '\(file.path)' is not written",
        isOfSystem: failure.isOfSystem)
    }
    guard written > 0 || skipped == 0 else {
      throw OfflineFailure(
        "none of the \(read) rows could be read\(file.map { ", and '\($0.path)' is not written" } ?? "")")
    }
    if let file {
      do throws(ModelError) { try file.commit() } catch { throw OfflineFailure(error) }
    }
    if let accuracy { tell("\(accuracy.summary)") }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) {
    if let file {
      do throws(ModelError) { try file.write(bytes) } catch { fail(OfflineFailure(error)) }
      return
    }
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
        return fail(
          OfflineFailure("writing the predictions failed (\(reason)); check the disk and the rights", isOfSystem: true))
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
