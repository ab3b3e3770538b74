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
  /// C; 0: there is no RBF layer.
  public let distanceWidth: Int
  /// K
  public let embeddingWidth: Int
  /// Whether outputs are scores of classes: the last layer is an RBF layer, or one followed by softmax and dropout alone.
  public let isClassifier: Bool
  public let parameterCount: Int
  public let multiplyAddsPerRow: Int
  public let instructionSet: InstructionSet

  let steps: [Step]
  let widest: Int
  let preprocessing: Preprocessing
  let kernels: rk_kernels
  /// What distances are multiplied by before they are compared: nil where one positive factor (or none) serves all.
  let decisionScale: [Float]?

  /// Checks that the layers chain and their weights are finite, and repacks them.
  public init(
    inputWidth: Int, preprocessing: Preprocessing = .identity, layers: [Layer],
    instructionSet: InstructionSet = .best
  ) throws(EngineError) {
    let plan = try Plan(inputWidth: inputWidth, layers: layers)
    guard preprocessing.scale.isFinite, preprocessing.offset.isFinite else {
      throw .notFinite(layer: "input", part: "preprocessing", index: 0)
    }
    self.inputWidth = inputWidth
    self.preprocessing = preprocessing
    self.instructionSet = instructionSet
    kernels = instructionSet.kernels
    outputWidth = plan.width
    widest = plan.widest
    steps = plan.steps
    parameterCount = plan.parameterCount
    multiplyAddsPerRow = plan.multiplyAddsPerRow

    var last: RBF?
    var followers: [Layer] = []
    for layer in layers {
      if case .rbf(let rbf) = layer { (last, followers) = (rbf, []) } else { followers.append(layer) }
    }
    distanceWidth = last?.units ?? 0
    embeddingWidth = last?.inputs ?? 0
    isClassifier =
      last != nil
      && followers.allSatisfy {
        switch $0 {
        case .dropout, .activation(_, .softmax), .activation(_, .linear): true
        default: false
        }
      }
    decisionScale = last.flatMap(Self.decisionScale)
  }

  private static func decisionScale(_ rbf: RBF) -> [Float]? {
    switch (rbf.output, rbf.scale) {
    case (.distance, _): nil
    case (_, .scalar(let gamma)): gamma > 0 ? nil : [Float](repeating: gamma, count: rbf.units)
    case (_, .perUnit(let gammas)): gammas
    }
  }

  /// A workspace for one thread at a time.
  public func makeWorkspace() -> Workspace { Workspace(width: max(padded(widest), padded(inputWidth))) }
}

/// The scratch memory of `forward`: two buffers of one block of rows.
///
/// `@unchecked Sendable`: it may move between threads, and has one user at a time; whoever owns it sees to that (a Dispatch
/// queue, or the part of a batch that it was lent to).
public final class Workspace: @unchecked Sendable {
  /// Rows that pass through all layers together, so that what lies between layers stays in the caches. A multiple of every
  /// tile height; it does not change a bit of any answer.
  static let blockRows = 48

  let first: AlignedFloats
  let second: AlignedFloats

  init(width: Int) {
    first = AlignedFloats(count: Self.blockRows * width)
    second = AlignedFloats(count: Self.blockRows * width)
  }
}
