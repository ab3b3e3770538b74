import Testing

@testable import Models

/// Poolings with the padding that ONNX has and Keras has not.
@Suite struct ONNXPoolTests {
  struct Pool: CustomTestStringConvertible {
    let operation: String
    let pads: [Int]
    /// What it becomes, or why it is refused.
    let sentence: String
    let size: Int
    let flags: [String: Int]
    var testDescription: String { "\(operation) \(pads) \(flags)" }

    init(_ operation: String, _ pads: [Int], _ sentence: String, size: Int = 3, _ flags: [String: Int] = [:]) {
      (self.operation, self.pads, self.sentence, self.size, self.flags) = (operation, pads, sentence, size, flags)
    }

    func translated() throws -> (layers: [String], model: Model) {
      var graph = ONNXTestGraph()
      graph.input = [2, 6, 6]
      graph.add(
        operation, ["x"], "v",
        flags.mapValues(ONNXAttribute.integer).merging([
          "kernel_shape": .integers([size, size]), "strides": .integers([2, 2]), "pads": .integers(pads),
        ]) { $1 })
      graph.add("Flatten", ["v"], "y")
      return try graph.translated()
    }
  }

  static let pools = [
    Pool("MaxPool", [1, 1, 1, 1], "max_pooling2d: [[1, 1], [1, 1]]"),
    Pool("MaxPool", [0, 2, 1, 0], "max_pooling2d: [[0, 1], [2, 0]]"),
    Pool("MaxPool", [0, 0, 1, 1], "max_pooling2d: same"),
    Pool("AveragePool", [2, 0, 0, 1], "average_pooling2d: [[2, 0], [0, 1]]"),
    Pool("AveragePool", [1, 1, 1, 1], "zero_padding2d, average_pooling2d: valid", ["count_include_pad": 1]),
    Pool("AveragePool", [0, 0, 1, 1], "zero_padding2d, average_pooling2d: valid", ["count_include_pad": 1]),
    Pool("MaxPool", [0, 0, 0, 0], "max_pooling2d: same", ["ceil_mode": 1]),
    Pool("MaxPool", [1, 1, 0, 0], "max_pooling2d: [[1, 0], [1, 0]]", ["ceil_mode": 1]),
    Pool("MaxPool", [1, 1, 1, 1], "max_pooling2d: [[1, 2], [1, 2]]", ["ceil_mode": 1]),
    // The window more would begin behind the image.
    Pool("MaxPool", [0, 0, 2, 2], "max_pooling2d: [[0, 2], [0, 2]]", ["ceil_mode": 1]),
    Pool("MaxPool", [1, 1, 1, 1], "max_pooling2d: same", size: 4, ["ceil_mode": 1]),
  ]

  /// What each gives is held against the graph, computed in Float64 from the operators' definitions.
  @Test(arguments: pools)
  func `poolings with padding of every kind`(pool: Pool) throws {
    let (layers, model) = try pool.translated()
    let padding = try #require(
      model.layers.first { $0.type.hasSuffix("pooling2d") }?.formula.split(separator: "padding ").last)
    #expect(layers.dropFirst().dropLast().joined(separator: ", ") + ": \(padding)" == pool.sentence)
  }

  @Test(arguments: [
    Pool("MaxPool", [3, 0, 0, 0], "are not less than its window"),
    Pool("AveragePool", [0, 0, 0, 3], "are not less than its window"),
    Pool("AveragePool", [0, 0, 0, 0], "ceil_mode", ["ceil_mode": 1, "count_include_pad": 1]),
  ])
  func `poolings that would need cells that are not there are refused`(pool: Pool) throws {
    let error = #expect(throws: ModelError.self) { try pool.translated() }
    #expect(error?.description.contains(pool.sentence) == true, "\(error?.description ?? "")")
  }

  @Test func `a dilated pooling is refused`() throws {
    var graph = ONNXTestGraph()
    graph.input = [2, 6, 6]
    graph.add("MaxPool", ["x"], "v", ["kernel_shape": .integers([2, 2]), "dilations": .integers([2, 2])])
    graph.add("Flatten", ["v"], "y")
    let error = #expect(throws: ModelError.self) { try graph.translated() }
    #expect(error?.description.contains("dilated") == true)
  }
}
