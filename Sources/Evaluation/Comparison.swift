package import Models
package import OfflineScoring

/// Two models on the same rows: where they answer otherwise, and how their verdicts and distances differ.
package struct Comparison: Encodable, Sendable {
  /// A row that the two answer otherwise.
  struct Change: Encodable, Sendable {
    /// From 0.
    let row: Int
    let before: String
    let after: String
  }

  /// How many rows get which verdicts; of two models with calibrations.
  struct Verdicts: Encodable, Sendable {
    var knownToBoth = 0
    var knownToFirst = 0
    var knownToSecond = 0
    var knownToNone = 0
  }

  /// What one model measures: the scaled distance to the answered class.
  struct Distances: Encodable, Sendable {
    let median: Float
    let percentile95: Float

    init?(_ values: [Float]) {
      guard !values.isEmpty else { return nil }
      let sorted = values.sorted()
      median = sorted[(sorted.count - 1) / 2]
      percentile95 = sorted[min(sorted.count - 1, sorted.count * 95 / 100)]
    }
  }

  let rows: Int
  package let agreement: Double
  let changed: Int
  /// The first of them.
  let changes: [Change]
  /// Of each pair of answers that differ, the most frequent first.
  let changesByClass: [ClassChange]
  @Nullable var verdicts: Verdicts?
  /// Of the first and of the second model; null: it measures none.
  let distances: [Distances?]

  /// A pair of answers that differ, and how often it comes.
  struct ClassChange: Encodable, Sendable {
    let before: String
    let after: String
    let rows: Int
  }

  private static let shownChanges = 20

  /// - Throws: where the two have not scored the same number of rows.
  package init(
    _ first: Model, _ one: EvaluationScan, _ second: Model, _ other: EvaluationScan
  ) throws(OfflineFailure) {
    guard one.scores.count == other.scores.count else {
      throw OfflineFailure(
        "the rows have changed between the two models: \(one.scores.count), then \(other.scores.count); compare again")
    }
    // Classes of models that have labels are the same where their names are.
    let isNamed = first.labels != nil && second.labels != nil
    func name(_ model: Model, _ index: Int32) -> String {
      isNamed ? model.labels?[Int(index)] ?? String(index) : String(index)
    }
    rows = one.scores.count
    var (changes, count) = ([Change](), 0)
    var pairs: [[String]: Int] = [:]
    for (row, (before, after)) in zip(one.scores, other.scores).enumerated() {
      let (old, new) = (name(first, before.predicted), name(second, after.predicted))
      guard old != new else { continue }
      count += 1
      pairs[[old, new], default: 0] += 1
      if changes.count < Self.shownChanges { changes.append(Change(row: row, before: old, after: new)) }
    }
    (changed, self.changes) = (count, changes)
    agreement = 1 - Double(count) / Double(rows)
    changesByClass = pairs.sorted { ($1.value, $0.key[0], $0.key[1]) < ($0.value, $1.key[0], $1.key[1]) }
      .prefix(Self.shownChanges).map { ClassChange(before: $0.key[0], after: $0.key[1], rows: $0.value) }
    verdicts = Self.verdicts(first, one, second, other)
    distances = [one, other].map { Distances($0.scores.compactMap(\.farness)) }
  }

  private static func verdicts(
    _ first: Model, _ one: EvaluationScan, _ second: Model, _ other: EvaluationScan
  ) -> Verdicts? {
    guard first.verdictSource != nil, second.verdictSource != nil else { return nil }
    var verdicts = Verdicts()
    for (before, after) in zip(one.scores, other.scores) {
      switch (before.isKnown ?? true, after.isKnown ?? true) {
      case (true, true): verdicts.knownToBoth += 1
      case (true, false): verdicts.knownToFirst += 1
      case (false, true): verdicts.knownToSecond += 1
      case (false, false): verdicts.knownToNone += 1
      }
    }
    return verdicts
  }

  /// The table of a terminal.
  package var table: String {
    var lines = ["rows: \(rows), the same class for \(Evaluation.percent(agreement)), another for \(changed)"]
    if !changesByClass.isEmpty {
      lines.append(
        TextTable.aligned(
          [["first", "second", "rows"]] + changesByClass.map { [$0.before, $0.after, String($0.rows)] }))
      lines.append(
        "changed: \(changes.map { "row \($0.row)" }.joined(separator: ", "))\(changed > changes.count ? ", …" : "")")
    }
    if let verdicts {
      lines.append(
        "known to both \(verdicts.knownToBoth), to the first alone \(verdicts.knownToFirst), to the second alone \(verdicts.knownToSecond), to none \(verdicts.knownToNone)"
      )
    }
    for (name, measured) in zip(["first", "second"], distances) {
      guard let measured else { continue }
      lines.append("\(name): distance of the answered class, median \(measured.median), 95 % \(measured.percentile95)")
    }
    return lines.joined(separator: "\n")
  }
}
