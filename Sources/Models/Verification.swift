import Glibc

/// `radial.verified`: that the model's answers were compared with those of the framework that trained it, and how far they were apart.
public struct Verification: Sendable, Equatable {
  /// What was compared.
  public enum Subject: String, Sendable, CaseIterable {
    /// What the last layer computes.
    case outputs
    /// The squared distances of the last RBF layer.
    case distances
  }

  static let key = "radial.verified"

  /// What was compared.
  public let subject: Subject
  /// Rows that were compared, without those that prove nothing.
  public let rows: Int
  /// The largest |answer − expected|, as a share of the largest |expected| of its row.
  public let largestDeviation: Double
  /// The largest share that was allowed.
  public let tolerance: Double

  /// A comparison that was passed.
  public init(subject: Subject, rows: Int, largestDeviation: Double, tolerance: Double) {
    self.subject = subject
    self.rows = rows
    self.largestDeviation = largestDeviation
    self.tolerance = tolerance
  }

  /// nil: the file does not say that it was verified.
  init?(_ source: any TensorSource) throws(ModelError) {
    guard let text = source.metadata[Self.key] else { return nil }
    let members = try Members(
      key: Self.key, text: text, known: ["of", "rows", "largest_deviation", "tolerance"], path: source.path, .metadata)
    subject = try members.choice("of")
    rows = try members.count("rows", in: 1...1 << 53)
    tolerance = try members.number("tolerance", expected: "a number from 0 on") { $0 >= 0 }
    let tolerance = tolerance
    largestDeviation = try members.number("largest_deviation", expected: "a number from 0 to the tolerance") {
      $0 >= 0 && $0 <= tolerance
    }
  }

  /// As the file has it, and as JSON documents show it.
  var json: JSONValue {
    .object([
      "of": .string(subject.rawValue), "rows": .number(Double(rows)), "largest_deviation": .number(largestDeviation),
      "tolerance": .number(tolerance),
    ])
  }
}

extension Verification: CustomStringConvertible {
  /// Such as `outputs of 100 rows, largest deviation 2.1e-07 of a row's largest (allowed 1.0e-05)`.
  public var description: String {
    "\(subject.rawValue) of \(rows) row\(rows == 1 ? "" : "s"), largest deviation \(largestDeviation.twoDigits) of a row's largest (allowed \(tolerance.twoDigits))"
  }
}

extension Double {
  /// A share in two digits, such as `2.1e-07`, `0` and `infinite`. Not negative.
  package var twoDigits: String {
    guard isFinite else { return "infinite" }
    guard self > 0 else { return "0" }
    var exponent = Int(log10(self).rounded(.down))
    var tenths = Int((self / pow(10, Double(exponent - 1))).rounded())
    // 9.96 becomes 10.0.
    if tenths == 100 { (tenths, exponent) = (10, exponent + 1) }
    let size = abs(exponent)
    return "\(tenths / 10).\(tenths % 10)e\(exponent < 0 ? "-" : "+")\(size < 10 ? "0" : "")\(size)"
  }
}
