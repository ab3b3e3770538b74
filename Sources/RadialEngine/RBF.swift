import Glibc
internal import RadialKernels

/// d²[n, c] = Σ_k (x[n, k] − μ[k, c])², and what `output` makes of it.
public struct RBF: Sendable {
  /// γ, for the whole layer or for each output.
  public enum Scale: Sendable, Equatable {
    case scalar(Float)
    /// [outputs]
    case perUnit([Float])
  }

  /// The function of the squared distance, or of the distance d itself.
  public enum Output: String, Sendable, CaseIterable {
    /// exp(−γ d²)
    case gaussian
    /// d²; γ is unused.
    case distance
    /// −γ d²
    case negativeDistance = "negative_distance"
    /// γ d²
    case scaledDistance = "scaled_distance"
    /// γ d
    case euclidean
    /// −γ d
    case negativeEuclidean = "negative_euclidean"
    /// exp(−γ d)
    case exponential
    /// 1 / (1 + γ d²)
    case inverseQuadratic = "inverse_quadratic"
    /// 1 / √(1 + γ d²)
    case inverseMultiquadric = "inverse_multiquadric"
    /// √(1 + γ d²)
    case multiquadric
    /// (1 + r) exp(−r), r = √(3 γ) d. Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), equation 4.17, with
    /// γ = 1 / ℓ².
    case matern32
    /// (1 + r + r² / 3) exp(−r), r = √(5 γ) d; the same source.
    case matern52
    /// (1 + γ d²)^−power
    case studentT = "student_t"
  }

  /// One prototype a column, [inputs, units], or one a row, [units, inputs].
  public enum CentersLayout: String, Sendable, CaseIterable {
    case featuresUnits = "features_units"
    case unitsFeatures = "units_features"
  }

  /// For errors.
  public var name: String
  /// D
  public var inputs: Int
  /// Prototypes.
  public var units: Int
  /// The prototypes μ, in `centersLayout`.
  public var centers: [Float]
  /// Which way round `centers` lie.
  public var centersLayout: CentersLayout
  /// γ
  public var scale: Scale
  /// What is made of the squared distances.
  public var output: Output
  /// Of `studentT`.
  public var power: Float
  /// What is added to the sum of the outputs by which each is divided; nil: they are not.
  public var normalization: Float?
  /// [units]: the class of each prototype, from 0 on without a gap, the smallest of whose squared distances is the class's, which has one
  /// output; nil: each prototype has one.
  public var classes: [Int]?

  /// The layer with its weights, whose sizes `Network.init` checks.
  public init(
    name: String, inputs: Int, units: Int, centers: [Float], centersLayout: CentersLayout, scale: Scale, output: Output,
    power: Float = 1, normalization: Float? = nil, classes: [Int]? = nil
  ) {
    self.name = name
    self.inputs = inputs
    self.units = units
    self.centers = centers
    self.centersLayout = centersLayout
    self.scale = scale
    self.output = output
    self.power = power
    self.normalization = normalization
    self.classes = classes
  }

  /// Its width: of each unit one, or of each class.
  public var outputs: Int { classes.map { ($0.max() ?? -1) + 1 } ?? units }
}

/// Which prototypes are whose, for classes that have several.
struct PrototypeClasses: Sendable {
  /// The class of each unit.
  let ofUnit: [Int32]
  /// Classes.
  let count: Int

  init(_ classes: [Int]) {
    ofUnit = classes.map(Int32.init)
    count = (classes.max() ?? -1) + 1
  }

  /// The smallest distance of each class.
  /// - Parameters:
  ///   - distances: [units]
  ///   - target: [count]
  func nearest(_ distances: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    target.update(repeating: .infinity, count: count)
    for unit in 0..<ofUnit.count {
      let (index, distance) = (Int(ofUnit[unit]), distances[unit])
      // A NaN stays.
      if distance < target[index] || distance.isNaN { target[index] = distance }
    }
  }
}

extension RBF.Output {
  /// How an output changes with the distance.
  public enum Order: Sendable {
    /// It falls: the nearest has the largest.
    case falling
    /// It is a distance: the nearest has the smallest.
    case distance
    /// It grows without being a distance: nothing is known of which class that speaks for.
    case growing
  }

  /// How it changes with the distance, where γ is positive.
  public var order: Order {
    switch self {
    case .distance, .scaledDistance, .euclidean: .distance
    case .multiquadric: .growing
    case .gaussian, .negativeDistance, .negativeEuclidean, .exponential, .inverseQuadratic, .inverseMultiquadric,
      .matern32,
      .matern52, .studentT:
      .falling
    }
  }

  /// Whether it never is negative, so that a sum of outputs may divide them.
  public var isPositive: Bool { self != .negativeDistance && self != .negativeEuclidean }

  /// Whether γ multiplies d, and not d².
  public var scalesRoot: Bool { self == .euclidean || self == .negativeEuclidean || self == .exponential }

  /// What computes it of squared distances; nil: steps of their own do.
  var identifier: rk_radial? {
    switch self {
    case .gaussian, .distance, .negativeDistance: nil
    case .scaledDistance: RK_SCALED
    case .euclidean: RK_ROOT
    case .negativeEuclidean: RK_NEGATIVE_ROOT
    case .exponential: RK_EXP_ROOT
    case .inverseQuadratic: RK_INVERSE_QUADRATIC
    case .inverseMultiquadric: RK_INVERSE_MULTIQUADRIC
    case .multiquadric: RK_MULTIQUADRIC
    case .matern32: RK_MATERN_32
    case .matern52: RK_MATERN_52
    case .studentT: RK_STUDENT_T
    }
  }
}

extension RBF {
  /// What is made of a squared distance.
  struct Function: Sendable {
    var output: Output
    var scale: Scale
    var power: Float = 1

    /// γ of an output, for those that have one.
    func gamma(_ index: Int) -> Double {
      switch scale {
      case .scalar(let gamma): Double(gamma)
      case .perUnit(let gammas): Double(gammas[index])
      }
    }

    /// Whether every γ is positive, without which the nearest is not the best.
    var hasPositiveScale: Bool {
      if output == .distance { return true }
      return switch scale {
      case .scalar(let gamma): gamma > 0
      case .perUnit(let gammas): gammas.allSatisfy { $0 > 0 }
      }
    }

    /// What squared distances are multiplied by before they are compared, [count]; nil: one positive factor, or none, serves all.
    func decisionScale(_ count: Int) -> [Float]? {
      if output == .distance { return nil }
      switch scale {
      case .scalar(let gamma): return gamma > 0 ? nil : [Float](repeating: gamma, count: count)
      case .perUnit(let gammas): return gammas.map { output.scalesRoot ? Float(Double($0) * Double($0)) : $0 }
      }
    }

    /// The logarithm of an output that is positive and falls, of others the negative distance: what a softmax over prototypes is taken of.
    func logit(_ distance: Double, of index: Int) -> Double {
      let gamma = output == .distance ? 1 : gamma(index)
      let scaled = gamma * distance
      switch output {
      case .gaussian, .distance, .negativeDistance, .scaledDistance, .multiquadric: return -scaled
      case .euclidean, .negativeEuclidean, .exponential: return -gamma * distance.squareRoot()
      case .inverseQuadratic: return -log1p(scaled)
      case .inverseMultiquadric: return -log1p(scaled) / 2
      case .studentT: return -Double(power) * log1p(scaled)
      case .matern32:
        let r = (3 * scaled).squareRoot()
        return log1p(r) - r
      case .matern52:
        let r = (5 * scaled).squareRoot()
        return log1p(r + r * r / 3) - r
      }
    }
  }

  var function: Function { Function(output: output, scale: scale, power: power) }

  /// [inputs, units] for the kernels, whichever way they lie.
  var packedCenters: PackedMatrix {
    switch centersLayout {
    case .featuresUnits: PackedMatrix(inputs: inputs, units: units, rows: centers)
    case .unitsFeatures: PackedMatrix(inputs: inputs, units: units) { k, c in centers[c * inputs + k] }
    }
  }

  /// Whether every class, from 0 on without a gap, has one of `units` prototypes at least.
  public static func areClasses(_ classes: [Int], of units: Int) -> Bool {
    classes.count == units && classes.allSatisfy((0..<units).contains)
      && Set(classes).count == (classes.max() ?? -1) + 1
  }
}
