import Glibc

/// How many of m new rows a calibration with n rows rejects at a rate: its true rate is Beta(a, n + 1 − a) distributed with
/// a = ⌈α (n + 1)⌉ − 1, for p < α rejects and p = α does not, and the number rejected binomially given that.
///
/// Source: Vovk, "Conditional validity of inductive conformal predictors" (2012), proposition 2.
struct BetaBinomial {
  private let trials: Int
  private let a: Double
  private let b: Double

  /// - Parameters:
  ///   - trials: m, at least one.
  ///   - rows: n
  ///   - rate: α
  init(trials: Int, rows: Int, rate: Double) {
    self.trials = trials
    a = max(0, (rate * Double(rows + 1) - 1e-9).rounded(.up) - 1)
    b = Double(rows + 1) - a
  }

  /// The shares that one set of m rows falls below or above in 2.5 % of cases each; nothing is rejected where a is 0.
  var limits: ClosedRange<Double> {
    guard a > 0 else { return 0...0 }
    guard b > 0 else { return 1...1 }
    var (low, high): (Int?, Int?) = (nil, nil)
    var sum = 0.0
    for k in 0...trials {
      sum += probability(k)
      if low == nil, sum >= 0.025 { low = k }
      if sum >= 0.975 {
        high = k
        break
      }
    }
    return Double(low ?? 0) / Double(trials)...Double(high ?? trials) / Double(trials)
  }

  private func probability(_ k: Int) -> Double {
    let (m, k) = (Double(trials), Double(k))
    let ways = lgamma(m + 1) - lgamma(k + 1) - lgamma(m - k + 1)
    let beta = lgamma(k + a) + lgamma(m - k + b) - lgamma(m + a + b)
    let whole = lgamma(a) + lgamma(b) - lgamma(a + b)
    return exp(ways + beta - whole)
  }
}
