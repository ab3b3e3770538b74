import Glibc
import RadialEngine

/// LeNet-5 as it is trained today, on 28 x 28 images with a padded first layer: conv 6@5x5 tanh, mean pool, conv 16@5x5 tanh, mean
/// pool, dense 120 tanh, dense 84 tanh, RBF 10. The same network as in scripts/bench/lenet5_onnxruntime.py.
func lenet5(_ random: inout SplitMix) -> [Layer] {
  func window(_ size: Int, _ stride: Int, _ padding: Padding) -> Window {
    Window(
      size: Extent(rows: size, columns: size), strides: Extent(rows: stride, columns: stride), padding: padding)
  }
  func convolution(_ name: String, _ size: Int, _ channels: Int, _ filters: Int, _ padding: Padding) -> Layer {
    .conv2D(
      Conv2D(
        name: name, input: ImageShape(rows: size, columns: size, channels: channels), filters: filters,
        window: window(5, 1, padding), kernel: random.floats(25 * channels * filters, 0.2),
        bias: random.floats(filters, 0.1), activation: .tanh))
  }
  func pool(_ name: String, _ size: Int, _ channels: Int) -> Layer {
    .pooling2D(
      Pooling2D(
        name: name, input: ImageShape(rows: size, columns: size, channels: channels), kind: .average,
        window: window(2, 2, .valid)))
  }
  func dense(_ name: String, _ inputs: Int, _ units: Int) -> Layer {
    .dense(
      Dense(
        name: name, inputs: inputs, units: units, kernel: random.floats(inputs * units, 0.1),
        bias: random.floats(units, 0.1), activation: .tanh))
  }
  return [
    convolution("c1", 28, 1, 6, .same), pool("s2", 28, 6), convolution("c3", 14, 6, 16, .valid), pool("s4", 10, 16),
    .reshape(name: "flatten"), dense("c5", 400, 120), dense("f6", 120, 84),
    .rbf(
      RBF(
        name: "output", inputs: 84, units: 10, centers: random.floats(840, 1), centersLayout: .featuresUnits,
        scale: .scalar(0.1), output: .gaussian)),
  ]
}

/// Rows a second of LeNet-5 at several batches: medians of interleaved passes, one thread.
func timeLeNet5(_ instructionSet: InstructionSet) throws {
  var random = SplitMix(state: 2)
  let network = try Network(inputWidth: 784, layers: lenet5(&random), instructionSet: instructionSet)
  print("\nLeNet-5 on \(instructionSet.rawValue), one thread, \(network.multiplyAddsPerRow) multiply-adds a row")
  print("rows  engine rows/s  GFLOP/s")
  for (rows, rate) in rates(of: network, batches: [1, 8, 64]) {
    print(
      fixed(Double(rows), 4, 0), fixed(rate, 13, 0),
      fixed(rate * 2 * Double(network.multiplyAddsPerRow) * 1e-9, 8, 1))
  }
}
