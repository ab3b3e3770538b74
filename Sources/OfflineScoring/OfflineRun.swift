import Bytes
import Dispatch
import Glibc
import Models
package import RadialEngine
package import RowFiles

/// The work of `radial predict`: cut → parse → compute → encode → write, in constant memory.
///
/// Each thread takes the next block of rows from the file, alone; parses, computes and encodes it beside the others; and writes its
/// lines when the block before has been written. So the order of the rows stays, and no more blocks exist than threads.
///
/// `@unchecked Sendable`: `rows` is cut, and `source` changed, on `cutting` alone; `output` is written by whoever has the turn.
package final class OfflineRun: @unchecked Sendable {
  private let network: Network
  private let rows: RowFile
  private let encoder: OfflineEncoder
  private let threads: Int
  private let output: OfflineOutput
  private let countsLabels: Bool
  // A queue and not a lock: whoever cuts may wait for a pipe's writer.
  private let cutting = DispatchQueue(label: "radial.rows")
  private var source = Source()

  /// What is decided while the next block is cut.
  private struct Source {
    /// Signalled once everything before the next block has been written.
    var turn = DispatchSemaphore(value: 0)
    /// The file's end, or its damage, has been found.
    var hasEnded = false
  }

  /// A block with its place in the order.
  private struct Ticket {
    let turn: DispatchSemaphore
    let next: DispatchSemaphore
    /// How much of the file has been cut so far.
    let fraction: Double?
    let failure: RowFileError?
  }

  /// - Parameter countsLabels: whether the last text that the rows carry along is their label.
  package init(
    network: Network, rows: RowFile, encoder: OfflineEncoder, threads: Int, output: OfflineOutput, countsLabels: Bool
  ) {
    self.network = network
    self.rows = rows
    self.encoder = encoder
    self.threads = threads
    self.output = output
    self.countsLabels = countsLabels
    // The first block waits for nobody. (A semaphore made with 1 must not end with less.)
    source.turn.signal()
  }

  /// Runs to the end of the rows, or throws what stopped it.
  package func run() throws(OfflineFailure) {
    // A reader that goes away is seen as EPIPE, so that the progress bar can be cleared first.
    signal(SIGPIPE, SIG_IGN)
    let header = ByteBuffer(capacity: 4096)
    encoder.writeHeader(into: header)
    output.write(header)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in work() }
    try output.finish()
  }

  /// One thread's part.
  private func work() {
    let block = RowBlock(width: network.inputWidth, capacity: ResultRows.blockRows(network))
    let workspace = network.makeWorkspace()
    let results = ResultRows(network, capacity: block.capacity, keepsEmbeddings: encoder.needsEmbeddings)
    let text = ByteBuffer(capacity: block.capacity * encoder.expectedBytesPerRow)
    while let ticket = nextTicket(block) {
      var found = OfflineOutput.Rows()
      text.removeAll()
      if ticket.failure == nil {
        rows.parse(block)
        network.forward(block.rows, rows: block.count, into: results.lent, workspace: workspace)
        found = encode(block, results.lent, into: text)
      }
      ticket.turn.wait()
      output.write(text, found, fraction: ticket.fraction)
      if let failure = ticket.failure { output.fail(OfflineFailure(failure)) }
      ticket.next.signal()
    }
  }

  /// Cuts the next block; nil: there is none, or nobody wants it.
  private func nextTicket(_ block: RowBlock) -> Ticket? {
    cutting.sync {
      guard !source.hasEnded, !output.hasStopped else { return nil }
      var failure: RowFileError?
      do throws(RowFileError) {
        guard try rows.cut(into: block) else {
          source.hasEnded = true
          return nil
        }
      } catch {
        failure = error
        source.hasEnded = true
      }
      let next = DispatchSemaphore(value: 0)
      defer { source.turn = next }
      return Ticket(turn: source.turn, next: next, fraction: rows.fraction, failure: failure)
    }
  }

  /// Writes the lines of the good rows. When a bad row stops the run, nothing behind the first of them.
  private func encode(
    _ block: RowBlock, _ results: Network.Results, into text: ByteBuffer
  ) -> OfflineOutput.Rows {
    var rows = OfflineOutput.Rows(problems: block.problems, rounded: block.rounded)
    func stop() -> Int? {
      rows.problems.first { OfflineOutput.Rows.ends($0, skipsBadRows: output.skipsBadRows) }?.row
    }
    var end = stop() ?? Int.max
    for index in 0..<block.count {
      let number = block.numbers[index]
      if number > end { break }
      do throws(OfflineEncoder.RowError) {
        let classification = try encoder.write(
          row: index, number: number, of: results, keeping: kept(block, index), into: text)
        rows.written += 1
        if countsLabels { count(block, index, classification?.predicted, &rows.labels) }
      } catch {
        let problem = BadRow(
          row: number, description: "\(self.rows.name): \(block.place(ofRow: index)): \(error.sentence)")
        rows.problems.insert(problem, at: rows.problems.firstIndex { $0.row > number } ?? rows.problems.count)
        end = stop() ?? Int.max
      }
    }
    // In skip mode a row that ends the file leaves those behind it unread.
    if let last = rows.problems.firstIndex(where: { $0.row == end }) { rows.problems.removeSubrange((last + 1)...) }
    return rows
  }

  private func kept(_ block: RowBlock, _ index: Int) -> [OfflineEncoder.Kept] {
    let count = rows.carried.count - (countsLabels ? 1 : 0)
    guard count > 0 else { return [] }
    return (0..<count).map { column in
      let value = block.carried(row: index, column: column)
      return OfflineEncoder.Kept(bytes: value.bytes, isJSON: value.isJSON, text: value.text)
    }
  }

  private func count(_ block: RowBlock, _ index: Int, _ predicted: Int?, _ labels: inout Accuracy) {
    let text = block.carried(row: index, column: rows.carried.count - 1).text
    labels.add(
      predicted: predicted, label: encoder.model.classIndex(ofLabel: text),
      description: "\(block.place(ofRow: index)), '\(text.printable)'")
  }
}
