import RadialEngine

/// A network to be timed, with weights of the size that training gives them. scripts/bench/engines.py has the same.
struct BenchmarkNetwork {
  let name: String
  let inputs: Int
  let layers: [Layer]

  static let names = ["small", "large", "lenet5", "cnn28", "cnn32", "separable32"]

  init?(_ name: String) {
    guard let build = Builder.builds[name] else { return nil }
    var builder = Builder()
    build(&builder)
    (self.name, inputs, layers) = (name, builder.inputs, builder.layers)
  }
}

/// Layers one behind the other, each of the shape that the last has left.
private struct Builder {
  private(set) var inputs = 0
  private(set) var layers: [Layer] = []
  private var shape = ImageShape(rows: 1, columns: 1, channels: 1)
  private var random = SplitMix(state: 2)

  static let builds: [String: @Sendable (inout Builder) -> Void] = [
    "small": {
      $0.input(1, 1, 784)
      $0.dense(256, .tanh)
      $0.dense(84, .tanh)
      $0.prototypes(10)
    },
    "large": {
      $0.input(1, 1, 2048)
      $0.dense(4096, .relu)
      $0.dense(4096, .relu)
      $0.prototypes(1000)
    },
    // As it is trained today, with mean pooling.
    "lenet5": {
      $0.input(28, 28, 1)
      $0.convolution(6, 5, activation: .tanh)
      $0.pool(.average)
      $0.convolution(16, 5, padding: .valid, activation: .tanh)
      $0.pool(.average)
      $0.dense(120, .tanh)
      $0.dense(84, .tanh)
      $0.prototypes(10)
    },
    "cnn28": {
      $0.input(28, 28, 1)
      $0.cnn()
    },
    "cnn32": {
      $0.input(32, 32, 3)
      $0.cnn()
    },
    // Depthwise and pointwise, as MobileNet's blocks.
    "separable32": {
      $0.input(32, 32, 3)
      $0.convolution(32, 3, activation: .relu)
      for (filters, stride) in [(64, 1), (128, 2), (128, 1), (256, 2)] {
        $0.convolution(nil, 3, stride: stride, activation: .relu)
        $0.convolution(filters, 1, activation: .relu)
      }
      $0.pool(.average, 8)
      $0.prototypes(10)
    },
  ]

  private mutating func input(_ rows: Int, _ columns: Int, _ channels: Int) {
    shape = ImageShape(rows: rows, columns: columns, channels: channels)
    inputs = rows * columns * channels
  }

  private var width: Int { shape.rows * shape.columns * shape.channels }

  private func window(_ size: Int, _ stride: Int, _ padding: Padding) -> Window {
    Window(
      size: Extent(rows: size, columns: size), strides: Extent(rows: stride, columns: stride), padding: padding)
  }

  private mutating func move(by window: Window, channels: Int) {
    guard let place = window.placed(on: shape) else { return }
    shape = ImageShape(rows: place.output.rows, columns: place.output.columns, channels: channels)
  }

  private mutating func cnn() {
    for filters in [16, 32, 64] {
      convolution(filters, 3, activation: .linear)
      layers.append(
        .batchNormalization(
          BatchNormalization(
            name: "bn\(filters)", width: filters, epsilon: 1e-3, gamma: random.floats(filters, 1),
            beta: random.floats(filters, 1), movingMean: random.floats(filters, 1),
            movingVariance: random.floats(filters, 0.1).map { 1 + $0 }, cells: shape.rows * shape.columns)))
      layers.append(.activation(name: "relu\(filters)", .relu, alpha: nil))
      pool(.maximum)
    }
    dense(128, .relu)
    prototypes(10)
  }

  /// - Parameter filters: nil: one a channel.
  private mutating func convolution(
    _ filters: Int?, _ size: Int, stride: Int = 1, padding: Padding = .same, activation: Activation
  ) {
    let (groups, window) = (filters == nil ? shape.channels : 1, window(size, stride, padding))
    let count = filters ?? shape.channels
    layers.append(
      .conv2D(
        Conv2D(
          name: "conv\(layers.count)", input: shape, filters: count, window: window, groups: groups,
          kernel: random.floats(size * size * shape.channels / groups * count, 0.2), bias: random.floats(count, 0.1),
          activation: activation)))
    move(by: window, channels: count)
  }

  private mutating func pool(_ kind: Pooling2D.Kind, _ size: Int = 2) {
    let window = window(size, size, .valid)
    layers.append(.pooling2D(Pooling2D(name: "pool\(layers.count)", input: shape, kind: kind, window: window)))
    move(by: window, channels: shape.channels)
  }

  private mutating func dense(_ units: Int, _ activation: Activation) {
    let inputs = width
    layers.append(
      .dense(
        Dense(
          name: "dense\(layers.count)", inputs: inputs, units: units, kernel: random.floats(inputs * units, 0.05),
          bias: random.floats(units, 0.1), activation: activation)))
    shape = ImageShape(rows: 1, columns: 1, channels: units)
  }

  private mutating func prototypes(_ classes: Int) {
    layers.append(
      .rbf(
        RBF(
          name: "output", inputs: width, units: classes, centers: random.floats(width * classes, 1),
          centersLayout: .featuresUnits, scale: .scalar(0.1), output: .gaussian)))
  }
}
