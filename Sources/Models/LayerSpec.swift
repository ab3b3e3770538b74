import RadialEngine

/// What a layer is, as `radial.architecture` describes it: its type, and the members of that type, read and checked.
enum LayerSpec {
  case dense(DenseSpec)
  case rbf(RBFSpec)
  case duq(DUQSpec)
  case batchNormalization(BatchNormalizationSpec)
  /// Identity when serving.
  case dropout
  case activation(ActivationSpec)
  case conv2D(Conv2DSpec)
  case pooling2D(PoolingSpec, Pooling2D.Kind)
  case subsampling2D(PoolingSpec, ActivationSpec)
  case flatten
  /// One size may be -1, whatever is left.
  case reshape(target: [Int])

  /// The word for it in a file, and the members that it may have beside `type` and `name`.
  enum Kind: String, CaseIterable {
    case dense, rbf, duq
    case batchNormalization = "batch_normalization"
    case dropout, activation, conv2d
    case averagePooling2D = "average_pooling2d"
    case maxPooling2D = "max_pooling2d"
    case subsampling2d, flatten, reshape

    var members: [String] {
      switch self {
      case .dense: ["units", "use_bias"] + ActivationSpec.members + ["inferred_from"]
      case .rbf: ["units", "output", "scale", "centers_layout", "inferred_from"]
      case .duq: ["units", "embedding", "sigma", "inferred_from"]
      case .batchNormalization: ["epsilon", "center", "scale"]
      case .dropout: ["rate"]
      case .activation: ActivationSpec.members + ["inferred_from"]
      case .conv2d:
        ["filters", "kernel_size", "strides", "padding", "use_bias"] + ActivationSpec.members + ["inferred_from"]
      case .averagePooling2D, .maxPooling2D: PoolingSpec.members
      case .subsampling2d: PoolingSpec.members + ActivationSpec.members
      case .flatten: []
      case .reshape: ["target_shape"]
      }
    }
  }

  init(_ kind: Kind, _ members: Members) throws(ModelError) {
    switch kind {
    case .dense: self = .dense(try DenseSpec(members))
    case .rbf: self = .rbf(try RBFSpec(members))
    case .duq: self = .duq(try DUQSpec(members))
    case .batchNormalization: self = .batchNormalization(try BatchNormalizationSpec(members))
    case .dropout:
      // Of no use when serving, and still a share.
      _ = try members.number("rate", absent: 0, expected: "a number from 0 to 1") { (0...1).contains($0) }
      self = .dropout
    case .activation: self = .activation(try ActivationSpec(members))
    case .conv2d: self = .conv2D(try Conv2DSpec(members))
    case .averagePooling2D: self = .pooling2D(try PoolingSpec(members), .average)
    case .maxPooling2D: self = .pooling2D(try PoolingSpec(members), .maximum)
    case .subsampling2d: self = .subsampling2D(try PoolingSpec(members), try ActivationSpec(members))
    case .flatten: self = .flatten
    case .reshape: self = .reshape(target: try members.integers("target_shape", expected: "one to three sizes"))
    }
  }

  /// As the layer table names it; nil: the layer has none.
  var activation: ActivationSpec? {
    switch self {
    case .dense(let spec): spec.activation
    case .activation(let spec), .subsampling2D(_, let spec): spec
    case .conv2D(let spec): spec.activation
    case .rbf, .duq, .batchNormalization, .dropout, .pooling2D, .flatten, .reshape: nil
    }
  }
}

/// An activation, with its number where it has one.
struct ActivationSpec {
  static let members = ["activation", "negative_slope", "alpha"]

  let function: Activation
  /// `negative_slope` of leaky_relu, `alpha` of elu; nil: the default.
  let alpha: Float?

  init(_ members: Members) throws(ModelError) {
    function = try members.choice("activation", absent: .linear)
    var alpha: Float?
    for (name, owner) in [("negative_slope", Activation.leakyRelu), ("alpha", .elu)] where members.has(name) {
      alpha = Float(try members.number(name, expected: "a finite Float32") { Float($0).isFinite })
      guard function == owner else {
        throw members.refuse(
          "'\(name)' is for the activation \(owner.rawValue), and its activation is \(function.rawValue); leave it out")
      }
    }
    self.alpha = alpha
  }

  /// What it makes of an expression, for a formula.
  func applied(to expression: String) -> String {
    switch function {
    case .linear: expression
    case .leakyRelu: "leaky_relu(\(expression)), negative_slope = \(alpha ?? function.defaultAlpha)"
    case .elu: "elu(\(expression))\(alpha.map { ", alpha = \($0)" } ?? "")"
    default: "\(function.rawValue)(\(expression))"
    }
  }
}

/// activation(x · kernel + bias).
struct DenseSpec {
  let units: Int
  let hasBias: Bool
  let activation: ActivationSpec

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    hasBias = try members.flag("use_bias", absent: true)
    activation = try ActivationSpec(members)
  }
}

/// What an RBF layer makes of the squared distances to its centers.
struct RBFSpec {
  /// γ: one positive number, or one a unit in the tensor `scale`.
  enum Scale {
    case number(Float)
    case tensor
  }

  let units: Int
  let output: RBF.Output
  /// nil: the output is the distance itself, and the file says none.
  let scale: Scale?
  let centersLayout: RBF.CentersLayout

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    output = try members.choice("output", absent: .gaussian)
    centersLayout = try members.choice("centers_layout", absent: .featuresUnits)
    let isUsed = output != .distance
    switch members.value("scale") {
    case nil where !isUsed: scale = nil
    case .string("tensor"): scale = .tensor
    default:
      // A negative one would make the farthest class the best.
      let number = try members.number(
        "scale", expected: "a positive number in Float32 or \"tensor\"",
        where: { Float($0).isFinite && (Float($0) > 0 || !isUsed) })
      scale = .number(Float(number))
    }
  }
}

/// The head of van Amersfoort et al. 2020.
struct DUQSpec {
  let units: Int
  let embedding: Int
  let sigma: Float

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    embedding = try members.count("embedding", in: 1...Network.maximumWidth / units)
    let sigma = try members.number("sigma", expected: "a positive number whose 1 / (2 sigma²) is one in Float32") {
      let factor = Float(1 / (2 * $0 * $0))
      return $0 > 0 && Float($0) > 0 && Float($0).isFinite && factor > 0 && factor.isFinite
    }
    self.sigma = Float(sigma)
  }
}

/// Which of gamma and beta a batch normalisation has, and what keeps its divisor from 0.
struct BatchNormalizationSpec {
  let epsilon: Float
  let hasBeta: Bool
  let hasGamma: Bool

  init(_ members: Members) throws(ModelError) {
    let epsilon = try members.number("epsilon", absent: 0.001, expected: "a number from 0 on in Float32") {
      $0 >= 0 && Float($0).isFinite
    }
    self.epsilon = Float(epsilon)
    hasBeta = try members.flag("center", absent: true)
    hasGamma = try members.flag("scale", absent: true)
  }
}

/// activation(convolution + bias).
struct Conv2DSpec {
  let filters: Int
  let window: Window
  let hasBias: Bool
  let activation: ActivationSpec

  init(_ members: Members) throws(ModelError) {
    filters = try members.count("filters")
    window = Window(
      size: try members.extent("kernel_size"),
      strides: try members.extent("strides", absent: Extent(rows: 1, columns: 1)),
      padding: try members.choice("padding", absent: .valid))
    hasBias = try members.flag("use_bias", absent: true)
    activation = try ActivationSpec(members)
  }
}

/// A window whose cells become one.
struct PoolingSpec {
  static let members = ["pool_size", "strides", "padding"]

  let window: Window

  init(_ members: Members) throws(ModelError) {
    let size = try members.extent("pool_size", absent: Extent(rows: 2, columns: 2))
    window = Window(
      size: size, strides: try members.extent("strides", absent: size),
      padding: try members.choice("padding", absent: .valid))
  }
}
