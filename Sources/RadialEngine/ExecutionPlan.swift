internal import RadialKernels

/// One pass of the engine over a block of rows. Layers become steps once, at load.
enum Step: Sendable {
  /// bias [P]
  case dense(PackedMatrix, bias: AlignedFloats)
  /// Squared distances, of classes where each prototype has one the smallest; `isLast`: those that answers report.
  case distances(PackedMatrix, classes: PrototypeClasses?, isLast: Bool)
  /// −γ d², γ [P]
  case negativeScale(gamma: AlignedFloats)
  /// Elementwise, in place.
  case activate(Activation, alpha: Float)
  case exponential
  /// What `radial` makes of squared distances, γ [P].
  case radial(RBF.Output, power: Float, gamma: AlignedFloats)
  /// Outputs over ε and their sum.
  case divideBySum(epsilon: Float)
  case convolve(Convolution)
  case pool(PoolingStep)
  /// Zeros around each image.
  case pad(Border, outputCount: Int)
  case crop(CroppingStep)
  /// Each row as a matrix [rows, columns], transposed.
  case transpose(rows: Int, columns: Int)
  /// gamma and beta [width]
  case normalize(
    CellNormalization.Kind, width: Int, cells: Int, epsilon: Double, gamma: AlignedFloats, beta: AlignedFloats)
  case rectify(Rectifier)
  /// What answers report as distances and embeddings; what the next step reads stays.
  case distanceHead(HeadStep)
  /// x < 0 ? slope x : x, slopes [P]
  case columnSlope(AlignedFloats)
  /// Mean squared distances of DUQ, centers [embedding, classes].
  case meanDistances(AlignedFloats, embedding: Int, classes: Int, isLast: Bool)
  /// (y − mean)·scale + shift per column, [P] each. The mean comes off first: folded into the shift it would cancel against y·scale, and
  /// take the digits with it where the mean is large beside the deviation.
  case columnAffine(mean: AlignedFloats, scale: AlignedFloats, shift: AlignedFloats)
}

extension Step {
  /// The widths of the rows that it makes, one after the other; none: it works in place.
  var widths: [Int] {
    switch self {
    case .dense(let weights, _): [weights.units]
    case .distances(let centers, let classes, _): [centers.units] + (classes.map { [$0.count] } ?? [])
    case .meanDistances(_, _, let classes, _): [classes]
    case .convolve(let convolution): [convolution.outputCount]
    case .pool(let pooling): [pooling.outputCount]
    case .pad(_, let outputCount): [outputCount]
    case .crop(let cropping): [cropping.outputCount]
    case .negativeScale, .activate, .exponential, .radial, .divideBySum, .transpose, .normalize, .rectify,
      .distanceHead,
      .columnSlope, .columnAffine:
      []
    }
  }

  /// Whether the rows of a batch are multiplied by the same weights: the more of them at once, the better.
  var isMatrix: Bool {
    switch self {
    case .dense, .distances, .meanDistances, .distanceHead: true
    default: false
    }
  }

  /// Whether it moves over the cells of an image.
  var isImage: Bool {
    switch self {
    case .convolve, .pool, .pad, .crop: true
    default: false
    }
  }
}

/// The steps of a network: batch normalisation folded into the linear layer before it or fused behind, dropout dropped.
struct ExecutionPlan {
  var steps: [Step] = []
  var width: Int
  var parameterCount = 0
  var multiplyAddsPerRow = 0
  /// Cells that poolings look at.
  var pooledCellsPerRow = 0
  /// Numbers of a file that are repeated for every cell.
  private var repeated = 0
  /// Of a workspace; widths are set when all steps are there.
  var sizes = WorkspaceSizes()
  /// How many of the first steps make an image into a row: they are done a few images at a time, whose cells so stay in the nearest caches,
  /// and the matrices behind them with all rows. 0: there is no image.
  private(set) var imageSteps = 0
  /// The linear layer whose weights a following batch normalisation may still be folded into.
  private var foldable: Linear?

  private enum Linear {
    case dense(Dense)
    case convolution(Conv2D)
  }

  /// The steps of a network.
  /// - Throws: for sizes that do not fit one another.
  init(inputWidth: Int, layers: [Layer], head: DistanceHead? = nil) throws(EngineError) {
    try Self.checkSize(inputWidth, "input")
    guard !layers.isEmpty else { throw .noLayers }
    width = inputWidth
    // With a head of their own, distances are none of the body's.
    let lastRBF =
      head == nil
      ? layers.lastIndex { layer in
        switch layer {
        case .rbf, .duq: true
        default: false
        }
      } : nil
    for (index, layer) in layers.enumerated() {
      if let head, head.depth == index { try add(head) }
      switch layer {
      case .dense(let dense): try add(dense)
      case .rbf(let rbf): try add(rbf, isLast: index == lastRBF)
      case .batchNormalization(let normalization): try add(normalization)
      case .dropout: break
      case .activation(_, let activation, let alpha): add(activation, alpha)
      case .conv2D(let convolution): try add(convolution)
      case .pooling2D(let pooling): try add(pooling)
      case .subsampling2D(let subsampling): try add(subsampling)
      case .zeroPadding2D(let padding): try add(padding)
      case .cropping2D(let cropping): try add(cropping)
      case .cellNormalization(let normalization): try add(normalization)
      case .rectifier(_, let rectifier):
        flush()
        steps.append(.rectify(rectifier))
      case .parametricRectifier(let rectifier): try add(rectifier)
      case .transposition(let transposition): try add(transposition)
      case .reshape: break
      case .duq(let duq): try add(duq, isLast: index == lastRBF)
      }
    }
    flush()
    if let head, head.depth >= layers.count { throw .badHead(depth: head.depth, layers: layers.count) }
    sizes.weights = parameterCount
    let matrices = steps.firstIndex { $0.isMatrix } ?? steps.count
    imageSteps = (steps[..<matrices].lastIndex { $0.isImage } ?? -1) + 1
    var row = inputWidth
    for (index, step) in steps.enumerated() {
      let widths = [rowStride(row)] + step.widths.map(rowStride)
      row = step.widths.last ?? row
      if index < imageSteps {
        sizes.imageWidth = max(sizes.imageWidth, widths.max() ?? 0)
        sizes.featureWidth = rowStride(row)
      } else {
        sizes.width = max(sizes.width, widths.max() ?? 0)
      }
    }
    sizes.width = max(sizes.width, rowStride(row))
  }

  private mutating func add(_ dense: Dense) throws(EngineError) {
    try check(dense.name, inputs: dense.inputs, units: dense.units)
    try Self.check(dense.kernel, dense.inputs * dense.units, dense.name, "kernel")
    if let bias = dense.bias { try Self.check(bias, dense.units, dense.name, "bias") }
    flush()
    parameterCount += dense.kernel.count + (dense.bias?.count ?? 0)
    advance(to: dense.units, from: dense.inputs)
    foldable = .dense(dense)
    if dense.activation != .linear { flush() }
  }

  private mutating func add(_ rbf: RBF, isLast: Bool) throws(EngineError) {
    try check(rbf.name, inputs: rbf.inputs, units: rbf.units)
    try Self.check(rbf.centers, rbf.inputs * rbf.units, rbf.name, "centers")
    flush()
    let centers = rbf.packedCenters
    parameterCount += rbf.centers.count
    if let classes = rbf.classes, !RBF.areClasses(classes, of: rbf.units) {
      throw .wrongCount(layer: rbf.name, part: "classes", expected: rbf.units, found: classes.count)
    }
    let outputs = rbf.outputs
    let gamma: [Float]
    switch rbf.scale {
    case .scalar(let value): gamma = [Float](repeating: value, count: outputs)
    case .perUnit(let values):
      gamma = values
      parameterCount += values.count
    }
    try Self.check(gamma, outputs, rbf.name, "scale")
    try Self.check([rbf.power, rbf.normalization ?? 0], 2, rbf.name, "power")
    advance(to: rbf.units, from: rbf.inputs)
    width = outputs
    steps.append(.distances(centers, classes: rbf.classes.map(PrototypeClasses.init), isLast: isLast))
    let gammas = AlignedFloats(gamma, to: padded(outputs))
    switch rbf.output {
    case .distance: break
    case .negativeDistance: steps.append(.negativeScale(gamma: gammas))
    case .gaussian where rbf.normalization == 0:
      // The same, and it does not underflow.
      steps += [.negativeScale(gamma: gammas), .activate(.softmax, alpha: 1)]
      return
    case .gaussian: steps += [.negativeScale(gamma: gammas), .exponential]
    default: steps.append(.radial(rbf.output, power: rbf.power, gamma: gammas))
    }
    if let epsilon = rbf.normalization { steps.append(.divideBySum(epsilon: epsilon)) }
  }

  private mutating func add(_ normalization: BatchNormalization) throws(EngineError) {
    let name = normalization.name
    let width = normalization.width
    guard boundedProduct([width, normalization.cells]) == self.width else {
      throw .wrongWidth(layer: name, expected: self.width, found: width)
    }
    try Self.check(normalization.movingMean, width, name, "moving_mean")
    try Self.check(normalization.movingVariance, width, name, "moving_variance")
    if let gamma = normalization.gamma { try Self.check(gamma, width, name, "gamma") }
    if let beta = normalization.beta { try Self.check(beta, width, name, "beta") }
    parameterCount += (2 + (normalization.gamma == nil ? 0 : 1) + (normalization.beta == nil ? 0 : 1)) * width
    let mean = normalization.movingMean
    let beta = normalization.beta ?? [Float](repeating: 0, count: width)
    var scale = [Double](repeating: 1, count: width)
    for c in 0..<width {
      let variance = Double(normalization.movingVariance[c]) + Double(normalization.epsilon)
      guard variance > 0 else { throw .badVariance(layer: name, index: c) }
      scale[c] = Double(normalization.gamma?[c] ?? 1) / variance.squareRoot()
    }
    // Linear so far: (x·W + b − m)·s + t = x·(W s) + ((b − m) s + t), computed in Double and rounded once.
    func fold(_ kernel: inout [Float], _ bias: inout [Float]?) {
      for index in kernel.indices { kernel[index] = Float(Double(kernel[index]) * scale[index % width]) }
      bias = (0..<width).map { c in
        let centered = Double(bias?[c] ?? 0) - Double(mean[c])
        return Float(centered * scale[c] + Double(beta[c]))
      }
    }
    switch foldable {
    case .dense(var dense) where width == self.width:
      fold(&dense.kernel, &dense.bias)
      foldable = .dense(dense)
    case .convolution(var convolution) where width == convolution.filters:
      fold(&convolution.kernel, &convolution.bias)
      foldable = .convolution(convolution)
    default:
      flush()
      try appendAffine(mean: mean, scale: scale.map { Float($0) }, shift: beta, name)
    }
  }

  /// (x − mean) · scale + shift, the vectors repeated over the whole width.
  mutating func appendAffine(
    mean: [Float], scale: [Float], shift: [Float], _ name: String
  ) throws(EngineError) {
    repeated += 3 * width
    // A small file may have many such layers of large images.
    guard repeated <= 1 << 28 else { throw .imageTooLarge(layer: name) }
    let all = 0..<width
    steps.append(
      .columnAffine(
        mean: AlignedFloats(all.map { mean[$0 % mean.count] }, to: padded(width)),
        scale: AlignedFloats(all.map { scale[$0 % scale.count] }, padding: 1, to: padded(width)),
        shift: AlignedFloats(all.map { shift[$0 % shift.count] }, to: padded(width))))
  }

  private mutating func add(_ normalization: CellNormalization) throws(EngineError) {
    let (name, width) = (normalization.name, normalization.width)
    guard boundedProduct([width, normalization.cells]) == self.width else {
      throw .wrongWidth(layer: name, expected: self.width, found: width)
    }
    if let gamma = normalization.gamma { try Self.check(gamma, width, name, "gamma") }
    if let beta = normalization.beta { try Self.check(beta, width, name, "beta") }
    guard normalization.epsilon >= 0, normalization.epsilon.isFinite else {
      throw .notFinite(layer: name, part: "epsilon", index: 0)
    }
    flush()
    parameterCount += (normalization.gamma?.count ?? 0) + (normalization.beta?.count ?? 0)
    steps.append(
      .normalize(
        normalization.kind, width: width, cells: normalization.cells, epsilon: normalization.epsilon,
        gamma: AlignedFloats(normalization.gamma ?? [], padding: 1, to: width),
        beta: AlignedFloats(normalization.beta ?? [], to: width)))
  }

  private mutating func add(_ rectifier: ParametricRectifier) throws(EngineError) {
    try Self.check(rectifier.slopes, width, rectifier.name, "alpha")
    flush()
    parameterCount += rectifier.parameterCount
    steps.append(.columnSlope(AlignedFloats(rectifier.slopes, to: padded(width))))
  }

  /// Part of the convolution before it, or in place.
  mutating func add(_ activation: Activation, _ alpha: Float?) {
    if case .convolution(var convolution) = foldable, activation != .softmax {
      (convolution.activation, convolution.alpha) = (activation, alpha)
      foldable = .convolution(convolution)
      return flush()
    }
    flush()
    if activation != .linear { steps.append(.activate(activation, alpha: alpha ?? activation.defaultAlpha)) }
  }

  /// Keeps a convolution back for what may become part of it.
  mutating func hold(_ convolution: Conv2D) {
    foldable = .convolution(convolution)
    if convolution.activation != .linear { flush() }
  }

  /// Emits the layer that waited for a batch normalisation.
  mutating func flush() {
    let waiting = foldable
    foldable = nil
    switch waiting {
    case .dense(let dense):
      let weights = PackedMatrix(inputs: dense.inputs, units: dense.units, rows: dense.kernel)
      steps.append(.dense(weights, bias: AlignedFloats(dense.bias ?? [], to: padded(dense.units))))
      add(dense.activation, dense.alpha)
    case .convolution(let convolution): steps.append(.convolve(step(convolution, &sizes)))
    case nil: break
    }
  }

  /// Refuses what no caller would wait for, and loading would not end with.
  func checkOperations(_ name: String) throws(EngineError) {
    guard multiplyAddsPerRow + pooledCellsPerRow <= Network.maximumOperations else {
      throw .tooManyOperations(layer: name)
    }
  }

  /// From here on a row has `units` values.
  mutating func advance(to units: Int, from inputs: Int) {
    multiplyAddsPerRow += inputs * units
    width = units
  }

  private func check(_ layer: String, inputs: Int, units: Int) throws(EngineError) {
    guard inputs == width else { throw .wrongWidth(layer: layer, expected: width, found: inputs) }
    try Self.checkSize(units, layer)
  }

  /// Refuses a size beyond `Network.maximumWidth`.
  static func checkSize(_ size: Int, _ layer: String) throws(EngineError) {
    guard (1...Network.maximumWidth).contains(size) else { throw .badSize(layer: layer, found: size) }
  }

  /// Refuses weights of another count, or that are not finite.
  static func check(_ values: [Float], _ count: Int, _ layer: String, _ part: String) throws(EngineError) {
    guard values.count == count else {
      throw .wrongCount(layer: layer, part: part, expected: count, found: values.count)
    }
    if let index = values.firstNonFinite {
      throw .notFinite(layer: layer, part: part, index: index)
    }
  }
}
