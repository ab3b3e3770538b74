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
    (
      "units of its own",
      {
        // One value as three, which are scaled each by its own factor.
        $0.input = [1]
        $0.whole("three", [1, 3])
        $0.whole("turned", [-1, 3, 1])
        $0.tensor("several", [1, 3, 1], [1, 2, 3])
        $0.add("Expand", ["x", "three"], "e")
        $0.add("Reshape", ["e", "turned"], "r")
        $0.add("Mul", ["r", "several"], "y")
      }
    ),
    (
      "repeats one value",
      {
        $0.tensor("w", [3, 1], [1, 2, 3])
        $0.tensor("several", [3], [1, 2, 3])
        $0.add("MatMul", ["x", "w"], "h")
        $0.add("Einsum", ["h", "several"], "y", ["equation": .text("nk,k->nk")])
      }
    ),
    ("the output 'y' joins two branches", { $0.add("Concat", ["x", "x"], "y", ["axis": .integer(-1)]) }),
    (
      "the output 'y' does not depend on the input",
      { $0.add("Add", ["half", "two"], "y") }
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
    // Nothing, of a shape whose strides are beyond Int64.
    {
      $0.whole("empty", [0, 1 << 40, 1 << 40])
      $0.add("ConstantOfShape", ["empty"], "a")
      $0.add("Transpose", ["a"], "b")
      $0.add("Add", ["x", "b"], "y")
    },
    // A sum of nothing, for each of 2^40 places.
    {
      $0.whole("empty", [0, 1 << 20, 1 << 20])
      $0.whole("first", [0])
      $0.add("ConstantOfShape", ["empty"], "a")
      $0.add("ReduceSum", ["a", "first"], "b", ["keepdims": .integer(0)])
      $0.add("Add", ["x", "b"], "y")
    },
    {
      $0.whole("far", [1 << 40, 1])
      $0.whole("wide", [1, 1 << 40])
      $0.add("ConstantOfShape", ["far"], "a")
      $0.add("Expand", ["a", "wide"], "b")
      $0.add("Size", ["b"], "c3")
      $0.add("Mul", ["x", "b"], "y")
    },
    // 2^40 functions of functions.
    { graph in
      var value = "x"
      for step in 0..<40 {
        graph.add("Exp", [value], "e\(step)")
        graph.add("Tanh", [value], "t\(step)")
        value = "v\(step)"
        graph.add("Add", ["e\(step)", "t\(step)"], value)
      }
    },
    // One within the other, deeper than a stack.
    { graph in
      for step in 0..<20_000 { graph.add("Exp", [step == 0 ? "x" : "e\(step - 1)"], "e\(step)") }
    },
    // A matrix for each of many nodes, which are all read at the end.
    { graph in
      graph.tensor("column", [4096, 1], [Float](repeating: 1, count: 4096))
      graph.tensor("row", [1, 4096], [Float](repeating: 1, count: 4096))
      graph.input = [4096]
      graph.add("Unsqueeze", ["x", "middle"], "u")
      graph.add("Mul", ["column", "row"], "m")
      graph.add("Mul", ["u", "m"], "w0")
      for step in 1..<40 { graph.add("Mul", ["w\(step - 1)", "half"], "w\(step)") }
      for step in 1..<40 { graph.add("Add", [step == 1 ? "w0" : "s\(step - 1)", "w\(step)"], "s\(step)") }
      graph.add("ReduceSum", ["s39", "last"], "y", ["keepdims": .integer(0)])
    },
    // 64 times 64 times as many.
    { graph in
      graph.whole("some", [1 << 16])
      graph.add("ConstantOfShape", ["some"], "c0")
      for step in 1...3 {
        graph.add("Concat", [String](repeating: "c\(step - 1)", count: 64), "c\(step)", ["axis": .integer(0)])
      }
      graph.add("ReduceSum", ["c3"], "s", ["keepdims": .integer(0)])
      graph.add("Add", ["x", "s"], "y")
    },
    // Products of constants, of which few are left.
    { graph in
      graph.whole("flat", [64, 1024])
      graph.whole("high", [1024, 64])
      graph.add("ConstantOfShape", ["flat"], "a")
      graph.add("ConstantOfShape", ["high"], "b")
      for step in 0..<600 { graph.add("MatMul", ["a", "b"], "p\(step)") }
      graph.add("Sum", ["p0", "p599"], "s")
      for step in 1..<599 { graph.add("Add", [step == 1 ? "s" : "q\(step - 1)", "p\(step)"], "q\(step)") }
      graph.add("ReduceSum", ["q598"], "t", ["keepdims": .integer(0)])
      graph.add("Add", ["x", "t"], "y")
    },
    {
      $0.initializers["nothing"] = ONNXTensor(name: "nothing", type: 1, shape: [0, 1 << 28], floats: [])
      $0.whole("start", [0])
      $0.add("Slice", ["nothing", "start", "last", "one"], "a")
      $0.add("ReduceSum", ["a"], "b", ["keepdims": .integer(0)])
      $0.add("Add", ["x", "b"], "y")
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

  /// The translation needs none of these numbers, and the comparison with the graph would make them all: it is left out.
  @Test func `what is too large to be compared is not made`() throws {
    var graph = ONNXTestGraph()
    graph.tensor("cell", [1, 1], [1e-9])
    graph.whole("many", [1 << 19, 1 << 19])
    graph.whole("both", [0, 1])
    graph.add("Tile", ["cell", "many"], "a")
    graph.add("ReduceSum", ["a", "both"], "b", ["keepdims": .integer(0)])
    graph.add("Gemm", ["x", "ct"], "h")
    graph.add("Add", ["h", "b"], "y")
    #expect(try graph.translated().layers.first == "dense")
  }

  /// A bias that is the number of rows, and constants turned round, which the comparison did not know how to do.
  @Test func `the number of rows is not a number to compute with`() throws {
    var graph = ONNXTestGraph()
    graph.whole("minus", [-1])
    graph.whole("most", [.min])
    graph.whole("first", [0])
    graph.tensor("bias", [2], [3, 4])
    graph.add("Slice", ["bias", "minus", "most", "first", "minus"], "turned")
    graph.add("Gemm", ["x", "ct", "turned"], "h")
    graph.add("Identity", ["h"], "y")
    let answers = try graph.translated().model.answers(to: [0, 0, 0])
    #expect(answers.outputs == [4, 3])
    graph.nodes.removeLast()
    graph.add("Size", ["x"], "size")
    graph.add("Cast", ["size"], "count", ["to": .integer(1)])
    graph.add("Div", ["h", "count"], "y")
    // Neither where the comparison finds it, nor where it is left out.
    #expect(throws: ModelError.self) { try graph.translated() }
    graph.tensor("cell", [1, 1], [1e-9])
    graph.whole("many", [1 << 19, 1 << 19])
    graph.whole("both", [0, 1])
    graph.nodes.removeLast()
    graph.add("Tile", ["cell", "many"], "a")
    graph.add("ReduceSum", ["a", "both"], "b", ["keepdims": .integer(0)])
    graph.add("Add", ["h", "b"], "v")
    graph.add("Div", ["v", "count"], "y")
    let error = #expect(throws: ModelError.self) { try graph.translated() }
    #expect(
      error?.description.contains("the number of rows is used as a number") == true, "\(error?.description ?? "")")
  }

  /// Exporters write the end of a slice as the largest Int64, which no Float64 is.
  @Test(arguments: ["Where", "Max", "Concat"])
  func `the largest whole numbers stay what they are`(operation: String) throws {
    var graph = ONNXTestGraph()
    graph.whole("none", [0])
    graph.whole("most", [.max])
    graph.whole("few", [0])
    graph.initializers["yes"] = ONNXTensor(name: "yes", type: 9, shape: [1], integers: [1])
    switch operation {
    case "Where": graph.add("Where", ["yes", "most", "few"], "end")
    case "Max": graph.add("Max", ["few", "most"], "end")
    default: graph.add("Concat", ["most"], "end", ["axis": .integer(0)])
    }
    graph.add("Slice", ["x", "none", "end", "one"], "v")
    graph.add("Gemm", ["v", "ct"], "y")
    #expect(try graph.translated().layers == ["dense"])
  }

  @Test(arguments: [Float.nan, .infinity])
  func `a slope that is no finite number is refused`(slope: Float) throws {
    var graph = ONNXTestGraph()
    graph.add("Gemm", ["x", "ct"], "h")
    graph.add("LeakyRelu", ["h"], "y", ["alpha": .float(slope)])
    let error = #expect(throws: ModelError.self) { try graph.translated() }
    #expect(error?.description.contains("expected a finite number") == true, "\(error?.description ?? "")")
  }

  /// What is cast like a whole number is cut to one.
  @Test func `a value that is cast like whole numbers is refused`() throws {
    var graph = ONNXTestGraph()
    graph.add("Gemm", ["x", "ct"], "h")
    graph.add("CastLike", ["h", "one"], "y")
    #expect(throws: ModelError.self) { try graph.translated() }
    graph.nodes[1].inputs[1] = "half"
    #expect(try graph.translated().layers == ["dense"])
  }

  @Test func `sizes beside a zero count`() {
    #expect([0, 1 << 40, 1 << 40].elementCount(atMost: .max) == nil)
    #expect([1 << 40, 1 << 40, 0].elementCount(atMost: .max) == nil)
    #expect([0, 1 << 20].elementCount(atMost: 1 << 20) == 0 && [0, 1 << 20].elementCount(atMost: 1 << 19) == nil)
    #expect([2, 3, 4].elementCount(atMost: 24) == 24 && [2, 3, 4].elementCount(atMost: 23) == nil)
    #expect([Int]().elementCount(atMost: 1) == 1 && [-1].elementCount(atMost: .max) == nil)
  }
}
