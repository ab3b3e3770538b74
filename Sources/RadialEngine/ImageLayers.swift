/// y[i, j, f] = activation(Σ over the window and the channels of x · kernel[…, f] + bias[f]): cross-correlation, as Keras' Conv2D.
///
/// In groups, each group of filters sees its own channels alone: with as many groups as channels it is Keras' DepthwiseConv2D.
public struct Conv2D: Sendable {
  /// For errors.
  public var name: String
  /// What it takes.
  public var input: ImageShape
  /// Channels of its output.
  public var filters: Int
  /// What becomes one cell.
  public var window: Window
  /// Divides `input.channels` and `filters`.
  public var groups: Int
  /// [window.size.rows, window.size.columns, input.channels / groups, filters], row-major.
  public var kernel: [Float]
  /// [filters]; nil: none.
  public var bias: [Float]?
  /// What is done to its sums.
  public var activation: Activation
  /// The activation's own number; nil: its default.
  public var alpha: Float?

  /// The layer with its weights, whose sizes `Network.init` checks.
  public init(
    name: String, input: ImageShape, filters: Int, window: Window, groups: Int = 1, kernel: [Float], bias: [Float]?,
    activation: Activation, alpha: Float? = nil
  ) {
    self.name = name
    self.input = input
    self.filters = filters
    self.window = window
    self.groups = groups
    self.kernel = kernel
    self.bias = bias
    self.activation = activation
    self.alpha = alpha
  }
}

/// The mean or the maximum of a window, per channel; cells of padding do not count.
public struct Pooling2D: Sendable {
  /// What a window's cells become: their mean, or the largest.
  public enum Kind: Sendable { case average, maximum }

  /// For errors.
  public var name: String
  /// What it takes.
  public var input: ImageShape
  /// What a window's cells become.
  public var kind: Kind
  /// What becomes one cell.
  public var window: Window

  /// A window over an image.
  public init(name: String, input: ImageShape, kind: Kind, window: Window) {
    self.name = name
    self.input = input
    self.kind = kind
    self.window = window
  }
}

/// Zeros around an image.
public struct ZeroPadding2D: Sendable {
  /// For errors.
  public var name: String
  /// What it takes.
  public var input: ImageShape
  /// How many.
  public var margins: Margins

  /// Zeros around an image.
  public init(name: String, input: ImageShape, margins: Margins) {
    self.name = name
    self.input = input
    self.margins = margins
  }
}

/// An image without what lies along its sides.
public struct Cropping2D: Sendable {
  /// For errors.
  public var name: String
  /// What it takes.
  public var input: ImageShape
  /// What is cut off.
  public var margins: Margins

  /// An image without its margins.
  public init(name: String, input: ImageShape, margins: Margins) {
    self.name = name
    self.input = input
    self.margins = margins
  }
}

/// activation(factor[c] · mean of the window + offset[c]): the subsampling of LeNet-5 (LeCun, Bottou, Bengio and Haffner, 1998).
public struct Subsampling2D: Sendable {
  /// For errors.
  public var name: String
  /// What it takes.
  public var input: ImageShape
  /// What becomes one cell.
  public var window: Window
  /// [channels] each.
  public var factor: [Float]
  /// [channels]
  public var offset: [Float]
  /// What is done to its sums.
  public var activation: Activation
  /// The activation's own number; nil: its default.
  public var alpha: Float?

  /// The layer with its weights, whose sizes `Network.init` checks.
  public init(
    name: String, input: ImageShape, window: Window, factor: [Float], offset: [Float], activation: Activation,
    alpha: Float? = nil
  ) {
    self.name = name
    self.input = input
    self.window = window
    self.factor = factor
    self.offset = offset
    self.activation = activation
    self.alpha = alpha
  }
}

/// The head of van Amersfoort, Smith, Teh and Gal, "Uncertainty Estimation Using a Single Deep Deterministic Neural Network" (2020):
/// z[n, c] = Σ_m x[m] · kernel[m, n, c]; d[c] = mean over n of (z[n, c] − centers[n, c])²; score exp(−d / (2 sigma²)).
public struct DUQ: Sendable {
  /// For errors.
  public var name: String
  /// D
  public var inputs: Int
  /// n
  public var embedding: Int
  /// Classes.
  public var units: Int
  /// The width of the kernel, one for all classes or of each, [units].
  public var sigmas: [Float]
  /// [inputs, embedding, units], row-major.
  public var kernel: [Float]
  /// [embedding, units], row-major.
  public var centers: [Float]

  /// The layer with its weights, whose sizes `Network.init` checks.
  public init(
    name: String, inputs: Int, embedding: Int, units: Int, sigmas: [Float], kernel: [Float], centers: [Float]
  ) {
    self.name = name
    self.inputs = inputs
    self.embedding = embedding
    self.units = units
    self.sigmas = sigmas
    self.kernel = kernel
    self.centers = centers
  }
  /// γ = 1 / (2 σ²)
  var scale: RBF.Scale {
    let gammas = sigmas.map { Float(1 / (2 * Double($0) * Double($0))) }
    return gammas.count == 1 ? .scalar(gammas[0]) : .perUnit(gammas)
  }
}
