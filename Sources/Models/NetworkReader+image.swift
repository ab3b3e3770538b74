import RadialEngine

/// Layers of images.
extension NetworkReader {
  private func image(_ layer: Architecture.Entry) throws(ModelError) -> ImageShape {
    guard shape.count == 3 else {
      throw refuse(
        layer,
        "it takes an image [rows, columns, channels], but what comes before it gives \(shape); give 'input_shape' three sizes or put a reshape before it"
      )
    }
    return ImageShape(rows: shape[0], columns: shape[1], channels: shape[2])
  }

  /// A window's extent on an image.
  private func output(
    _ layer: Architecture.Entry, _ window: Window, on image: ImageShape
  ) throws(ModelError) -> Extent {
    guard let place = window.placed(on: image) else {
      throw refuse(
        layer,
        "a window of \(window.size.rows)x\(window.size.columns) with strides \(window.strides.rows)x\(window.strides.columns) does not fit on an image \(shape)"
      )
    }
    return place.output
  }

  private func describe(_ window: Window) -> String {
    "strides \(window.strides.rows)x\(window.strides.columns), padding \(window.padding.rawValue)"
  }

  private mutating func advance(_ layer: Architecture.Entry, to output: Extent, channels: Int) throws(ModelError) {
    let next = [output.rows, output.columns, channels]
    guard Self.product(next) != nil else {
      throw refuse(layer, "its output \(next) is too large, expected at most \(Network.maximumWidth) values")
    }
    shape = next
    source = "channels of layer '\(layer.name)'"
  }

  mutating func addConvolution(_ layer: Architecture.Entry, _ spec: Conv2DSpec) throws(ModelError) {
    let (input, inputShape, size, filters) = (try image(layer), shape, spec.window.size, spec.filters)
    let output = try output(layer, spec.window, on: input)
    let kernel = try tensor(
      "kernel", of: layer, shape: [size.rows, size.columns, input.channels, filters],
      because: "kernel_size, \(input.channels) channels of its input, \(filters) filters")
    let bias =
      spec.hasBias
      ? try tensor("bias", of: layer, shape: [filters], because: "\(filters) filters of layer '\(layer.name)'") : nil
    layers.append(
      .conv2D(
        Conv2D(
          name: layer.name, input: input, filters: filters, window: spec.window, kernel: kernel, bias: bias,
          activation: spec.activation.function, alpha: spec.activation.alpha)))
    try advance(layer, to: output, channels: filters)
    let sum = "sum over \(size.rows)x\(size.columns)x\(input.channels) of x * W\(bias == nil ? "" : " + b")"
    describe(
      layer, from: inputShape, parameters: kernel.count + (bias?.count ?? 0),
      spec.activation.applied(to: sum) + ", " + describe(spec.window))
  }

  mutating func addPooling(
    _ layer: Architecture.Entry, _ spec: PoolingSpec, _ kind: Pooling2D.Kind
  ) throws(ModelError) {
    let (input, inputShape, size) = (try image(layer), shape, spec.window.size)
    let output = try output(layer, spec.window, on: input)
    layers.append(.pooling2D(Pooling2D(name: layer.name, input: input, kind: kind, window: spec.window)))
    try advance(layer, to: output, channels: input.channels)
    describe(
      layer, from: inputShape, parameters: 0,
      "\(kind == .average ? "mean" : "max") of \(size.rows)x\(size.columns) cells, \(describe(spec.window))")
  }

  mutating func addSubsampling(
    _ layer: Architecture.Entry, _ spec: PoolingSpec, _ activation: ActivationSpec
  ) throws(ModelError) {
    let (input, inputShape, size) = (try image(layer), shape, spec.window.size)
    let output = try output(layer, spec.window, on: input)
    func vector(_ part: String) throws(ModelError) -> [Float] {
      try tensor(part, of: layer, shape: [input.channels], because: "\(input.channels) channels")
    }
    layers.append(
      .subsampling2D(
        Subsampling2D(
          name: layer.name, input: input, window: spec.window, factor: try vector("factor"),
          offset: try vector("offset"), activation: activation.function, alpha: activation.alpha)))
    try advance(layer, to: output, channels: input.channels)
    let mean = "factor * mean of \(size.rows)x\(size.columns) cells + offset"
    describe(
      layer, from: inputShape, parameters: 2 * input.channels,
      activation.applied(to: mean) + ", " + describe(spec.window))
  }

  /// A reshape's target with its open size filled in.
  func filled(_ given: [Int], _ layer: Architecture.Entry) throws(ModelError) -> [Int] {
    let count = shape.reduce(1, *)
    var target = given
    let known = Self.product(given.map { $0 == -1 ? 1 : $0 })
    if let open = given.firstIndex(of: -1), let known { target[open] = count / known }
    guard Self.product(target) == count else {
      throw refuse(layer, "'target_shape' is \(given), expected one to three sizes of \(count) values in all")
    }
    return target
  }

  /// Flatten and reshape: the row stays as it is.
  mutating func addReshape(_ layer: Architecture.Entry, to target: [Int]) {
    let inputShape = shape
    layers.append(.reshape(name: layer.name))
    // Two sizes are a row as it is, as in 'input_shape'.
    shape = target.count == 3 ? target : [shape.reduce(1, *)]
    describe(layer, from: inputShape, parameters: 0, "x")
  }
}
