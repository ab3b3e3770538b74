package import Models

/// How good a model is on rows with labels, and how well it knows that far rows are none of its own: every figure of `radial evaluate`, as
/// its table, its JSON and its report show it.
package struct Evaluation: Encodable, Sendable {
  /// Rejections of the rows that were answered one class.
  package struct ClassRejection: Encodable, Sendable {
    let `class`: Int
    let label: String?
    /// Of the evaluation, and of the class' category in the calibration.
    let rows: Int
    let calibrationRows: Int
    let rejected: Double
    /// Within which the share lies in 95 % of cases, by the sizes of both sets.
    let expectedLow: Double
    let expectedHigh: Double
  }

  /// How one number tells far rows from known ones.
  package struct Figures: Encodable, Sendable {
    package let auroc: Double
    /// The share of far rows that are accepted where 95 % of the known ones are.
    let falsePositiveRateAt95: Double

    init(_ separation: Separation) { (auroc, falsePositiveRateAt95) = (separation.auroc, separation.falsePositiveRate) }
  }

  /// A set of rows that the model should not know.
  package struct FarSet: Encodable, Sendable {
    package let name: String
    let isSynthetic: Bool
    package let rows: Int
    /// The share that is called known at each of the rates; empty: the model is not calibrated.
    package let accepted: [Double]
    /// By the scaled distance to the answered class.
    @Nullable package var distance: Figures?
    /// By 1 − the largest probability of a softmax.
    @Nullable package var softmax: Figures?
    /// By the energy of its logits.
    @Nullable package var energy: Figures?
  }

  /// Of which far sets are accepted shares told.
  static let rates = [0.01, 0.02, 0.05]

  package let model: String
  package let rows: Int
  /// Rows whose label names a class.
  let labelled: Int
  let unlabelled: Int
  /// The share of labelled rows that are misread; null: there are no labels.
  @Nullable package var error: Double?
  /// The share that is called unknown at the model's rate; null: the model is not calibrated.
  @Nullable package var rejected: Double?
  @Nullable var falseRejectRate: Double?
  /// [true class][answered class]
  let confusion: [[Int]]
  let classes: [ClassRejection]
  let acceptanceRates: [Double]
  package let far: [FarSet]
  /// What follows, a sentence each.
  package let judgement: [String]
  /// What is wrong with the evaluation itself, a sentence each.
  package let warnings: [String]

  /// - Parameters:
  ///   - scan: of the rows with labels.
  ///   - far: of each set of far rows.
  package init(
    _ model: Model, name: String, _ scan: EvaluationScan,
    far: [(name: String, isSynthetic: Bool, scan: EvaluationScan)]
  ) {
    self.model = name
    let scores = scan.scores
    rows = scores.count
    let labelled = scores.filter { $0.label != nil }
    self.labelled = labelled.count
    unlabelled = scan.unlabelled.count
    error = labelled.isEmpty ? nil : Double(labelled.count { !$0.isRight }) / Double(labelled.count)
    let rate = model.calibration?.falseRejectRate
    falseRejectRate = rate
    let unknown = rate.map { rate in Double(scores.count { ($0.pValue ?? 1) < rate }) / Double(scores.count) }
    rejected = unknown
    let count = model.classCount
    // Of more classes nobody reads it.
    var confusion =
      labelled.isEmpty || count > 100 ? [] : [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    if !confusion.isEmpty {
      for score in labelled { confusion[Int(score.label ?? 0)][Int(score.predicted)] += 1 }
    }
    self.confusion = confusion
    let rejections = model.calibration.map { Self.rejections($0, model, scores) } ?? []
    classes = rejections
    acceptanceRates = Self.rates
    let sets = far.map { name, isSynthetic, scan in
      Self.figures(name, isSynthetic: isSynthetic, scan.scores, known: scores, isCalibrated: rate != nil)
    }
    self.far = sets
    judgement = Self.judge(model, sets, rejected: unknown, rejections, rate)
    var warnings: [String] = []
    if !scan.recognised.isEmpty, let sketch = model.calibration?.sketch {
      warnings.append(
        "\(sketch.share(of: scan.recognised)) of the rows that the model was calibrated with are among these: rejections here are rarer than they will be; evaluate with others"
      )
    }
    if !scan.fittedRows.isEmpty, let sketch = model.fittedRows {
      warnings.append(
        "\(sketch.share(of: scan.fittedRows)) of the rows that the model was fitted with are among these: they lie nearer to their classes than others will; evaluate with others"
      )
    }
    if scan.unlabelled.count > 0, let first = scan.unlabelled.first {
      warnings.append("\(scan.unlabelled.count) rows have no usable label, the first at \(first)")
    }
    self.warnings = warnings
  }

  private static func rejections(
    _ calibration: Calibration, _ model: Model, _ scores: [RowScore]
  ) -> [ClassRejection] {
    let rate = calibration.falseRejectRate
    return (0..<model.classCount).map { index in
      let own = scores.filter { Int($0.predicted) == index }
      let known = calibration.limits(of: index)
      let limits = own.isEmpty ? 0...0 : BetaBinomial(trials: own.count, rows: known.categoryRows, rate: rate).limits
      return ClassRejection(
        class: index, label: model.labels?[index], rows: own.count, calibrationRows: known.categoryRows,
        rejected: own.isEmpty ? 0 : Double(own.count { ($0.pValue ?? 1) < rate }) / Double(own.count),
        expectedLow: limits.lowerBound, expectedHigh: limits.upperBound)
    }
  }

  private static func figures(
    _ name: String, isSynthetic: Bool, _ far: [RowScore], known: [RowScore], isCalibrated: Bool
  ) -> FarSet {
    func figures(_ number: (RowScore) -> Float?) -> Figures? {
      Separation(known: known.compactMap(number), far: far.compactMap(number)).map(Figures.init)
    }
    return FarSet(
      name: name, isSynthetic: isSynthetic, rows: far.count,
      accepted: isCalibrated
        ? rates.map { rate in Double(far.count { ($0.pValue ?? 1) >= rate }) / Double(max(far.count, 1)) } : [],
      distance: figures(\.farness), softmax: figures(\.softmax), energy: figures(\.energy))
  }

  /// Plain sentences of what the figures mean.
  private static func judge(
    _ model: Model, _ far: [FarSet], rejected: Double?, _ classes: [ClassRejection], _ rate: Double?
  ) -> [String] {
    var sentences: [String] = []
    guard model.measuresClasses else {
      return ["The model measures no distances to its classes, so it never says \"none of these\": see radial fit."]
    }
    guard let rate else {
      sentences.append("The model is not calibrated, so it gives no verdicts: see radial calibrate.")
      return sentences
        + far.compactMap { set in
          set.distance.map { "\(set.name): a far row lies farther than a known one in \(percent($0.auroc)) of pairs." }
        }
    }
    for set in far {
      guard let accepted = set.accepted.first else { continue }
      let verdict =
        accepted <= 0.05
        ? "its distances separate this set."
        : accepted <= 0.2
          ? "its distances separate most of this set." : "its distances do not separate; see the page What known means."
      sentences.append("\(set.name): \(percent(accepted)) would be called known at 1 %: \(verdict)")
      if let distance = set.distance?.auroc {
        for (name, other) in [("softmax", set.softmax), ("energy", set.energy)] {
          if let other, other.auroc > distance + 0.005 {
            sentences.append(
              "\(set.name): \(name) alone separates better (AUROC \(rounded(other.auroc)) against \(rounded(distance)))."
            )
          }
        }
      }
    }
    if let rejected {
      let outside = classes.filter { $0.rows > 0 && ($0.rejected > $0.expectedHigh || $0.rejected < $0.expectedLow) }
      sentences.append(
        "Of the rows themselves \(percent(rejected)) are called unknown, calibrated for \(percent(rate)); "
          + (outside.isEmpty
            ? "every class lies where chance allows."
            : "\(outside.count) of \(classes.count) classes lie outside of what chance allows in 95 % of cases."))
    }
    return sentences
  }

  /// Such as `0.72 %`.
  static func percent(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
  }

  /// Three decimals.
  static func rounded(_ value: Double) -> String {
    let thousandths = Int((value * 1000).rounded())
    let rest = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
  }
}

extension Evaluation {
  /// The table of a terminal.
  package var table: String {
    var lines: [String] = []
    var head = "rows: \(rows)"
    if let error { head += ", error \(Self.percent(error)) of \(labelled) with labels" }
    if let rejected, let falseRejectRate {
      head += ", unknown \(Self.percent(rejected)) at a rate of \(Self.percent(falseRejectRate))"
    }
    lines.append(head)
    if !classes.isEmpty {
      var cells = [["answered", "rows", "unknown", "by chance within", "calibrated with"]]
      for entry in classes {
        cells.append([
          entry.label ?? String(entry.class), String(entry.rows), Self.percent(entry.rejected),
          "\(Self.percent(entry.expectedLow)) to \(Self.percent(entry.expectedHigh))", String(entry.calibrationRows),
        ])
      }
      lines.append(TextTable.aligned(cells))
    }
    var cells = [
      ["far set", "rows"] + acceptanceRates.map { "known at \(Self.percent($0))" } + ["AUROC", "softmax", "energy"]
    ]
    for set in far {
      let accepted = set.accepted.isEmpty ? acceptanceRates.map { _ in "-" } : set.accepted.map(Self.percent)
      cells.append(
        [set.name + (set.isSynthetic ? " (synthetic)" : ""), String(set.rows)] + accepted
          + [set.distance, set.softmax, set.energy].map { $0.map { Self.rounded($0.auroc) } ?? "-" })
    }
    if far.count > 0 { lines.append(TextTable.aligned(cells)) }
    if far.contains(where: \.isSynthetic) {
      lines.append("Synthetic far rows are made of the rows themselves; real strange rows may be harder.")
    }
    return (lines + judgement + warnings.map { "warning: \($0)" }).joined(separator: "\n")
  }
}
