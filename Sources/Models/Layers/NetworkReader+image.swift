import RadialEngine

/// Layers of images.
extension NetworkReader {
  private func image(_ layer: Architecture.Entry) throws(ModelError) -> ImageShape {
    guard shape.count == 3 else {
      throw invalid(
        layer,
        "it takes an image [rows, columns, channels], but what comes before it gives \(shape); give 'input_shape' three sizes or put a reshape before it"
      )
    }
    return ImageShape(rows: shape[0], columns: shape[1], channels: shape[2])
  }

  /// Refuses a window that does not fit on an image.
  private func checkWindow(
    _ layer: Architecture.Entry, _ window: Window, on image: ImageShape
  ) throws(ModelError) {
    guard window.placed(on: image) != nil else {
      throw invalid(
        layer,
        "a window of \(window.size.rows)x\(window.size.columns) with strides \(window.strides.rows)x\(window.strides.columns) does not fit on an image \(shape)"
      )
    }
  }

  private func describe(_ window: Window) -> String {
    "strides \(window.strides.rows)x\(window.strides.columns), padding \(window.padding.rawValue)"
  }

  /// Refuses outputs that no row holds.
  private mutating func check(_ layer: Architecture.Entry) throws(ModelError) {
    let next = layer.spec.payload.outputShape(of: shape) ?? shape
    guard Self.product(next) != nil else {
      throw invalid(layer, "its output \(next) is too large, expected at most \(Network.maximumWidth) values")
    }
    source = "channels of layer '\(layer.name)'"
  }

  /// Tensors: kernel [rows, columns, channels, filters], bias [filters].
  mutating func addConvolution(_ layer: Architecture.Entry, _ spec: Conv2DSpec) throws(ModelError) {
    let (input, size, filters) = (try image(layer), spec.window.size, spec.filters)
    try checkWindow(layer, spec.window, on: input)
    let kernel = try tensor(
      "kernel", of: layer, shape: [size.rows, size.columns, input.channels, filters],
      reason: "kernel_size, \(input.channels) channels of its input, \(filters) filters")
    let bias =
      spec.hasBias
      ? try tensor("bias", of: layer, shape: [filters], reason: "\(filters) filters of layer '\(layer.name)'") : nil
    layers.append(
      .conv2D(
        Conv2D(
          name: layer.name, input: input, filters: filters, window: spec.window, kernel: kernel, bias: bias,
          activation: spec.function.function, alpha: spec.function.alpha)))
    try check(layer)
    let sum = "sum over \(size.rows)x\(size.columns)x\(input.channels) of x * W\(bias == nil ? "" : " + b")"
    describe(
      layer, parameters: kernel.count + (bias?.count ?? 0),
      spec.function.applied(to: sum) + ", " + describe(spec.window))
  }

  /// No tensors.
  mutating func addPooling(_ layer: Architecture.Entry, _ spec: PoolingSpec) throws(ModelError) {
    let (input, size) = (try image(layer), spec.window.size)
    try checkWindow(layer, spec.window, on: input)
    layers.append(.pooling2D(Pooling2D(name: layer.name, input: input, kind: spec.kind, window: spec.window)))
    try check(layer)
    describe(
      layer, parameters: 0,
      "\(spec.kind == .average ? "mean" : "max") of \(size.rows)x\(size.columns) cells, \(describe(spec.window))")
  }

  /// Tensors: factor and offset, [channels] each.
  mutating func addSubsampling(_ layer: Architecture.Entry, _ spec: SubsamplingSpec) throws(ModelError) {
    let (input, size) = (try image(layer), spec.window.size)
    try checkWindow(layer, spec.window, on: input)
    func vector(_ part: String) throws(ModelError) -> [Float] {
      try tensor(part, of: layer, shape: [input.channels], reason: "\(input.channels) channels")
    }
    layers.append(
      .subsampling2D(
        Subsampling2D(
          name: layer.name, input: input, window: spec.window, factor: try vector("factor"),
          offset: try vector("offset"), activation: spec.function.function, alpha: spec.function.alpha)))
    try check(layer)
    let mean = "factor * mean of \(size.rows)x\(size.columns) cells + offset"
    describe(
      layer, parameters: 2 * input.channels,
      spec.function.applied(to: mean) + ", " + describe(spec.window))
  }

  /// Flatten and reshape: the row stays as it is.
  mutating func addReshape(_ layer: Architecture.Entry) {
    layers.append(.reshape(name: layer.name))
    describe(layer, parameters: 0, "x")
  }
}
