import RadialEngine

/// What follows from a row's distances: the class that is answered, how far it is, and what the calibration says of it. Worked out once a
/// row, behind the forward pass; writers print it, metrics count it.
public struct Classification: Sendable, Equatable {
  /// The verdict on a row: how its distance ranks among the held-out ones of its class.
  public struct Verdict: Sendable, Equatable {
    /// (1 + the class's calibration distances that are at least as large) / (n + 1), in (0, 1].
    public let pValue: Double
    /// Whether `pValue` reaches the false-reject rate.
    public let isKnown: Bool
  }

  /// The nearest class: of the smallest γ d², ties to the lowest index.
  public let nearest: Int
  /// The next nearest; nil: there is one class only.
  public let second: Int?
  /// Squared, to `nearest`.
  public let distance: Float
  /// Squared, how much farther `second` is than `nearest`; nil: there is one class only.
  public let margin: Float?
  /// nil: the model carries no calibration, or none was asked for.
  public let verdict: Verdict?

  /// - Parameters:
  ///   - distances: [C] of a row, squared and unscaled.
  ///   - model: a classifier.
  ///   - omitsVerdict: whether none is wanted.
  ///   - rate: the false-reject rate of the verdict; nil: the calibration's.
  public init(
    _ distances: UnsafePointer<Float>, of model: Model, omitsVerdict: Bool = false, rate: Double? = nil
  ) {
    let (nearest, second) = model.network.nearest(distances)
    (self.nearest, self.second) = (nearest, second)
    distance = distances[nearest]
    margin = second.map { distances[$0] - distances[nearest] }
    if !omitsVerdict, let calibration = model.calibration {
      let pValue = calibration.pValue(class: nearest, distance: distance)
      verdict = Verdict(pValue: pValue, isKnown: pValue >= rate ?? calibration.falseRejectRate)
    } else {
      verdict = nil
    }
  }
}
