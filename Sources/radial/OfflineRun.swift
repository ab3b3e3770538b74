import Batching
import Dispatch
import Glibc
import HTTPServer
import InferenceAPI
import RadialEngine
import RowFiles

/// The work of `radial predict`: cut → parse → compute → encode → write, in constant memory.
///
/// Each thread takes the next block of rows from the file, alone; parses, computes and encodes it beside the others; and writes its
/// lines when the block before has been written. So the order of the rows stays, and no more blocks exist than threads.
///
/// `@unchecked Sendable`: `rows` is cut, and `source` changed, on `cutting` alone; `output` is written by whoever has the turn.
final class OfflineRun: @unchecked Sendable {
  private let network: Network
  private let rows: RowFile
  private let encoder: OfflineEncoder
  private let threads: Int
  private let output: OfflineOutput
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

  init(
    network: Network, rows: RowFile, encoder: OfflineEncoder, threads: Int, skipsBadRows: Bool, progress: ProgressBar?
  ) {
    self.network = network
    self.rows = rows
    self.encoder = encoder
    self.threads = threads
    output = OfflineOutput(skipsBadRows: skipsBadRows, progress: progress)
    // The first block waits for nobody. (A semaphore made with 1 must not end with less.)
    source.turn.signal()
  }

  /// Runs to the end of the rows, or throws what stopped it.
  func run() throws(Failure) {
    // A reader that goes away is seen as EPIPE, so that the progress bar can be cleared first.
    signal(SIGPIPE, SIG_IGN)
    let header = OutputBuffer(capacity: 4096)
    encoder.writeHeader(into: header)
    output.write(header, rows: 0, problems: [], fraction: nil)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in work() }
    try output.finish()
  }

  /// One thread's part.
  private func work() {
    let block = RowBlock(width: network.inputWidth, capacity: Self.blockRows(network))
    let workspace = network.makeWorkspace()
    let results = ResultRows(network, capacity: block.capacity, keepsEmbeddings: encoder.needsEmbeddings)
    let text = OutputBuffer(capacity: block.capacity * encoder.expectedBytesPerRow)
    while let ticket = nextTicket(block) {
      var problems: [BadRow] = []
      text.removeAll()
      var written = 0
      if ticket.failure == nil {
        rows.parse(block)
        network.forward(block.rows, rows: block.count, into: results.lent, workspace: workspace)
        problems = block.problems
        written = encode(block, results.lent, into: text, problems: &problems)
      }
      ticket.turn.wait()
      output.write(text, rows: written, problems: problems, fraction: ticket.fraction)
      if let failure = ticket.failure { output.fail(Failure(failure)) }
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

  /// Writes the lines of the good rows; of those, how many. When bad rows stop the run, nothing behind the first of them.
  private func encode(
    _ block: RowBlock, _ results: Network.Results, into text: OutputBuffer, problems: inout [BadRow]
  ) -> Int {
    var written = 0
    for index in 0..<block.count {
      let number = block.numbers[index]
      if !output.skipsBadRows, let first = problems.first, first.row < number { break }
      do throws(OfflineEncoder.RowError) {
        try encoder.write(row: index, number: number, of: results, into: text)
        written += 1
      } catch {
        let problem = BadRow(
          row: number, description: "\(rows.name): \(block.place(ofRow: index)): \(error.sentence)")
        problems.insert(problem, at: problems.firstIndex { $0.row > number } ?? problems.count)
      }
    }
    return written
  }

  /// Rows that stay in a core's second-level cache between being read and being computed: 2 % faster than blocks of 3 MB.
  private static func blockRows(_ network: Network) -> Int {
    let bytes = 4 * max(network.inputWidth, network.outputWidth + network.distanceWidth + network.embeddingWidth)
    return min(1024, max(1, (1 << 20) / bytes))
  }
}

/// One thread's results: outputs [N, O], distances [N, C], embeddings [N, K].
private final class ResultRows {
  private let memory: UnsafeMutablePointer<Float>
  let lent: Network.Results

  init(_ network: Network, capacity: Int, keepsEmbeddings: Bool) {
    let (o, c) = (network.outputWidth, network.distanceWidth)
    let k = keepsEmbeddings ? network.embeddingWidth : 0
    memory = .allocate(capacity: capacity * (o + c + k))
    lent = Network.Results(
      outputs: memory, distances: c > 0 ? memory + capacity * o : nil,
      embeddings: k > 0 ? memory + capacity * (o + c) : nil)
  }

  deinit { memory.deallocate() }
}
