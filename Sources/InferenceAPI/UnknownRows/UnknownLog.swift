import Bytes
import Dispatch
import JSON
package import Logging
import Models
import RadialEngine
import Synchronization

/// Rows that were called unknown, kept in files for somebody to look at and label.
///
/// Whoever answers a row copies its numbers into a bounded queue and goes on; a thread of the log's own writes them. What finds no room there,
/// or cannot be written, is counted and dropped: no answer ever waits for the disk. A line is a row of JSON, as `radial predict` and
/// `radial calibrate` read it.
package final class UnknownLog: Sendable {
  /// What became of rows so far.
  package struct Counts: Sendable, Equatable {
    package var written = 0
    package var dropped = 0
  }

  /// A row on its way.
  private struct Row: Sendable {
    let request: Request
    /// Of the request.
    let index: Int
    let predicted: Int
    let distance: Float?
    let pValue: Double
    let values: [Float]

    var bytes: Int { values.count * MemoryLayout<Float>.stride + 128 }
  }

  /// What the rows of one request share.
  private struct Request: Sendable {
    let model: String
    let version: Int
    let labels: [String]?
    let id: String
    let time: UTCTime
  }

  private struct State {
    var waiting: [Row] = []
    var waitingBytes = 0
    var isWriting = false
    var counts = Counts()
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "radial.unknown-log")
  /// Used on `queue` alone.
  private let files: RotatedFiles
  private let logger: Logger
  /// When a failure was told last, in monotonic nanoseconds.
  private let complained = Atomic<UInt64>(0)

  /// Bytes of rows that may wait to be written.
  private static let queueBytes = 16 << 20
  private static let complaintInterval: UInt64 = 60_000_000_000

  /// - Parameters:
  ///   - directory: made if it is not there; this process' alone.
  ///   - maxBytes: of all its files together.
  /// - Throws: why it cannot be written to.
  package init(directory: String, maxBytes: Int, logger: Logger) throws(FileProblem) {
    files = try RotatedFiles(directory: directory, maxBytes: maxBytes)
    self.logger = logger
  }

  /// What became of rows so far.
  package var counts: Counts { state.withLock { $0.counts } }

  /// Keeps those rows of a request that are called unknown; any thread.
  /// - Parameters:
  ///   - classifications: of some of its rows.
  ///   - inputs: of the same rows, [N, D].
  ///   - first: which row of the request the first of them is.
  ///   - requestID: called where there is a row to keep.
  func keep(
    _ classifications: ArraySlice<Classification>, _ inputs: UnsafePointer<Float>, first: Int, of served: ServedModel,
    requestID: @autoclosure () -> String
  ) {
    var request: Request?
    for (index, classification) in classifications.enumerated() {
      guard let verdict = classification.verdict, !verdict.isKnown else { continue }
      let model = served.model
      let its =
        request
        ?? Request(
          model: model.name, version: model.version, labels: model.labels, id: requestID(), time: .now)
      request = its
      let width = model.network.inputWidth
      let row = Row(
        request: its, index: first + index, predicted: classification.predicted, distance: classification.distance,
        pValue: verdict.pValue, values: Array(UnsafeBufferPointer(start: inputs + index * width, count: width)))
      put(row)
    }
  }

  private func put(_ row: Row) {
    let starts = state.withLock { state in
      guard state.waitingBytes + row.bytes <= Self.queueBytes else {
        state.counts.dropped += 1
        return false
      }
      state.waiting.append(row)
      state.waitingBytes += row.bytes
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if starts { queue.async { self.writeAll() } }
  }

  /// Waits until what was kept is written, but not for long; nothing is kept behind it.
  package func flush(seconds: Double) {
    let done = DispatchSemaphore(value: 0)
    queue.async { done.signal() }
    _ = done.wait(timeout: .now() + seconds)
  }

  private func writeAll() {
    while true {
      let rows = state.withLock { state in
        var rows: [Row] = []
        swap(&rows, &state.waiting)
        if rows.isEmpty { state.isWriting = false }
        return rows
      }
      if rows.isEmpty { return }
      for row in rows {
        let isWritten = write(row)
        state.withLock { state in
          state.waitingBytes -= row.bytes
          if isWritten { state.counts.written += 1 } else { state.counts.dropped += 1 }
        }
      }
    }
  }

  private func write(_ row: Row) -> Bool {
    let line = Self.line(row)
    do throws(FileProblem) {
      try files.append(line: UnsafeRawBufferPointer(start: line.pointer, count: line.count))
      return true
    } catch {
      complain(error)
      return false
    }
  }

  /// At most once a minute: a full disk must not fill the log too.
  private func complain(_ problem: FileProblem) {
    let now = monotonicNanoseconds()
    let last = complained.load(ordering: .relaxed)
    guard last == 0 || now - last > Self.complaintInterval else { return }
    complained.store(now, ordering: .relaxed)
    logger.error("rows called unknown are lost: \(problem)")
  }

  private static func line(_ row: Row) -> ByteBuffer {
    let request = row.request
    let buffer = ByteBuffer(capacity: 512 + row.values.count * 16)
    let json = JSONWriter(buffer)
    json.write(#"{"time":"#)
    json.write(string: request.time.description)
    json.write(#","model":"#)
    json.write(string: request.model)
    json.write(#","version":"#)
    json.write(string: String(request.version))
    json.write(#","request_id":"#)
    json.write(string: request.id)
    json.write(#","row":"#)
    json.write(integer: row.index)
    json.write(#","class":"#)
    json.write(integer: row.predicted)
    if let label = request.labels?[row.predicted] {
      json.write(#","label":"#)
      json.write(string: label)
    }
    if let distance = row.distance {
      json.write(#","distance":"#)
      json.write(float: distance)
    }
    json.write(#","p_value":"#)
    json.write(float: Float(row.pValue))
    json.write(#","instance":"#)
    row.values.withUnsafeBufferPointer { json.write(floats: $0) }
    json.write("}\n")
    return buffer
  }
}
