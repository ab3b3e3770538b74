internal import RadialKernels

extension Network {
  /// Where the results of a forward pass go.
  public struct Results {
    /// [N, O]
    public var outputs: UnsafeMutablePointer<Float>
    /// [N, C]: squared, unscaled distances of the last RBF layer.
    public var distances: UnsafeMutablePointer<Float>?
    /// [N, K]: the inputs of the last RBF layer.
    public var embeddings: UnsafeMutablePointer<Float>?

    public init(
      outputs: UnsafeMutablePointer<Float>, distances: UnsafeMutablePointer<Float>?,
      embeddings: UnsafeMutablePointer<Float>? = nil
    ) {
      self.outputs = outputs
      self.distances = distances
      self.embeddings = embeddings
    }
  }

  /// Computes `rows` rows, any number, without allocating.
  ///
  /// Batch-invariant: a row's results are the same bits whatever `rows` is and on every instruction set.
  /// - Parameters:
  ///   - inputs: [N, D], row-major, contiguous.
  ///   - results: room for N rows.
  ///   - workspace: of this network; nobody else may use it meanwhile.
  public func forward(
    _ inputs: UnsafePointer<Float>, rows: Int, into results: Results, workspace: Workspace
  ) {
    var row = 0
    while row < rows {
      let count = min(Workspace.blockRows, rows - row)
      forwardBlock(inputs + row * inputWidth, rows: count, at: row, into: results, workspace: workspace)
      row += count
    }
  }

  private func forwardBlock(
    _ inputs: UnsafePointer<Float>, rows: Int, at row: Int, into results: Results, workspace: Workspace
  ) {
    // `current` is what the next step reads; steps that work in place first need it in a buffer of ours.
    var current = View(pointer: inputs, stride: inputWidth, width: inputWidth)
    var owned: UnsafeMutablePointer<Float>?
    func spare() -> UnsafeMutablePointer<Float> {
      owned == workspace.first.pointer ? workspace.second.pointer : workspace.first.pointer
    }
    func move(to target: UnsafeMutablePointer<Float>, width: Int) {
      owned = target
      current = View(pointer: UnsafePointer(target), stride: padded(width), width: width)
    }
    func inPlace() -> UnsafeMutablePointer<Float> {
      if let owned { return owned }
      let target = spare()
      copy(current, rows: rows, to: target, stride: padded(current.width))
      move(to: target, width: current.width)
      return target
    }
    if preprocessing != .identity {
      let target = spare()
      kernels.affine(
        inputs, inputWidth, rows, inputWidth, preprocessing.scale, preprocessing.offset, target, padded(inputWidth))
      move(to: target, width: inputWidth)
    }
    for step in steps {
      switch step {
      case .dense(let weights, let bias):
        let target = spare()
        kernels.dense(
          current.pointer, current.stride, rows, weights.inputs, weights.values.pointer, bias.pointer, weights.panels,
          target, padded(weights.units))
        move(to: target, width: weights.units)
      case .distances(let centers, let isLast):
        if isLast, let embeddings = results.embeddings {
          copy(current, rows: rows, to: embeddings + row * embeddingWidth, stride: embeddingWidth)
        }
        let target = spare()
        kernels.squared_distances(
          current.pointer, current.stride, rows, centers.inputs, centers.values.pointer, centers.panels, target,
          padded(centers.units))
        move(to: target, width: centers.units)
        if isLast, let distances = results.distances {
          copy(current, rows: rows, to: distances + row * distanceWidth, stride: distanceWidth)
        }
      case .negativeScale(let gamma):
        kernels.negative_scale(inPlace(), rows, current.stride / Int(RK_PANEL), current.stride, gamma.pointer)
      case .exponential:
        kernels.activate(RK_EXP, inPlace(), rows, current.width, current.stride)
      case .activate(let activation):
        let target = inPlace()
        kernels.activate(activation.identifier, target, rows, current.width, current.stride)
      case .columnAffine(let scale, let shift):
        let target = inPlace()
        kernels.column_affine(
          target, rows, current.stride / Int(RK_PANEL), current.stride, scale.pointer, shift.pointer)
      }
    }
    copy(current, rows: rows, to: results.outputs + row * outputWidth, stride: outputWidth)
  }

  /// A matrix that a step reads: rows of `width` floats, `stride` apart.
  private struct View {
    var pointer: UnsafePointer<Float>
    var stride: Int
    var width: Int
  }

  private func copy(_ view: View, rows: Int, to target: UnsafeMutablePointer<Float>, stride: Int) {
    for n in 0..<rows { (target + n * stride).update(from: view.pointer + n * view.stride, count: view.width) }
  }
}

extension Activation {
  var identifier: rk_activation {
    switch self {
    case .linear: RK_LINEAR
    case .relu: RK_RELU
    case .sigmoid: RK_SIGMOID
    case .softplus: RK_SOFTPLUS
    case .elu: RK_ELU
    case .gelu: RK_GELU
    case .selu: RK_SELU
    case .swish: RK_SWISH
    case .softmax: RK_SOFTMAX
    case .tanh: RK_TANH
    case .scaledTanh: RK_SCALED_TANH
    }
  }
}
