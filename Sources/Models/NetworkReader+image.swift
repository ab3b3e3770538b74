import RadialEngine

/// Layers of images.
extension NetworkReader {
  private func image(_ layer: Architecture.LayerEntry) throws(ModelError) -> ImageShape {
    guard shape.count == 3 else {
      throw refuse(
        layer,
        "it takes an image [rows, columns, channels], but what comes before it gives \(shape); give 'input_shape' three sizes or put a reshape before it"
      )
    }
    return ImageShape(rows: shape[0], columns: shape[1], channels: shape[2])
  }

  /// A window, and its output's extent on an image.
  private func window(
    _ layer: Architecture.LayerEntry, _ size: Architecture.Pair, strides: Architecture.Pair?, on image: ImageShape
  ) throws(ModelError) -> (window: Window, output: Extent) {
    guard let padding = Padding(rawValue: layer.padding ?? "valid") else {
      throw refuse(layer, "unknown padding '\(layer.padding ?? "")', expected valid or same")
    }
    let window = Window(
      size: Extent(rows: size.rows, columns: size.columns),
      strides: Extent(rows: strides?.rows ?? 1, columns: strides?.columns ?? 1), padding: padding)
    guard let place = window.placed(on: image) else {
      throw refuse(
        layer,
        "a window of \(size.rows)x\(size.columns) with strides \(window.strides.rows)x\(window.strides.columns) does not fit on an image \(shape)"
      )
    }
    return (window, place.output)
  }

  private func describe(_ window: Window) -> String {
    "strides \(window.strides.rows)x\(window.strides.columns), padding \(window.padding.rawValue)"
  }

  private mutating func advance(_ layer: Architecture.LayerEntry, to output: Extent, channels: Int) throws(ModelError) {
    let next = [output.rows, output.columns, channels]
    guard Self.product(next) != nil else {
      throw refuse(layer, "its output \(next) is too large, expected at most \(Network.maximumWidth) values")
    }
    shape = next
    source = "channels of layer '\(layer.name)'"
  }

  mutating func addConvolution(_ layer: Architecture.LayerEntry) throws(ModelError) {
    let (input, inputShape, activation) = (try image(layer), shape, try activation(layer))
    guard let filters = layer.filters, (1...Network.maximumWidth).contains(filters) else {
      throw refuse(
        layer, "'filters' is \(layer.filters.map(String.init) ?? "missing"), expected 1 to \(Network.maximumWidth)")
    }
    guard let size = layer.kernelSize else { throw refuse(layer, "'kernel_size' is missing, expected [rows, columns]") }
    let (window, output) = try window(layer, size, strides: layer.strides, on: input)
    let kernel = try file.floats(
      "\(layer.name).kernel", shape: [size.rows, size.columns, input.channels, filters],
      because: "kernel_size, \(input.channels) channels of its input, \(filters) filters")
    let bias =
      layer.useBias ?? true
      ? try file.floats("\(layer.name).bias", shape: [filters], because: "\(filters) filters of layer '\(layer.name)'")
      : nil
    layers.append(
      .conv2D(
        Conv2D(
          name: layer.name, input: input, filters: filters, window: window, kernel: kernel, bias: bias,
          activation: activation, alpha: try alpha(layer))))
    try advance(layer, to: output, channels: filters)
    let sum = "sum over \(size.rows)x\(size.columns)x\(input.channels) of x * W\(bias == nil ? "" : " + b")"
    describe(
      layer, from: inputShape, parameters: kernel.count + (bias?.count ?? 0),
      try activated(layer, activation, sum) + ", " + describe(window))
  }

  mutating func addPooling(_ layer: Architecture.LayerEntry, _ kind: Pooling2D.Kind) throws(ModelError) {
    let (input, inputShape) = (try image(layer), shape)
    let size = layer.poolSize ?? .two
    let (window, output) = try window(layer, size, strides: layer.strides ?? size, on: input)
    layers.append(.pooling2D(Pooling2D(name: layer.name, input: input, kind: kind, window: window)))
    try advance(layer, to: output, channels: input.channels)
    describe(
      layer, from: inputShape, parameters: 0,
      "\(kind == .average ? "mean" : "max") of \(size.rows)x\(size.columns) cells, \(describe(window))")
  }

  mutating func addSubsampling(_ layer: Architecture.LayerEntry) throws(ModelError) {
    let (input, inputShape, activation) = (try image(layer), shape, try activation(layer))
    let size = layer.poolSize ?? .two
    let (window, output) = try window(layer, size, strides: layer.strides ?? size, on: input)
    func vector(_ part: String) throws(ModelError) -> [Float] {
      try file.floats("\(layer.name).\(part)", shape: [input.channels], because: "\(input.channels) channels")
    }
    layers.append(
      .subsampling2D(
        Subsampling2D(
          name: layer.name, input: input, window: window, factor: try vector("factor"), offset: try vector("offset"),
          activation: activation, alpha: try alpha(layer))))
    try advance(layer, to: output, channels: input.channels)
    let mean = "factor * mean of \(size.rows)x\(size.columns) cells + offset"
    describe(
      layer, from: inputShape, parameters: 2 * input.channels,
      try activated(layer, activation, mean) + ", " + describe(window))
  }

  /// Flatten and reshape: the row stays as it is. One size of a target may be -1, whatever is left.
  mutating func addReshape(_ layer: Architecture.LayerEntry) throws(ModelError) {
    let inputShape = shape
    let count = shape.reduce(1, *)
    var target = [count]
    if layer.type == "reshape" {
      guard let given = layer.targetShape else {
        throw refuse(layer, "'target_shape' is missing, expected one to three sizes")
      }
      target = given
      let known = Self.product(given.map { $0 == -1 ? 1 : $0 })
      if let open = given.firstIndex(of: -1), let known { target[open] = count / known }
      guard Self.product(target) == count else {
        throw refuse(layer, "'target_shape' is \(given), expected one to three sizes of \(count) values in all")
      }
    }
    layers.append(.reshape(name: layer.name))
    // Two sizes are a row as it is, as in 'input_shape'.
    shape = target.count == 3 ? target : [count]
    describe(layer, from: inputShape, parameters: 0, "x")
  }
}

extension Architecture.Pair {
  /// The default of poolings.
  fileprivate static let two = Architecture.Pair(rows: 2, columns: 2)

  private init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }
}

extension LayerDescription {
  /// Whether it measures distances to prototypes.
  public var isPrototypeLayer: Bool { type == "rbf" || type == "duq" }
}
