import Bytes
public import RadialEngine

/// What a forward pass costs on one core of this machine, measured at load: linear between one row and a full batch.
public struct CostModel: Sendable, Equatable {
  /// Of a batch of one row.
  public let oneRowNanoseconds: Double
  /// Of a batch of `fullBatchRows` rows.
  public let fullBatchNanoseconds: Double
  /// From here on the cost of a row is taken to be constant.
  public let fullBatchRows: Int

  /// A model of costs that were measured, in nanoseconds of one core.
  public init(oneRowNanoseconds: Double, fullBatchNanoseconds: Double, fullBatchRows: Int) {
    self.oneRowNanoseconds = oneRowNanoseconds
    self.fullBatchNanoseconds = fullBatchNanoseconds
    self.fullBatchRows = fullBatchRows
  }

  /// The estimated time of one forward pass over `rows` rows on one core, in nanoseconds.
  public func nanoseconds(rows: Int) -> Double {
    guard rows > 0 else { return 0 }
    guard fullBatchRows > 1 else { return oneRowNanoseconds * Double(rows) }
    // A full batch cannot be dearer per row than single rows; if the clock says so, the clock was disturbed.
    let full = min(fullBatchNanoseconds, oneRowNanoseconds * Double(fullBatchRows))
    let slope = max(0, full - oneRowNanoseconds) / Double(fullBatchRows - 1)
    return oneRowNanoseconds + slope * Double(rows - 1)
  }

  /// What rows add to a batch that has others, in nanoseconds of one core: those that wait are computed together.
  public func queuedNanoseconds(rows: Int) -> Double {
    let full = min(fullBatchNanoseconds, oneRowNanoseconds * Double(fullBatchRows))
    return full / Double(max(1, fullBatchRows)) * Double(rows)
  }

  /// Warms the network up and measures it: the fastest of a few passes over one row and over a full batch of zeros. Of a network that takes
  /// long one pass is enough, since what disturbs a clock is short beside it, and of as many rows as a quarter of a second has.
  public static func measure(_ network: Network, fullBatchRows: Int = 64) -> CostModel {
    let workspace = network.makeWorkspace()
    let batch = RowBatch(network: network)
    guard let rows = batch.reserve(fullBatchRows), batch.append(fullBatchRows) != nil else {
      fatalError("out of memory: \(fullBatchRows) rows to measure a network with")
    }
    rows.update(repeating: 0, count: fullBatchRows * network.inputWidth)
    func fastest(rows: Int, passes: Int) -> Double {
      var best = Double.infinity
      let begin = monotonicNanoseconds()
      for _ in 0..<passes {
        let start = monotonicNanoseconds()
        network.forward(batch.input(row: 0), rows: rows, into: batch.results(row: 0), workspace: workspace)
        best = min(best, Double(monotonicNanoseconds() - start))
        if monotonicNanoseconds() - begin > 20_000_000 { break }
      }
      return best
    }
    let one = fastest(rows: 1, passes: 16)
    let measured = max(1, Int(min(Double(fullBatchRows), 250_000_000 / max(one, 1))))
    let several = measured == 1 ? one : fastest(rows: measured, passes: 4)
    return CostModel(
      oneRowNanoseconds: one, fullBatchNanoseconds: several * Double(fullBatchRows) / Double(measured),
      fullBatchRows: fullBatchRows)
  }
}

/// Decides where a turn's batch runs.
public struct InlinePolicy: Sendable {
  /// The longest a reactor may compute before it reads its sockets again.
  public let budgetNanoseconds: Double

  /// What handing one request to another thread and back costs: suspending and resuming a connection, measured at 8 to
  /// 16 µs.
  public static let hopNanoseconds = 12_000.0

  /// - Parameter budgetNanoseconds: 0: nothing runs inline.
  public init(budgetNanoseconds: Double) { self.budgetNanoseconds = budgetNanoseconds }

  /// Whether a batch of `requests` requests that takes `nanoseconds` runs at once on the reactor's thread: when it fits the
  /// budget, or when the hops alone would take the reactor longer than the work.
  public func runsInline(nanoseconds: Double, requests: Int) -> Bool {
    nanoseconds <= budgetNanoseconds || (budgetNanoseconds > 0 && nanoseconds <= Double(requests) * Self.hopNanoseconds)
  }
}
