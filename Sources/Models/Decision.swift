import RadialEngine

/// How a class follows from what a network computes of a row.
public enum Decision: Sendable, Equatable {
  /// The class of the nearest prototype: outputs are the scores of the prototypes.
  case nearestPrototype
  /// The class of the largest output.
  case largestOutput
  /// Of two classes by one output, the probability of class 1: that from 0.5 on, else class 0.
  case probability
  /// One class, by one output: whether a row is of it, the output says itself, by being above a number.
  case oneClass(above: Float)

  /// nil: no class follows, the model is a regressor.
  /// - Parameters:
  ///   - hasLabels: whether names of classes were given. They make a classifier of a network whose last layer is of no such kind, unless it
  ///     has prototypes, whose names they are.
  ///   - knownAbove: what the architecture says of the one output of a network that no class follows from otherwise.
  init?(_ network: Network, hasLabels: Bool, knownAbove: Float? = nil) {
    if let knownAbove {
      self = .oneClass(above: knownAbove)
    } else if network.prototypesAreClasses {
      self = .nearestPrototype
    } else if network.outputWidth > 1, network.lastActivation == .softmax || (hasLabels && network.distanceWidth == 0) {
      self = .largestOutput
    } else if network.outputWidth == 1, network.lastActivation == .sigmoid {
      self = .probability
    } else {
      return nil
    }
  }

  /// How many classes there are.
  func classCount(of network: Network) -> Int {
    switch self {
    case .nearestPrototype: network.distanceWidth
    case .largestOutput: network.outputWidth
    case .probability: 2
    case .oneClass: 1
    }
  }

  /// The score of a class, by a row's outputs.
  @inline(__always)
  func score(_ index: Int, _ outputs: UnsafePointer<Float>) -> Float {
    self == .probability ? (index == 1 ? outputs[0] : 1 - outputs[0]) : outputs[index]
  }

  /// Whether a class is more likely than another by their scores: ties to the lower index, a NaN below everything.
  func isAbove(_ a: Int, _ b: Int, _ outputs: UnsafePointer<Float>) -> Bool {
    let (x, y) = (score(a, outputs), score(b, outputs))
    if x.isNaN != y.isNaN { return y.isNaN }
    if x == y || x.isNaN {
      // At 0.5 exactly class 1 is answered.
      return self == .probability ? a > b : a < b
    }
    return x > y
  }
}

/// On what a model's verdicts rest.
public enum VerdictSource: String, Sendable {
  /// On its own output, as it was trained.
  case model
  /// On held-out rows.
  case calibration
}

extension Model {
  /// Whether a class follows from what it computes.
  public var isClassifier: Bool { decision != nil }

  /// How many classes it answers; of a regressor 0.
  public var classCount: Int { decision?.classCount(of: network) ?? 0 }

  /// Whether it measures the distances of its classes, on which verdicts rest.
  public var measuresClasses: Bool { decision == .nearestPrototype || network.hasDistanceHead }

  /// Whether it answers one class, and says itself which rows are of it.
  public var isOneClass: Bool {
    if case .oneClass? = decision { true } else { false }
  }

  /// Whether a calibration has something to rank.
  public var canBeCalibrated: Bool { measuresClasses || isOneClass }

  /// Whether its outputs or distances make a probability of each of several classes: distances do, a softmax or one sigmoid unit at the end
  /// says them itself, and units without an activation are taken for their logarithms. Of others, such as several sigmoid units, none follow.
  public var hasSoftmax: Bool {
    guard classCount > 1, !isOneClass else { return false }
    return decision != .largestOutput || network.lastActivation == .softmax || network.lastActivation == .linear
  }

  /// On what its verdicts rest; nil: it gives none.
  public var verdictSource: VerdictSource? { calibration != nil ? .calibration : isOneClass ? .model : nil }

  /// Whether it measures distances at all.
  public var hasDistances: Bool { network.distanceWidth > 0 }

  /// The score of a class of a classifier, by a row's outputs.
  public func score(_ index: Int, _ outputs: UnsafePointer<Float>) -> Float {
    (decision ?? .largestOutput).score(index, outputs)
  }

  /// The `count` most likely classes of a classifier (all, if there are fewer), the most likely first: by distance where distances are those
  /// of classes, else by score.
  /// - Parameters:
  ///   - outputs: [O] of a row.
  ///   - distances: [C] of the row; nil: the model has none.
  public func likeliest(
    _ count: Int, _ outputs: UnsafePointer<Float>, _ distances: UnsafePointer<Float>?
  ) -> [Int] {
    guard let decision else { return [] }
    if decision == .nearestPrototype, let distances { return network.nearest(distances, count: count) }
    return Array((0..<classCount).sorted { decision.isAbove($0, $1, outputs) }.prefix(count))
  }

  /// The number that a text is; nil: it is none, or an infinite one.
  private static func number(of text: String) -> Double? {
    // Behind a NUL nothing would be looked at.
    guard !text.utf8.contains(0), let number = Double(text), number.isFinite else { return nil }
    return number
  }

  /// The class that a label names, by its index or by its text; nil: none, or several of the same name.
  ///
  /// Where the model's labels are numbers themselves, but not the classes' own, a label is a text alone: which of the two a number was
  /// meant as, nobody could tell.
  public func classIndex(ofLabel text: String) -> Int? {
    let labels = labels ?? []
    if let index = labels.firstIndex(of: text) { return labels.lastIndex(of: text) == index ? index : nil }
    // 3, 3.0 and 3e0 are one number; beyond Float64's whole ones a text is none.
    let number = Int(text) ?? Self.number(of: text).flatMap { abs($0) < 0x1p53 ? Int(exactly: $0) : nil }
    guard let number, (0..<classCount).contains(number) else { return nil }
    return labels.enumerated().allSatisfy { index, label in
      Self.number(of: label).map { $0 == Double(index) } ?? true
    } ? number : nil
  }
}
