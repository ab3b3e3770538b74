import Testing

@testable import Models

/// Every way of writing a distance and a function of it that exporters have: each becomes an RBF layer with the numbers of the graph.
@Suite struct ONNXDistanceTests {
  /// Squared distances of x to the rows of c, as d.
  static let distances: [(name: String, build: @Sendable (inout ONNXTestGraph) -> Void)] = [
    (
      "Sub, Pow, ReduceSum",
      {
        $0.difference()
        $0.add("Pow", ["s", "two"], "p")
        $0.sum("p")
      }
    ),
    (
      "Sub, Mul, ReduceSum",
      {
        $0.difference()
        $0.add("Mul", ["s", "s"], "p")
        $0.sum("p")
      }
    ),
    (
      "reversed",
      {
        $0.difference(reversed: true)
        $0.add("Mul", ["s", "s"], "p")
        $0.sum("p")
      }
    ),
    (
      "Abs, Pow",
      {
        $0.difference()
        $0.add("Abs", ["s"], "a")
        $0.add("Pow", ["a", "two"], "p")
        $0.sum("p")
      }
    ),
    (
      "ReduceL2, Pow",
      {
        $0.difference()
        $0.reduce("ReduceL2", "s", "l")
        $0.add("Pow", ["l", "two"], "d")
      }
    ),
    (
      "ReduceL2, Mul",
      {
        $0.difference()
        $0.reduce("ReduceL2", "s", "l")
        $0.add("Mul", ["l", "l"], "d")
      }
    ),
    (
      "ReduceSumSquare",
      {
        $0.difference()
        $0.reduce("ReduceSumSquare", "s", "d")
      }
    ),
    (
      "Sqrt, Pow",
      {
        $0.difference()
        $0.add("Mul", ["s", "s"], "p")
        $0.sum("p", "q")
        $0.add("Sqrt", ["q"], "r")
        $0.add("Pow", ["r", "two"], "d")
      }
    ),
    (
      "Einsum with itself",
      {
        $0.difference()
        $0.add("Einsum", ["s", "s"], "d", ["equation": .text("nuk,nuk->nu")])
      }
    ),
    (
      "features first",
      {
        $0.whole("behind", [2])
        $0.add("Unsqueeze", ["x", "behind"], "u")
        $0.add("Sub", ["u", "ct"], "s")
        $0.add("Mul", ["s", "s"], "p")
        $0.add("ReduceSum", ["p", "middle"], "d", ["keepdims": .integer(0)])
      }
    ),
    (
      "expanded",
      {
        $0.add("Mul", ["x", "x"], "xx")
        $0.add("ReduceSum", ["xx", "last"], "x2", ["keepdims": .integer(1)])
        $0.add("MatMul", ["x", "ct"], "xc")
        $0.add("Mul", ["xc", "two"], "xc2")
        $0.add("Sub", ["x2", "xc2"], "m")
        $0.tensor("c2", [2], [5.25, 2.875])
        $0.add("Add", ["m", "c2"], "d")
      }
    ),
    (
      "expanded and clamped",
      {
        $0.add("Mul", ["x", "x"], "xx")
        $0.add("ReduceSum", ["xx", "last"], "x2", ["keepdims": .integer(1)])
        $0.add("MatMul", ["x", "ct"], "xc")
        $0.add("Mul", ["xc", "two"], "xc2")
        $0.add("Sub", ["x2", "xc2"], "m")
        $0.tensor("c2", [2], [5.25, 2.875])
        $0.add("Add", ["m", "c2"], "e")
        $0.add("Clip", ["e", "zero"], "d")
      }
    ),
    (
      "Gemm",
      {
        $0.add("Mul", ["x", "x"], "xx")
        $0.add("ReduceSum", ["xx", "last"], "x2", ["keepdims": .integer(1)])
        $0.tensor("c2", [2], [5.25, 2.875])
        $0.add("Gemm", ["x", "c", "c2"], "g", ["alpha": .float(-2), "transB": .integer(1)])
        $0.add("Add", ["x2", "g"], "d")
      }
    ),
    (
      "concatenated product",
      {
        $0.add("Mul", ["x", "x"], "xx")
        $0.add("ReduceSum", ["xx", "last"], "x2", ["keepdims": .integer(1)])
        $0.add("Mul", ["x", "mtwo"], "x1")
        $0.tensor("mtwo", [], [-2])
        $0.add("ConstantOfShape", ["n1"], "ones", ["value": .tensor(ONNXTensor(type: 1, shape: [1], floats: [1]))])
        $0.add("Shape", ["x2"], "n1")
        $0.add("Concat", ["x1", "x2", "ones"], "j", ["axis": .integer(-1)])
        $0.tensor("joined", [5, 2], [0.5, 1.5, -1, 0.25, 2, -0.75, 1, 1, 5.25, 2.875])
        $0.add("MatMul", ["j", "joined"], "d")
      }
    ),
  ]

  @Test(arguments: distances.indices)
  func `a squared distance is one however it is written`(index: Int) throws {
    let (name, build) = Self.distances[index]
    var graph = ONNXTestGraph()
    build(&graph)
    let (layers, model) = try graph.translated()
    #expect(layers == ["rbf"], "\(name)")
    let row: [Float] = [1, 0.5, -2]
    let expected = (0..<2).map { unit in
      (0..<3).reduce(Float(0)) { sum, k in
        let difference = row[k] - ONNXTestGraph.centers[unit * 3 + k]
        return sum + difference * difference
      }
    }
    let answers = model.answers(to: row)
    for (found, wanted) in zip(answers.distances, expected) { #expect(abs(found - wanted) <= 1e-5 * wanted, "\(name)") }
    #expect(answers.outputs == answers.distances)
  }

  static let kernels: [(name: String, layers: [String], build: @Sendable (inout ONNXTestGraph) -> Void)] = [
    (
      "exp(-γd²)", ["rbf"],
      {
        $0.add("Mul", ["d", "minus"], "m")
        $0.add("Exp", ["m"], "y")
      }
    ),
    (
      "exp(-(βd)²)", ["rbf"],
      {
        $0.add("Sqrt", ["d"], "r")
        $0.add("Mul", ["r", "half"], "b")
        $0.add("Pow", ["b", "two"], "q")
        $0.add("Neg", ["q"], "m")
        $0.add("Exp", ["m"], "y")
      }
    ),
    (
      "exp(-d²/2σ²)", ["rbf"],
      {
        $0.tensor("sigma", [2], [0.5, 1.5])
        $0.add("Pow", ["sigma", "two"], "s2")
        $0.add("Mul", ["s2", "two"], "t")
        $0.add("Div", ["d", "t"], "q")
        $0.add("Neg", ["q"], "m")
        $0.add("Exp", ["m"], "y")
      }
    ),
    ("-γd²", ["rbf"], { $0.add("Mul", ["d", "minus"], "y") }),
    (
      "softmax", ["rbf", "activation softmax"],
      {
        $0.add("Mul", ["d", "minus"], "m")
        $0.add("Softmax", ["m"], "y")
      }
    ),
    (
      "a exp(-γd²) + b", ["rbf", "batch_normalization"],
      {
        $0.add("Mul", ["d", "minus"], "m")
        $0.add("Exp", ["m"], "e")
        $0.add("Mul", ["e", "two"], "f")
        $0.add("Add", ["f", "half"], "y")
      }
    ),
    (
      "weighted sum", ["rbf", "dense"],
      {
        $0.add("Mul", ["d", "minus"], "m")
        $0.add("Exp", ["m"], "e")
        $0.tensor("w", [2, 1], [0.3, -2])
        $0.add("MatMul", ["e", "w"], "y")
      }
    ),
  ]

  @Test(arguments: kernels.indices)
  func `functions of a squared distance`(index: Int) throws {
    let (name, layers, build) = Self.kernels[index]
    var graph = ONNXTestGraph.ofSquaredDistance()
    build(&graph)
    #expect(try graph.translated().layers == layers, "\(name)")
  }

  /// Functions of the distance, and what the layer's formula then begins with; that the numbers are the graph's is checked at load.
  static let forms: [(name: String, formula: String, build: @Sendable (inout ONNXTestGraph) -> Void)] = [
    ("d", "gamma * sqrt(sum((x - mu)^2)), gamma = 1", { $0.add("Sqrt", ["d"], "y") }),
    (
      "-d/T", "-gamma * sqrt(sum((x - mu)^2)), gamma = 0.7",
      {
        $0.add("Sqrt", ["d"], "r")
        $0.add("Mul", ["r", "minus"], "y")
      }
    ),
    ("γd²", "gamma * sum((x - mu)^2), gamma = 0.5", { $0.add("Mul", ["d", "half"], "y") }),
    (
      "exp(-γd)", "exp(-gamma * sqrt(sum((x - mu)^2))), gamma = 0.7",
      {
        $0.add("Sqrt", ["d"], "r")
        $0.add("Mul", ["r", "minus"], "m")
        $0.add("Exp", ["m"], "y")
      }
    ),
    (
      "1/(2 + d²/2)", "1 / (1 + gamma * sum((x - mu)^2)), gamma = 0.25",
      {
        $0.add("Mul", ["d", "half"], "m")
        $0.add("Add", ["m", "two"], "a")
        $0.add("Reciprocal", ["a"], "y")
      }
    ),
    (
      "1/√(2 + 2d²)", "1 / sqrt(1 + gamma * sum((x - mu)^2)), gamma = 1",
      {
        $0.add("Mul", ["d", "two"], "m")
        $0.add("Add", ["m", "two"], "a")
        $0.add("Sqrt", ["a"], "q")
        $0.add("Reciprocal", ["q"], "y")
      }
    ),
    (
      "√(½ + d²)", "sqrt(1 + gamma * sum((x - mu)^2)), gamma = 2",
      {
        $0.add("Add", ["d", "half"], "a")
        $0.add("Sqrt", ["a"], "y")
      }
    ),
    (
      "(½ + d²)^-2", "(1 + gamma * sum((x - mu)^2))^-power, power = 2.0, gamma = 2",
      {
        $0.add("Add", ["d", "half"], "a")
        $0.add("Mul", ["a", "a"], "s2")
        $0.add("Reciprocal", ["s2"], "y")
      }
    ),
    (
      "(1 + s)exp(-s)", "(1 + r) * exp(-r), r = sqrt(3 * gamma * sum((x - mu)^2))",
      {
        $0.tensor("plain", [], [1])
        $0.add("Sqrt", ["d"], "r")
        $0.add("Mul", ["r", "half"], "sr")
        $0.add("Neg", ["sr"], "n")
        $0.add("Exp", ["n"], "e")
        $0.add("Add", ["sr", "plain"], "p1")
        $0.add("Mul", ["p1", "e"], "y")
      }
    ),
    (
      "(1 + s + s²/3)exp(-s)", "(1 + r + r^2 / 3) * exp(-r), r = sqrt(5 * gamma * sum((x - mu)^2))",
      {
        $0.tensor("plain", [], [1])
        $0.tensor("three", [], [3])
        $0.add("Sqrt", ["d"], "r")
        $0.add("Mul", ["r", "half"], "sr")
        $0.add("Neg", ["sr"], "n")
        $0.add("Exp", ["n"], "e")
        $0.add("Mul", ["sr", "sr"], "s2")
        $0.add("Div", ["s2", "three"], "s3")
        $0.add("Add", ["sr", "plain"], "p1")
        $0.add("Add", ["p1", "s3"], "p2")
        $0.add("Mul", ["p2", "e"], "y")
      }
    ),
    (
      "k/(ε + Σk)", "exp(-gamma * sum((x - mu)^2)), gamma = 0.7, over 0.5 + their sum",
      {
        $0.add("Mul", ["d", "minus"], "m")
        $0.add("Exp", ["m"], "e")
        $0.add("ReduceSum", ["e", "last"], "sum", ["keepdims": .integer(1)])
        $0.add("Add", ["sum", "half"], "below")
        $0.add("Div", ["e", "below"], "y")
      }
    ),
    (
      "min over the prototypes of one class", "sum((x - mu)^2), of 1 classes each's nearest of 2",
      { $0.add("ReduceMin", ["d"], "y", ["axes": .integers([-1]), "keepdims": .integer(1)]) }
    ),
    (
      "max of exp(-γd²)", "exp(-gamma * sum((x - mu)^2)), gamma = 0.7, of 1 classes each's nearest of 2",
      {
        $0.add("Mul", ["d", "minus"], "m")
        $0.add("Exp", ["m"], "e")
        $0.add("ReduceMax", ["e"], "y", ["axes": .integers([-1]), "keepdims": .integer(1)])
      }
    ),
  ]

  @Test(arguments: forms.indices)
  func `forms of an RBF layer`(index: Int) throws {
    let (name, formula, build) = Self.forms[index]
    var graph = ONNXTestGraph.ofSquaredDistance()
    build(&graph)
    let model = try graph.translated().model
    #expect(model.layers.first?.formula.hasPrefix(formula) == true, "\(name): \(model.layers.first?.formula ?? "")")
  }

  /// A distance at a prototype is 0 here, and the graph's limit there.
  @Test(arguments: [(Float(1e-6), true), (1e-12, false)])
  func `a limit under a root that shows is told`(limit: Float, isTold: Bool) throws {
    var graph = ONNXTestGraph.ofSquaredDistance()
    graph.tensor("limit", [], [limit])
    graph.add("Max", ["d", "limit"], "held")
    graph.add("Sqrt", ["held"], "y")
    let notes = try graph.translated().model.notes
    #expect(notes.contains { $0.contains("d is 0 and not 0.001") } == isTold, "\(notes)")
  }

  /// What looks like a form and is none.
  static let almost: [(name: String, sentence: String, build: @Sendable (inout ONNXTestGraph) -> Void)] = [
    (
      "√(d² - ½)", "",
      {
        $0.tensor("less", [], [-0.5])
        $0.add("Add", ["d", "less"], "a")
        $0.add("Sqrt", ["a"], "y")
      }
    ),
    (
      "(1 + 2s)exp(-s)", "Matérn",
      {
        $0.tensor("plain", [], [1])
        $0.add("Sqrt", ["d"], "r")
        $0.add("Mul", ["r", "two"], "sr")
        $0.add("Neg", ["r"], "n")
        $0.add("Exp", ["n"], "e")
        $0.add("Add", ["sr", "plain"], "p1")
        $0.add("Mul", ["p1", "e"], "y")
      }
    ),
    (
      "d² log d²", "spline",
      {
        $0.add("Log", ["d"], "l")
        $0.add("Mul", ["d", "l"], "y")
      }
    ),
    (
      "the farthest", "farthest",
      { $0.add("ReduceMax", ["d"], "y", ["axes": .integers([-1]), "keepdims": .integer(1)]) }
    ),
    (
      "exp(+d²)", "",
      { $0.add("Exp", ["d"], "y") }
    ),
  ]

  @Test(arguments: almost.indices)
  func `what is almost a form is refused`(index: Int) throws {
    let (name, sentence, build) = Self.almost[index]
    var graph = ONNXTestGraph.ofSquaredDistance()
    build(&graph)
    let error = #expect(throws: ModelError.self, "\(name)") { try graph.translated() }
    #expect(sentence.isEmpty || error?.description.contains(sentence) == true, "\(name): \(error?.description ?? "")")
  }
}
