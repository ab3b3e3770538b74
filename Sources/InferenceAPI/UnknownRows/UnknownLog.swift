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
  struct Row: Sendable {
    fileprivate let request: Request
    /// Of the request.
    fileprivate let index: Int
    fileprivate let predicted: Int
    fileprivate let distance: Float?
    fileprivate let pValue: Double?
    fileprivate let values: [Float]

    /// With what an array takes beside its elements.
    fileprivate var bytes: Int { Self.bytes(width: values.count) }
    static func bytes(width: Int) -> Int { width * MemoryLayout<Float>.stride + 256 }
  }

  /// What the rows of one request share.
  fileprivate struct Request: Sendable {
    let model: String
    let version: Int
    let labels: [String]?
    let id: String
    let time: UTCTime
  }

  private struct State {
    var waiting: [Row] = []
    /// With those that were taken out and are not written yet.
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
  static let queueBytes = 16 << 20
  private static let complaintInterval: UInt64 = 60_000_000_000

  /// - Parameters:
  ///   - directory: made if it is not there; this process' alone.
  ///   - maxBytes: of all its files together.
  /// - Throws: why it cannot be written to.
  package init(directory: String, maxBytes: Int, logger: Logger) throws(FileProblem) {
    files = try RotatedFiles(directory: directory, maxBytes: maxBytes)
    self.logger = logger
  }

  /// Looks whether a directory could be written to, and changes nothing.
  package static func check(directory: String) throws(FileProblem) { try RotatedFiles.check(directory) }

  /// What became of rows so far.
  package var counts: Counts { state.withLock { $0.counts } }

  /// Those rows of a request that are unknown at the model's own rate, or by its own output, whatever rate the request asks for: a copy, to be kept once the request
  /// is answered. No more than the queue could take; what is beyond is dropped and counted.
  /// - Parameters:
  ///   - classifications: of some of its rows.
  ///   - inputs: of the same rows, [N, D].
  ///   - first: which row of the request the first of them is.
  ///   - taken: bytes of this request's rows that were taken before.
  ///   - requestID: called where there is a row to keep.
  func unknown(
    _ classifications: ArraySlice<Classification>, _ inputs: UnsafePointer<Float>, first: Int, of served: ServedModel,
    taken: Int = 0, requestID: @autoclosure () -> String
  ) -> [Row] {
    guard served.model.verdictSource != nil else { return [] }
    let rate = served.model.calibration?.falseRejectRate ?? 0
    let model = served.model
    let width = model.network.inputWidth
    var (rows, dropped, request) = ([Row](), 0, Request?.none)
    var room = Self.queueBytes - taken - state.withLock { $0.waitingBytes }
    for (index, classification) in classifications.enumerated() {
      guard let verdict = classification.verdict, verdict.pValue.map({ $0 < rate }) ?? !verdict.isKnown else {
        continue
      }
      let values = UnsafeBufferPointer(start: inputs + index * width, count: width)
      room -= Row.bytes(width: width)
      // What is no number in JSON nobody could read.
      guard room >= 0, values.allSatisfy(\.isFinite) else {
        dropped += 1
        continue
      }
      let its =
        request
        ?? Request(model: model.name, version: model.version, labels: model.labels, id: requestID(), time: .now)
      request = its
      rows.append(
        Row(
          request: its, index: first + index, predicted: classification.predicted, distance: classification.distance,
          pValue: verdict.pValue, values: Array(values)))
    }
    if dropped > 0 { drop(dropped, "they came faster than they are written, or are no numbers") }
    return rows
  }

  /// Keeps rows; any thread.
  func keep(_ rows: [Row]) {
    guard !rows.isEmpty else { return }
    let (starts, dropped) = state.withLock { state in
      var dropped = 0
      for row in rows {
        guard state.waitingBytes + row.bytes <= Self.queueBytes else {
          dropped += 1
          continue
        }
        state.waiting.append(row)
        state.waitingBytes += row.bytes
      }
      let starts = !state.isWriting && !state.waiting.isEmpty
      if starts { state.isWriting = true }
      return (starts, dropped)
    }
    if starts { queue.async { self.writeAll() } }
    if dropped > 0 { drop(dropped, "they came faster than they are written") }
  }

  private func drop(_ count: Int, _ reason: String) {
    state.withLock { $0.counts.dropped += count }
    complain(reason)
  }

  /// Waits until what was kept is written, but not for long; nothing is kept behind it.
  package func flush(seconds: Double) {
    let done = DispatchSemaphore(value: 0)
    queue.async { done.signal() }
    guard done.wait(timeout: .now() + seconds) == .timedOut else { return }
    let bytes = state.withLock { $0.waitingBytes }
    logger.error("rows called unknown are lost: \(bytes) bytes of them were not written in time")
  }

  private func writeAll() {
    while true {
      // The first ones last, to be taken from the end and freed.
      var rows = state.withLock { state in
        var rows: [Row] = []
        swap(&rows, &state.waiting)
        if rows.isEmpty { state.isWriting = false }
        return rows
      }
      if rows.isEmpty { return }
      rows.reverse()
      while let row = rows.popLast() {
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
      complain(error.description)
      return false
    }
  }

  /// At most once a minute: a full disk must not fill the log too.
  private func complain(_ reason: String) {
    let now = monotonicNanoseconds()
    let last = complained.load(ordering: .relaxed)
    // Another thread's may be the later one.
    guard last == 0 || (now > last && now - last > Self.complaintInterval) else { return }
    complained.store(now, ordering: .relaxed)
    logger.error("rows called unknown are lost: \(reason)")
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
    if let pValue = row.pValue {
      json.write(#","p_value":"#)
      json.write(float: Float(pValue))
    }
    json.write(#","instance":"#)
    row.values.withUnsafeBufferPointer { json.write(floats: $0) }
    json.write("}\n")
    return buffer
  }
}
