import FileFormats
import Foundation
import RadialEngine
import Testing

@testable import Models

/// What skl2onnx writes of scikit-learn's models: the verdict of a OneClassSVM, the classes of KMeans, and what is refused.
@Suite struct ONNXScikitTests {
  private struct Expected: Decodable {
    let known: [Bool]?
    let classes: [Int]?
  }

  private static func url(_ name: String, _ file: String) -> URL {
    ONNXGoldenTests.folder.appendingPathComponent("scikit_\(name)/\(file)")
  }

  private func load(_ name: String) throws -> (model: Model, vectors: Vectors, expected: Expected) {
    let data = try Data(contentsOf: Self.url(name, "vectors.json"))
    return (
      try Model.load(path: Self.url(name, "model.onnx").path), try JSONDecoder().decode(Vectors.self, from: data),
      try JSONDecoder().decode(Expected.self, from: data)
    )
  }

  private func classifications(_ model: Model, _ vectors: Vectors) -> [Classification] {
    let answers = Answers(model, vectors.inputs.map(\.values))
    let (width, classes) = (model.network.outputWidth, model.network.distanceWidth)
    return vectors.inputs.indices.map { row in
      answers.outputs.withUnsafeBufferPointer { outputs in
        answers.distances.withUnsafeBufferPointer { distances in
          Classification(
            outputs.baseAddress! + row * width, distances.baseAddress.map { $0 + row * classes }, of: model)
        }
      }
    }
  }

  @Test(arguments: ["ocsvm", "ocsvm_double", "ocsvm_normalizer", "ocsvm_opset9", "ocsvm_standard"])
  func `a OneClassSVM's verdicts are scikit-learn's own`(name: String) throws {
    let (model, vectors, expected) = try load(name)
    #expect(model.decision == .oneClass(above: 0) && model.verdictSource == .model && model.classCount == 1)
    let found = classifications(model, vectors)
    #expect(found.map { $0.verdict?.isKnown } == (try #require(expected.known)).map { $0 })
    #expect(found.allSatisfy { $0.verdict?.pValue == nil && $0.predicted == 0 && $0.distance == nil })
    #expect(model.notes.contains { $0.contains("'label' is left out: 'known'") })
  }

  @Test(arguments: ["kmeans", "kmeans_minmax", "kmeans_standard"])
  func `the nearest cluster is the class`(name: String) throws {
    let (model, vectors, expected) = try load(name)
    #expect(model.decision == .nearestPrototype && model.verdictSource == nil)
    #expect(classifications(model, vectors).map(\.predicted) == expected.classes)
  }

  @Test(arguments: ["svr", "svr_linear", "svr_minmax", "nusvr_robust"])
  func `a regression answers a number and no class`(name: String) throws {
    let (model, _, _) = try load(name)
    #expect(model.decision == nil && model.network.outputWidth == 1 && model.verdictSource == nil)
  }

  // MARK: Files of Radial's own

  private static func temporary() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("scikit-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test func `a converted OneClassSVM keeps its verdicts, in a file of version 1.2`() throws {
    let folder = try Self.temporary()
    defer { try? FileManager.default.removeItem(at: folder) }
    let (model, vectors, _) = try load("ocsvm_standard")
    let path = folder.appendingPathComponent("m.safetensors").path
    let own = try Model.convert(Self.url("ocsvm_standard", "model.onnx").path, to: path)
    #expect(own.decision == .oneClass(above: 0))
    #expect(classifications(own, vectors) == classifications(model, vectors))
    let file = try SafetensorsFile(FileContents(path: path), path: path)
    #expect(file.metadata["radial.version"] == "1.2")
    #expect(try file.architecture().knownAbove == 0)
  }

  @Test func `a calibrated OneClassSVM is ranked by its output`() throws {
    let folder = try Self.temporary()
    defer { try? FileManager.default.removeItem(at: folder) }
    let editor = try ModelEditor(Self.url("ocsvm", "model.onnx").path)
    let held: [Float] = (1...99).map { Float($0) / 100 - 0.4 }
    editor.setCalibration(
      Calibration(
        distances: [held.map { -$0 }], of: editor.model.network, rate: 0.05, minimumRows: 0, isOfOutput: true))
    let path = folder.appendingPathComponent("m.safetensors").path
    let model = try editor.write(to: OutputFile(path: path, inputs: [], kind: .model, force: false))
    #expect(model.verdictSource == .calibration)
    let calibration = try #require(model.calibration)
    // Of 99 rows four score less than -0.355.
    #expect(calibration.pValue(class: 0, distance: 0.355) == 0.05)
    #expect(calibration.pValue(class: 0, distance: 2) == 0.01)
    #expect(calibration.pValue(class: 0, distance: -2) == 1)
    let limit = try #require(calibration.limit(of: 0, at: 0.05))
    #expect(limit == held[3])
    for (output, isKnown) in [(limit, true), (limit.nextDown, false), (0.5, true), (-3, false)] as [(Float, Bool)] {
      let found = withUnsafePointer(to: output) { Classification($0, nil, of: model) }
      #expect(found.verdict?.isKnown == isKnown && found.verdict?.pValue != nil, "\(output)")
    }
  }

  /// As libsvm has it: at 0 exactly a row is no inlier.
  @Test func `an output of exactly 0 is unknown`() throws {
    let (model, _, _) = try load("ocsvm")
    for (output, isKnown) in [(0, false), (-0.0, false), (.leastNonzeroMagnitude, true), (.nan, false)]
      as [(Float, Bool)]
    {
      let found = withUnsafePointer(to: output) { Classification($0, nil, of: model) }
      #expect(found.verdict == Classification.Verdict(pValue: nil, isKnown: isKnown), "\(output)")
      #expect(withUnsafePointer(to: output) { Classification($0, nil, of: model, omitsVerdict: true) }.verdict == nil)
    }
  }

  /// A dense layer of some units, and what the file says beside it.
  private func file(units: Int, _ members: String, activation: String = "linear") throws -> String {
    let folder = try Self.temporary()
    let path = folder.appendingPathComponent("m.safetensors").path
    let architecture =
      #"{"version":1,"input_shape":[2],"layers":[{"type":"dense","name":"d","units":\#(units),"activation":"\#(activation)"}]\#(members)}"#
    let output = try OutputFile(path: path, inputs: [], kind: .model, force: false)
    try SafetensorsWriter.write(
      metadata: ["format": "radial", "radial.version": "1.2", "radial.architecture": architecture],
      tensors: [
        "d.kernel": Tensor([Float](repeating: 0.5, count: 2 * units), shape: [2, units]),
        "d.bias": Tensor([Float](repeating: 0, count: units), shape: [units]),
      ], to: output)
    _ = try output.finish()
    try output.commit()
    return path
  }

  @Test func `a limit of the output is a member of any network with one`() throws {
    let model = try Model.load(path: try file(units: 1, #","known_above":-1.5"#))
    #expect(model.decision == .oneClass(above: -1.5))
  }

  @Test(arguments: [
    (1, #","known_above":"0""#, "linear", "known_above"), (1, #","known_above":null"#, "linear", "known_above"),
    (1, #","known_above":1e39"#, "linear", "known_above"), (1, #","known_above":[0]"#, "linear", "known_above"),
    (2, #","known_above":0"#, "linear", "one output"), (2, #","known_above":0"#, "softmax", "one output"),
    (1, #","known_above":0"#, "sigmoid", "answers classes"),
  ])
  func `a limit that means nothing is refused`(units: Int, member: String, activation: String, word: String) throws {
    let path = try file(units: units, member, activation: activation)
    let error = #expect(throws: ModelError.self) { try Model.load(path: path) }
    #expect(error?.description.contains(word) == true, "\(String(describing: error))")
  }

  // MARK: Graphs that are almost right

  private func changed(_ name: String, _ change: (inout ONNXModel) throws -> Void) throws -> Model {
    let path = Self.url(name, "model.onnx").path
    var graph = try ONNXReader(path: path).model(ByteSlice([UInt8](Data(contentsOf: URL(fileURLWithPath: path)))))
    try change(&graph)
    return try Model(
      ONNXFile(graph, FileContents(path: path), path: path), name: "m", version: 1, instructionSet: .best)
  }

  private static func place(_ operation: String, in graph: ONNXModel) throws -> Int {
    try #require(graph.graph.nodes.firstIndex { $0.operation == operation })
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let name: String
    let operation: String
    let key: String
    /// nil: there is none.
    let value: Value?
    let words: String
    var testDescription: String { "\(operation).\(key): \(words)" }

    enum Value: Sendable {
      case integer(Int)
      case float(Float)
      case text(String)
      case floats([Float])

      var attribute: ONNXAttribute {
        switch self {
        case .integer(let value): .integer(value)
        case .float(let value): .float(value)
        case .text(let value): .text(value)
        case .floats(let values): .floats(values)
        }
      }
    }

    init(_ name: String, _ operation: String, _ key: String, _ value: Value?, _ words: String) {
      (self.name, self.operation, self.key, self.value, self.words) = (name, operation, key, value, words)
    }
  }

  static let refusals: [Refusal] = [
    Refusal("ocsvm", "SVMRegressor", "kernel_type", .text("POLY"), "its kernel is 'POLY'"),
    Refusal("ocsvm", "SVMRegressor", "kernel_type", .text("SIGMOID"), "train it with kernel='rbf'"),
    Refusal("ocsvm", "SVMRegressor", "kernel_type", .integer(1), "of another kind"),
    Refusal("ocsvm", "SVMRegressor", "kernel_params", nil, "its kernel_params are []"),
    Refusal("ocsvm", "SVMRegressor", "kernel_params", .floats([0, 0, 3]), "gamma, which is positive"),
    Refusal("ocsvm", "SVMRegressor", "kernel_params", .floats([-1, 0, 3]), "gamma, which is positive"),
    Refusal("ocsvm", "SVMRegressor", "kernel_params", .floats([.nan, 0, 3]), "not finite"),
    Refusal("ocsvm", "SVMRegressor", "kernel_params", .floats([1]), "coef0 and degree"),
    Refusal("ocsvm", "SVMRegressor", "coefficients", .floats([1, 2]), "2 coefficients"),
    Refusal("ocsvm", "SVMRegressor", "coefficients", nil, "0 coefficients"),
    Refusal("ocsvm", "SVMRegressor", "coefficients", .floats([.infinity]), "not finite"),
    Refusal("ocsvm", "SVMRegressor", "support_vectors", .floats([1, 2, 3]), "3 numbers"),
    Refusal("ocsvm", "SVMRegressor", "support_vectors", nil, "have 0 numbers"),
    Refusal("ocsvm", "SVMRegressor", "n_supports", .integer(-3), "each of its -3"),
    Refusal("ocsvm", "SVMRegressor", "n_supports", .integer(.max), "support vectors"),
    Refusal("ocsvm", "SVMRegressor", "n_supports", .integer(0), "support vectors"),
    Refusal("ocsvm", "SVMRegressor", "rho", nil, "its rho has 0 numbers"),
    Refusal("ocsvm", "SVMRegressor", "rho", .floats([1, 2]), "its rho has 2 numbers"),
    Refusal("ocsvm", "SVMRegressor", "post_transform", .text("LOGISTIC"), "post_transform is 'LOGISTIC'"),
    Refusal("ocsvm", "SVMRegressor", "one_class", .integer(2), "one_class is 2"),
    Refusal("ocsvm", "SVMRegressor", "gamma", .float(2), "'gamma' is none of the operator's"),
    Refusal("ocsvm_standard", "Scaler", "offset", nil, "'offset' has 0 numbers, expected 1 or 4"),
    Refusal("ocsvm_standard", "Scaler", "scale", .floats([1, 2, 3]), "'scale' has 3 numbers, expected 1 or 4"),
    Refusal("ocsvm_standard", "Scaler", "scale", .floats([1, 2, 3, -.infinity]), "not finite"),
    Refusal("ocsvm_standard", "Scaler", "scale", .text("1"), "of another kind"),
    Refusal("ocsvm_normalizer", "Normalizer", "norm", .text("L1"), "norm 'L1'"),
    Refusal("ocsvm_normalizer", "Normalizer", "norm", nil, "norm 'MAX'"),
    Refusal("kmeans", "ArgMin", "axis", .integer(0), "argmin is served"),
    Refusal("kmeans", "ArgMin", "axis", .integer(7), "axis 7"),
    Refusal("kmeans", "ArgMin", "select_last_index", .integer(1), "argmin is served"),
  ]

  @Test(arguments: refusals) func `an attribute that is not served is refused`(refusal: Refusal) throws {
    let error = #expect(throws: ModelError.self) {
      try changed(refusal.name) { graph in
        graph.graph.nodes[try Self.place(refusal.operation, in: graph)].attributes[refusal.key] =
          refusal.value?.attribute
      }
    }
    #expect(error?.description.contains(refusal.words) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("SVMClassifier", "votes"), ("TreeEnsembleRegressor", "trees"), ("ZipMap", "zipmap"), ("Imputer", "'Imputer'"),
  ])
  func `another operator of the domain is refused by what it is`(operation: String, words: String) throws {
    let error = #expect(throws: ModelError.self) {
      try changed("ocsvm") { $0.graph.nodes[try Self.place("SVMRegressor", in: $0)].operation = operation }
    }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("ReduceLogSumExp", "a Gaussian mixture", false), ("Scan", "Gaussian processes", true),
  ])
  func `a mixture and a process are refused by what they are`(
    operation: String, words: String, hasBody: Bool
  ) throws {
    let error = #expect(throws: ModelError.self) {
      try changed("kmeans") {
        let place = try Self.place("ReduceSumSquare", in: $0)
        $0.graph.nodes[place].operation = operation
        $0.graph.nodes[place].attributes["body"] = hasBody ? .graph : nil
      }
    }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test func `a label is the sign of the score, and of nothing else`() throws {
    func refused(_ change: (inout ONNXModel) throws -> Void) -> String {
      let error = #expect(throws: ModelError.self) { try changed("ocsvm_standard", change) }
      return error?.description ?? ""
    }
    // Alone it is no answer.
    #expect(refused { $0.graph.outputs.removeAll { $0.name == "scores" } }.contains("its only output is a label"))
    // Of the input.
    #expect(
      refused { $0.graph.nodes[try Self.place("Sign", in: $0)].inputs = ["X"] }.contains("something else"))
    // Where -1 would be true.
    #expect(
      refused {
        let place = try #require($0.graph.nodes.firstIndex { $0.outputs == ["label"] })
        $0.graph.nodes[place].attributes["to"] = .integer(9)
      }.contains("a type without a sign"))
    // Read by a layer.
    #expect(
      refused {
        $0.graph.nodes.append(
          ONNXNode(inputs: ["label"], outputs: ["again"], name: "again", operation: "Relu", attributes: [:]))
        $0.graph.outputs.append(ONNXValueInfo(name: "again", type: 1))
      }.contains("reads a label"))
    // Without the label it is a regression.
    let plain = try changed("ocsvm_standard") { $0.graph.outputs.removeAll { $0.name == "label" } }
    #expect(plain.decision == nil && plain.notes.isEmpty)
  }

  @Test func `a label may be written as a choice, or by the operator itself`() throws {
    func number(_ name: String, _ value: Float) -> ONNXTensor {
      ONNXTensor(name: name, type: 1, shape: [], floats: [value])
    }
    func chosen(_ above: Float, _ other: Float) throws -> Model {
      try changed("ocsvm") { graph in
        let place = try Self.place("Sign", in: graph)
        let (score, label) = (graph.graph.nodes[place].inputs[0], graph.graph.nodes[place].outputs[0])
        for (name, value) in [("zero", 0), ("above", above), ("other", other)] as [(String, Float)] {
          graph.graph.initializers[name] = number(name, value)
        }
        graph.graph.nodes[place] = ONNXNode(
          inputs: [score, "zero"], outputs: ["is_above"], name: "is_above", operation: "Greater", attributes: [:])
        graph.graph.nodes.append(
          ONNXNode(
            inputs: ["is_above", "above", "other"], outputs: [label], name: "choice", operation: "Where",
            attributes: [:]
          ))
      }
    }
    #expect(try chosen(1, -1).decision == .oneClass(above: 0))
    #expect(throws: ModelError.self) { try chosen(-1, 1) }
    // one_class gives the sign alone.
    let error = #expect(throws: ModelError.self) {
      try changed("ocsvm") {
        $0.graph.nodes[try Self.place("SVMRegressor", in: $0)].attributes["one_class"] = .integer(1)
      }
    }
    #expect(error?.description.contains("label") == true, "\(String(describing: error))")
  }

  @Test func `a linear kernel without vectors has its weights as coefficients`() throws {
    let model = try changed("svr_linear") { graph in
      let place = try Self.place("SVMRegressor", in: graph)
      graph.graph.nodes[place].attributes["n_supports"] = nil
      graph.graph.nodes[place].attributes["support_vectors"] = nil
      graph.graph.nodes[place].attributes["coefficients"] = .floats([1, 2, -3, 4])
      graph.graph.nodes[place].attributes["rho"] = .floats([0.5])
    }
    #expect(model.layers.map(\.type) == ["batch_normalization", "dense"])
  }
}
