import Testing

@testable import Models

/// Graphs that are none of the layers served, or too large.
@Suite struct ONNXRefusalTests {
  static let refused: [(sentence: String, build: @Sendable (inout ONNXTestGraph) -> Void)] = [
    (
      "none of the activations",
      {
        $0.add("Gemm", ["x", "ct"], "h")
        $0.add("Tanh", ["h"], "a")
        $0.add("Relu", ["h"], "b")
        $0.add("Add", ["a", "b"], "y")
      }
    ),
    (
      "sums over the rows",
      {
        $0.whole("rows", [0])
        $0.add("ReduceSum", ["x", "rows"], "y")
      }
    ),
    (
      "product of two values",
      {
        $0.add("Transpose", ["x"], "t")
        $0.add("MatMul", ["x", "t"], "y")
      }
    ),
    (
      "axis 7",
      {
        $0.whole("seven", [7])
        $0.add("ReduceSum", ["x", "seven"], "y")
      }
    ),
    ("expected 2 to 2", { $0.add("Add", ["x"], "y") }),
    ("given nowhere", { $0.add("Add", ["x", "nothing"], "y") }),
    ("of another kind", { $0.add("Gemm", ["x", "ct"], "y", ["transB": .text("yes")]) }),
    ("do not fit", { $0.add("MatMul", ["x", "c"], "y") }),
    (
      "the shape",
      {
        $0.whole("odd", [-1, 2])
        $0.add("Reshape", ["x", "odd"], "y")
      }
    ),
    (
      "cuts values",
      {
        $0.tensor("three", [], [3])
        $0.add("Clip", ["x", "zero", "three"], "y")
      }
    ),
    ("picks from the data", { $0.add("Gather", ["x", "one"], "y") }),
    ("takes a part of the data", { $0.add("Slice", ["x", "one", "last"], "y") }),
    ("'keepdims' is 2, expected 0 or 1", { $0.add("ReduceSum", ["x", "last"], "y", ["keepdims": .integer(2)]) }),
    ("'transB' is -1, expected 0 or 1", { $0.add("Gemm", ["x", "c"], "y", ["transB": .integer(-1)]) }),
    ("the operator 'LSTM' is not served", { $0.add("LSTM", ["x"], "y") }),
    (
      "training mode",
      {
        for name in ["g", "b", "m", "v"] { $0.tensor(name, [3], [1, 1, 1]) }
        $0.add("BatchNormalization", ["x", "g", "b", "m", "v"], "y", ["training_mode": .integer(1)])
      }
    ),
  ]

  @Test(arguments: refused.indices)
  func `what is no layer is refused with the node's name`(index: Int) throws {
    let (sentence, build) = Self.refused[index]
    var graph = ONNXTestGraph()
    build(&graph)
    let error = #expect(throws: ModelError.self) { try graph.translated() }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }

  /// A few hundred bytes that ask for terabytes.
  static let large: [@Sendable (inout ONNXTestGraph) -> Void] = [
    {
      $0.whole("far", [1 << 20, 1])
      $0.whole("wide", [1, 1 << 20])
      $0.add("ConstantOfShape", ["far"], "a")
      $0.add("ConstantOfShape", ["wide"], "b")
      $0.add("Add", ["a", "b"], "c2")
      $0.add("Add", ["x", "c2"], "y")
    },
    {
      $0.tensor("column", [40_000, 1], [Float](repeating: 1, count: 40_000))
      $0.tensor("row", [1, 40_000], [Float](repeating: 1, count: 40_000))
      $0.add("Add", ["column", "row"], "c2")
      $0.add("Add", ["x", "c2"], "y")
    },
    {
      $0.tensor("column", [40_000, 1], [Float](repeating: 1, count: 40_000))
      $0.tensor("row", [1, 40_000], [Float](repeating: 1, count: 40_000))
      $0.add("MatMul", ["column", "row"], "c2")
      $0.add("Add", ["x", "c2"], "y")
    },
    {
      $0.tensor("row", [40_000], (0..<40_000).map { Float($0) })
      $0.tensor("plane", [40_000, 1], (0..<40_000).map { Float($0) })
      $0.whole("places", [1, 2])
      $0.add("Unsqueeze", ["x", "places"], "u")
      $0.add("Mul", ["u", "row"], "a")
      $0.add("Mul", ["a", "plane"], "b")
      $0.add("ReduceSum", ["b", "last"], "y", ["keepdims": .integer(0)])
    },
    {
      $0.whole("huge", [1 << 40, 1 << 22])
      $0.add("ConstantOfShape", ["huge"], "a")
      $0.add("Add", ["x", "a"], "y")
    },
    {
      $0.whole("huge", [1, 1 << 20, 3])
      $0.add("Expand", ["x", "huge"], "a")
      $0.add("Mul", ["a", "a"], "b")
      $0.add("ReduceSum", ["b"], "y")
    },
  ]

  @Test(arguments: large.indices)
  func `what would be too large is refused before it is made`(index: Int) throws {
    var graph = ONNXTestGraph()
    Self.large[index](&graph)
    #expect(throws: ModelError.self) { try graph.translated() }
  }
}
