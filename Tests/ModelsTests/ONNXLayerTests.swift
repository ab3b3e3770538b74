import Testing

@testable import Models

/// Every way of writing another layer that exporters have: each becomes that layer, with the numbers of the graph.
@Suite struct ONNXLayerTests {
  static let activations: [(name: String, layer: String, build: @Sendable (inout ONNXTestGraph) -> Void)] = [
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
    var graph = ONNXTestGraph()
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
  static let cells: [(name: String, layers: [String], build: @Sendable (inout ONNXTestGraph) -> Void)] = [
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
    (
      "Flatten, normalised", ["input", "conv2d", "flatten", "batch_normalization"],
      {
        $0.tensor("s", [3], [0.5, 1, 2])
        $0.add("Flatten", ["h"], "f")
        $0.add("BatchNormalization", ["f", "s", "s", "s", "s"], "y")
      }
    ),
    (
      "Flatten, layer normalisation, softmax",
      ["input", "conv2d", "flatten", "layer_normalization", "activation softmax"],
      {
        $0.tensor("s", [3], [0.5, 1, 2])
        $0.add("Flatten", ["h"], "f")
        $0.add("LayerNormalization", ["f", "s", "s"], "n")
        $0.add("Softmax", ["n"], "y", ["axis": .integer(1)])
      }
    ),
    (
      "Flatten, slopes", ["input", "conv2d", "flatten", "prelu"],
      {
        $0.tensor("s", [3], [0.5, 1, 2])
        $0.add("Flatten", ["h"], "f")
        $0.add("PRelu", ["f", "s"], "y")
      }
    ),
  ]

  @Test(arguments: cells.indices)
  func `an image of one cell is the row of its channels`(index: Int) throws {
    let (name, layers, build) = Self.cells[index]
    var graph = ONNXTestGraph()
    graph.input = [2, 2, 2]
    graph.tensor("k", [3, 2, 2, 2], (0..<24).map { Float($0 % 7) * 0.2 - 0.5 })
    graph.add("Conv", ["x", "k"], "h")
    build(&graph)
    #expect(try graph.translated().layers == layers, "\(name)")
  }

  /// As TensorFlow writes x[:, :, None], with ends beyond all sizes.
  @Test func `a slice of everything is what it is a slice of`() throws {
    var graph = ONNXTestGraph()
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
      var graph = ONNXTestGraph()
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
    var graph = ONNXTestGraph()
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
    var graph = ONNXTestGraph()
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

  /// torch's kernel 3, stride 2, padding 1 on an even image is not TensorFlow's "same".
  @Test func `padding that is not the same is a layer of its own`() throws {
    var graph = ONNXTestGraph()
    graph.input = [1, 6, 6]
    graph.tensor("k", [2, 1, 3, 3], (0..<18).map { Float($0) / 10 - 0.8 })
    graph.add("Conv", ["x", "k"], "v", ["strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1])])
    graph.add("Flatten", ["v"], "y")
    #expect(try graph.translated().layers == ["zero_padding2d", "conv2d", "flatten"])
    graph.nodes[0].attributes["pads"] = .integers([0, 0, 1, 1])
    #expect(try graph.translated().layers == ["conv2d", "flatten"])
  }

  @Test(arguments: [(1, 1), (2, 1), (1, 2)])
  func `groups and dilations`(groups: Int, dilation: Int) throws {
    var graph = ONNXTestGraph()
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
