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
  case globalPooling2D(GlobalPoolingSpec)
  case margins2D(MarginsSpec)
  case layerNormalization(LayerNormalizationSpec)
  case unitNormalization(UnitNormalizationSpec)
  case rectifier(RectifierSpec)
  case parametricRectifier(ParametricRectifierSpec)
  case flatten(FlattenSpec)
  case reshape(ReshapeSpec)

  var isRBF: Bool {
    if case .rbf = self { true } else { false }
  }

  /// A word for a type in a file.
  struct LayerType: Sendable {
    let word: String
    /// The members that a layer of the type may have beside `type` and `name`.
    let members: [String]
    let decode: @Sendable (Members) throws(ModelError) -> LayerSpec
  }

  /// Every type. Averages and maxima are two words for one spec, and so are padding and cropping.
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
    LayerType(word: "global_average_pooling2d", members: GlobalPoolingSpec.members) { (members) throws(ModelError) in
      .globalPooling2D(try .init(.average, members))
    },
    LayerType(word: "global_max_pooling2d", members: GlobalPoolingSpec.members) { (members) throws(ModelError) in
      .globalPooling2D(try .init(.maximum, members))
    },
    LayerType(word: "zero_padding2d", members: ["padding"]) { (members) throws(ModelError) in
      .margins2D(MarginsSpec(.padding, try members.margins("padding")))
    },
    LayerType(word: "cropping2d", members: ["cropping"]) { (members) throws(ModelError) in
      .margins2D(MarginsSpec(.cropping, try members.margins("cropping")))
    },
    LayerType(word: "layer_normalization", members: LayerNormalizationSpec.members) { (members) throws(ModelError) in
      .layerNormalization(try .init(members))
    },
    LayerType(word: "unit_normalization", members: UnitNormalizationSpec.members) { (members) throws(ModelError) in
      .unitNormalization(try .init(members))
    },
    LayerType(word: "relu", members: RectifierSpec.members) { (members) throws(ModelError) in
      .rectifier(try .init(members))
    },
    LayerType(word: "prelu", members: ParametricRectifierSpec.members) { (members) throws(ModelError) in
      .parametricRectifier(try .init(members))
    },
    LayerType(word: "flatten", members: FlattenSpec.members) { (members) throws(ModelError) in
      .flatten(try .init(members))
    },
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
    case .globalPooling2D(let spec): spec
    case .margins2D(let spec): spec
    case .layerNormalization(let spec): spec
    case .unitNormalization(let spec): spec
    case .rectifier(let spec): spec
    case .parametricRectifier(let spec): spec
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
  /// The lowest version of a file that has it.
  var neededVersion: FileVersion { get }
  /// The shape of its outputs, without the batch dimension; nil: it takes no inputs of this shape.
  func outputShape(of inputs: [Int]) -> [Int]?
  /// Adds the layer, with its tensors, to a network that is being read.
  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError)
}

extension LayerPayload {
  var encoded: [String: JSONValue] { [:] }
  var activation: ActivationSpec? { nil }
  var neededVersion: FileVersion { .first }
  func outputShape(of inputs: [Int]) -> [Int]? { inputs }
}
