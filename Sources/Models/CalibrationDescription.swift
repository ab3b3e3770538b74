/// What verdicts rest on, as `GET /model`, `radial inspect` and `radial calibrate` say it.
package struct CalibrationDescription: Encodable, Sendable {
  /// One class.
  package struct Class: Encodable, Sendable {
    let `class`: Int
    let label: String?
    /// `own`; `pooled`: it is ranked among all classes that have too few rows; `borrowed`: it was added from a few examples, and is ranked
    /// among all classes.
    package let category: String
    /// Its own.
    package let rows: Int
    /// Of its category.
    let categoryRows: Int
    /// The squared distance beyond which a row is unknown at the model's rate, of a one-class model the output below which it is; null:
    /// none is.
    @Nullable package var limit: Float?
    /// The same at each of the rates.
    let limits: [Float?]
  }

  /// What limits are told of, beside the model's own rate.
  static let rates = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]

  let method: String
  /// `output` of a one-class model, whose output is ranked; absent: distances are.
  package let of: String?
  /// `predicted`: held-out rows are those of the class that was answered; `own`: of their true class, in files of before.
  let categories: String
  package let falseRejectRate: Double
  package let rows: Int
  let minRows: Int
  let rates: [Double]
  package let classes: [Class]

  /// - Parameter labels: of the classes; nil: they have none.
  package init(_ calibration: Calibration, labels: [String]?) {
    method = calibration.method
    of = calibration.isOfOutput ? "output" : nil
    categories = calibration.categories.rawValue
    falseRejectRate = calibration.falseRejectRate
    rows = calibration.rows
    minRows = calibration.minimumRows
    rates = Self.rates
    classes = (0..<calibration.classCount).map { index in
      let known = calibration.limits(of: index)
      return Class(
        class: index, label: labels?[index],
        category: known.isBorrowed ? "borrowed" : known.isPooled ? "pooled" : "own",
        rows: known.rows,
        categoryRows: known.categoryRows, limit: calibration.limit(of: index, at: calibration.falseRejectRate),
        limits: Self.rates.map { calibration.limit(of: index, at: $0) })
    }
  }

  /// What whoever calibrates should hear, a sentence each.
  package var warnings: [String] {
    var sentences: [String] = []
    func list(_ classes: [Class]) -> String {
      let names = classes.prefix(10).map { $0.label ?? String($0.class) }
      return names.joined(separator: ", ") + (classes.count > 10 ? " and \(classes.count - 10) more" : "")
    }
    let pooled = classes.filter { $0.category == "pooled" }
    if let first = pooled.first {
      sentences.append(
        "with fewer than \(minRows) rows, ranked together among \(first.categoryRows) rows: \(list(pooled))")
    }
    let borrowed = classes.filter { $0.category == "borrowed" }
    if !borrowed.isEmpty {
      sentences.append(
        "added from a few examples, ranked among the rows of all classes, without a guarantee until the model is calibrated with such rows: \(list(borrowed))"
      )
    }
    let silent = classes.filter { $0.limit == nil }
    if !silent.isEmpty {
      // The least n with 1 / (n + 1) below the rate. That may be as small as a Double: more rows than there can be.
      let needed = min((1 / falseRejectRate).rounded(.down), 1e15)
      sentences.append(
        "never unknown at a rate of \(falseRejectRate), which takes \(Int(needed)) rows of a category: \(list(silent))")
    }
    return sentences
  }
}
