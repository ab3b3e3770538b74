import RadialEngine

/// What a layer is: its type, and what a file says of that type. Keras' translator makes it, safetensors decode it from
/// `radial.architecture`, and `radial convert` encodes it.
enum LayerSpec: Equatable, Sendable {
  case dense(DenseSpec)
  case rbf(RBFSpec)
  case duq(DUQSpec)
  case batchNormalization(BatchNormalizationSpec)
  case dropout(DropoutSpec)
  case activation(ActivationLayerSpec)
  case conv2D(Conv2DSpec)
  case pooling2D(PoolingSpec)
  case subsampling2D(SubsamplingSpec)
  case flatten(FlattenSpec)
  case reshape(ReshapeSpec)

  /// A word for a type in a file.
  struct LayerType: Sendable {
    let word: String
    /// The members that a layer of the type may have beside `type` and `name`.
    let members: [String]
    let decode: @Sendable (Members) throws(ModelError) -> LayerSpec
  }

  /// Every type. Averages and maxima are two words for one spec.
  static let types: [LayerType] = [
    LayerType(word: "dense", members: DenseSpec.members) { (members) throws(ModelError) in .dense(try .init(members)) },
    LayerType(word: "rbf", members: RBFSpec.members) { (members) throws(ModelError) in .rbf(try .init(members)) },
    LayerType(word: "duq", members: DUQSpec.members) { (members) throws(ModelError) in .duq(try .init(members)) },
    LayerType(word: "batch_normalization", members: BatchNormalizationSpec.members) { (members) throws(ModelError) in
      .batchNormalization(try .init(members))
    },
    LayerType(word: "dropout", members: DropoutSpec.members) { (members) throws(ModelError) in
      .dropout(try .init(members))
    },
    LayerType(word: "activation", members: ActivationSpec.members + ["inferred_from"]) {
      (members) throws(ModelError) in .activation(try .init(members))
    },
    LayerType(word: "conv2d", members: Conv2DSpec.members) { (members) throws(ModelError) in
      .conv2D(try .init(members))
    },
    LayerType(word: "average_pooling2d", members: PoolingSpec.members) { (members) throws(ModelError) in
      .pooling2D(PoolingSpec(.average, try members.pooling()))
    },
    LayerType(word: "max_pooling2d", members: PoolingSpec.members) { (members) throws(ModelError) in
      .pooling2D(PoolingSpec(.maximum, try members.pooling()))
    },
    LayerType(word: "subsampling2d", members: PoolingSpec.members + ActivationSpec.members) {
      (members) throws(ModelError) in .subsampling2D(try .init(members))
    },
    LayerType(word: "flatten", members: []) { (_) throws(ModelError) in .flatten(FlattenSpec()) },
    LayerType(word: "reshape", members: ReshapeSpec.members) { (members) throws(ModelError) in
      .reshape(try .init(members))
    },
  ]

  /// What the type says of itself.
  var payload: any LayerPayload {
    switch self {
    case .dense(let spec): spec
    case .rbf(let spec): spec
    case .duq(let spec): spec
    case .batchNormalization(let spec): spec
    case .dropout(let spec): spec
    case .activation(let spec): spec
    case .conv2D(let spec): spec
    case .pooling2D(let spec): spec
    case .subsampling2D(let spec): spec
    case .flatten(let spec): spec
    case .reshape(let spec): spec
    }
  }
}

/// What is to be known of a layer's type, all in one place.
protocol LayerPayload: Equatable, Sendable {
  /// The word for it in a file.
  var word: String { get }
  /// Its members in a file, as `LayerType.decode` reads them.
  var encoded: [String: JSONValue] { get }
  /// As the layer table names it; nil: the layer has none.
  var activation: ActivationSpec? { get }
  /// The shape of its outputs, without the batch dimension; nil: it takes no inputs of this shape.
  func outputShape(of inputs: [Int]) -> [Int]?
  /// Adds the layer, with its tensors, to a network that is being read.
  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError)
}

extension LayerPayload {
  var encoded: [String: JSONValue] { [:] }
  var activation: ActivationSpec? { nil }
  func outputShape(of inputs: [Int]) -> [Int]? { inputs }
}

/// An activation, with its number where it has one.
struct ActivationSpec: Equatable, Sendable {
  static let members = ["activation", "negative_slope", "alpha"]

  let function: Activation
  /// `negative_slope` of leaky_relu, `alpha` of elu; nil: the default.
  let alpha: Float?

  init(_ function: Activation, alpha: Float? = nil) { (self.function, self.alpha) = (function, alpha) }

  init(_ members: Members) throws(ModelError) {
    function = try members.choice("activation", absent: .linear)
    var alpha: Float?
    for (name, owner) in [("negative_slope", Activation.leakyRelu), ("alpha", .elu)] where members.has(name) {
      alpha = Float(try members.number(name, expected: "a finite Float32") { Float($0).isFinite })
      guard function == owner else {
        throw members.invalid(
          "'\(name)' is for the activation \(owner.rawValue), and its activation is \(function.rawValue); leave it out")
      }
    }
    self.alpha = alpha
  }

  var encoded: [String: JSONValue] {
    var members: [String: JSONValue] = ["activation": .string(function.rawValue)]
    if let alpha { members[function == .elu ? "alpha" : "negative_slope"] = .shortest(alpha) }
    return members
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

/// An activation that is a layer.
struct ActivationLayerSpec: LayerPayload {
  let spec: ActivationSpec

  init(_ spec: ActivationSpec) { self.spec = spec }
  init(_ members: Members) throws(ModelError) { spec = try ActivationSpec(members) }

  var word: String { "activation" }
  var encoded: [String: JSONValue] { spec.encoded }
  var activation: ActivationSpec? { spec }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addActivation(layer, spec)
  }
}

/// activation(x · kernel + bias).
struct DenseSpec: LayerPayload {
  static let members = ["units", "use_bias"] + ActivationSpec.members + ["inferred_from"]

  let units: Int
  let hasBias: Bool
  let function: ActivationSpec

  init(units: Int, hasBias: Bool, activation: ActivationSpec) {
    (self.units, self.hasBias, function) = (units, hasBias, activation)
  }

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    hasBias = try members.flag("use_bias", absent: true)
    function = try ActivationSpec(members)
  }

  var word: String { "dense" }
  var encoded: [String: JSONValue] {
    function.encoded.merging(["units": .integer(units), "use_bias": .bool(hasBias)]) { own, _ in own }
  }
  var activation: ActivationSpec? { function }

  func outputShape(of inputs: [Int]) -> [Int]? { inputs.count == 1 ? [units] : nil }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addDense(layer, self, reader.flatWidth(layer))
  }
}

/// What an RBF layer makes of the squared distances to its centers.
struct RBFSpec: LayerPayload {
  static let members = ["units", "output", "scale", "centers_layout", "inferred_from"]

  /// γ: one positive number, or one a unit in the tensor `scale`.
  enum Scale: Equatable, Sendable {
    case number(Float)
    case tensor
  }

  let units: Int
  let output: RBF.Output
  /// nil: the output is the distance itself, and the file says none.
  let scale: Scale?
  let centersLayout: RBF.CentersLayout

  init(units: Int, output: RBF.Output, scale: Scale?, centersLayout: RBF.CentersLayout) {
    (self.units, self.output, self.scale, self.centersLayout) = (units, output, scale, centersLayout)
  }

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

  var word: String { "rbf" }
  var encoded: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "units": .integer(units), "output": .string(output.rawValue), "centers_layout": .string(centersLayout.rawValue),
    ]
    switch scale {
    case .number(let number): members["scale"] = .shortest(number)
    case .tensor: members["scale"] = .string("tensor")
    case nil: break
    }
    return members
  }

  func outputShape(of inputs: [Int]) -> [Int]? { inputs.count == 1 ? [units] : nil }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addRBF(layer, self, reader.flatWidth(layer))
  }
}

/// The head of van Amersfoort et al. 2020.
struct DUQSpec: LayerPayload {
  static let members = ["units", "embedding", "sigma", "inferred_from"]

  let units: Int
  let embedding: Int
  let sigma: Float

  init(units: Int, embedding: Int, sigma: Float) {
    (self.units, self.embedding, self.sigma) = (units, embedding, sigma)
  }

  init(_ members: Members) throws(ModelError) {
    units = try members.count("units")
    embedding = try members.count("embedding", in: 1...Network.maximumWidth / units)
    let sigma = try members.number("sigma", expected: "a positive number whose 1 / (2 sigma²) is one in Float32") {
      let factor = Float(1 / (2 * $0 * $0))
      return $0 > 0 && Float($0) > 0 && Float($0).isFinite && factor > 0 && factor.isFinite
    }
    self.sigma = Float(sigma)
  }

  var word: String { "duq" }
  var encoded: [String: JSONValue] {
    ["units": .integer(units), "embedding": .integer(embedding), "sigma": .shortest(sigma)]
  }

  func outputShape(of inputs: [Int]) -> [Int]? { inputs.count == 1 ? [units] : nil }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addDUQ(layer, self, reader.flatWidth(layer))
  }
}

/// Which of gamma and beta a batch normalisation has, and what keeps its divisor from 0.
struct BatchNormalizationSpec: LayerPayload {
  static let members = ["epsilon", "center", "scale"]

  let epsilon: Float
  let hasBeta: Bool
  let hasGamma: Bool

  init(epsilon: Float, hasBeta: Bool, hasGamma: Bool) {
    (self.epsilon, self.hasBeta, self.hasGamma) = (epsilon, hasBeta, hasGamma)
  }

  init(_ members: Members) throws(ModelError) {
    let epsilon = try members.number(
      "epsilon", absent: 0.001, expected: Self.expectedEpsilon, where: Self.isEpsilon)
    self.epsilon = Float(epsilon)
    hasBeta = try members.flag("center", absent: true)
    hasGamma = try members.flag("scale", absent: true)
  }

  static let expectedEpsilon = "a number from 0 on in Float32"
  static func isEpsilon(_ number: Double) -> Bool { number >= 0 && Float(number).isFinite }

  var word: String { "batch_normalization" }
  var encoded: [String: JSONValue] {
    ["epsilon": .shortest(epsilon), "center": .bool(hasBeta), "scale": .bool(hasGamma)]
  }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addNormalization(layer, self, reader.shape[reader.shape.count - 1])
  }
}

/// Identity when serving.
struct DropoutSpec: LayerPayload {
  static let members = ["rate"]

  init() {}

  init(_ members: Members) throws(ModelError) {
    // Of no use when serving, and still a share.
    _ = try members.number("rate", absent: 0, expected: "a number from 0 to 1") { (0...1).contains($0) }
  }

  var word: String { "dropout" }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    reader.addDropout(layer)
  }
}

/// activation(convolution + bias).
struct Conv2DSpec: LayerPayload {
  static let members =
    ["filters", "kernel_size", "strides", "padding", "use_bias"] + ActivationSpec.members + ["inferred_from"]

  let filters: Int
  let window: Window
  let hasBias: Bool
  let function: ActivationSpec

  init(filters: Int, window: Window, hasBias: Bool, activation: ActivationSpec) {
    (self.filters, self.window, self.hasBias, function) = (filters, window, hasBias, activation)
  }

  init(_ members: Members) throws(ModelError) {
    filters = try members.count("filters")
    window = Window(
      size: try members.extent("kernel_size"),
      strides: try members.extent("strides", absent: Extent(rows: 1, columns: 1)),
      padding: try members.choice("padding", absent: .valid))
    hasBias = try members.flag("use_bias", absent: true)
    function = try ActivationSpec(members)
  }

  var word: String { "conv2d" }
  var encoded: [String: JSONValue] {
    function.encoded.merging([
      "filters": .integer(filters), "kernel_size": window.size.encoded, "strides": window.strides.encoded,
      "padding": .string(window.padding.rawValue), "use_bias": .bool(hasBias),
    ]) { own, _ in own }
  }
  var activation: ActivationSpec? { function }

  func outputShape(of inputs: [Int]) -> [Int]? { window.output(of: inputs).map { $0 + [filters] } }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addConvolution(layer, self)
  }
}

/// A window whose cells become one: their mean, or the largest.
struct PoolingSpec: LayerPayload {
  static let members = ["pool_size", "strides", "padding"]

  let kind: Pooling2D.Kind
  let window: Window

  init(_ kind: Pooling2D.Kind, _ window: Window) { (self.kind, self.window) = (kind, window) }

  var word: String { kind == .average ? "average_pooling2d" : "max_pooling2d" }
  var encoded: [String: JSONValue] { window.encoded }

  func outputShape(of inputs: [Int]) -> [Int]? { window.output(of: inputs).map { $0 + [inputs[2]] } }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addPooling(layer, self)
  }
}

/// activation(factor · mean of a window + offset), LeNet-5's subsampling of 1998.
struct SubsamplingSpec: LayerPayload {
  let window: Window
  let function: ActivationSpec

  init(_ window: Window, _ activation: ActivationSpec) { (self.window, function) = (window, activation) }

  init(_ members: Members) throws(ModelError) {
    window = try members.pooling()
    function = try ActivationSpec(members)
  }

  var word: String { "subsampling2d" }
  var encoded: [String: JSONValue] { function.encoded.merging(window.encoded) { own, _ in own } }
  var activation: ActivationSpec? { function }

  func outputShape(of inputs: [Int]) -> [Int]? { window.output(of: inputs).map { $0 + [inputs[2]] } }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addSubsampling(layer, self)
  }
}

/// A row of values as it is.
struct FlattenSpec: LayerPayload {
  var word: String { "flatten" }

  func outputShape(of inputs: [Int]) -> [Int]? { [inputs.reduce(1, *)] }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    reader.addReshape(layer)
  }
}

/// The same row under another shape.
struct ReshapeSpec: LayerPayload {
  static let members = ["target_shape"]

  /// One size may be -1, what is left.
  let target: [Int]

  init(_ target: [Int]) { self.target = target }
  init(_ members: Members) throws(ModelError) {
    target = try members.integers("target_shape", expected: "one to three sizes")
  }

  var word: String { "reshape" }
  var encoded: [String: JSONValue] { ["target_shape": .integers(target)] }

  func outputShape(of inputs: [Int]) -> [Int]? {
    let count = inputs.reduce(1, *)
    var target = target
    if let open = target.firstIndex(of: -1) {
      guard let known = Self.product(target.filter { $0 != -1 }), known > 0, known <= count else { return nil }
      target[open] = count / known
    }
    return target.allSatisfy({ $0 > 0 }) && Self.product(target) == count ? target : nil
  }

  /// nil: beyond any row, for shapes that a damaged file makes up.
  private static func product(_ sizes: [Int]) -> Int? {
    var product = 1
    for size in sizes {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      product = next
    }
    return product
  }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    guard let target = outputShape(of: reader.shape), NetworkReader.product(target) != nil else {
      throw reader.invalid(
        layer,
        "'target_shape' is \(self.target), expected one to three sizes of \(reader.shape.reduce(1, *)) values in all")
    }
    reader.addReshape(layer)
  }
}

extension Window {
  /// Rows and columns of what it makes of an image [rows, columns, channels]; nil: it is no image, or the window does not fit on it.
  fileprivate func output(of inputs: [Int]) -> [Int]? {
    guard inputs.count == 3 else { return nil }
    return placed(on: ImageShape(rows: inputs[0], columns: inputs[1], channels: inputs[2])).map {
      [$0.output.rows, $0.output.columns]
    }
  }

  /// As pooling layers have it.
  fileprivate var encoded: [String: JSONValue] {
    ["pool_size": size.encoded, "strides": strides.encoded, "padding": .string(padding.rawValue)]
  }
}

extension Extent {
  fileprivate var encoded: JSONValue { .integers([rows, columns]) }
}

extension Members {
  /// The window of a pooling layer.
  fileprivate func pooling() throws(ModelError) -> Window {
    let size = try extent("pool_size", absent: Extent(rows: 2, columns: 2))
    return Window(
      size: size, strides: try extent("strides", absent: size), padding: try choice("padding", absent: .valid))
  }
}

extension JSONValue {
  static func integer(_ value: Int) -> JSONValue { .number(Double(value)) }

  /// A Float32 by the digits that it needs, not by those of the nearest Float64.
  static func shortest(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }
}
