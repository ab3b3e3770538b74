/// Compares a model's answers with expected ones, row by row.
///
/// A row agrees when each |answer − expected| is at most `tolerance` × the largest |expected| of the row: as a share of the row, since
/// single scores underflow. Where that is less than 10⁻³⁷ it is 10⁻³⁷, below which frameworks flush to zero (TensorFlow does).
///
/// Expected values must be finite; an answer that is not finite differs.
public struct AnswerComparison: Sendable {
  /// Where an answer was, and what was expected in its place.
  public struct Place: Sendable, Equatable {
    /// From 0.
    public let row: Int
    /// Of the row, from 0.
    public let column: Int
    /// The model's number.
    public let answer: Float
    /// The framework's number.
    public let expected: Float
    /// |answer − expected| as a share of the row's largest; infinite where that is 0 or the answer is not finite.
    public let deviation: Double
  }

  /// What is compared.
  public let subject: Verification.Subject
  /// The largest share of its row's largest number that an answer may be apart.
  public let tolerance: Double
  /// Rows that were compared so far.
  public private(set) var rows = 0
  /// Rows that prove nothing, since many formulas give them: all 0, as far rows do, or as outputs one 1 and the rest 0, as a softmax does.
  public private(set) var rowsWithoutProof = 0
  /// The largest deviation, at the first place that has it; nil: there was no row.
  public private(set) var largest: Place?
  /// The first place, in the rows' order, that differs by more than is allowed.
  public private(set) var first: Place?
  /// Rows that differ.
  public private(set) var differing = 0

  private static let negligible = 1e-37

  /// A comparison that has seen no row.
  public init(of subject: Verification.Subject, tolerance: Double) {
    (self.subject, self.tolerance) = (subject, tolerance)
  }

  /// Compares the next row.
  /// - Parameters:
  ///   - answers: [C]
  ///   - expected: [C], as many, finite.
  public mutating func compare(_ answers: UnsafeBufferPointer<Float>, _ expected: UnsafeBufferPointer<Float>) {
    precondition(answers.count == expected.count, "an answer is as wide as what it is compared with")
    let largestExpected = expected.reduce(0.0) { max($0, abs(Double($1))) }
    var differs = false
    var (ones, zeros) = (0, 0)
    for column in expected.indices {
      let value = Double(expected[column])
      if value == 0 || abs(value) <= tolerance * largestExpected { zeros += 1 }
      if subject == .outputs, abs(value - 1) <= tolerance { ones += 1 }
      let difference = abs(Double(answers[column]) - value)
      let isNegligible = difference <= Self.negligible
      let share = isNegligible ? 0 : difference / largestExpected
      let deviation = share.isFinite ? share : .infinity
      let place = Place(
        row: rows, column: column, answer: answers[column], expected: expected[column], deviation: deviation)
      if largest.map({ deviation > $0.deviation }) ?? true { largest = place }
      if deviation > tolerance {
        differs = true
        if first == nil { first = place }
      }
    }
    if largestExpected == 0 || (ones == 1 && ones + zeros == expected.count) { rowsWithoutProof += 1 }
    if differs { differing += 1 }
    rows += 1
  }
}
