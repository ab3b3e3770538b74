package import Models
package import OfflineScoring
import RadialEngine
package import RowFiles
import Synchronization

/// The rows of one file, scored: what is kept of each, and some of the rows themselves.
package struct EvaluationScan: Sendable {
  /// A row with what was said of it.
  struct Shown: Sendable {
    /// From 0, in its file.
    let number: Int
    let score: RowScore
    let values: [Float]
    /// By which the row was chosen.
    let rank: Float
  }

  private(set) var scores: [RowScore] = []
  /// The calibration's rows that are among these, of those that are looked for.
  private(set) var recognised: Set<UInt64> = []
  /// The same of those that the model was fitted with.
  private(set) var fittedRows: Set<UInt64> = []
  /// Those that lie farthest over the limit of their class.
  private(set) var strangest: [Shown] = []
  /// Those that lie nearest, of rows without labels.
  private(set) var nearest: [Shown] = []
  /// Misread ones that lie nearest to the class that was answered.
  private(set) var mistakes: [Shown] = []
  /// A sample of rows, for those that are made of them.
  private(set) var sample: [RowSample.Entry] = []
  /// Whose label names no class, and the first of them, in words.
  private(set) var unlabelled: (count: Int, first: String?) = (0, nil)

  /// How many rows are shown.
  static let shownRows = 10

  /// - Parameters:
  ///   - labels: of each row, as texts; nil: the last text that rows carry along is their label, if they carry any.
  ///   - isLabelled: whether the rows have labels.
  ///   - sampled: how many rows are kept at most, with no more than `sampledFloats` numbers.
  package init(
    _ model: Model, _ rows: RowFile, labels: [String]? = nil, isLabelled: Bool = false, sampled: Int = 0,
    sampledFloats: Int = 1 << 24, threads: Int, progress: ProgressBar?
  ) throws(OfflineFailure) {
    let network = model.network
    let limits = model.calibration.map { calibration in
      (0..<calibration.classCount).map { calibration.limit(of: $0, at: calibration.falseRejectRate) }
    }
    let sketch = model.calibration?.sketch
    // Large rows are few.
    let kept = RowSample(capacity: min(sampled, max(1, sampledFloats / network.inputWidth)))
    let (strange, near, wrong) = (Ranking(), Ranking(), Ranking())
    let parts = try RowScan(model, rows, threads: threads, keepsLogits: true, progress: progress).run { block in
      var part = Part()
      let count = block.rows.count
      for row in 0..<count {
        let values = UnsafeBufferPointer(start: block.rows.rows + row * network.inputWidth, count: network.inputWidth)
        var score = RowScore(row, block.results, model, limits: limits ?? [])
        let number = block.rows.numbers[row]
        if isLabelled {
          let text =
            labels.map { $0.indices.contains(number) ? $0[number] : "" }
            ?? block.rows.carried(row: row, column: rows.carried.count - 1).text
          score.label = model.classIndex(ofLabel: text).map(Int32.init)
          if score.label == nil {
            if part.unlabelled.count == 0 {
              part.unlabelled.first = "\(block.rows.place(ofRow: row)), '\(text.printable)'"
            }
            part.unlabelled.count += 1
          }
        }
        part.scores.append(score)
        let hash = RowSketch.hash(values)
        if let sketch, sketch.contains(hash) { part.recognised.insert(hash) }
        if let fitted = model.fittedRows, fitted.contains(hash) { part.fittedRows.insert(hash) }
        kept.offer(values, hash: hash, label: score.label)
        if let rank = score.overLimit ?? score.farness ?? score.softmax {
          strange.keep(number, score, values, rank: rank)
          if !isLabelled { near.keep(number, score, values, rank: -rank) }
          if score.label != nil, !score.isRight { wrong.keep(number, score, values, rank: -rank) }
        }
      }
      return part
    }
    for part in parts {
      scores += part.scores
      recognised.formUnion(part.recognised)
      fittedRows.formUnion(part.fittedRows)
      if unlabelled.count == 0 { unlabelled.first = part.unlabelled.first }
      unlabelled.count += part.unlabelled.count
    }
    (strangest, nearest, mistakes) = (strange.rows, near.rows, wrong.rows)
    sample = kept.entries
    if let labels, labels.count != scores.count {
      throw OfflineFailure(
        "\(rows.name) has \(scores.count) rows, and there are \(labels.count) labels; give one a row, in the same order; a first line of words above numbers is taken for a header"
      )
    }
    guard !scores.isEmpty else { throw OfflineFailure("\(rows.name): there are no rows in it") }
    if let first = unlabelled.first, unlabelled.count == scores.count {
      throw OfflineFailure(
        "\(rows.name): no row has a usable label, the first at \(first); labels are the names of classes, or their numbers from 0 to \(model.classCount - 1)"
      )
    }
  }

  /// Of rows that are in memory.
  init(_ model: Model, _ rows: [[Float]]) {
    let network = model.network
    let limits = model.calibration.map { calibration in
      (0..<calibration.classCount).map { calibration.limit(of: $0, at: calibration.falseRejectRate) }
    }
    let workspace = network.makeWorkspace()
    let results = ResultRows(network, capacity: 1, keepsEmbeddings: false, keepsLogits: true)
    for (number, row) in rows.enumerated() {
      network.forward(row, rows: 1, into: results.lent, workspace: workspace)
      let score = RowScore(0, results.lent, model, limits: limits ?? [])
      scores.append(score)
      if let rank = score.overLimit ?? score.farness ?? score.softmax {
        nearest = (nearest + [Shown(number: number, score: score, values: row, rank: -rank)]).nearestFirst
      }
    }
  }

  /// The rows themselves that were kept.
  package var sampledRows: [[Float]] { sample.map(\.row) }

  /// Far rows that are made of the sample, scored.
  package func syntheticSets(_ model: Model) -> [(name: String, isSynthetic: Bool, scan: EvaluationScan)] {
    let rows = sample.map(\.row)
    let classes = EvaluationScan(model, rows).scores.map(\.predicted)
    return SyntheticRows.make(for: model, of: rows, classes: classes).map {
      ($0.name, true, EvaluationScan(model, $0.rows))
    }
  }

  /// Numbers of the first rows that were kept, row after row.
  package func firstRows(_ count: Int) -> [Float] { sample.prefix(count).flatMap(\.row) }

  /// What one block comes to.
  private struct Part: Sendable {
    var scores: [RowScore] = []
    var recognised: Set<UInt64> = []
    var fittedRows: Set<UInt64> = []
    var unlabelled: (count: Int, first: String?) = (0, nil)
  }

  /// The rows of the largest ranks, one list for all threads: a file's wide rows are not kept block by block.
  private final class Ranking: Sendable {
    private let kept = Mutex<[Shown]>([])

    var rows: [Shown] { kept.withLock { $0 } }

    func keep(_ number: Int, _ score: RowScore, _ values: UnsafeBufferPointer<Float>, rank: Float) {
      kept.withLock { kept in
        if kept.count == EvaluationScan.shownRows, let last = kept.last,
          rank < last.rank || (rank == last.rank && number > last.number)
        {
          return
        }
        kept = (kept + [Shown(number: number, score: score, values: Array(values), rank: rank)]).nearestFirst
      }
    }
  }
}

extension [EvaluationScan.Shown] {
  /// The first ones by rank, ties by their number: the same in any order.
  fileprivate var nearestFirst: [EvaluationScan.Shown] {
    Array(sorted { $0.rank != $1.rank ? $0.rank > $1.rank : $0.number < $1.number }.prefix(EvaluationScan.shownRows))
  }
}
