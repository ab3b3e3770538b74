internal import RadialKernels

/// A second head on the body of a network whose outputs are no distances: an embedding of the body, made comparable, and prototypes of the
/// classes in it. The body is computed once for both.
public struct DistanceHead: Sendable {
  /// How many layers of the body come before it; 0: it reads the input, behind the preprocessing.
  public var depth: Int
  /// What makes the embedding comparable; its activation is linear.
  public var projection: Dense
  /// The prototypes; each class's distance is that to its nearest.
  public var prototypes: RBF
  /// [units of `prototypes`]: the class of each, from 0 on; every class has one at least.
  public var classes: [Int]

  /// The head with its weights, whose sizes `Network.init` checks.
  public init(depth: Int, projection: Dense, prototypes: RBF, classes: [Int]) {
    self.depth = depth
    self.projection = projection
    self.prototypes = prototypes
    self.classes = classes
  }
}

/// A distance head, ready for the kernels.
struct HeadStep: Sendable {
  let weights: PackedMatrix
  /// [P]
  let bias: AlignedFloats
  let centers: PackedMatrix
  let classes: PrototypeClasses
}

extension ExecutionPlan {
  /// The head behind the layers so far, whose outputs stay what the next layer reads.
  mutating func add(_ head: DistanceHead) throws(EngineError) {
    let (dense, rbf) = (head.projection, head.prototypes)
    guard dense.inputs == width else {
      throw .wrongWidth(layer: dense.name, expected: width, found: dense.inputs)
    }
    try Self.checkSize(dense.units, dense.name)
    try Self.checkSize(rbf.units, rbf.name)
    guard rbf.inputs == dense.units else {
      throw .wrongWidth(layer: rbf.name, expected: dense.units, found: rbf.inputs)
    }
    try Self.check(dense.kernel, dense.inputs * dense.units, dense.name, "kernel")
    if let bias = dense.bias { try Self.check(bias, dense.units, dense.name, "bias") }
    try Self.check(rbf.centers, rbf.inputs * rbf.units, rbf.name, "centers")
    guard RBF.areClasses(head.classes, of: rbf.units) else {
      throw .wrongCount(layer: rbf.name, part: "classes", expected: rbf.units, found: head.classes.count)
    }
    flush()
    parameterCount += dense.kernel.count + (dense.bias?.count ?? 0) + rbf.centers.count
    multiplyAddsPerRow += dense.inputs * dense.units + rbf.inputs * rbf.units
    sizes.head = max(rowStride(dense.units), rowStride(rbf.units))
    steps.append(
      .distanceHead(
        HeadStep(
          weights: PackedMatrix(inputs: dense.inputs, units: dense.units, rows: dense.kernel),
          bias: AlignedFloats(dense.bias ?? [], to: padded(dense.units)), centers: rbf.packedCenters,
          classes: PrototypeClasses(head.classes))))
  }
}
