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
    /// [N, O]: the inputs of a softmax that comes last; of other networks nothing is written.
    public var logits: UnsafeMutablePointer<Float>?

    /// - Parameters: as the properties of the same names have it.
    public init(
      outputs: UnsafeMutablePointer<Float>, distances: UnsafeMutablePointer<Float>?,
      embeddings: UnsafeMutablePointer<Float>? = nil, logits: UnsafeMutablePointer<Float>? = nil
    ) {
      self.outputs = outputs
      self.distances = distances
      self.embeddings = embeddings
      self.logits = logits
    }
  }

  /// Computes `rows` rows, any number, without allocating.
  ///
  /// Batch-invariant: a row's results are the same bits for any `rows` and on every instruction set.
  /// - Parameters:
  ///   - inputs: [N, D], row-major, contiguous.
  ///   - results: room for N rows.
  ///   - workspace: of this network; nobody else may use it meanwhile.
  public func forward(
    _ inputs: UnsafePointer<Float>, rows: Int, into results: Results, workspace: Workspace
  ) {
    var row = 0
    while row < rows {
      let count = min(workspace.rows, rows - row)
      forwardBlock(inputs + row * inputWidth, rows: count, at: row, into: results, workspace: workspace)
      row += count
    }
  }

  private func forwardBlock(
    _ inputs: UnsafePointer<Float>, rows: Int, at row: Int, into results: Results, workspace: Workspace
  ) {
    var current = MatrixView(pointer: inputs, stride: inputWidth, width: inputWidth, owned: nil)
    if imageSteps > 0 {
      let features = workspace.features.pointer
      var width = 0
      var first = 0
      while first < rows {
        let count = min(workspace.images, rows - first)
        var images = current
        images.pointer += first * inputWidth
        perform(0..<imageSteps, &images, rows: count, at: row + first, into: results, workspace: workspace)
        width = images.width
        images.copy(rows: count, to: features + first * rowStride(width), stride: rowStride(width))
        first += count
      }
      current.move(to: features, width: width)
    }
    perform(imageSteps..<steps.count, &current, rows: rows, at: row, into: results, workspace: workspace)
    current.copy(rows: rows, to: results.outputs + row * outputWidth, stride: outputWidth)
  }

  /// Some of the steps, the first of which finds its rows in `current`, where the last leaves its own.
  private func perform(
    _ range: Range<Int>, _ current: inout MatrixView, rows: Int, at row: Int, into results: Results,
    workspace: Workspace
  ) {
    if range.lowerBound == 0, preprocessing != .identity {
      let target = current.spare(of: workspace)
      kernels.affine(
        current.pointer, inputWidth, rows, inputWidth, preprocessing.scale, preprocessing.offset, target,
        rowStride(inputWidth))
      current.move(to: target, width: inputWidth)
    }
    // By index: an array's iterator allocates in debug builds, and a test holds this function to allocating nothing.
    var index = range.lowerBound
    while index < range.upperBound {
      defer { index += 1 }
      switch steps[index] {
      case .dense(let weights, let bias):
        let target = current.spare(of: workspace)
        kernels.dense(
          current.pointer, current.stride, rows, weights.inputs, weights.values.pointer, bias.pointer, weights.panels,
          target, rowStride(weights.units))
        current.move(to: target, width: weights.units)
      case .distances(let centers, let classes, let isLast):
        if isLast, let embeddings = results.embeddings {
          current.copy(rows: rows, to: embeddings + row * embeddingWidth, stride: embeddingWidth)
        }
        let target = current.spare(of: workspace)
        kernels.squared_distances(
          current.pointer, current.stride, rows, centers.inputs, centers.values.pointer, centers.panels, target,
          rowStride(centers.units))
        current.move(to: target, width: centers.units)
        if let classes {
          let (all, smallest) = (current, current.spare(of: workspace))
          current.move(to: smallest, width: classes.count)
          for n in 0..<rows { classes.nearest(all.pointer + n * all.stride, into: smallest + n * current.stride) }
        }
        if isLast, let distances = results.distances {
          current.copy(rows: rows, to: distances + row * distanceWidth, stride: distanceWidth)
        }
      case .negativeScale(let gamma):
        kernels.negative_scale(
          current.inPlace(rows: rows, workspace), rows, current.panels, current.stride, gamma.pointer)
      case .exponential:
        kernels.activate(RK_EXP, 0, current.inPlace(rows: rows, workspace), rows, current.width, current.stride)
      case .radial(let output, let power, let gamma):
        guard let function = output.identifier else { continue }
        kernels.radial(
          function, power, current.inPlace(rows: rows, workspace), rows, current.panels,
          current.stride, gamma.pointer)
      case .divideBySum(let epsilon):
        kernels.divide_by_sum(
          epsilon, current.inPlace(rows: rows, workspace), rows, current.width, current.stride)
      case .activate(let activation, let alpha):
        if activation == .softmax, index == steps.count - 1, let logits = results.logits {
          current.copy(rows: rows, to: logits + row * outputWidth, stride: outputWidth)
        }
        let target = current.inPlace(rows: rows, workspace)
        kernels.activate(activation.identifier, alpha, target, rows, current.width, current.stride)
      case .convolve(let convolution):
        if convolution.readsBehind { _ = current.inPlace(rows: rows, workspace) }
        let target = current.spare(of: workspace)
        convolve(convolution, current, rows: rows, to: target, workspace: workspace)
        current.move(to: target, width: convolution.outputCount)
      case .pool(let pool):
        // Its vectors reach behind the last image, where the caller's rows end.
        let images = current.inPlace(rows: rows, workspace)
        let target = current.spare(of: workspace)
        withUnsafePointer(to: pool.shape) { shape in
          for n in 0..<rows {
            kernels.pool(shape, images + n * current.stride, target + n * rowStride(pool.outputCount))
          }
        }
        current.move(to: target, width: pool.outputCount)
      case .pad(let border, let outputCount):
        let target = current.spare(of: workspace)
        for n in 0..<rows {
          pad(current.pointer + n * current.stride, border, to: target + n * rowStride(outputCount))
        }
        current.move(to: target, width: outputCount)
      case .transpose(let matrixRows, let columns):
        let target = current.spare(of: workspace)
        for n in 0..<rows {
          rk_transpose(
            current.pointer + n * current.stride, matrixRows, columns, target + n * rowStride(matrixRows * columns))
        }
        current.move(to: target, width: matrixRows * columns)
      case .crop(let crop):
        let target = current.spare(of: workspace)
        for n in 0..<rows {
          rk_crop(
            current.pointer + n * current.stride, crop.row, crop.top, crop.rows, crop.left, crop.width,
            target + n * rowStride(crop.outputCount))
        }
        current.move(to: target, width: crop.outputCount)
      case .normalize(let kind, let width, let cells, let epsilon, let gamma, let beta):
        let target = current.inPlace(rows: rows, workspace)
        for n in 0..<rows {
          let row = target + n * current.stride
          rk_normalize(row, cells, width, kind == .layer, epsilon, gamma.pointer, beta.pointer, row)
        }
      case .distanceHead(let head): measure(head, current, rows: rows, at: row, into: results, workspace: workspace)
      case .rectify(let rectifier):
        kernels.rectify(
          rectifier.slope, rectifier.threshold, rectifier.maximum ?? .infinity,
          current.inPlace(rows: rows, workspace), rows, current.width, current.stride)
      case .columnSlope(let slopes):
        let target = current.inPlace(rows: rows, workspace)
        kernels.column_slope(target, rows, current.panels, current.stride, slopes.pointer)
      case .meanDistances(let centers, let embedding, let classes, let isLast):
        if isLast, let embeddings = results.embeddings {
          current.copy(rows: rows, to: embeddings + row * embeddingWidth, stride: embeddingWidth)
        }
        let target = current.spare(of: workspace)
        kernels.mean_squared_distances(
          current.pointer, current.stride, rows, embedding, classes, centers.pointer, target, rowStride(classes))
        current.move(to: target, width: classes)
        if isLast, let distances = results.distances {
          current.copy(rows: rows, to: distances + row * distanceWidth, stride: distanceWidth)
        }
      case .columnAffine(let mean, let scale, let shift):
        let target = current.inPlace(rows: rows, workspace)
        kernels.column_affine(
          target, rows, current.panels, current.stride, mean.pointer, scale.pointer, shift.pointer)
      }
    }
  }

  /// The embedding, the distances to all prototypes, and of each class the smallest.
  private func measure(
    _ head: HeadStep, _ current: MatrixView, rows: Int, at row: Int, into results: Results, workspace: Workspace
  ) {
    guard results.distances != nil || results.embeddings != nil else { return }
    let (width, units) = (rowStride(head.weights.units), rowStride(head.centers.units))
    let (embedding, all) = (workspace.headFirst.pointer, workspace.headSecond.pointer)
    kernels.dense(
      current.pointer, current.stride, rows, head.weights.inputs, head.weights.values.pointer, head.bias.pointer,
      head.weights.panels, embedding, width)
    if let embeddings = results.embeddings {
      for n in 0..<rows {
        (embeddings + (row + n) * embeddingWidth).update(from: embedding + n * width, count: embeddingWidth)
      }
    }
    guard let distances = results.distances else { return }
    kernels.squared_distances(
      embedding, width, rows, head.centers.inputs, head.centers.values.pointer, head.centers.panels, all, units)
    for n in 0..<rows {
      head.classes.nearest(all + n * units, into: distances + (row + n) * distanceWidth)
    }
  }

  /// Image by image, in ascending order: what spills behind one is overwritten by the next.
  private func convolve(
    _ convolution: Convolution, _ images: MatrixView, rows: Int, to target: UnsafeMutablePointer<Float>,
    workspace: Workspace
  ) {
    for n in 0..<rows {
      var image = images.pointer + n * images.stride
      if let border = convolution.border {
        pad(image, border, to: workspace.border.pointer)
        image = UnsafePointer(workspace.border.pointer)
      }
      let output = target + n * rowStride(convolution.outputCount)
      switch convolution.way {
      case .runs(let shape, let weights):
        withUnsafePointer(to: shape) {
          kernels.convolve($0, image, weights.values.pointer, convolution.bias.pointer, output)
        }
      case .plane(let shape, let weights):
        withUnsafePointer(to: shape) {
          kernels.convolve_plane(
            $0, image, weights.pointer, convolution.bias.pointer, workspace.patches.pointer, output)
        }
      case .channels(let shape, let count, let weights):
        withUnsafePointer(to: shape) {
          kernels.convolve_channels($0, count, image, weights.pointer, convolution.bias.pointer, output)
        }
      case .groups(let shape, let weights):
        withUnsafePointer(to: shape) {
          kernels.convolve_groups(
            $0, image, weights.values.pointer, convolution.bias.pointer, workspace.patches.pointer, output)
        }
      }
    }
  }

  private func pad(_ image: UnsafePointer<Float>, _ zeros: Border, to target: UnsafeMutablePointer<Float>) {
    rk_pad(image, zeros.rows, zeros.row, zeros.top, zeros.bottom, zeros.left, zeros.right, target)
  }
}
