/// One layer as a model file describes it.
public enum Layer: Sendable {
  case dense(Dense)
  case rbf(RBF)
  case batchNormalization(BatchNormalization)
  /// The identity when serving.
  case dropout(name: String)
  case activation(name: String, Activation)

  public var name: String {
    switch self {
    case .dense(let dense): dense.name
    case .rbf(let rbf): rbf.name
    case .batchNormalization(let normalization): normalization.name
    case .dropout(let name), .activation(let name, _): name
    }
  }
}

/// activation(x · kernel + bias)
public struct Dense: Sendable {
  public var name: String
  public var inputs: Int
  public var units: Int
  /// [inputs, units], row-major.
  public var kernel: [Float]
  /// [units]; nil is zero.
  public var bias: [Float]?
  public var activation: Activation

  public init(name: String, inputs: Int, units: Int, kernel: [Float], bias: [Float]?, activation: Activation) {
    self.name = name
    self.inputs = inputs
    self.units = units
    self.kernel = kernel
    self.bias = bias
    self.activation = activation
  }
}

/// Squared Euclidean distances d² to prototypes μ, or a function of them; scale is γ.
public struct RBF: Sendable {
  public enum Scale: Sendable {
    case scalar(Float)
    /// [units]
    case perUnit([Float])
  }

  public enum Output: String, Sendable {
    /// exp(−γ d²)
    case gaussian
    /// d²; the scale is unused.
    case distance
    /// −γ d²
    case negativeDistance = "negative_distance"
  }

  public enum CentersLayout: String, Sendable {
    /// [inputs, units]: one prototype a column.
    case featuresUnits = "features_units"
    /// [units, inputs]: one prototype a row.
    case unitsFeatures = "units_features"
  }

  public var name: String
  public var inputs: Int
  public var units: Int
  /// In the order that `centersLayout` says.
  public var centers: [Float]
  public var centersLayout: CentersLayout
  public var scale: Scale
  public var output: Output

  public init(
    name: String, inputs: Int, units: Int, centers: [Float], centersLayout: CentersLayout, scale: Scale, output: Output
  ) {
    self.name = name
    self.inputs = inputs
    self.units = units
    self.centers = centers
    self.centersLayout = centersLayout
    self.scale = scale
    self.output = output
  }

  /// The prototypes in another layout.
  func centers(in layout: CentersLayout) -> [Float] {
    guard layout != centersLayout else { return centers }
    let (rows, columns) = centersLayout == .featuresUnits ? (inputs, units) : (units, inputs)
    return [Float](unsafeUninitializedCapacity: centers.count) { transposed, count in
      for row in 0..<rows {
        for column in 0..<columns { transposed[column * rows + row] = centers[row * columns + column] }
      }
      count = centers.count
    }
  }
}

/// gamma (x − movingMean) / √(movingVariance + epsilon) + beta
public struct BatchNormalization: Sendable {
  public var name: String
  public var width: Int
  public var epsilon: Float
  /// [width]; nil is one.
  public var gamma: [Float]?
  /// [width]; nil is zero.
  public var beta: [Float]?
  /// [width]
  public var movingMean: [Float]
  /// [width]
  public var movingVariance: [Float]

  public init(
    name: String, width: Int, epsilon: Float, gamma: [Float]?, beta: [Float]?, movingMean: [Float],
    movingVariance: [Float]
  ) {
    self.name = name
    self.width = width
    self.epsilon = epsilon
    self.gamma = gamma
    self.beta = beta
    self.movingMean = movingMean
    self.movingVariance = movingVariance
  }
}

/// x · scale + offset on each input, before the first layer; one rounding.
public struct Preprocessing: Sendable, Equatable {
  public var scale: Float
  public var offset: Float

  public static let identity = Preprocessing(scale: 1, offset: 0)

  public init(scale: Float, offset: Float) {
    self.scale = scale
    self.offset = offset
  }
}
