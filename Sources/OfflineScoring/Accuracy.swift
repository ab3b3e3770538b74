/// How many rows the model puts into the class that their label names.
struct Accuracy {
  private(set) var right = 0
  private(set) var labelled = 0
  /// Rows whose label names no class, and the first of them, in words.
  private(set) var unlabelled = 0
  private var firstUnlabelled: String?

  /// - Parameters:
  ///   - label: the class that the row's label names; nil: none.
  ///   - description: where the label stands and what it is.
  mutating func add(predicted: Int?, label: Int?, description: @autoclosure () -> String) {
    guard let label else {
      if unlabelled == 0 { firstUnlabelled = description() }
      unlabelled += 1
      return
    }
    labelled += 1
    if predicted == label { right += 1 }
  }

  /// Adds the rows behind these.
  mutating func add(_ other: Accuracy) {
    if unlabelled == 0 { firstUnlabelled = other.firstUnlabelled }
    right += other.right
    labelled += other.labelled
    unlabelled += other.unlabelled
  }

  /// The sentence at the end.
  var summary: String {
    let without = firstUnlabelled.map { "; \(unlabelled) rows without a usable label, the first at \($0)" } ?? ""
    guard labelled > 0 else { return "accuracy: no row has a usable label\(without)" }
    // Rounded down: 99.99 % is not all.
    let hundredths = right * 10_000 / labelled
    let percent = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    return "accuracy: \(percent) %, \(right) right of \(labelled)\(without)"
  }
}
