import RadialEngine

/// Convolutions of images and sequences.
extension KerasTranslator {
  /// Conv2D: kernel [rows, columns, channels of a group, filters], bias [filters]; Conv1D without the rows.
  mutating func addConvolution(_ layer: KerasLayer) throws(ModelError) {
    let window = try convolutionWindow(layer)
    let filters = try count("filters", layer)
    let groups = layer.config["groups"] == nil ? 1 : try count("groups", layer)
    let hasBias = try flag("use_bias", layer, absent: true)
    let tensors = try variables(hasBias ? ["kernel", "bias"] : ["kernel"], of: layer)
    set("kernel", of: layer, tensors[0].reshaped(isSequence ? [1] + tensors[0].shape : tensors[0].shape))
    if hasBias { set("bias", of: layer, tensors[1]) }
    let activation = try activation(of: layer)
    try checkWindow(window, layer)
    guard shape[2] % groups == 0, filters % groups == 0 else {
      throw invalid(
        layer, "its \(groups) groups divide neither \(shape[2]) channels nor \(filters) filters; save the model again")
    }
    try emitActivated(layer, activation) {
      .conv2D(Conv2DSpec(filters: filters, window: window, groups: groups, hasBias: hasBias, activation: $0))
    }
  }

  /// DepthwiseConv2D, a group a channel: kernel [rows, columns, channels, multiplier], bias [channels · multiplier].
  mutating func addDepthwiseConvolution(_ layer: KerasLayer) throws(ModelError) {
    let window = try convolutionWindow(layer)
    let multiplier = layer.config["depth_multiplier"] == nil ? 1 : try count("depth_multiplier", layer)
    let hasBias = try flag("use_bias", layer, absent: true)
    let tensors = try variables(hasBias ? ["kernel", "bias"] : ["kernel"], of: layer)
    let channels = shape[2]
    set("kernel", of: layer, try depthwise(tensors[0], channels, multiplier, layer))
    if hasBias { set("bias", of: layer, tensors[1]) }
    let activation = try activation(of: layer)
    try checkWindow(window, layer)
    try emitActivated(layer, activation) {
      .conv2D(
        Conv2DSpec(
          filters: channels * multiplier, window: window, groups: channels, hasBias: hasBias, activation: $0))
    }
  }

  /// SeparableConv2D, a depthwise convolution and one of single cells: kernels [rows, columns, channels, multiplier] and
  /// [1, 1, channels · multiplier, filters], bias [filters].
  mutating func addSeparableConvolution(_ layer: KerasLayer) throws(ModelError) {
    let window = try convolutionWindow(layer)
    let filters = try count("filters", layer)
    let multiplier = layer.config["depth_multiplier"] == nil ? 1 : try count("depth_multiplier", layer)
    let hasBias = try flag("use_bias", layer, absent: true)
    let parts = ["depthwise_kernel", "pointwise_kernel"] + (hasBias ? ["bias"] : [])
    let tensors = try variables(parts, of: layer)
    let channels = shape[2]
    let (first, second) = ("depthwise", "pointwise")
    set("kernel", of: layer, try depthwise(tensors[0], channels, multiplier, layer), layerPart: first)
    let pointwise = tensors[1]
    set(
      "kernel", of: layer, pointwise.reshaped(isSequence ? [1] + pointwise.shape : pointwise.shape), layerPart: second)
    if hasBias { set("bias", of: layer, tensors[2], layerPart: second) }
    let activation = try activation(of: layer)
    try checkWindow(window, layer)
    try emit(
      .conv2D(
        Conv2DSpec(
          filters: channels * multiplier, window: window, groups: channels, hasBias: false,
          activation: ActivationSpec(.linear))), layer, part: first)
    let one = Extent(rows: 1, columns: 1)
    try emitActivated(layer, activation, part: second) {
      .conv2D(
        Conv2DSpec(
          filters: filters, window: Window(size: one, strides: one, padding: .valid), hasBias: hasBias, activation: $0))
    }
  }

  /// [rows, columns, channels, multiplier] as [rows, columns, 1, channels · multiplier]: the numbers lie as they are.
  private func depthwise(
    _ kernel: Tensor, _ channels: Int, _ multiplier: Int, _ layer: KerasLayer
  ) throws(ModelError) -> Tensor {
    let shape = isSequence ? [1] + kernel.shape : kernel.shape
    let (filters, overflow) = channels.multipliedReportingOverflow(by: multiplier)
    guard shape.count == 4, shape[2] == channels, shape[3] == multiplier, !overflow else {
      throw invalid(
        layer,
        "its kernel has the shape \(kernel.shape), expected one for \(channels) channels and a multiplier of \(multiplier); save the model again"
      )
    }
    return kernel.reshaped([shape[0], shape[1], 1, filters])
  }

  /// The window of a convolution of images or sequences. Of a causal one, the zeros before it are a layer of their own.
  private mutating func convolutionWindow(_ layer: KerasLayer) throws(ModelError) -> Window {
    let is1D = try takeImage(layer)
    let one = Extent(rows: 1, columns: 1)
    let size = try extent("kernel_size", layer, absent: nil, is1D: is1D)
    let dilation = try extent("dilation_rate", layer, absent: one, is1D: is1D)
    let strides = try extent("strides", layer, absent: one, is1D: is1D)
    guard is1D, try text("padding", layer) == "causal" else {
      return Window(size: size, strides: strides, padding: try padding(layer), dilation: dilation)
    }
    let before = Margins(top: 0, bottom: 0, left: (size.columns - 1) * dilation.columns, right: 0)
    if before.left > 0 { try emit(.margins2D(MarginsSpec(.padding, before)), layer, part: "padding") }
    return Window(size: size, strides: strides, padding: .valid, dilation: dilation)
  }
}
