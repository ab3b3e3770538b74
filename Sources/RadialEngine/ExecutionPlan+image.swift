internal import RadialKernels

/// A convolution, ready for the kernels.
struct Convolution: Sendable {
  let shape: rk_convolution
  /// Floats of an image before and behind it.
  let inputCount: Int
  let outputCount: Int
  /// nil: the window never leaves the image.
  let border: Border?
  let weights: PackedMatrix
  /// [P]
  let bias: AlignedFloats

  /// Zeros around an image: `top` and `bottom` in rows, `left`, `right` and `row` in floats.
  struct Border: Sendable {
    let rows: Int
    let row: Int
    let top: Int
    let bottom: Int
    let left: Int
    let right: Int
    var count: Int { (top + rows + bottom) * (left + row + right) }
  }
}

/// A pooling, ready for the kernels.
struct PoolingStep: Sendable {
  let shape: rk_pooling
  let outputCount: Int
}

extension ExecutionPlan {
  /// The image with its padding, then the convolution.
  mutating func add(_ layer: Conv2D) throws(EngineError) {
    let (input, size, strides) = (layer.input, layer.window.size, layer.window.strides)
    let place = try place(layer.window, on: input, layer.name)
    try Self.checkSize(layer.filters, layer.name)
    guard let outputs = boundedProduct([place.output.rows, place.output.columns, layer.filters]),
      let taps = boundedProduct([size.rows, size.columns, input.channels]),
      let weightCount = boundedProduct([taps, layer.filters], limit: .max / 4),
      boundedProduct(
        [
          input.rows + place.before.rows + place.after.rows,
          input.columns + place.before.columns + place.after.columns, input.channels,
        ], limit: 4 * Network.maximumWidth) != nil
    else { throw .imageTooLarge(layer: layer.name) }
    try Self.check(layer.kernel, weightCount, layer.name, "kernel")
    if let bias = layer.bias { try Self.check(bias, layer.filters, layer.name, "bias") }
    try checkImageActivation(layer.activation, layer.name)
    flush()
    parameterCount += layer.kernel.count + (layer.bias?.count ?? 0)
    let border =
      place.isPadded
      ? Convolution.Border(
        rows: input.rows, row: input.columns * input.channels, top: place.before.rows, bottom: place.after.rows,
        left: place.before.columns * input.channels, right: place.after.columns * input.channels) : nil
    let row = border.map { $0.left + $0.row + $0.right } ?? input.columns * input.channels
    let shape = rk_convolution(
      rows: place.output.rows, columns: place.output.columns, filters: layer.filters, kernel_rows: size.rows,
      run: size.columns * input.channels, run_step: row, row_step: strides.rows * row,
      column_step: strides.columns * input.channels)
    let filters = layer.filters
    steps.append(
      .convolve(
        Convolution(
          shape: shape, inputCount: width, outputCount: outputs, border: border,
          weights: PackedMatrix(inputs: taps, units: filters) { k, f in layer.kernel[k * filters + f] },
          bias: AlignedFloats(layer.bias ?? [], to: padded(filters)))))
    multiplyAddsPerRow += taps * outputs
    largestBorder = max(largestBorder, border?.count ?? 0)
    spill = max(spill, place.output.columns * (padded(filters) - filters))
    imageWidth(outputs)
    add(layer.activation, layer.alpha)
  }

  /// One step.
  mutating func add(_ layer: Pooling2D) throws(EngineError) {
    try addPool(layer.window, on: layer.input, isMaximum: layer.kind == .maximum, layer.name)
  }

  /// The mean, then an affine step and the activation.
  mutating func add(_ layer: Subsampling2D) throws(EngineError) {
    try Self.check(layer.factor, layer.input.channels, layer.name, "factor")
    try Self.check(layer.offset, layer.input.channels, layer.name, "offset")
    try checkImageActivation(layer.activation, layer.name)
    try addPool(layer.window, on: layer.input, isMaximum: false, layer.name)
    parameterCount += layer.factor.count + layer.offset.count
    appendAffine(mean: [0], scale: layer.factor, shift: layer.offset)
    add(layer.activation, layer.alpha)
  }

  /// The projections, the mean squared distances, and the kernel.
  mutating func add(_ layer: DUQ, isLast: Bool) throws(EngineError) {
    guard layer.inputs == width else { throw .wrongWidth(layer: layer.name, expected: width, found: layer.inputs) }
    try Self.checkSize(layer.units, layer.name)
    try Self.checkSize(layer.embedding, layer.name)
    guard let count = boundedProduct([layer.embedding, layer.units]) else { throw .imageTooLarge(layer: layer.name) }
    try Self.check(layer.kernel, layer.inputs * count, layer.name, "kernel")
    try Self.check(layer.centers, count, layer.name, "centers")
    let gamma = Float(1 / (2 * Double(layer.sigma) * Double(layer.sigma)))
    guard layer.sigma > 0, gamma.isFinite else { throw .notFinite(layer: layer.name, part: "1 / sigma^2", index: 0) }
    flush()
    parameterCount += layer.kernel.count + layer.centers.count
    let weights = PackedMatrix(inputs: layer.inputs, units: count) { k, c in layer.kernel[k * count + c] }
    steps.append(.dense(weights, bias: AlignedFloats(count: padded(count))))
    advance(to: count, from: layer.inputs)
    // Vectors of classes reach beyond the last row.
    let centers = AlignedFloats(layer.centers, to: count + Int(RK_PANEL))
    steps.append(.meanDistances(centers, embedding: layer.embedding, classes: layer.units, isLast: isLast))
    width = layer.units
    steps.append(.negativeScale(gamma: AlignedFloats([Float](repeating: gamma, count: width), to: padded(width))))
    steps.append(.exponential)
  }

  private mutating func addPool(
    _ window: Window, on input: ImageShape, isMaximum: Bool, _ name: String
  ) throws(EngineError) {
    let place = try place(window, on: input, name)
    guard let outputs = boundedProduct([place.output.rows, place.output.columns, input.channels]) else {
      throw .imageTooLarge(layer: name)
    }
    flush()
    let shape = rk_pooling(
      is_maximum: isMaximum, rows: place.output.rows, columns: place.output.columns, channels: input.channels,
      input_rows: input.rows, input_columns: input.columns, pool_rows: window.size.rows,
      pool_columns: window.size.columns, stride_rows: window.strides.rows, stride_columns: window.strides.columns,
      before_rows: place.before.rows, before_columns: place.before.columns)
    steps.append(.pool(PoolingStep(shape: shape, outputCount: outputs)))
    imageWidth(outputs)
  }

  private func place(_ window: Window, on image: ImageShape, _ name: String) throws(EngineError) -> Window.Placement {
    guard let count = image.count else { throw .imageTooLarge(layer: name) }
    guard count == width else { throw .wrongWidth(layer: name, expected: width, found: count) }
    guard let place = window.placed(on: image) else { throw .windowDoesNotFit(layer: name) }
    return place
  }

  /// A softmax over each cell's channels would need its kernel to stop at the last channel.
  private func checkImageActivation(_ activation: Activation, _ name: String) throws(EngineError) {
    if activation == .softmax { throw .softmaxOfImage(layer: name) }
  }
}
