import RadialEngine

// Layers of images, and those that turn one shape into another.

/// activation(convolution + bias).
struct Conv2DSpec: LayerPayload {
  static let members =
    ["filters", "kernel_size", "strides", "padding", "use_bias"] + ActivationSpec.members + ["inferred_from"]

  let filters: Int
  let window: Window
  let hasBias: Bool
  let function: ActivationSpec

  init(filters: Int, window: Window, hasBias: Bool, activation: ActivationSpec) {
    (self.filters, self.window, self.hasBias, function) = (filters, window, hasBias, activation)
  }

  init(_ members: Members) throws(ModelError) {
    filters = try members.count("filters")
    window = Window(
      size: try members.extent("kernel_size"),
      strides: try members.extent("strides", absent: Extent(rows: 1, columns: 1)),
      padding: try members.choice("padding", absent: .valid))
    hasBias = try members.flag("use_bias", absent: true)
    function = try ActivationSpec(members)
  }

  var word: String { "conv2d" }
  var encoded: [String: JSONValue] {
    function.encoded.merging([
      "filters": .integer(filters), "kernel_size": window.size.encoded, "strides": window.strides.encoded,
      "padding": .string(window.padding.rawValue), "use_bias": .bool(hasBias),
    ]) { own, _ in own }
  }
  var activation: ActivationSpec? { function }

  func outputShape(of inputs: [Int]) -> [Int]? { window.output(of: inputs).map { $0 + [filters] } }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addConvolution(layer, self)
  }
}

/// A window whose cells become one: their mean, or the largest.
struct PoolingSpec: LayerPayload {
  static let members = ["pool_size", "strides", "padding"]

  let kind: Pooling2D.Kind
  let window: Window

  init(_ kind: Pooling2D.Kind, _ window: Window) { (self.kind, self.window) = (kind, window) }

  var word: String { kind == .average ? "average_pooling2d" : "max_pooling2d" }
  var encoded: [String: JSONValue] { window.encoded }

  func outputShape(of inputs: [Int]) -> [Int]? { window.output(of: inputs).map { $0 + [inputs[2]] } }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addPooling(layer, self)
  }
}

/// activation(factor · mean of a window + offset), LeNet-5's subsampling of 1998.
struct SubsamplingSpec: LayerPayload {
  let window: Window
  let function: ActivationSpec

  init(_ window: Window, _ activation: ActivationSpec) { (self.window, function) = (window, activation) }

  init(_ members: Members) throws(ModelError) {
    window = try members.pooling()
    function = try ActivationSpec(members)
  }

  var word: String { "subsampling2d" }
  var encoded: [String: JSONValue] { function.encoded.merging(window.encoded) { own, _ in own } }
  var activation: ActivationSpec? { function }

  func outputShape(of inputs: [Int]) -> [Int]? { window.output(of: inputs).map { $0 + [inputs[2]] } }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addSubsampling(layer, self)
  }
}

/// A row of values as it is.
struct FlattenSpec: LayerPayload {
  var word: String { "flatten" }

  func outputShape(of inputs: [Int]) -> [Int]? { [inputs.reduce(1, *)] }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    reader.addReshape(layer)
  }
}

/// The same row under another shape.
struct ReshapeSpec: LayerPayload {
  static let members = ["target_shape"]

  /// One size may be -1, what is left.
  let target: [Int]

  init(_ target: [Int]) { self.target = target }
  init(_ members: Members) throws(ModelError) {
    target = try members.integers("target_shape", expected: "one to three sizes")
  }

  var word: String { "reshape" }
  var encoded: [String: JSONValue] { ["target_shape": .integers(target)] }

  func outputShape(of inputs: [Int]) -> [Int]? {
    let count = inputs.reduce(1, *)
    var target = target
    if let open = target.firstIndex(of: -1) {
      guard let known = Self.product(target.filter { $0 != -1 }), known > 0, known <= count else { return nil }
      target[open] = count / known
    }
    return target.allSatisfy({ $0 > 0 }) && Self.product(target) == count ? target : nil
  }

  /// nil: beyond any row, for shapes that a damaged file makes up.
  private static func product(_ sizes: [Int]) -> Int? {
    var product = 1
    for size in sizes {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      product = next
    }
    return product
  }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    guard let target = outputShape(of: reader.shape), NetworkReader.product(target) != nil else {
      throw reader.invalid(
        layer,
        "'target_shape' is \(self.target), expected one to three sizes of \(reader.shape.reduce(1, *)) values in all")
    }
    reader.addReshape(layer)
  }
}

extension Window {
  /// Rows and columns of what it makes of an image [rows, columns, channels]; nil: it is no image, or the window does not fit on it.
  fileprivate func output(of inputs: [Int]) -> [Int]? {
    guard inputs.count == 3 else { return nil }
    return placed(on: ImageShape(rows: inputs[0], columns: inputs[1], channels: inputs[2])).map {
      [$0.output.rows, $0.output.columns]
    }
  }

  /// As pooling layers have it.
  fileprivate var encoded: [String: JSONValue] {
    ["pool_size": size.encoded, "strides": strides.encoded, "padding": .string(padding.rawValue)]
  }
}

extension Extent {
  fileprivate var encoded: JSONValue { .integers([rows, columns]) }
}

extension Members {
  /// The window of a pooling layer.
  func pooling() throws(ModelError) -> Window {
    let size = try extent("pool_size", absent: Extent(rows: 2, columns: 2))
    return Window(
      size: size, strides: try extent("strides", absent: size), padding: try choice("padding", absent: .valid))
  }
}
