import RadialEngine

/// What follows from a row's outputs and distances: the class that is answered, how far it is, and what the calibration says of it. Worked
/// out once a row, behind the forward pass; writers print it, metrics count it.
public struct Classification: Sendable, Equatable {
  /// The verdict on a row: how its distance ranks among the held-out ones of its class, or what a one-class model says itself.
  public struct Verdict: Sendable, Equatable {
    /// (1 + the class's calibration distances that are at least as large) / (n + 1), in (0, 1]; nil: the model is not calibrated.
    public let pValue: Double?
    /// Whether `pValue` reaches the false-reject rate; without one, whether the output is above the model's own limit.
    public let isKnown: Bool
  }

  /// The class that is answered: the nearest, of the smallest γ d², where prototypes are classes; else the most likely. Ties to the lowest
  /// index.
  public let predicted: Int
  /// What the network says of it: its prototype's output, or its probability.
  public let score: Float
  /// Squared, to the prototype of `predicted`; nil: classes have none.
  public let distance: Float?
  /// Squared, how much farther the nearest other class is than `predicted`, less than 0 where it is nearer; nil: there is one class only, or
  /// classes have no prototypes.
  public let margin: Float?
  /// nil: the model gives none, or none was asked for.
  public let verdict: Verdict?

  /// What a calibration ranks, the larger the stranger: the squared distance, and of a one-class model the negated output.
  public var strangeness: Float { distance ?? -score }

  /// - Parameters:
  ///   - outputs: [O] of a row.
  ///   - distances: [C] of the row, squared and unscaled; nil: the model has none.
  ///   - model: a classifier.
  ///   - omitsVerdict: whether none is wanted.
  ///   - rate: the false-reject rate of the verdict; nil: the calibration's.
  public init(
    _ outputs: UnsafePointer<Float>, _ distances: UnsafePointer<Float>?, of model: Model, omitsVerdict: Bool = false,
    rate: Double? = nil
  ) {
    if model.decision == .nearestPrototype, let distances {
      let (nearest, second) = model.network.nearest(distances)
      (predicted, score) = (nearest, outputs[nearest])
      margin = second.map { distances[$0] - distances[nearest] }
    } else {
      let decision = model.decision ?? .largestOutput
      var best = 0
      for index in 1..<max(model.classCount, 1) where decision.isAbove(index, best, outputs) { best = index }
      (predicted, score) = (best, decision.score(best, outputs))
      guard model.measuresClasses, let distances else {
        (distance, margin) = (nil, nil)
        verdict = omitsVerdict ? nil : Self.verdict(best, -score, of: model, rate: rate)
        return
      }
      var next: Float?
      for index in 0..<model.classCount where index != best { next = min(next ?? distances[index], distances[index]) }
      margin = next.map { $0 - distances[best] }
    }
    guard let distances else { preconditionFailure("classes that are measured have distances") }
    distance = distances[predicted]
    verdict = omitsVerdict ? nil : Self.verdict(predicted, distances[predicted], of: model, rate: rate)
  }

  /// The calibration's, else that of a one-class model itself; nil: there is none.
  private static func verdict(_ index: Int, _ strangeness: Float, of model: Model, rate: Double?) -> Verdict? {
    if let calibration = model.calibration {
      let pValue = calibration.pValue(class: index, distance: strangeness)
      return Verdict(pValue: pValue, isKnown: pValue >= rate ?? calibration.falseRejectRate)
    }
    guard case .oneClass(let limit)? = model.decision else { return nil }
    return Verdict(pValue: nil, isKnown: -strangeness > limit)
  }
}
