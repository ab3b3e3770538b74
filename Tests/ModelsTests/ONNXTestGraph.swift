import FileFormats
import Foundation
import RadialEngine
import Testing

@testable import Models

/// A graph written by hand: rows [N, 3] called x, two centers in the rows of c.
struct ONNXTestGraph {
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
  ) -> ONNXTestGraph {
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

extension ONNXTestGraph {
  /// d = Σ (x − c)², to be read on from.
  static func ofSquaredDistance() -> ONNXTestGraph {
    var graph = ONNXTestGraph()
    graph.difference()
    graph.add("Mul", ["s", "s"], "p")
    graph.sum("p")
    return graph
  }

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
