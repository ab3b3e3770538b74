import RadialEngine

// Layers of images, and those that turn one shape into another.

/// activation(convolution + bias).
struct Conv2DSpec: LayerPayload {
  static let members =
    ["filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "use_bias"] + ActivationSpec.members
    + ["inferred_from"]

  let filters: Int
  let window: Window
  /// Divides the channels and the filters.
  let groups: Int
  let hasBias: Bool
  let function: ActivationSpec

  init(filters: Int, window: Window, groups: Int = 1, hasBias: Bool, activation: ActivationSpec) {
    (self.filters, self.window, self.groups, self.hasBias, function) = (filters, window, groups, hasBias, activation)
  }

  init(_ members: Members) throws(ModelError) {
    filters = try members.count("filters")
    window = Window(
      size: try members.extent("kernel_size"),
      strides: try members.extent("strides", absent: Extent(rows: 1, columns: 1)),
      padding: try members.padding(),
      dilation: try members.extent("dilation_rate", absent: Extent(rows: 1, columns: 1)))
    groups = try members.count("groups", absent: 1)
    hasBias = try members.flag("use_bias", absent: true)
    function = try ActivationSpec(members)
  }

  var word: String { "conv2d" }
  var encoded: [String: JSONValue] {
    var members = function.encoded.merging([
      "filters": .integer(filters), "kernel_size": window.size.encoded, "strides": window.strides.encoded,
      "padding": window.padding.encoded, "use_bias": .bool(hasBias),
    ]) { own, _ in own }
    // What older readers know is written as they know it.
    if groups != 1 { members["groups"] = .integer(groups) }
    if window.isDilated { members["dilation_rate"] = window.dilation.encoded }
    return members
  }
  var activation: ActivationSpec? { function }
  var neededVersion: FileVersion { groups != 1 || window.isDilated ? .minor2 : window.neededVersion }

  func outputShape(of inputs: [Int]) -> [Int]? {
    guard let cells = window.output(of: inputs), inputs[2] % groups == 0, filters % groups == 0 else { return nil }
    return cells + [filters]
  }

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
  var neededVersion: FileVersion { window.neededVersion }

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
  var neededVersion: FileVersion { window.neededVersion }

  func outputShape(of inputs: [Int]) -> [Int]? { window.output(of: inputs).map { $0 + [inputs[2]] } }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addSubsampling(layer, self)
  }
}

/// The mean or the largest of all cells, per channel.
struct GlobalPoolingSpec: LayerPayload {
  static let members = ["keepdims"]

  let kind: Pooling2D.Kind
  /// Whether the outputs are an image of one cell.
  let keepsCell: Bool

  init(_ kind: Pooling2D.Kind, keepsCell: Bool) { (self.kind, self.keepsCell) = (kind, keepsCell) }

  init(_ kind: Pooling2D.Kind, _ members: Members) throws(ModelError) {
    self.init(kind, keepsCell: try members.flag("keepdims", absent: false))
  }

  var word: String { kind == .average ? "global_average_pooling2d" : "global_max_pooling2d" }
  var encoded: [String: JSONValue] { ["keepdims": .bool(keepsCell)] }
  var neededVersion: FileVersion { .minor2 }

  func outputShape(of inputs: [Int]) -> [Int]? {
    inputs.count == 3 ? keepsCell ? [1, 1, inputs[2]] : [inputs[2]] : nil
  }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addGlobalPooling(layer, self)
  }
}

/// Zeros around an image, or an image without what lies along its sides.
struct MarginsSpec: LayerPayload {
  enum Kind: Sendable { case padding, cropping }

  let kind: Kind
  let margins: Margins

  init(_ kind: Kind, _ margins: Margins) { (self.kind, self.margins) = (kind, margins) }

  var word: String { kind == .padding ? "zero_padding2d" : "cropping2d" }
  var encoded: [String: JSONValue] {
    [kind == .padding ? "padding" : "cropping": margins.encoded]
  }
  var neededVersion: FileVersion { .minor2 }

  func outputShape(of inputs: [Int]) -> [Int]? {
    guard inputs.count == 3 else { return nil }
    let image = ImageShape(rows: inputs[0], columns: inputs[1], channels: inputs[2])
    let outputs = kind == .padding ? margins.added(to: image) : margins.removed(from: image)
    return outputs.map { [$0.rows, $0.columns, $0.channels] }
  }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addMargins(layer, self)
  }
}

/// In which order the values of an image lie behind each other.
enum ImageLayout: String, CaseIterable, Sendable {
  /// Cell by cell, each with its channels: [rows, columns, channels].
  case channelsLast = "channels_last"
  /// Channel by channel: [channels, rows, columns].
  case channelsFirst = "channels_first"
}

/// A row of values as it is, or channel by channel.
struct FlattenSpec: LayerPayload {
  static let members = ["order"]

  let order: ImageLayout

  init(order: ImageLayout = .channelsLast) { self.order = order }
  init(_ members: Members) throws(ModelError) { order = try members.choice("order", absent: .channelsLast) }

  var word: String { "flatten" }
  var encoded: [String: JSONValue] { order == .channelsLast ? [:] : ["order": .string(order.rawValue)] }
  var neededVersion: FileVersion { order == .channelsLast ? .first : .minor2 }

  func outputShape(of inputs: [Int]) -> [Int]? { [inputs.reduce(1, *)] }

  func add(_ layer: Architecture.Entry, to reader: inout NetworkReader) throws(ModelError) {
    try reader.addFlatten(layer, self)
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
  fileprivate var neededVersion: FileVersion {
    if case .explicit = padding { .minor2 } else { .first }
  }

  fileprivate var isDilated: Bool { dilation != Extent(rows: 1, columns: 1) }

  /// Rows and columns of what it makes of an image [rows, columns, channels]; nil: it is no image, or the window does not fit on it.
  fileprivate func output(of inputs: [Int]) -> [Int]? {
    guard inputs.count == 3 else { return nil }
    return placed(on: ImageShape(rows: inputs[0], columns: inputs[1], channels: inputs[2])).map {
      [$0.output.rows, $0.output.columns]
    }
  }

  /// As pooling layers have it.
  fileprivate var encoded: [String: JSONValue] {
    ["pool_size": size.encoded, "strides": strides.encoded, "padding": padding.encoded]
  }
}

extension Padding {
  /// The kinds that are a word in a file.
  fileprivate enum Word: String, CaseIterable { case valid, same }

  /// A word, or margins.
  fileprivate var encoded: JSONValue {
    switch self {
    case .valid: .string(Word.valid.rawValue)
    case .same: .string(Word.same.rawValue)
    case .explicit(let margins): margins.encoded
    }
  }

  /// As the layer table has it.
  var shown: String {
    switch self {
    case .valid: Word.valid.rawValue
    case .same: Word.same.rawValue
    case .explicit(let margins): "[[\(margins.top), \(margins.bottom)], [\(margins.left), \(margins.right)]]"
    }
  }
}

extension Margins {
  fileprivate var encoded: JSONValue { .array([.integers([top, bottom]), .integers([left, right])]) }
}

extension Extent {
  fileprivate var encoded: JSONValue { .integers([rows, columns]) }
}

extension Members {
  /// The window of a pooling layer.
  func pooling() throws(ModelError) -> Window {
    let size = try extent("pool_size", absent: Extent(rows: 2, columns: 2))
    return Window(
      size: size, strides: try extent("strides", absent: size), padding: try padding())
  }

  /// What lies around the image under a window: a word, or [[top, bottom], [left, right]].
  fileprivate func padding() throws(ModelError) -> Padding {
    if value("padding")?.array != nil { return .explicit(try margins("padding")) }
    let word: Padding.Word = try choice("padding", absent: .valid)
    return word == .same ? .same : .valid
  }
}
