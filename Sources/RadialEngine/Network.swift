internal import RadialKernels

/// A Dense + RBF network, ready to compute. Immutable: any number of threads may use it, each with a workspace of its own.
///
/// Legend: N rows, D inputs, O outputs, C units of the last RBF layer (classes), K that layer's inputs.
public final class Network: Sendable {
  /// No layer may be wider: beyond it sizes are a damaged file's.
  public static let maximumWidth = 1 << 20

  /// D
  public let inputWidth: Int
  /// O
  public let outputWidth: Int
  /// C; 0: there is no RBF layer. Where classes have several prototypes, and of a distance head, its classes.
  public let distanceWidth: Int
  /// The class of each prototype, where classes may have several; nil: each prototype stands for itself.
  public let prototypeClasses: [Int]?
  /// Whether distances are those of a head of their own.
  public let hasDistanceHead: Bool
  /// K; of a DUQ head all class projections, [embedding, C].
  public let embeddingWidth: Int
  /// Whether outputs are scores of classes, the better the nearer their prototype: the last layer is an RBF layer whose γ are positive, or
  /// such a one followed by softmax, dropout and one growing line for all of them alone.
  public let prototypesAreClasses: Bool
  /// What is done last to the outputs; nil: they are what an RBF layer, a pooling or a normalisation makes.
  public let lastActivation: Activation?
  /// Numbers that were trained.
  public let parameterCount: Int
  /// Of one row's forward pass.
  public let multiplyAddsPerRow: Int
  /// The same and the cells that poolings look at: what a row's time depends on.
  public let operationsPerRow: Int
  /// Some seconds on one core.
  public static let maximumOperations = 1 << 36
  /// What its kernels use.
  public let instructionSet: InstructionSet

  /// What the last RBF layer makes of its squared distances.
  let function: RBF.Function

  let steps: [Step]
  /// How many of them are done with a few images at a time.
  let imageSteps: Int
  let sizes: WorkspaceSizes
  let preprocessing: Preprocessing
  let kernels: rk_kernels
  /// What distances are multiplied by before they are compared, [C]: nil where one positive factor (or none) serves all.
  public let decisionScale: [Float]?

  /// Checks that the layers chain and their weights are finite, and repacks them.
  /// - Parameter head: what measures distances where the layers do not; theirs are then not reported.
  public init(
    inputWidth: Int, preprocessing: Preprocessing = .identity, layers: [Layer], head: DistanceHead? = nil,
    instructionSet: InstructionSet = .best
  ) throws(EngineError) {
    let plan = try ExecutionPlan(inputWidth: inputWidth, layers: layers, head: head)
    guard preprocessing.scale.isFinite, preprocessing.offset.isFinite else {
      throw .notFinite(layer: "input", part: "preprocessing", index: 0)
    }
    self.inputWidth = inputWidth
    self.preprocessing = preprocessing
    self.instructionSet = instructionSet
    kernels = instructionSet.kernels
    outputWidth = plan.width
    steps = plan.steps
    imageSteps = plan.imageSteps
    sizes = plan.sizes
    parameterCount = plan.parameterCount
    multiplyAddsPerRow = plan.multiplyAddsPerRow
    operationsPerRow = plan.multiplyAddsPerRow + plan.pooledCellsPerRow

    var last: Layer?
    var followers: [Layer] = []
    for layer in layers {
      switch layer {
      case .rbf, .duq: (last, followers) = (layer, [])
      default: followers.append(layer)
      }
    }
    hasDistanceHead = head != nil
    if let head {
      prototypeClasses = head.classes
      distanceWidth = (head.classes.max() ?? -1) + 1
      (embeddingWidth, decisionScale, function) = (head.projection.units, nil, head.prototypes.function)
      prototypesAreClasses = false
      lastActivation = Self.lastActivation(layers)
      return
    }
    switch last {
    case .rbf(let rbf):
      (distanceWidth, embeddingWidth, prototypeClasses) = (rbf.outputs, rbf.inputs, rbf.classes)
      function = rbf.function
    case .duq(let duq):
      (distanceWidth, embeddingWidth, prototypeClasses) = (duq.units, duq.embedding * duq.units, nil)
      function = RBF.Function(output: .gaussian, scale: duq.scale)
    default:
      (distanceWidth, embeddingWidth, prototypeClasses) = (0, 0, nil)
      function = RBF.Function(output: .distance, scale: .scalar(1))
    }
    decisionScale = function.decisionScale(distanceWidth)
    let hasSoftmax = followers.contains { $0.activation == .softmax }
    let isOrdered =
      switch function.output.order {
      case .falling: true
      // The softmax of a distance is the largest where that is.
      case .distance: !hasSoftmax
      case .growing: false
      }
    prototypesAreClasses =
      last != nil && isOrdered && function.hasPositiveScale
      && followers.allSatisfy {
        switch $0 {
        case .dropout, .reshape, .activation(_, .softmax, _), .activation(_, .linear, _): true
        case .batchNormalization(let normalization): normalization.keepsOrder
        default: false
        }
      }
    lastActivation = Self.lastActivation(layers)
  }

  private static func lastActivation(_ layers: [Layer]) -> Activation? {
    layers.last {
      switch $0 {
      case .dropout, .reshape: false
      default: true
      }
    }?.activation
  }

  /// A workspace for one thread at a time.
  public func makeWorkspace() -> Workspace { Workspace(sizes) }
}
