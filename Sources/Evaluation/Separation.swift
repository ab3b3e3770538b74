/// How well a number tells far rows from known ones: the larger it is, the farther the row.
struct Separation: Sendable {
  /// The chance that a far row's is larger than a known one's; ties count half (the area under the ROC curve).
  let auroc: Double
  /// The share of far rows among those that are accepted when 95 % of the known ones are.
  let falsePositiveRate: Double
  /// From (0, 0) to (1, 1): far rows rejected over known rows rejected, at most 200 points.
  let curve: [(known: Double, far: Double)]

  /// nil: there are no rows of one of the two.
  init?(known: [Float], far: [Float]) {
    guard !known.isEmpty, !far.isEmpty else { return nil }
    let (known, far) = (known.sorted(), far.sorted())
    func share(_ values: [Float], above threshold: Float) -> Double {
      Double(values.count - values.upperBound(of: threshold)) / Double(values.count)
    }
    var wins = 0.0
    for value in far {
      wins +=
        Double(known.lowerBound(of: value)) + 0.5 * Double(known.upperBound(of: value) - known.lowerBound(of: value))
    }
    auroc = wins / Double(known.count) / Double(far.count)
    // The smallest threshold that accepts 95 % of the known rows.
    let accepted = known[min(known.count - 1, Int((0.95 * Double(known.count)).rounded(.up)) - 1)]
    falsePositiveRate = 1 - share(far, above: accepted)
    var points: [(known: Double, far: Double)] = [(0, 0)]
    for step in stride(from: 199, through: 0, by: -1) {
      let threshold = known[step * (known.count - 1) / 199]
      points.append((share(known, above: threshold), share(far, above: threshold)))
    }
    points.append((1, 1))
    curve = points
  }
}

extension [Float] {
  /// How many of these, which ascend, are smaller.
  func lowerBound(of value: Float) -> Int { partition { $0 < value } }
  /// How many of these, which ascend, are not larger.
  func upperBound(of value: Float) -> Int { partition { $0 <= value } }

  private func partition(_ isBefore: (Float) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
