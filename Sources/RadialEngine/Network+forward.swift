internal import RadialKernels

extension Network {
  /// Where `forward` writes. Each buffer is contiguous.
  public struct Results {
    /// [N, O]
    public var outputs: UnsafeMutablePointer<Float>
    /// [N, C]: squared distances of the last RBF layer, without its scale; nil where nobody asks.
    public var distances: UnsafeMutablePointer<Float>?
    /// [N, K]: what goes into the last RBF layer; nil where nobody asks.
    public var embeddings: UnsafeMutablePointer<Float>?

    public init(
      outputs: UnsafeMutablePointer<Float>, distances: UnsafeMutablePointer<Float>? = nil,
      embeddings: UnsafeMutablePointer<Float>? = nil
    ) {
      self.outputs = outputs
      self.distances = distances
      self.embeddings = embeddings
    }
  }

  /// Runs `rows` ≥ 0 rows through the network; inputs [N, D], contiguous. Allocates nothing. The workspace comes from
  /// this network's `makeWorkspace` and is in use until the call returns.
  public func forward(
    _ inputs: UnsafePointer<Float>, rows: Int, into results: Results, workspace: Workspace
  ) {
    precondition(workspace.stride >= stride, "the workspace belongs to a narrower network")
    var first = 0
    while first < rows {
      let count = min(workspace.blockRows, rows - first)
      var block = Block(
        reading: inputs + first * inputWidth, width: inputWidth, rows: count, workspace: workspace,
        kernels: instructionSet.kernels)
      if preprocessing != .identity { block.rescale(preprocessing) }
      // By index: without the optimiser an array's iterator allocates.
      for index in steps.indices {
        block.perform(
          steps[index], distances: results.distances.map { $0 + first * distanceWidth },
          embeddings: results.embeddings.map { $0 + first * embeddingWidth })
      }
      block.copy(to: results.outputs + first * outputWidth)
      first += count
    }
  }
}

/// A block of rows between two steps: where its values are, and where the next may go.
private struct Block {
  let rows: Int
  let kernels: UnsafePointer<radial_kernels>
  /// [rows, width] at `stride`
  var values: UnsafePointer<Float>
  var width: Int
  var stride: Int
  /// The same values where the block owns them; nil while they are the caller's.
  var owned: UnsafeMutablePointer<Float>?
  /// The buffer that may be written, and the one that may be being read.
  var free: UnsafeMutablePointer<Float>
  var busy: UnsafeMutablePointer<Float>

  init(
    reading inputs: UnsafePointer<Float>, width: Int, rows: Int, workspace: Workspace,
    kernels: UnsafePointer<radial_kernels>
  ) {
    self.rows = rows
    self.kernels = kernels
    values = inputs
    self.width = width
    stride = width
    free = workspace.front.pointer
    busy = workspace.back.pointer
  }

  mutating func perform(
    _ step: Step, distances: UnsafeMutablePointer<Float>?, embeddings: UnsafeMutablePointer<Float>?
  ) {
    switch step {
    case .dense(let weights, let activation):
      multiply(weights, kernels.pointee.dense)
      apply(activation)
    case .rbf(let weights, let output, let scale, let capture):
      if capture, let embeddings { copy(to: embeddings) }
      multiply(weights, kernels.pointee.distances)
      if capture, let distances { copy(to: distances) }
      switch output {
      case .gaussian: kernels.pointee.gaussian(scale.pointer, own(), rows, stride)
      case .negativeDistance: kernels.pointee.negative(scale.pointer, own(), rows, stride)
      case .distance: break
      }
    case .affine(let factor, let offset):
      let values = own()
      kernels.pointee.affine(factor.pointer, offset.pointer, values, rows, stride)
    case .activation(let activation):
      apply(activation)
    }
  }

  mutating func rescale(_ preprocessing: Preprocessing) {
    let target = advance(width: width)
    for row in 0..<rows {
      kernels.pointee.rescale(
        values + row * width, preprocessing.scale, preprocessing.offset, target + row * stride, width)
    }
    values = UnsafePointer(target)
  }

  /// Copies [rows, width] out, contiguous.
  func copy(to target: UnsafeMutablePointer<Float>) {
    for row in 0..<rows { (target + row * width).update(from: values + row * stride, count: width) }
  }

  private mutating func multiply(
    _ weights: PackedWeights,
    // A C function rather than a closure: nothing to box.
    _ kernel:
      @convention(c) (
        UnsafePointer<radial_weights>, UnsafePointer<Float>, Int, Int, UnsafeMutablePointer<Float>, Int
      ) -> Void
  ) {
    let (source, sourceStride) = (values, stride)
    let target = advance(width: weights.columns)
    weights.withKernelView { kernel($0, source, sourceStride, rows, target, stride) }
    values = UnsafePointer(target)
  }

  private mutating func apply(_ activation: Activation) {
    guard activation != .linear else { return }
    let values = own()
    if let function = activation.function {
      kernels.pointee.apply(function, values, rows * stride)
    } else {
      kernels.pointee.softmax(values, rows, width, stride)
    }
  }

  /// The values where they may be overwritten.
  private mutating func own() -> UnsafeMutablePointer<Float> {
    if let owned { return owned }
    let source = values
    let target = advance(width: width)
    for row in 0..<rows { (target + row * stride).update(from: source + row * width, count: width) }
    values = UnsafePointer(target)
    return target
  }

  /// Turns to the buffer that is not being read, for rows of a new width.
  private mutating func advance(width: Int) -> UnsafeMutablePointer<Float> {
    let target = free
    (free, busy) = (busy, free)
    owned = target
    self.width = width
    stride = width.padded(to: kernels.pointee.lanes)
    return target
  }
}
