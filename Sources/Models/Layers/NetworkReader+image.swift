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
        "a window of \(window.size.rows)x\(window.size.columns) with strides \(window.strides.rows)x\(window.strides.columns)\(dilation(of: window)) does not fit on an image \(shape)\(padding(of: window))"
      )
    }
  }

  private func describe(_ window: Window) -> String {
    "strides \(window.strides.rows)x\(window.strides.columns), padding \(window.padding.shown)\(dilation(of: window))"
  }

  private func padding(of window: Window) -> String {
    guard case .explicit = window.padding else { return "" }
    return " with the padding \(window.padding.shown), which must be less than the window is long"
  }

  private func dilation(of window: Window) -> String {
    let dilation = window.dilation
    return dilation == Extent(rows: 1, columns: 1) ? "" : ", dilation \(dilation.rows)x\(dilation.columns)"
  }

  /// Refuses outputs that no row holds.
  private mutating func check(_ layer: Architecture.Entry) throws(ModelError) {
    let next = layer.spec.payload.outputShape(of: shape) ?? shape
    guard Self.product(next) != nil else {
      throw invalid(layer, "its output \(next) is too large, expected at most \(Network.maximumWidth) values")
    }
    source = "channels of layer '\(layer.name)'"
  }

  /// Tensors: kernel [rows, columns, channels of a group, filters], bias [filters].
  mutating func addConvolution(_ layer: Architecture.Entry, _ spec: Conv2DSpec) throws(ModelError) {
    let (input, size, filters) = (try image(layer), spec.window.size, spec.filters)
    try checkWindow(layer, spec.window, on: input)
    let groups = spec.groups
    guard input.channels % groups == 0, filters % groups == 0 else {
      throw invalid(
        layer, "'groups' is \(groups), expected a divisor of the \(input.channels) channels and \(filters) filters")
    }
    let channels = input.channels / groups
    let kernel = try tensor(
      "kernel", of: layer, shape: [size.rows, size.columns, channels, filters],
      reason:
        "kernel_size, \(channels) channels of its input\(groups == 1 ? "" : " in each of \(groups) groups"), \(filters) filters"
    )
    let bias =
      spec.hasBias
      ? try tensor("bias", of: layer, shape: [filters], reason: "\(filters) filters of layer '\(layer.name)'") : nil
    layers.append(
      .conv2D(
        Conv2D(
          name: layer.name, input: input, filters: filters, window: spec.window, groups: groups, kernel: kernel,
          bias: bias,
          activation: spec.function.function, alpha: spec.function.alpha)))
    try check(layer)
    let sum = "sum over \(size.rows)x\(size.columns)x\(channels) of x * W\(bias == nil ? "" : " + b")"
    describe(
      layer, parameters: kernel.count + (bias?.count ?? 0),
      spec.function.applied(to: sum) + ", " + describe(spec.window) + (groups == 1 ? "" : ", \(groups) groups"))
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

  /// No tensors.
  mutating func addGlobalPooling(_ layer: Architecture.Entry, _ spec: GlobalPoolingSpec) throws(ModelError) {
    let input = try image(layer)
    let all = Window(
      size: Extent(rows: input.rows, columns: input.columns), strides: Extent(rows: 1, columns: 1), padding: .valid)
    layers.append(.pooling2D(Pooling2D(name: layer.name, input: input, kind: spec.kind, window: all)))
    try check(layer)
    describe(layer, parameters: 0, "\(spec.kind == .average ? "mean" : "max") of all cells")
  }

  /// No tensors.
  mutating func addMargins(_ layer: Architecture.Entry, _ spec: MarginsSpec) throws(ModelError) {
    let (input, margins) = (try image(layer), spec.margins)
    let sides = "\(margins.top) above, \(margins.bottom) below, \(margins.left) left, \(margins.right) right"
    switch spec.kind {
    case .padding:
      guard margins.added(to: input) != nil else {
        throw invalid(
          layer, "its output would be too large with \(sides), expected at most \(Network.maximumWidth) values")
      }
      layers.append(.zeroPadding2D(ZeroPadding2D(name: layer.name, input: input, margins: margins)))
    case .cropping:
      guard margins.removed(from: input) != nil else {
        throw invalid(layer, "nothing is left of an image \(shape) without \(sides)")
      }
      layers.append(.cropping2D(Cropping2D(name: layer.name, input: input, margins: margins)))
    }
    describe(layer, parameters: 0, (spec.kind == .padding ? "x with zeros: " : "x without: ") + sides)
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

  /// The row as it is, or channel by channel.
  mutating func addFlatten(_ layer: Architecture.Entry, _ spec: FlattenSpec) throws(ModelError) {
    guard spec.order == .channelsFirst else { return addReshape(layer) }
    let input = try image(layer)
    layers.append(
      .transposition(Transposition(name: layer.name, rows: input.rows * input.columns, columns: input.channels)))
    describe(layer, parameters: 0, "x, channel by channel")
  }

  /// Flatten and reshape: the row stays as it is.
  mutating func addReshape(_ layer: Architecture.Entry) {
    layers.append(.reshape(name: layer.name))
    describe(layer, parameters: 0, "x")
  }
}
