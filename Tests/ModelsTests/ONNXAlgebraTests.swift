import FileFormats
import Foundation
import RadialEngine
import Testing

@testable import Models

/// Every way of writing a layer that exporters have: each becomes that layer, with the numbers of the graph.
@Suite struct ONNXAlgebraTests {
  /// A graph written by hand: rows [N, 3] called x, two centers in the rows of c.
  struct Graph {
    var nodes: [ONNXNode] = []
    var initializers: [String: ONNXTensor] = [:]
    var opset = 17
    var input: [Int] = [3]

    static let centers: [Float] = [0.5, -1, 2, 1.5, 0.25, -0.75]

    init() {
      tensor("c", [2, 3], Self.centers)
      tensor("ct", [3, 2], [0.5, 1.5, -1, 0.25, 2, -0.75])
      tensor("c1", [1, 2, 3], Self.centers)
      tensor("two", [], [2])
      tensor("half", [], [0.5])
      tensor("minus", [], [-0.7])
      tensor("zero", [], [0])
      whole("last", [-1])
      whole("one", [1])
      whole("middle", [1])
    }

    mutating func tensor(_ name: String, _ shape: [Int], _ values: [Float]) {
      initializers[name] = ONNXTensor(name: name, type: 1, shape: shape, floats: values)
    }

    mutating func whole(_ name: String, _ values: [Int]) {
      initializers[name] = ONNXTensor(name: name, type: 7, shape: [values.count], integers: values.map(Int64.init))
    }

    @discardableResult
    mutating func add(
      _ operation: String, _ inputs: [String], _ output: String, _ attributes: [String: ONNXAttribute] = [:]
    ) -> Graph {
      nodes.append(
        ONNXNode(inputs: inputs, outputs: [output], name: output, operation: operation, attributes: attributes))
      return self
    }

    var model: ONNXModel {
      let shape = [ONNXValueInfo.Size.open("N")] + input.map { .fixed($0) }
      return ONNXModel(
        opset: opset,
        graph: ONNXGraph(
          nodes: nodes, initializers: initializers, inputs: [ONNXValueInfo(name: "x", type: 1, shape: shape)],
          outputs: [ONNXValueInfo(name: nodes[nodes.count - 1].outputs[0], type: 1)]))
    }

    /// What it becomes.
    /// - Throws: where it is refused, or computes something else.
    func translated() throws -> (layers: [String], model: Model) {
      // Any file: the source of its bytes is not looked at.
      let path = ONNXGoldenTests.folder.appendingPathComponent("addmm_legacy17/model.onnx").path
      let source = try ONNXFile(model, FileContents(path: path), path: path)
      let model = try Model(source, name: "model", version: 1, instructionSet: .best)
      return (
        model.layers.map { $0.type + ($0.activation.map { $0 == "linear" ? "" : " \($0)" } ?? "") }, model
      )
    }
  }

  /// Squared distances of x to the rows of c, as d.
  static let distances: [(name: String, build: @Sendable (inout Graph) -> Void)] = [
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
    var graph = Graph()
    build(&graph)
    let (layers, model) = try graph.translated()
    #expect(layers == ["rbf"], "\(name)")
    let row: [Float] = [1, 0.5, -2]
    let expected = (0..<2).map { unit in
      (0..<3).reduce(Float(0)) { sum, k in
        let difference = row[k] - Graph.centers[unit * 3 + k]
        return sum + difference * difference
      }
    }
    let answers = model.answers(to: row)
    for (found, wanted) in zip(answers.distances, expected) { #expect(abs(found - wanted) <= 1e-5 * wanted, "\(name)") }
    #expect(answers.outputs == answers.distances)
  }

  static let kernels: [(name: String, layers: [String], build: @Sendable (inout Graph) -> Void)] = [
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
    var graph = Graph()
    graph.difference()
    graph.add("Mul", ["s", "s"], "p")
    graph.sum("p")
    build(&graph)
    #expect(try graph.translated().layers == layers, "\(name)")
  }

  /// Functions of the distance, and what the layer's formula then begins with; that the numbers are the graph's is checked at load.
  static let forms: [(name: String, formula: String, build: @Sendable (inout Graph) -> Void)] = [
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
    var graph = Graph()
    graph.difference()
    graph.add("Mul", ["s", "s"], "p")
    graph.sum("p")
    build(&graph)
    let model = try graph.translated().model
    #expect(model.layers.first?.formula.hasPrefix(formula) == true, "\(name): \(model.layers.first?.formula ?? "")")
  }

  /// A distance at a prototype is 0 here, and the graph's limit there.
  @Test(arguments: [(Float(1e-6), true), (1e-12, false)])
  func `a limit under a root that shows is told`(limit: Float, isTold: Bool) throws {
    var graph = Graph()
    graph.tensor("limit", [], [limit])
    graph.difference()
    graph.add("Mul", ["s", "s"], "p")
    graph.sum("p")
    graph.add("Max", ["d", "limit"], "held")
    graph.add("Sqrt", ["held"], "y")
    let notes = try graph.translated().model.notes
    #expect(notes.contains { $0.contains("d is 0 and not 0.001") } == isTold, "\(notes)")
  }

  /// What looks like a form and is none.
  static let almost: [(name: String, sentence: String, build: @Sendable (inout Graph) -> Void)] = [
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
    var graph = Graph()
    graph.difference()
    graph.add("Mul", ["s", "s"], "p")
    graph.sum("p")
    build(&graph)
    let error = #expect(throws: ModelError.self, "\(name)") { try graph.translated() }
    #expect(sentence.isEmpty || error?.description.contains(sentence) == true, "\(name): \(error?.description ?? "")")
  }

  static let activations: [(name: String, layer: String, build: @Sendable (inout Graph) -> Void)] = [
    ("Relu", "dense relu", { $0.add("Relu", ["h"], "y") }),
    ("Max", "dense relu", { $0.add("Max", ["h", "zero"], "y") }),
    ("Clip", "dense relu", { $0.add("Clip", ["h", "zero"], "y") }),
    (
      "Clip to 6", "dense relu6",
      {
        $0.tensor("six", [], [6])
        $0.add("Clip", ["h", "zero", "six"], "y")
      }
    ),
    (
      "swish", "dense swish",
      {
        $0.add("Sigmoid", ["h"], "s")
        $0.add("Mul", ["h", "s"], "y")
      }
    ),
    (
      "gelu", "dense gelu",
      {
        $0.tensor("root", [], [1.4142135])
        $0.tensor("unit", [], [1])
        $0.add("Div", ["h", "root"], "r")
        $0.add("Erf", ["r"], "e")
        $0.add("Add", ["e", "unit"], "a")
        $0.add("Mul", ["h", "a"], "m")
        $0.add("Mul", ["m", "half"], "y")
      }
    ),
    (
      "softsign", "dense softsign",
      {
        $0.tensor("unit", [], [1])
        $0.add("Abs", ["h"], "a")
        $0.add("Add", ["a", "unit"], "b")
        $0.add("Div", ["h", "b"], "y")
      }
    ),
    (
      "torch's softplus", "dense softplus",
      {
        $0.tensor("twenty", [], [20])
        $0.add("Softplus", ["h"], "s")
        $0.add("Greater", ["h", "twenty"], "g")
        $0.add("Where", ["g", "h", "s"], "y")
      }
    ),
    (
      "layer normalisation", "layer_normalization",
      {
        $0.tensor("g", [2], [0.5, 2])
        $0.tensor("b", [2], [1, -1])
        $0.add("LayerNormalization", ["h", "g", "b"], "y")
      }
    ),
    (
      "slopes", "prelu",
      {
        $0.tensor("a", [2], [0.5, 0.1])
        $0.add("PRelu", ["h", "a"], "y")
      }
    ),
  ]

  @Test(arguments: activations.indices)
  func `activations behind a dense layer`(index: Int) throws {
    let (name, layer, build) = Self.activations[index]
    var graph = Graph()
    graph.tensor("bias", [2], [0.1, -0.2])
    graph.add("Gemm", ["x", "ct", "bias"], "h")
    build(&graph)
    let layers = try graph.translated().layers
    #expect(layers.last == layer && layers.count == (layer.hasPrefix("dense") ? 1 : 2), "\(name): \(layers)")
  }

  @Test(arguments: [(1, 1), (16, 16), (37, 19), (5, 70)])
  func `a matrix is transposed`(rows: Int, columns: Int) {
    let matrix = Constant([rows, columns], (0..<rows * columns).map(Double.init))
    let turned = matrix.transposed([1, 0])
    #expect(turned.shape == [columns, rows])
    for row in 0..<rows {
      for column in 0..<columns {
        #expect(turned.real[column * rows + row] == Double(row * columns + column))
      }
    }
  }

  /// What comes behind a convolution to one cell, or behind its maximum.
  static let cells: [(name: String, layers: [String], build: @Sendable (inout Graph) -> Void)] = [
    (
      "Flatten, dense", ["input", "conv2d tanh", "flatten", "dense"],
      {
        $0.add("Tanh", ["h"], "t")
        $0.add("Flatten", ["t"], "f")
        $0.add("Gemm", ["f", "ct"], "y")
      }
    ),
    (
      "Squeeze, dense", ["input", "conv2d", "flatten", "dense"],
      {
        $0.whole("cell", [2, 3])
        $0.add("Squeeze", ["h", "cell"], "f")
        $0.add("MatMul", ["f", "ct"], "y")
      }
    ),
    (
      "Reshape, a distance", ["input", "conv2d tanh", "flatten", "rbf"],
      {
        $0.add("Tanh", ["h"], "t")
        $0.whole("flat", [-1, 3])
        $0.add("Reshape", ["t", "flat"], "f")
        $0.difference(of: "f")
        $0.add("Mul", ["s", "s"], "p")
        $0.sum("p")
      }
    ),
    ("Flatten alone", ["input", "conv2d", "flatten"], { $0.add("Flatten", ["h"], "y") }),
  ]

  @Test(arguments: cells.indices)
  func `an image of one cell is the row of its channels`(index: Int) throws {
    let (name, layers, build) = Self.cells[index]
    var graph = Graph()
    graph.input = [2, 2, 2]
    graph.tensor("k", [3, 2, 2, 2], (0..<24).map { Float($0 % 7) * 0.2 - 0.5 })
    graph.add("Conv", ["x", "k"], "h")
    build(&graph)
    #expect(try graph.translated().layers == layers, "\(name)")
  }

  /// As TensorFlow writes x[:, :, None], with ends beyond all sizes.
  @Test func `a slice of everything is what it is a slice of`() throws {
    var graph = Graph()
    graph.whole("none", [0, 0, 0])
    graph.whole("all", [1_000_000_000, 1_000_000_000, .max])
    graph.whole("behind", [2])
    graph.add("Unsqueeze", ["x", "behind"], "u")
    graph.add("Slice", ["u", "none", "all"], "v")
    graph.add("Sub", ["v", "ct"], "s")
    graph.add("Mul", ["s", "s"], "p")
    graph.add("ReduceSum", ["p", "middle"], "d", ["keepdims": .integer(0)])
    #expect(try graph.translated().layers == ["rbf"])
    graph.whole("none", [0, 1, 0])
    #expect(throws: ModelError.self) { try graph.translated() }
  }

  /// Behind a convolution, and before any layer, as a dense network for images begins.
  @Test(arguments: [[3, 4, 1], [1, 3, 4], [3, 1, 4], [2, 2, 3], [3, 4]])
  func `an image is flattened in the graph's order`(shape: [Int]) throws {
    for start in ["Conv", "Mul", "Identity"] where start != "Conv" || shape.count == 3 {
      var graph = Graph()
      graph.input = shape
      graph.whole("flat", [-1, 12])
      graph.tensor("w", [12, 2], (0..<24).map { Float($0 % 5) * 0.3 - 0.5 })
      graph.tensor("k", [shape[0], 1, 1, 1], (0..<shape[0]).map { Float($0) + 0.5 })
      graph.add(
        start, start == "Identity" ? ["x"] : ["x", start == "Mul" ? "half" : "k"], "h",
        start == "Conv" ? ["group": .integer(shape[0])] : [:])
      graph.add("Reshape", ["h", "flat"], "f")
      graph.add("MatMul", ["f", "w"], "y")
      #expect(try graph.translated().layers.last == "dense", "\(start)")
    }
  }

  @Test(arguments: [0, 1])
  func `the maximum of an image is a global pooling`(keepdims: Int) throws {
    var graph = Graph()
    graph.input = [2, 4, 5]
    graph.tensor("k", [3, 2, 2, 2], (0..<24).map { Float($0 % 7) * 0.2 - 0.5 })
    graph.whole("image", [2, 3])
    graph.add("Conv", ["x", "k"], "h")
    graph.add("ReduceMax", ["h", "image"], "m", ["keepdims": .integer(keepdims)])
    graph.whole("flat", [-1, 3])
    graph.add("Reshape", ["m", "flat"], "f")
    graph.add("Gemm", ["f", "ct"], "y")
    #expect(try graph.translated().layers == ["input", "conv2d", "global_max_pooling2d", "dense"])
  }

  /// The outputs of an RBF layer are a row like another, also where they are spread over the units of the next.
  @Test func `an RBF layer reads another's outputs`() throws {
    var graph = Graph()
    graph.difference()
    graph.add("Mul", ["s", "s"], "p")
    graph.sum("p")
    graph.add("Mul", ["d", "minus"], "m")
    graph.add("Exp", ["m"], "e")
    graph.tensor("c3", [4, 2], [0.5, 0.25, 0.125, 1, 0.75, 0.5, 0.1, 0.9])
    graph.add("Unsqueeze", ["e", "middle"], "u3")
    graph.add("Sub", ["u3", "c3"], "s3")
    graph.add("Mul", ["s3", "s3"], "p3")
    graph.sum("p3", "y")
    #expect(try graph.translated().layers == ["rbf", "rbf"])
  }

  static let refused: [(sentence: String, build: @Sendable (inout Graph) -> Void)] = [
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
    var graph = Graph()
    build(&graph)
    let error = #expect(throws: ModelError.self) { try graph.translated() }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }

  /// A few hundred bytes that ask for terabytes.
  static let large: [@Sendable (inout Graph) -> Void] = [
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
    var graph = Graph()
    Self.large[index](&graph)
    #expect(throws: ModelError.self) { try graph.translated() }
  }

  /// torch's kernel 3, stride 2, padding 1 on an even image is not TensorFlow's "same".
  @Test func `padding that is not the same is a layer of its own`() throws {
    var graph = Graph()
    graph.input = [1, 6, 6]
    graph.tensor("k", [2, 1, 3, 3], (0..<18).map { Float($0) / 10 - 0.8 })
    graph.add("Conv", ["x", "k"], "v", ["strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1])])
    graph.add("Flatten", ["v"], "y")
    #expect(try graph.translated().layers == ["zero_padding2d", "conv2d", "flatten"])
    graph.nodes[0].attributes["pads"] = .integers([0, 0, 1, 1])
    #expect(try graph.translated().layers == ["conv2d", "flatten"])
  }

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
      var graph = Graph()
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
    var graph = Graph()
    graph.input = [2, 6, 6]
    graph.add("MaxPool", ["x"], "v", ["kernel_shape": .integers([2, 2]), "dilations": .integers([2, 2])])
    graph.add("Flatten", ["v"], "y")
    let error = #expect(throws: ModelError.self) { try graph.translated() }
    #expect(error?.description.contains("dilated") == true)
  }

  @Test(arguments: [(1, 1), (2, 1), (1, 2)])
  func `groups and dilations`(groups: Int, dilation: Int) throws {
    var graph = Graph()
    graph.input = [2, 7, 6]
    graph.tensor("k", [4, 2 / groups, 2, 3], (0..<48 / groups).map { Float($0) / 20 - 0.9 })
    graph.add(
      "Conv", ["x", "k"], "v", ["group": .integer(groups), "dilations": .integers([dilation, dilation])])
    graph.add("Relu", ["v"], "r")
    graph.add("Flatten", ["r"], "y")
    let (layers, model) = try graph.translated()
    #expect(
      layers == ["input", "conv2d relu", "flatten"] && model.inputShape == [2, 7, 6] && model.imageShape == [7, 6, 2])
  }
}

extension ONNXAlgebraTests.Graph {
  /// s = x − c, [N, 2, 3].
  mutating func difference(of rows: String = "x", reversed: Bool = false) {
    add("Unsqueeze", [rows, "middle"], "u")
    add("Sub", reversed ? ["c1", "u"] : ["u", "c1"], "s")
  }

  mutating func sum(_ input: String, _ output: String = "d") { reduce("ReduceSum", input, output) }

  /// Over the last axis; before opset 18 only ReduceSum has it as an input.
  mutating func reduce(_ operation: String, _ input: String, _ output: String) {
    if operation == "ReduceSum" {
      add(operation, [input, "last"], output, ["keepdims": .integer(0)])
    } else {
      add(operation, [input], output, ["keepdims": .integer(0), "axes": .integers([-1])])
    }
  }
}
