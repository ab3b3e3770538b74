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
  /// C; 0: there is no RBF layer. Of a distance head its classes.
  public let distanceWidth: Int
  /// The class of each prototype of a distance head, of which classes may have several; nil: there is no such head.
  public let prototypeClasses: [Int]?
  /// K; of a DUQ head all class projections, [embedding, C].
  public let embeddingWidth: Int
  /// Whether outputs are scores of classes, the better the nearer their prototype: the last layer is an RBF layer whose γ are positive, or
  /// such a one followed by softmax and dropout alone.
  public let prototypesAreClasses: Bool
  /// What is done last to the outputs; nil: they are what an RBF layer, a pooling or a normalisation makes.
  public let lastActivation: Activation?
  /// Numbers that were trained.
  public let parameterCount: Int
  /// Of one row's forward pass.
  public let multiplyAddsPerRow: Int
  /// What its kernels use.
  public let instructionSet: InstructionSet

  /// γ of each unit of the last RBF layer, or the one that serves all; 1 where there is none. Of a DUQ head 1 / (2 σ²).
  let gammas: [Float]

  let steps: [Step]
  let widest: Int
  let largestBorder: Int
  let largestScratch: Int
  let headWidth: Int
  let spill: Int
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
    widest = plan.widest
    largestBorder = plan.largestBorder
    largestScratch = plan.largestScratch
    headWidth = plan.headWidth
    spill = plan.spill
    steps = plan.steps
    parameterCount = plan.parameterCount
    multiplyAddsPerRow = plan.multiplyAddsPerRow

    var last: Layer?
    var followers: [Layer] = []
    for layer in layers {
      switch layer {
      case .rbf, .duq: (last, followers) = (layer, [])
      default: followers.append(layer)
      }
    }
    prototypeClasses = head?.classes
    if let head {
      distanceWidth = (head.classes.max() ?? -1) + 1
      (embeddingWidth, decisionScale, gammas) = (head.projection.units, nil, [head.prototypes.scale.first])
      prototypesAreClasses = false
      lastActivation = Self.lastActivation(layers)
      return
    }
    switch last {
    case .rbf(let rbf):
      (distanceWidth, embeddingWidth, decisionScale) = (rbf.units, rbf.inputs, Self.decisionScale(rbf))
      gammas =
        switch (rbf.output, rbf.scale) {
        case (.distance, _): [1]
        case (_, .scalar(let gamma)): [gamma]
        case (_, .perUnit(let gammas)): gammas
        }
    case .duq(let duq):
      (distanceWidth, embeddingWidth, decisionScale) = (duq.units, duq.embedding * duq.units, nil)
      gammas = [Float(1 / (2 * Double(duq.sigma) * Double(duq.sigma)))]
    default: (distanceWidth, embeddingWidth, decisionScale, gammas) = (0, 0, nil, [1])
    }
    prototypesAreClasses =
      last.map(Self.ordersClasses) == true
      && followers.allSatisfy {
        switch $0 {
        case .dropout, .reshape, .activation(_, .softmax, _), .activation(_, .linear, _): true
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

  /// Whether a class is the better the nearer it is: not where a unit's γ is 0 or less.
  private static func ordersClasses(_ layer: Layer) -> Bool {
    guard case .rbf(let rbf) = layer, rbf.output != .distance else { return true }
    return switch rbf.scale {
    case .scalar(let gamma): gamma > 0
    case .perUnit(let gammas): gammas.allSatisfy { $0 > 0 }
    }
  }

  private static func decisionScale(_ rbf: RBF) -> [Float]? {
    switch (rbf.output, rbf.scale) {
    case (.distance, _): nil
    case (_, .scalar(let gamma)): gamma > 0 ? nil : [Float](repeating: gamma, count: rbf.units)
    case (_, .perUnit(let gammas)): gammas
    }
  }

  /// A workspace for one thread at a time.
  public func makeWorkspace() -> Workspace {
    Workspace(
      width: max(padded(widest), padded(inputWidth)), spill: spill, border: largestBorder, scratch: largestScratch,
      head: headWidth)
  }
}
