internal import RadialKernels

/// Zeros around an image: `top` and `bottom` in rows, `left`, `right` and `row` in floats.
struct Border: Sendable {
  let rows: Int
  let row: Int
  let top: Int
  let bottom: Int
  let left: Int
  let right: Int
  /// Floats of a row with its zeros.
  var paddedRow: Int { left + row + right }
  var count: Int { (top + rows + bottom) * paddedRow }
}

/// A convolution, ready for the kernels.
struct Convolution: Sendable {
  /// The way in which it is computed.
  enum Way: Sendable {
    /// Each row of the kernel is a run of the image.
    case runs(rk_convolution, PackedMatrix)
    /// One channel and few filters; weights [filters][taps].
    case plane(rk_convolution, AlignedFloats)
    /// One filter a channel; weights [taps][P].
    case channels(rk_grouped_convolution, count: Int, AlignedFloats)
    /// In groups, or with gaps between the columns of the window; one packed matrix a group.
    case groups(rk_grouped_convolution, PackedMatrix)
  }

  let way: Way
  let outputCount: Int
  /// nil: the window never leaves the image.
  let border: Border?
  /// [P], a group behind the other.
  let bias: AlignedFloats
  /// Whether its vectors reach behind the image itself, where the caller's rows end.
  var readsBehind: Bool {
    switch way {
    case .channels, .plane: border == nil
    case .runs, .groups: false
    }
  }
}

/// An image without its margins; `row`, `left` and `width` in floats.
struct CroppingStep: Sendable {
  let row: Int
  let top: Int
  let rows: Int
  let left: Int
  let width: Int
  var outputCount: Int { rows * width }
}

/// A pooling, ready for the kernels.
struct PoolingStep: Sendable {
  let shape: rk_pooling
  let outputCount: Int
}

extension ExecutionPlan {
  /// Checks the convolution, which waits for a batch normalisation and an activation.
  mutating func add(_ layer: Conv2D) throws(EngineError) {
    let (input, size, filters, groups) = (layer.input, layer.window.size, layer.filters, layer.groups)
    let place = try place(layer.window, on: input, layer.name)
    try Self.checkSize(filters, layer.name)
    guard groups > 0, input.channels % groups == 0, filters % groups == 0 else {
      throw .badGroups(layer: layer.name, groups: groups, channels: input.channels, filters: filters)
    }
    guard let outputs = boundedProduct([place.output.rows, place.output.columns, filters]),
      let taps = boundedProduct([size.rows, size.columns, input.channels / groups]),
      let weightCount = boundedProduct([taps, filters], limit: .max / 4),
      boundedProduct(
        [
          input.rows + place.before.rows + place.after.rows,
          input.columns + place.before.columns + place.after.columns, input.channels,
        ], limit: 4 * Network.maximumWidth) != nil
    else { throw .imageTooLarge(layer: layer.name) }
    try Self.check(layer.kernel, weightCount, layer.name, "kernel")
    if let bias = layer.bias { try Self.check(bias, filters, layer.name, "bias") }
    try checkImageActivation(layer.activation, layer.name)
    flush()
    parameterCount += layer.kernel.count + (layer.bias?.count ?? 0)
    multiplyAddsPerRow += taps * outputs
    try checkOperations(layer.name)
    width = outputs
    hold(layer)
  }

  /// The image with its padding, the convolution, its activation.
  func step(_ layer: Conv2D, _ sizes: inout WorkspaceSizes) -> Convolution {
    guard let place = layer.window.placed(on: layer.input) else { preconditionFailure("add(_:) placed it") }
    let input = layer.input
    let border =
      place.isPadded
      ? Border(
        rows: input.rows, row: input.columns * input.channels, top: place.before.rows, bottom: place.after.rows,
        left: place.before.columns * input.channels, right: place.after.columns * input.channels) : nil
    sizes.border = max(sizes.border, border?.count ?? 0)
    let (way, bias) = way(
      layer, output: place.output, row: border?.paddedRow ?? input.columns * input.channels, &sizes)
    return Convolution(
      way: way, outputCount: place.output.rows * place.output.columns * layer.filters, border: border, bias: bias)
  }

  /// How a convolution is computed, and its bias as that way has it.
  /// - Parameter row: of the padded image, in floats.
  private func way(
    _ layer: Conv2D, output: Extent, row: Int, _ sizes: inout WorkspaceSizes
  ) -> (Convolution.Way, bias: AlignedFloats) {
    let (window, channels, filters) = (layer.window, layer.input.channels, layer.filters)
    let (size, dilation) = (window.size, window.dilation)
    let taps = size.rows * size.columns * channels / layer.groups
    let activation = layer.activation.identifier
    let alpha = layer.alpha ?? layer.activation.defaultAlpha
    if layer.groups == 1, dilation.columns == 1 || size.columns == 1 {
      var shape = rk_convolution(
        rows: output.rows, columns: output.columns, filters: filters, kernel_rows: size.rows,
        run: size.columns * channels, run_step: dilation.rows * row, row_step: window.strides.rows * row,
        column_step: window.strides.columns * channels, activation: activation, alpha: alpha)
      if shape.column_step == 1, taps <= Int(RK_WHOLE), isBetterAsPlane(filters: filters, columns: output.columns) {
        let weights = (0..<filters).flatMap { f in (0..<taps).map { layer.kernel[$0 * filters + f] } }
        sizes.scratch = max(sizes.scratch, (filters + 3) / 4 * 4 * padded(output.columns))
        sizes.spill = max(sizes.spill, 3 * filters + Int(RK_PANEL))
        return (.plane(shape, AlignedFloats(weights, to: weights.count)), AlignedFloats(layer.bias ?? [], to: filters))
      }
      // Where every column of the output is as far from the next, rows are one long row: as many as fill tiles.
      if shape.row_step == output.columns * shape.column_step {
        let together = (1...output.rows).last { output.rows % $0 == 0 && $0 * output.columns <= 48 } ?? 1
        shape.rows /= together
        shape.columns *= together
        shape.row_step *= together
      }
      sizes.spill = max(sizes.spill, shape.columns * (padded(filters) - filters))
      let weights = PackedMatrix(inputs: taps, units: filters, rows: layer.kernel)
      return (.runs(shape, weights), AlignedFloats(layer.bias ?? [], to: padded(filters)))
    }
    let shared = filters / layer.groups
    let shape = rk_grouped_convolution(
      rows: output.rows, columns: output.columns, groups: layer.groups, filters: shared,
      channels: channels / layer.groups, kernel_rows: size.rows, kernel_columns: size.columns,
      row_gap: dilation.rows * row, column_gap: dilation.columns * channels, row_step: window.strides.rows * row,
      column_step: window.strides.columns * channels, activation: activation, alpha: alpha)
    // A longer sum is taken in blocks, which the matrix kernels do.
    if layer.groups == channels, shared == 1, taps <= Int(RK_WHOLE) {
      let weights = AlignedFloats(count: taps * padded(filters))
      for tap in 0..<taps {
        for f in 0..<filters { weights.pointer[tap * padded(filters) + f] = layer.kernel[tap * filters + f] }
      }
      return (.channels(shape, count: channels, weights), AlignedFloats(layer.bias ?? [], to: padded(filters)))
    }
    // Each group's filters fill panels of their own.
    let own = padded(shared)
    func filter(_ column: Int) -> Int? {
      column % own < shared ? column / own * shared + column % own : nil
    }
    let weights = PackedMatrix(inputs: taps, units: layer.groups * own) { k, column in
      filter(column).map { layer.kernel[k * filters + $0] } ?? 0
    }
    let bias = (0..<layer.groups * own).map { column in filter(column).flatMap { layer.bias?[$0] } ?? 0 }
    sizes.scratch = max(sizes.scratch, Int(RK_PATCHES) * (taps + own))
    return (.groups(shape, weights), AlignedFloats(bias, to: bias.count))
  }

  /// One step.
  mutating func add(_ layer: ZeroPadding2D) throws(EngineError) {
    let (input, margins) = (layer.input, layer.margins)
    try checkImage(input, layer.name)
    guard let output = margins.added(to: input)?.count else { throw .imageTooLarge(layer: layer.name) }
    flush()
    let channels = input.channels
    let border = Border(
      rows: input.rows, row: input.columns * channels, top: margins.top, bottom: margins.bottom,
      left: margins.left * channels, right: margins.right * channels)
    steps.append(.pad(border, outputCount: output))
    width = output
  }

  /// One step.
  mutating func add(_ layer: Cropping2D) throws(EngineError) {
    let (input, margins) = (layer.input, layer.margins)
    try checkImage(input, layer.name)
    guard let output = margins.removed(from: input), let count = output.count else {
      throw .windowDoesNotFit(layer: layer.name)
    }
    flush()
    let channels = input.channels
    steps.append(
      .crop(
        CroppingStep(
          row: input.columns * channels, top: margins.top, rows: output.rows, left: margins.left * channels,
          width: output.columns * channels)))
    width = count
  }

  /// One step, unless nothing moves.
  mutating func add(_ layer: Transposition) throws(EngineError) {
    guard let count = boundedProduct([layer.rows, layer.columns]), count == width else {
      throw .wrongWidth(
        layer: layer.name, expected: width,
        found: layer.rows.multipliedReportingOverflow(by: layer.columns).partialValue)
    }
    guard layer.rows > 1, layer.columns > 1 else { return }
    flush()
    steps.append(.transpose(rows: layer.rows, columns: layer.columns))
    width = count
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
    try appendAffine(mean: [0], scale: layer.factor, shift: layer.offset, layer.name)
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
    guard layer.sigmas.count == 1 || layer.sigmas.count == layer.units else {
      throw .wrongCount(layer: layer.name, part: "sigma", expected: layer.units, found: layer.sigmas.count)
    }
    let gammas: [Float]
    switch layer.scale {
    case .scalar(let gamma): gammas = [Float](repeating: gamma, count: layer.units)
    case .perUnit(let values):
      gammas = values
      parameterCount += values.count
    }
    if let index = layer.sigmas.indices.first(where: { !(layer.sigmas[$0] > 0 && gammas[$0].isFinite) }) {
      throw .notFinite(layer: layer.name, part: "1 / sigma^2", index: index)
    }
    flush()
    parameterCount += layer.kernel.count + layer.centers.count
    let weights = PackedMatrix(inputs: layer.inputs, units: count, rows: layer.kernel)
    steps.append(.dense(weights, bias: AlignedFloats(count: padded(count))))
    advance(to: count, from: layer.inputs)
    // Vectors of classes reach beyond the last row.
    let centers = AlignedFloats(layer.centers, to: count + Int(RK_PANEL))
    steps.append(.meanDistances(centers, embedding: layer.embedding, classes: layer.units, isLast: isLast))
    width = layer.units
    steps.append(.negativeScale(gamma: AlignedFloats(gammas, to: padded(width))))
    steps.append(.exponential)
  }

  private mutating func addPool(
    _ window: Window, on input: ImageShape, isMaximum: Bool, _ name: String
  ) throws(EngineError) {
    let place = try place(window, on: input, name)
    guard let outputs = boundedProduct([place.output.rows, place.output.columns, input.channels]) else {
      throw .imageTooLarge(layer: name)
    }
    pooledCellsPerRow += outputs * window.size.rows * window.size.columns
    try checkOperations(name)
    flush()
    let shape = rk_pooling(
      is_maximum: isMaximum, rows: place.output.rows, columns: place.output.columns, channels: input.channels,
      input_rows: input.rows, input_columns: input.columns, pool_rows: window.size.rows,
      pool_columns: window.size.columns, stride_rows: window.strides.rows, stride_columns: window.strides.columns,
      before_rows: place.before.rows, before_columns: place.before.columns)
    steps.append(.pool(PoolingStep(shape: shape, outputCount: outputs)))
    width = outputs
  }

  /// Whether lanes that are columns leave fewer of a panel empty than lanes that are filters.
  private func isBetterAsPlane(filters: Int, columns: Int) -> Bool {
    padded(filters) * columns > filters * padded(columns)
  }

  private func place(_ window: Window, on image: ImageShape, _ name: String) throws(EngineError) -> Window.Placement {
    try checkImage(image, name)
    guard let place = window.placed(on: image) else { throw .windowDoesNotFit(layer: name) }
    return place
  }

  /// Refuses an image that is not what comes before.
  private func checkImage(_ image: ImageShape, _ name: String) throws(EngineError) {
    guard let count = image.count else { throw .imageTooLarge(layer: name) }
    guard count == width else { throw .wrongWidth(layer: name, expected: width, found: count) }
  }

  /// A softmax over each cell's channels would need its kernel to stop at the last channel.
  private func checkImageActivation(_ activation: Activation, _ name: String) throws(EngineError) {
    if activation == .softmax { throw .softmaxOfImage(layer: name) }
  }
}
