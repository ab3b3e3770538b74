import Testing

@testable import Models

/// Layers one unit, one channel, one feature or one center wide.
@Suite struct ONNXNarrowTests {
  /// Layers of one unit or one channel, whose one axis of one value a graph may drop.
  static let narrow: [(name: String, input: [Int], layers: [String], build: @Sendable (inout ONNXTestGraph) -> Void)] =
    [
      (
        "one hidden unit", [3], ["dense relu", "dense"],
        {
          $0.add("Gemm", ["x", "w", "b"], "h")
          $0.add("Relu", ["h"], "r")
          $0.add("Gemm", ["r", "v"], "y")
        }
      ),
      (
        "two of them, one behind the other", [3], ["dense", "dense tanh", "dense"],
        {
          $0.add("MatMul", ["x", "w"], "h")
          $0.add("MatMul", ["h", "one by one"], "i")
          $0.add("Tanh", ["i"], "t")
          $0.add("MatMul", ["t", "v"], "y")
        }
      ),
      (
        "squeezed and unsqueezed", [3], ["dense sigmoid", "dense"],
        {
          $0.add("MatMul", ["x", "w"], "h")
          $0.add("Squeeze", ["h", "middle"], "q")
          $0.add("Sigmoid", ["q"], "s")
          $0.add("Unsqueeze", ["s", "middle"], "u")
          $0.add("MatMul", ["u", "v"], "y")
        }
      ),
      (
        "one output", [3], ["dense sigmoid"],
        {
          $0.add("MatMul", ["x", "w"], "h")
          $0.add("Sigmoid", ["h"], "y")
        }
      ),
      (
        "one output, squeezed", [3], ["dense sigmoid"],
        {
          $0.add("MatMul", ["x", "w"], "h")
          $0.add("Sigmoid", ["h"], "s")
          $0.add("Squeeze", ["s", "middle"], "y")
        }
      ),
      (
        "normalised", [3], ["dense", "batch_normalization", "dense"],
        {
          $0.add("MatMul", ["x", "w"], "h")
          $0.add("BatchNormalization", ["h", "g", "b", "b", "g"], "n")
          $0.add("MatMul", ["n", "v"], "y")
        }
      ),
      (
        "distances of one feature", [3], ["dense", "rbf"],
        {
          $0.add("MatMul", ["x", "w"], "h")
          $0.add("Unsqueeze", ["h", "middle"], "u")
          $0.add("Sub", ["u", "centers of one"], "s")
          $0.add("Mul", ["s", "s"], "p")
          $0.sum("p")
        }
      ),
      (
        "distances of one feature, squeezed before", [3], ["dense tanh", "rbf"],
        {
          $0.add("MatMul", ["x", "w"], "h")
          $0.add("Squeeze", ["h", "middle"], "q")
          $0.add("Tanh", ["q"], "t")
          $0.whole("both", [1, 2])
          $0.add("Unsqueeze", ["t", "both"], "u")
          $0.add("Sub", ["u", "centers of one"], "s")
          $0.add("Mul", ["s", "s"], "p")
          $0.sum("p")
        }
      ),
      (
        "the input has one feature", [1], ["rbf"],
        {
          $0.add("Unsqueeze", ["x", "middle"], "u")
          $0.add("Sub", ["u", "centers of one"], "s")
          $0.add("Mul", ["s", "s"], "p")
          $0.sum("p")
        }
      ),
      (
        "one center", [3], ["batch_normalization", "rbf"],
        {
          $0.add("Sub", ["x", "center"], "s")
          $0.add("Mul", ["s", "s"], "p")
          $0.add("ReduceSum", ["p", "last"], "d", ["keepdims": .integer(1)])
          $0.add("Mul", ["d", "minus"], "m")
          $0.add("Exp", ["m"], "y")
        }
      ),
      (
        "one center, and a layer behind it", [3], ["rbf", "dense"],
        {
          $0.add("Unsqueeze", ["x", "middle"], "u")
          $0.add("Sub", ["u", "center"], "s")
          $0.add("Mul", ["s", "s"], "p")
          $0.sum("p")
          $0.add("Mul", ["d", "minus"], "m")
          $0.add("Exp", ["m"], "e")
          $0.add("Gemm", ["e", "v"], "y")
        }
      ),
      (
        "one center, normalised", [3], ["rbf", "batch_normalization", "activation softmax"],
        {
          $0.add("Unsqueeze", ["x", "middle"], "u")
          $0.add("Sub", ["u", "center"], "s")
          $0.add("Mul", ["s", "s"], "p")
          $0.sum("p")
          $0.add("BatchNormalization", ["d", "g", "b", "b", "g"], "n")
          $0.add("Softmax", ["n"], "y")
        }
      ),
      (
        "one channel", [1, 4, 5], ["conv2d relu", "global_average_pooling2d", "dense"],
        {
          $0.add("Conv", ["x", "k"], "h")
          $0.add("Relu", ["h"], "r")
          $0.add("GlobalAveragePool", ["r"], "m")
          $0.add("Flatten", ["m"], "f")
          $0.add("Gemm", ["f", "v"], "y")
        }
      ),
      (
        "one channel of one cell", [1, 2, 2], ["conv2d", "flatten", "dense"],
        {
          $0.add("Conv", ["x", "k"], "h")
          $0.add("Flatten", ["h"], "f")
          $0.add("Gemm", ["f", "v"], "y")
        }
      ),
      (
        "a number of an image", [1, 2, 2], ["conv2d tanh", "flatten"],
        {
          $0.add("Conv", ["x", "k"], "h")
          $0.add("Tanh", ["h"], "t")
          $0.whole("all but rows", [1, 2, 3])
          $0.add("Squeeze", ["t", "all but rows"], "y")
        }
      ),
    ]

  @Test(arguments: narrow.indices)
  func `a layer may be one unit or one channel wide`(index: Int) throws {
    let (name, input, layers, build) = Self.narrow[index]
    var graph = ONNXTestGraph()
    graph.input = input
    graph.tensor("w", [3, 1], [0.5, -1, 2])
    graph.tensor("v", [1, 3], [1, -0.5, 0.25])
    graph.tensor("one by one", [1, 1], [0.75])
    graph.tensor("b", [1], [0.25])
    graph.tensor("g", [1], [1.5])
    graph.tensor("center", [1, 3], [0.5, -1, 2])
    graph.tensor("centers of one", [1, 4, 1], [0.5, -1, 2, 0])
    graph.tensor("k", [1, 1, 2, 2], [0.5, -0.25, 1, 0.75])
    build(&graph)
    let found = try graph.translated().layers
    #expect(found == layers, "\(name): \(found)")
  }

  /// One value beside several: each unit has the same.
  @Test func `one value is spread over several only where a layer says so`() throws {
    var graph = ONNXTestGraph()
    graph.tensor("w", [3, 1], [0.5, -1, 2])
    graph.tensor("several", [3], [1, 2, 3])
    graph.add("MatMul", ["x", "w"], "h")
    graph.add("Add", ["h", "several"], "y")
    let found = #expect(throws: ModelError.self) { try graph.translated() }
    #expect(found?.description.contains("is not served") == true, "\(String(describing: found))")
  }
}
