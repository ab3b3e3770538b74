import RadialEngine

// Images: channels first in the graph, channels last in the engine. Transposes are positions only.

extension ONNXTranslator {
  /// The stream as an image with these positions as channel, row and column.
  private func image(
    _ value: Dependent, _ channel: Int, _ row: Int, _ column: Int
  ) throws(ModelError) -> (stream: Int, image: ONNXStream.Image) {
    var wanted = [value.axes[channel], value.axes[row], value.axes[column]]
    let positions = [channel, row, column]
    let sources = sources(of: value.polynomial)
    if sources.count == 1, let source = sources.first, !streams[source].isPending {
      var free = streams[source].axes.filter { axisSizes[$0] == 1 && !wanted.contains($0) }
      for (place, axis) in wanted.enumerated() where axis == nil && value.shape[positions[place]] == 1 && !free.isEmpty
      {
        wanted[place] = free.removeLast()
      }
      if streams[source].image == nil, layers.isEmpty, let image = Self.image(wanted),
        Set(streams[source].axes) == [image.channel, image.row, image.column]
      {
        try adopt(source, image)
      }
    }
    var index = try materialise(value)
    guard index == tip else { throw refusal(Self.branches) }
    guard wanted.allSatisfy({ $0 != nil && $0 != batch }) || Self.image(wanted) == nil else {
      throw refusal("its input is no image")
    }
    if Self.image(wanted) == nil {
      // An axis of one cell may be an unsqueezed one.
      let live = wanted.compactMap { $0 }
      guard streams[index].axes == live,
        wanted.enumerated().allSatisfy({ $0.element != nil || value.shape[positions[$0.offset]] == 1 })
      else { throw refusal("its input is no image") }
      let filled = wanted.map { $0 ?? axis(1) }
      let image = ONNXStream.Image(channel: filled[0], row: filled[1], column: filled[2])
      let sizes = [image.row, image.column, image.channel].map { axisSizes[$0] }
      // What there is lies along one axis, or along two whose order is the same either way.
      let memory = live.filter { axisSizes[$0] > 1 }
      let cells = [image.row, image.column, image.channel].filter { axisSizes[$0] > 1 }
      let isInput = layers.isEmpty
      if memory == cells {
        emit(name("reshape"), .reshape(ReshapeSpec(sizes)))
      } else {
        guard isInput else { throw refusal("an image made of a vector in this order is not served") }
        (inputSizes, isChannelsFirst) = (filled.map { axisSizes[$0] }, true)
      }
      index = addStream(filled, filled.map { axisSizes[$0] }, image: image)
      if isInput && isChannelsFirst { firstImage = index }
      return (index, image)
    }
    guard let image = Self.image(wanted) else { throw refusal("its input is no image") }
    if streams[index].image == nil {
      guard Set(streams[index].axes) == [image.channel, image.row, image.column] else {
        throw refusal("its input is no image")
      }
      let isInput = layers.allSatisfy { layer in
        if case .batchNormalization = layer.spec { true } else { false }
      }
      if case .reshape? = layers.last?.spec {
        guard memoryFits(index, image) else { throw refusal("an image made of a vector in this order is not served") }
        streams[index].image = image
      } else {
        guard isInput else { throw refusal("an image made of a vector in this order is not served") }
        try adopt(index, image)
      }
    }
    guard streams[index].image == image else {
      throw refusal("it takes another axis for the channels than the layer before it")
    }
    return (index, image)
  }

  private static func image(_ axes: [Int?]) -> ONNXStream.Image? {
    guard let channel = axes[0], let row = axes[1], let column = axes[2] else { return nil }
    return ONNXStream.Image(channel: channel, row: row, column: column)
  }

  /// Whether a stream's memory is that of cells with their channels.
  private func memoryFits(_ index: Int, _ image: ONNXStream.Image) -> Bool {
    streams[index].axes.filter { axisSizes[$0] > 1 }
      == [image.row, image.column, image.channel].filter { axisSizes[$0] > 1 }
  }

  /// The input is an image: its rows come in the order that the graph has them.
  private func adopt(_ index: Int, _ image: ONNXStream.Image) throws(ModelError) {
    let axes = streams[index].axes
    let (first, last) = ([image.channel, image.row, image.column], [image.row, image.column, image.channel])
    func long(_ axes: [Int]) -> [Int] { axes.filter { axisSizes[$0] > 1 } }
    if axes == first {
      isChannelsFirst = true
    } else if axes == last || long(axes) == long(last) {
      isChannelsFirst = false
    } else {
      throw refusal("its rows are images in an order that is neither channels first nor channels last")
    }
    inputSizes = (isChannelsFirst ? first : last).map { axisSizes[$0] }
    streams[index].image = image
    firstImage = index
  }

  // MARK: Windows

  private struct Placed {
    let window: Window
    /// Zeros in front, as a layer of its own; nil: none.
    let margins: Margins?
    let output: [Int]
  }

  private func integers(_ key: String, _ absent: [Int], count: Int) throws(ModelError) -> [Int] {
    let values = try attribute(integers: key) ?? absent
    guard values.count == count else { throw refusal("'\(key)' has \(values.count) numbers, expected \(count)") }
    return values
  }

  /// What lies around an image where a window reaches beyond it.
  private enum Around {
    /// Zeros, of the layer itself or of one before it.
    case zeros
    /// Zeros that count as cells.
    case countedZeros
    /// Cells that do not count.
    case nothing
  }

  /// How a window lies on an image.
  private func place(_ value: Dependent, _ size: [Int], _ around: Around) throws(ModelError) -> Placed {
    guard value.shape.count == 4 else {
      throw refusal("only images [batch, channels, rows, columns] are served, and its input is \(text(value.shape))")
    }
    let strides = try integers("strides", [1, 1], count: 2)
    let dilations = try integers("dilations", [1, 1], count: 2)
    let pads = try integers("pads", [0, 0, 0, 0], count: 4)
    let automatic = try attribute(text: "auto_pad") ?? "NOTSET"
    guard (strides + dilations + size).allSatisfy({ (1...Network.maximumWidth).contains($0) }),
      pads.allSatisfy({ (0...4096).contains($0) })
    else { throw refusal("its window, strides, dilations or pads are no sizes") }
    let cells = Array(value.shape[2...])
    let reach = zip(size, dilations).map { ($0 - 1) * $1 + 1 }
    let ceiling = (0..<2).map { (cells[$0] + strides[$0] - 1) / strides[$0] }
    let fitted = (0..<2).map { axis in
      let total = max((ceiling[axis] - 1) * strides[axis] + reach[axis] - cells[axis], 0)
      return (total / 2, total - total / 2)
    }
    var sides: [(Int, Int)]
    switch automatic {
    case "NOTSET": sides = [(pads[0], pads[2]), (pads[1], pads[3])]
    case "VALID": sides = [(0, 0), (0, 0)]
    case "SAME_UPPER": sides = fitted
    case "SAME_LOWER": sides = fitted.map { ($1, $0) }
    default: throw refusal("auto_pad is '\(JSONValue.shortened(automatic))', expected NOTSET, VALID or SAME_UPPER")
    }
    guard (0..<2).allSatisfy({ cells[$0] + sides[$0].0 + sides[$0].1 >= reach[$0] }) else {
      throw refusal("its window is larger than the image")
    }
    if try attribute(flag: "ceil_mode") ?? false {
      for axis in 0..<2 {
        let rest = (cells[axis] + sides[axis].0 + sides[axis].1 - reach[axis]) % strides[axis]
        let after = sides[axis].1 + strides[axis] - rest
        // One window more, unless it begins behind the image.
        guard rest > 0, after < reach[axis] else { continue }
        guard around == .nothing else {
          throw refusal("its ceil_mode adds a window over zeros, which Radial does not serve; train it without")
        }
        sides[axis].1 = after
      }
    }
    let isSame = zip(sides, fitted).allSatisfy { $0 == $1 }
    let isEmpty = sides.allSatisfy { $0 == (0, 0) }
    let output = (0..<2).map { (cells[$0] + sides[$0].0 + sides[$0].1 - reach[$0]) / strides[$0] + 1 }
    var window = Window(
      size: Extent(rows: size[0], columns: size[1]), strides: Extent(rows: strides[0], columns: strides[1]),
      padding: !isEmpty && isSame ? .same : .valid, dilation: Extent(rows: dilations[0], columns: dilations[1]))
    if isEmpty || isSame && around != .countedZeros { return Placed(window: window, margins: nil, output: output) }
    let margins = Margins(top: sides[0].0, bottom: sides[0].1, left: sides[1].0, right: sides[1].1)
    guard around == .nothing else {
      window.padding = .valid
      return Placed(window: window, margins: margins, output: output)
    }
    guard (0..<2).allSatisfy({ max(sides[$0].0, sides[$0].1) < reach[$0] }) else {
      throw refusal("its pads \(pads) are not less than its window \(size), so that it would have no cell of the image")
    }
    window.padding = .explicit(margins)
    return Placed(window: window, margins: nil, output: output)
  }

  /// Zeros around the image, and the window's layer.
  private func emit(
    _ kind: String, _ value: Dependent, _ placed: Placed, channels: Int,
    _ spec: (String) throws(ModelError) -> LayerSpec
  ) throws(ModelError) -> Dependent {
    if let margins = placed.margins { emit(name("padding"), .margins2D(MarginsSpec(.padding, margins))) }
    let name = name(kind)
    emit(name, try spec(name))
    let axes = [axis(channels), axis(placed.output[0]), axis(placed.output[1])]
    let image = ONNXStream.Image(channel: axes[0], row: axes[1], column: axes[2])
    addStream(axes, [channels] + placed.output, image: image)
    return Dependent(
      [value.shape[0], channels] + placed.output, [batch] + axes.map { $0 }, polynomial(ofStream: tip))
  }

  func convolution(_ value: Dependent, _ weights: Constant, _ bias: Constant?) throws(ModelError) -> Dependent {
    guard weights.rank == 4 else {
      throw refusal("only convolutions of images are served, and its weights have the shape \(weights.shape)")
    }
    let groups = try attribute(integer: "group") ?? 1
    let (filters, channels, rows, columns) = (weights.shape[0], weights.shape[1], weights.shape[2], weights.shape[3])
    guard value.shape.count == 4, groups > 0, channels * groups == value.shape[1], filters % groups == 0, filters > 0
    else {
      throw refusal(
        "its weights \(weights.shape) in \(groups) groups do not fit its input \(text(value.shape))")
    }
    guard bias == nil || bias?.shape == [filters] else { throw refusal("its bias does not fit its \(filters) filters") }
    if let kernel = try attribute(integers: "kernel_shape"), kernel != [rows, columns] {
      throw refusal("kernel_shape is \(kernel), and its weights are \(weights.shape)")
    }
    let placed = try place(value, [rows, columns], .zeros)
    _ = try image(value, 1, 2, 3)
    return try emit("conv2d", value, placed, channels: filters) { (name) throws(ModelError) in
      try put(name, "kernel", weights.transposed([2, 3, 1, 0]).real, [rows, columns, channels, filters])
      if let bias { try put(name, "bias", bias.real, [filters]) }
      return .conv2D(
        Conv2DSpec(
          filters: filters, window: placed.window, groups: groups, hasBias: bias != nil,
          activation: ActivationSpec(.linear)))
    }
  }

  func pooling(_ value: Dependent, _ kind: Pooling2D.Kind) throws(ModelError) -> Dependent {
    guard let size = try attribute(integers: "kernel_shape"), size.count == 2 else {
      throw refusal("only poolings of images are served, with two sizes in 'kernel_shape'")
    }
    let includes = try attribute(flag: "count_include_pad") ?? false
    let placed = try place(value, size, kind == .average && includes ? .countedZeros : .nothing)
    guard placed.window.dilation == Extent(rows: 1, columns: 1) else {
      throw refusal("it is dilated, which Radial does not serve of a pooling; train it without")
    }
    _ = try image(value, 1, 2, 3)
    return try emit("pool", value, placed, channels: value.shape[1]) { (_) throws(ModelError) in
      .pooling2D(PoolingSpec(kind, placed.window))
    }
  }

  /// The mean or the largest over the whole image.
  func globalPooling(
    _ value: Dependent, over positions: [Int], keepsAxes: Bool, _ kind: Pooling2D.Kind
  ) throws(ModelError) -> Dependent {
    guard value.shape.count == 4, positions.count == 2, !positions.contains(0),
      let channel = [1, 2, 3].first(where: { !positions.contains($0) })
    else { throw refusal("only means over rows and columns of images are served") }
    let sorted = positions.sorted()
    _ = try image(value, channel, sorted[0], sorted[1])
    emit(name("pool"), .globalPooling2D(GlobalPoolingSpec(kind, keepsCell: false)))
    let width = value.shape[channel]
    let flat = axis(width)
    addStream([flat], [width])
    var (shape, axes): ([Int], [Int?]) = ([], [])
    for place in 0..<4 {
      if positions.contains(place) {
        if keepsAxes {
          shape.append(1)
          axes.append(nil)
        }
      } else {
        shape.append(value.shape[place])
        axes.append(place == 0 ? batch : flat)
      }
    }
    return Dependent(shape, axes, polynomial(ofStream: tip))
  }

  /// gamma (x − mean) / √(variance + epsilon) + beta, over the channels.
  func normalisation(
    _ value: Dependent, gamma: Constant, beta: Constant, mean: Constant, variance: Constant
  ) throws(ModelError) -> Dependent {
    guard value.shape.count == 2 || value.shape.count == 4 else {
      throw refusal("its input is \(text(value.shape)), expected rows or images")
    }
    let width = value.shape[1]
    guard [gamma, beta, mean, variance].allSatisfy({ $0.shape == [width] }) else {
      throw refusal("its statistics do not fit its \(width) channels")
    }
    guard variance.real.allSatisfy({ $0 >= 0 }) else { throw refusal("a variance is negative") }
    let index: Int
    if value.shape.count == 4 {
      index = try image(value, 1, 2, 3).stream
    } else {
      index = try materialisedRow(value)
      guard streams[index].axes.count == 1, value.axes[1] == streams[index].axes[0] || width == 1 else {
        throw refusal("it normalises one axis of several")
      }
    }
    guard index == tip else { throw refusal(Self.branches) }
    let stream = streams[index]
    let name = name("batch_normalization")
    for (part, constant) in [
      ("gamma", gamma), ("beta", beta), ("moving_mean", mean), ("moving_variance", variance),
    ] { try put(name, part, constant.real, [width]) }
    let epsilon = try attribute(float: "epsilon") ?? 1e-5
    guard epsilon >= 0, epsilon.isFinite else {
      throw refusal("its epsilon is \(epsilon), expected a number from 0 on")
    }
    emit(name, .batchNormalization(BatchNormalizationSpec(epsilon: epsilon, hasBeta: true, hasGamma: true)))
    addStream(stream.axes, stream.sizes, image: stream.image)
    return value.with(polynomial(ofStream: tip))
  }

  /// (x − mean) / √(variance + epsilon) · gamma + beta over a flat row.
  func layerNormalisation(_ value: Dependent, gamma: Constant, beta: Constant?) throws(ModelError) -> Dependent {
    let axis = try attribute(integer: "axis") ?? -1
    let index = try materialisedRow(value)
    let stream = streams[index]
    guard index == tip else { throw refusal(Self.branches) }
    guard stream.axes.count == 1, value.axes.last == stream.axes[0], axis == -1 || axis == value.shape.count - 1,
      gamma.shape == stream.sizes, beta == nil || beta?.shape == stream.sizes
    else { throw refusal("a layer normalisation is served over the last axis of flat rows") }
    guard (node?.outputs.count ?? 1) == 1 else { throw refusal("its mean and deviation are read, which is not served") }
    let epsilon = try attribute(float: "epsilon") ?? 1e-5
    guard epsilon >= 0, epsilon.isFinite else {
      throw refusal("its epsilon is \(epsilon), expected a number from 0 on")
    }
    let name = name("layer_normalization")
    try put(name, "gamma", gamma.real, stream.sizes)
    if let beta { try put(name, "beta", beta.real, stream.sizes) }
    emit(
      name,
      .layerNormalization(
        LayerNormalizationSpec(axes: .last, epsilon: epsilon, hasBeta: beta != nil, hasGamma: true)))
    addStream(stream.axes, stream.sizes)
    return value.with(polynomial(ofStream: tip))
  }

  /// x < 0 ? slope · x : x with a slope for each channel of an image, or each value of a flat row.
  func parametricRectifier(_ value: Dependent, _ slopes: Constant) throws(ModelError) -> Dependent {
    let index = value.shape.count == 4 ? try image(value, 1, 2, 3).stream : try materialisedRow(value)
    guard index == tip else { throw refusal(Self.branches) }
    let stream = streams[index]
    let sizes = slopes.shape.filter { $0 > 1 }
    let name = name("prelu")
    if let image = stream.image {
      // [channels, 1, 1], spread from the right.
      guard slopes.rank == 3, sizes == [axisSizes[image.channel]], slopes.shape[0] == sizes[0] else {
        throw refusal("its slopes \(slopes.shape) are not one for each channel, which alone is served")
      }
      try put(name, "alpha", slopes.real, [1, 1, sizes[0]])
      emit(name, .parametricRectifier(ParametricRectifierSpec(sharedAxes: [1, 2])))
    } else {
      guard stream.axes.count == 1, slopes.shape.last == stream.sizes[0], sizes == stream.sizes else {
        throw refusal("its slopes \(slopes.shape) are not one for each value, which alone is served")
      }
      try put(name, "alpha", slopes.real, stream.sizes)
      emit(name, .parametricRectifier(ParametricRectifierSpec(sharedAxes: [])))
    }
    addStream(stream.axes, stream.sizes, image: stream.image)
    return value.with(polynomial(ofStream: tip))
  }
}
