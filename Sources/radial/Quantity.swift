import ArgumentParser

/// A number of the command line: what it counts, which values it may have and which it has by default. The help and every refusal state
/// them from here.
struct Quantity {
  /// What a plain number means, and the units that may stand behind one.
  enum Unit {
    case none
    /// kB, MB and GB are powers of 1,000, KiB, MiB and GiB of 1,024.
    case bytes
    case seconds
    case milliseconds
  }

  let unit: Unit
  let range: ClosedRange<Double>
  let standard: Double?
  /// Whether 0, outside of the range, has a meaning of its own.
  let allowsZero: Bool

  init(_ unit: Unit, _ range: ClosedRange<Double>, standard: Double? = nil, allowsZero: Bool = false) {
    self.unit = unit
    self.range = range
    self.standard = standard
    self.allowsZero = allowsZero
  }

  /// `text`, then the range, the unit and the default.
  func help(_ text: String, valueName: String? = nil) -> ArgumentHelp {
    let standard = standard.map { " (default: \(Self.written($0)))" } ?? ""
    return ArgumentHelp("\(text): \(values).\(standard)", valueName: valueName ?? unit.valueName ?? "n")
  }

  /// A whole number.
  func integer(_ text: String) throws -> Int {
    guard let value = Int(exactly: try number(text)) else { throw invalid }
    return value
  }

  /// The value in the unit that a plain number has.
  func number(_ text: String) throws -> Double {
    guard let value = value(text), range.contains(value) || (allowsZero && value == 0) else { throw invalid }
    return value
  }

  private var invalid: ValidationError { ValidationError("expected \(values)\(unit.explanation)") }

  /// "0.1 to 86400 seconds"
  private var values: String {
    let range = "\(Self.written(range.lowerBound)) to \(Self.written(range.upperBound))"
    return (allowsZero ? "0, or " : "") + range + (unit.valueName.map { " " + $0 } ?? "")
  }

  /// nil: it is no number, or has an unknown unit.
  private func value(_ text: String) -> Double? {
    // Swift also reads hexadecimal, infinity and nan.
    let isPlain = text.utf8.allSatisfy { "0123456789.+-eE".utf8.contains($0) }
    if isPlain { return Double(text) }
    let digits = text.prefix { "0123456789.+-".contains($0) }
    guard let count = Double(digits),
      let factor = unit.factor(text[digits.endIndex...].drop { $0 == " " }.lowercased())
    else { return nil }
    // 0.3 s are 300 ms, and not 299.99999999999994.
    return factor < 1 ? count / (1 / factor).rounded() : count * factor
  }

  private static func written(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? String(value) }
}

extension Quantity.Unit {
  fileprivate var valueName: String? {
    switch self {
    case .none: nil
    case .bytes: "bytes"
    case .seconds: "seconds"
    case .milliseconds: "milliseconds"
    }
  }

  fileprivate var explanation: String {
    switch self {
    case .none: ""
    case .bytes: ", or a number with a unit such as 64kB, 16MB, 16MiB or 1GB"
    case .seconds: ", or a number with a unit such as 500ms, 30s, 2m or 1h"
    case .milliseconds: ", or a number with a unit such as 500us, 20ms or 1s"
    }
  }

  /// How much of this unit one of `suffix` is; nil: it is unknown.
  fileprivate func factor(_ suffix: String) -> Double? {
    switch self {
    case .none: nil
    case .bytes: Self.sizes[suffix]
    case .seconds: Self.times[suffix]
    case .milliseconds: Self.times[suffix].map { $0 * 1000 }
    }
  }

  private static let sizes: [String: Double] = [
    "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9,
    "ki": 0x1p10, "kib": 0x1p10, "mi": 0x1p20, "mib": 0x1p20, "gi": 0x1p30, "gib": 0x1p30,
  ]
  private static let times: [String: Double] = [
    "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "min": 60, "h": 3600,
  ]
}
