internal import RadialKernels

/// A Dense + RBF network, ready to run.
///
/// Shapes: N rows, D inputs, O outputs; C units of the last RBF layer and K its inputs. A row's results are the same
/// bits whatever batch it travels in, on however many threads, with every instruction set.
public final class Network: Sendable {
  /// D
  public let inputWidth: Int
  /// O
  public let outputWidth: Int
  /// C: units of the last RBF layer; 0 without one.
  public let distanceWidth: Int
  /// K: inputs of the last RBF layer; 0 without one.
  public let embeddingWidth: Int
  /// Whether the nearest prototype is the answer: the last layer is an RBF layer, or one followed by softmax alone.
  public let isClassifier: Bool
  /// Numbers in all tensors of the layers; a scalar scale is a setting and not counted.
  public let parameterCount: Int
  public let multiplyAddsPerRow: Int
  public let instructionSet: InstructionSet

  let preprocessing: Preprocessing
  let steps: [Step]
  /// γ of the last RBF layer, [C]; empty without one.
  let scales: [Float]
  /// Whether comparing d² is comparing γ d².
  let scalesAreAlike: Bool
  /// μ of the last RBF layer, [C, K].
  let prototypes: [Float]
  /// The longest row of any intermediate, padded for every vector width.
  let stride: Int

  /// Checks that the layers fit together and all weights are finite.
  public init(
    inputWidth: Int, preprocessing: Preprocessing = .identity, layers: [Layer], instructionSet: InstructionSet = .best
  ) throws(EngineError) {
    guard !layers.isEmpty else { throw .noLayers }
    guard (1...EngineError.largestWidth).contains(inputWidth) else { throw .invalidInputWidth(inputWidth) }
    guard preprocessing.scale.isFinite, preprocessing.offset.isFinite else {
      throw .invalidPreprocessing(preprocessing)
    }
    guard InstructionSet.available.contains(instructionSet) else { throw .unavailableInstructionSet(instructionSet) }
    var width = inputWidth
    var widest = inputWidth
    for layer in layers {
      width = try layer.checkedOutputWidth(after: width)
      widest = max(widest, width)
    }
    self.inputWidth = inputWidth
    self.preprocessing = preprocessing
    self.instructionSet = instructionSet
    outputWidth = width
    stride = widest.padded(to: 16)
    steps = Plan(layers).steps(for: instructionSet.kernels)

    let lastRBF = layers.lastRBF
    distanceWidth = lastRBF?.units ?? 0
    embeddingWidth = lastRBF?.inputs ?? 0
    let scales = lastRBF?.scales ?? []
    self.scales = scales
    scalesAreAlike = scales.allSatisfy { $0 == scales[0] && $0 > 0 }
    prototypes = lastRBF?.centers(in: .unitsFeatures) ?? []
    isClassifier = layers.endInPrototypes
    parameterCount = layers.reduce(0) { $0 + $1.parameterCount }
    multiplyAddsPerRow = layers.reduce(0) { $0 + $1.multiplyAddsPerRow }
  }

  /// Room for `forward`; one for each thread that calls it.
  public func makeWorkspace() -> Workspace {
    // From 12 to 256 rows the speed is the same within 2 %; 48 is a multiple of the tallest tiles and keeps the
    // workspace small. Wide layers get fewer rows, to bound the memory.
    makeWorkspace(blockRows: min(48, max(12, (1 << 18) / stride)))
  }

  package func makeWorkspace(blockRows: Int) -> Workspace {
    Workspace(blockRows: blockRows, stride: stride)
  }
}

extension [Layer] {
  fileprivate var lastRBF: RBF? {
    for case .rbf(let rbf) in reversed() { return rbf }
    return nil
  }

  fileprivate var endInPrototypes: Bool {
    for layer in reversed() {
      switch layer {
      case .rbf: return true
      case .dropout, .activation(_, .softmax): continue
      case .dense, .batchNormalization, .activation: return false
      }
    }
    return false
  }
}

extension Layer {
  fileprivate var parameterCount: Int {
    switch self {
    case .dense(let dense): return dense.kernel.count + (dense.bias?.count ?? 0)
    case .rbf(let rbf):
      guard case .perUnit(let scales) = rbf.scale else { return rbf.centers.count }
      return rbf.centers.count + scales.count
    case .batchNormalization(let normalization):
      return (normalization.gamma?.count ?? 0) + (normalization.beta?.count ?? 0) + 2 * normalization.width
    case .dropout, .activation: return 0
    }
  }

  fileprivate var multiplyAddsPerRow: Int {
    switch self {
    case .dense(let dense): dense.inputs * dense.units
    case .rbf(let rbf): rbf.inputs * rbf.units
    case .batchNormalization, .dropout, .activation: 0
    }
  }
}
