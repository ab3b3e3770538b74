import Foundation
import RadialEngine
import Testing

@testable import Models

/// Heads of their own for distances, in files.
@Suite struct DistanceHeadFileTests {
  /// 4 → dense 3 relu → dense 2 softmax, with distances of the first layer.
  static func crafted(_ distances: String = head) -> Crafted {
    var crafted = Crafted()
    crafted.tensors = []
    crafted.metadata["radial.version"] = "1.2"
    crafted.metadata["radial.labels"] = nil
    crafted.metadata["radial.calibration"] = nil
    crafted.metadata["radial.architecture"] =
      #"{"version":1,"input_shape":[4],"layers":[{"type":"dense","name":"a","units":3,"activation":"relu"},{"type":"dropout","name":"d"},{"type":"dense","name":"b","units":2,"activation":"softmax"}],"distances":"#
      + distances + "}"
    crafted.add("a.kernel", [4, 3], (0..<12).map { Float($0) * 0.1 })
    crafted.add("a.bias", [3], [0, 0.1, 0.2])
    crafted.add("b.kernel", [3, 2], [1, -1, 0.5, 0.2, 0, 1])
    crafted.add("b.bias", [2], [0, 0.1])
    crafted.add("w.kernel", [3, 2], [1, 0, 0, 1, 1, 1])
    crafted.add("w.bias", [2], [-1, 0.5])
    crafted.add("p.centers", [3, 2], [0, 0, 1, 1, 2, -1])
    return crafted
  }

  static let head =
    #"{"of":"a","layers":[{"type":"dense","name":"w","units":2},{"type":"rbf","name":"p","units":3,"scale":0.5,"centers_layout":"units_features","classes":[0,1,1]}]}"#

  @Test func `outputs are the network's, distances the head's, and both are stated`() throws {
    let model = try load(Self.crafted().data)
    #expect(model.decision == .largestOutput && model.measuresClasses && model.classCount == 2)
    #expect(model.network.distanceWidth == 2 && model.network.prototypeCount == 3 && model.distanceLayer == "a")
    #expect(model.layers.map(\.name) == ["a", "d", "b", "w", "p"])
    #expect(model.layers.last?.formula == "sum((x - mu)^2), of 2 classes each's smallest")
    #expect(model.kind == "classifier by the largest of 2 outputs, with distances of 'a' to 3 prototypes")
    let answers = Answers(model, [[1, 0, 0, 0]])
    // a: 0, 0.2, 0.4; w: -0.6, 1.1.
    let expected: [Float] = [0.36 + 1.21, min(2.56 + 0.01, 6.76 + 4.41)]
    #expect(zip(answers.distances, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(answers.distances)")
    let classification = answers.outputs.withUnsafeBufferPointer { outputs in
      answers.distances.withUnsafeBufferPointer {
        Classification(outputs.baseAddress!, $0.baseAddress!, of: model)
      }
    }
    #expect(classification.predicted == 1 && classification.distance == answers.distances[1])
    // The other class is nearer.
    #expect(classification.margin == answers.distances[0] - answers.distances[1] && classification.margin! < 0)
    // Written again it is the same.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("in.safetensors")
    try Self.crafted().data.write(to: input)
    let written = try Model.convert(input.path, to: folder.appendingPathComponent("out.safetensors").path)
    #expect(Answers(written, [[1, 0, 0, 0]]).isIdentical(to: answers) && written.layers == model.layers)
  }

  /// What is replaced in the head, by what, and what the refusal must say.
  static let changes: [(String, String, String)] = [
    (#""of":"a""#, #""of":"x""#, "'distances' are of the layer 'x', and there is none of this name"),
    (#""of":"a""#, #""of":"b""#, "'distances' are of the last layer, expected one before it"),
    (#""of":"a","#, "", "tensor 'w.kernel' has shape [3, 2], expected [4, 2]"),
    (#""classes":[0,1,1]"#, #""classes":[0,1]"#, "'classes' is [0, 1], expected the class of each of its 3 units"),
    (#""classes":[0,1,1]"#, #""classes":[0,2,2]"#, "from 0 on without a gap"),
    (#""classes":[0,1,1]"#, #""classes":[0,1,9007199254740991]"#, "from 0 on without a gap"),
    (#""classes":[0,1,1]"#, #""classes":[0,1,-1]"#, "from 0 on without a gap"),
    (#""classes":[0,1,1]"#, #""classes":[0,1,2]"#, "have the prototypes of 3 classes, and the network answers 2"),
    (#","classes":[0,1,1]"#, "", "an rbf layer without 'classes'"),
    (#""scale":0.5"#, #""scale":"tensor""#, "a gamma a unit, expected one gamma"),
    (#""units":2}"#, #""units":2,"activation":"relu"}"#, "a first layer that is no dense layer without activation"),
    (#""type":"dense","name":"w""#, #""type":"flatten","name":"w""#, "unknown member 'units'"),
    (#""name":"w""#, #""name":"a""#, "two layers are called 'a'"),
    (#""of""#, #""off""#, "unknown member 'off' (did you mean 'of'?)"),
  ]

  @Test(arguments: changes) func `what does not fit is refused with a sentence`(
    part: String, replacement: String, sentence: String
  ) throws {
    let head = Self.head.replacingOccurrences(of: part, with: replacement)
    #expect(head != Self.head)
    let error = #expect(throws: ModelError.self) { try load(Self.crafted(head).data) }
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
  }

  @Test func `it is refused where classes are measured already, or none are answered`() throws {
    var regressor = Self.crafted()
    regressor.metadata["radial.architecture"]!.replace(#","activation":"softmax""#, with: "")
    let error = #expect(throws: ModelError.self) { try load(regressor.data) }
    #expect(error?.description.contains("the network answers none") == true, "\(error?.description ?? "")")
  }
}
