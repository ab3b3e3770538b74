/// y[N, H] = activation(x[N, D] · kernel[D, H] + bias[H]).
public struct Dense: Sendable {
  /// For errors.
  public var name: String
  /// D
  public var inputs: Int
  /// H
  public var units: Int
  /// [inputs, units], row-major.
  public var kernel: [Float]
  /// [units]; nil: none.
  public var bias: [Float]?
  /// What is done to its sums.
  public var activation: Activation
  /// The activation's own number; nil: its default.
  public var alpha: Float?

  /// The layer with its weights, whose sizes `Network.init` checks.
  public init(
    name: String, inputs: Int, units: Int, kernel: [Float], bias: [Float]?, activation: Activation, alpha: Float? = nil
  ) {
    self.name = name
    self.inputs = inputs
    self.units = units
    self.kernel = kernel
    self.bias = bias
    self.activation = activation
    self.alpha = alpha
  }
}

/// gamma (x − movingMean) / √(movingVariance + epsilon) + beta, per column; of images per channel.
public struct BatchNormalization: Sendable {
  /// For errors.
  public var name: String
  /// Of its inputs and outputs.
  public var width: Int
  /// Cells of an image, each of `width` channels; 1: a vector.
  public var cells: Int
  /// What keeps the divisor from 0.
  public var epsilon: Float
  /// [width] each; nil: the factor or the offset is left out.
  public var gamma: [Float]?
  /// [width]; nil: 0.
  public var beta: [Float]?
  /// [width] each.
  public var movingMean: [Float]
  /// [width]
  public var movingVariance: [Float]

  /// The layer with its weights, whose sizes `Network.init` checks.
  public init(
    name: String, width: Int, epsilon: Float, gamma: [Float]?, beta: [Float]?, movingMean: [Float],
    movingVariance: [Float], cells: Int = 1
  ) {
    self.name = name
    self.width = width
    self.cells = cells
    self.epsilon = epsilon
    self.gamma = gamma
    self.beta = beta
    self.movingMean = movingMean
    self.movingVariance = movingVariance
  }

  /// Whether it is the same growing line for every column, so that the largest stays the largest.
  var keepsOrder: Bool {
    let parts = [gamma ?? [1], beta ?? [0], movingMean, movingVariance]
    return parts.allSatisfy { part in part.allSatisfy { $0 == part[0] } } && (gamma?[0] ?? 1) > 0
  }
}

/// Each cell on its own, over its channels; of a vector over all of it. Sums are taken in Float64.
public struct CellNormalization: Sendable {
  /// What a cell is brought to.
  public enum Kind: Sendable, Equatable {
    /// Mean 0 and variance 1, times gamma plus beta: (x − mean) / √(variance + epsilon) · gamma + beta. Source: Ba, Kiros and
    /// Hinton, "Layer Normalization" (2016).
    case layer
    /// Length 1: x / √max(Σ x², epsilon).
    case unit
  }

  /// For errors.
  public var name: String
  /// Which of the two.
  public var kind: Kind
  /// Values of a cell.
  public var width: Int
  /// Cells, each of `width` values.
  public var cells: Int
  /// What keeps the divisor from 0.
  public var epsilon: Double
  /// [width]; nil: 1.
  public var gamma: [Float]?
  /// [width]; nil: 0.
  public var beta: [Float]?

  /// The layer with its weights, whose sizes `Network.init` checks.
  public init(
    name: String, kind: Kind, width: Int, cells: Int = 1, epsilon: Double, gamma: [Float]? = nil, beta: [Float]? = nil
  ) {
    self.name = name
    self.kind = kind
    self.width = width
    self.cells = cells
    self.epsilon = epsilon
    self.gamma = gamma
    self.beta = beta
  }
}

/// x > threshold ? x : 0, cut to [0, maximum] where there is one, less slope · max(threshold − x, 0): Keras' ReLU, as it computes it.
public struct Rectifier: Sendable, Equatable {
  /// Below the threshold.
  public var slope: Float
  /// Up to which x is nothing.
  public var threshold: Float
  /// nil: none.
  public var maximum: Float?

  /// A rectifier.
  public init(slope: Float, threshold: Float, maximum: Float?) {
    self.slope = slope
    self.threshold = threshold
    self.maximum = maximum
  }
}

/// x < 0 ? slope · x : x with a slope of its own for each value. Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015).
public struct ParametricRectifier: Sendable {
  /// For errors.
  public var name: String
  /// [width of what comes before]
  public var slopes: [Float]
  /// Numbers that were trained: fewer than slopes where values share theirs.
  public var parameterCount: Int

  /// The layer with its weights, whose sizes `Network.init` checks.
  public init(name: String, slopes: [Float], parameterCount: Int) {
    self.name = name
    self.slopes = slopes
    self.parameterCount = parameterCount
  }
}

/// y = xᵀ of each row as a matrix [rows, columns]: an image's cells and channels change places.
public struct Transposition: Sendable, Equatable {
  /// For errors.
  public var name: String
  /// Of the input.
  public var rows: Int
  /// Of the input.
  public var columns: Int

  /// The layer, whose size `Network.init` checks.
  public init(name: String, rows: Int, columns: Int) {
    self.name = name
    self.rows = rows
    self.columns = columns
  }
}

/// One layer of a network, as it was trained.
public enum Layer: Sendable {
  case dense(Dense)
  case rbf(RBF)
  case batchNormalization(BatchNormalization)
  /// Identity when serving.
  case dropout(name: String)
  /// `alpha`: the activation's own number; nil: its default.
  case activation(name: String, Activation, alpha: Float? = nil)
  case conv2D(Conv2D)
  case pooling2D(Pooling2D)
  case subsampling2D(Subsampling2D)
  case zeroPadding2D(ZeroPadding2D)
  case cropping2D(Cropping2D)
  case cellNormalization(CellNormalization)
  case rectifier(name: String, Rectifier)
  case parametricRectifier(ParametricRectifier)
  case transposition(Transposition)
  /// Flatten too: the row stays as it is.
  case reshape(name: String)
  case duq(DUQ)

  /// What it does to its sums, or to its inputs; nil: it has none.
  var activation: Activation? {
    switch self {
    case .dense(let layer): layer.activation
    case .activation(_, let activation, _): activation
    case .conv2D(let layer): layer.activation
    case .subsampling2D(let layer): layer.activation
    default: nil
    }
  }

  /// For errors.
  public var name: String {
    switch self {
    case .dense(let layer): layer.name
    case .rbf(let layer): layer.name
    case .batchNormalization(let layer): layer.name
    case .dropout(let name): name
    case .activation(let name, _, _): name
    case .conv2D(let layer): layer.name
    case .pooling2D(let layer): layer.name
    case .subsampling2D(let layer): layer.name
    case .zeroPadding2D(let layer): layer.name
    case .cropping2D(let layer): layer.name
    case .cellNormalization(let layer): layer.name
    case .rectifier(let name, _): name
    case .parametricRectifier(let layer): layer.name
    case .transposition(let layer): layer.name
    case .reshape(let name): name
    case .duq(let layer): layer.name
    }
  }
}
