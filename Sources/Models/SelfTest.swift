import RadialEngine

/// Rows that come with the model, and the answers that they must give before the server says ready.
struct SelfTest: Sendable {
  /// No file needs more.
  static let maximumRows = 4096

  let rows: Int
  /// [rows, D], [rows, O], [rows, C]
  let inputs: [Float]
  let outputs: [Float]
  let distances: [Float]?

  /// nil: the file carries none.
  init?(_ source: any TensorSource, _ network: Network) throws(ModelError) {
    guard let shape = source.shape(of: "selftest.inputs") else { return nil }
    guard let rows = shape.first, (1...Self.maximumRows).contains(rows) else {
      throw ModelError(
        .tensor, source.path,
        "tensor 'selftest.inputs' has shape \(shape), expected 1 to \(Self.maximumRows) rows; export the model again")
    }
    self.rows = rows
    inputs = try source.floats(
      "selftest.inputs", shape: [rows, network.inputWidth], reason: "\(network.inputWidth) inputs")
    outputs = try source.floats(
      "selftest.outputs", shape: [rows, network.outputWidth], reason: "\(network.outputWidth) outputs")
    distances =
      source.shape(of: "selftest.distances") == nil
      ? nil
      : try source.floats(
        "selftest.distances", shape: [rows, network.distanceWidth], reason: "\(network.distanceWidth) prototypes")
  }
}

extension Model {
  /// Computes the file's self-test rows and compares; without any, checks that a row of zeros passes through.
  ///
  /// The rule, with n the widest layer input: |y − ŷ| ≤ 2e-6 + (4e-6 + 2.5e-8 n)|ŷ| for outputs and (1e-5 + 2.5e-8 n) d̂ + 1e-6 for
  /// distances, twice over, since the expected values come from Float32 themselves and carry an error of that size.
  public func selfTest() throws(ModelError) {
    let rows = max(1, selfTestRows)
    let inputs = storedSelfTest?.inputs ?? [Float](repeating: 0, count: network.inputWidth)
    var outputs = [Float](repeating: .nan, count: rows * network.outputWidth)
    var distances = [Float](repeating: .nan, count: max(1, rows * network.distanceWidth))
    let workspace = network.makeWorkspace()
    outputs.withUnsafeMutableBufferPointer { outputs in
      distances.withUnsafeMutableBufferPointer { distances in
        inputs.withUnsafeBufferPointer { inputs in
          guard let input = inputs.baseAddress, let output = outputs.baseAddress, let distance = distances.baseAddress
          else { return }
          network.forward(
            input, rows: rows, into: Network.Results(outputs: output, distances: distance), workspace: workspace)
        }
      }
    }
    guard let test = storedSelfTest else { return }
    let widest = Double(layers.map { $0.inputShape.reduce(1, *) }.max() ?? 1)
    try compare(outputs, test.outputs, width: network.outputWidth, "output") {
      2 * (2e-6 + (4e-6 + 2.5e-8 * widest) * abs($0))
    }
    if let expected = test.distances {
      try compare(distances, expected, width: network.distanceWidth, "squared distance") {
        2 * ((1e-5 + 2.5e-8 * widest) * abs($0) + 1e-6)
      }
    }
  }

  private func compare(
    _ found: [Float], _ expected: [Float], width: Int, _ what: String, allowed: (Double) -> Double
  ) throws(ModelError) {
    for index in expected.indices {
      let difference = abs(Double(found[index]) - Double(expected[index]))
      guard difference <= allowed(Double(expected[index])) else {
        throw ModelError(
          .selfTest, file.path,
          "self-test row \(index / width): \(what) \(index % width) is \(found[index]), expected \(expected[index]); weights and self-test do not belong together, export the model again"
        )
      }
    }
  }
}
