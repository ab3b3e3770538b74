import FileFormats
import Foundation
import RadialEngine
import Testing

@testable import Models

/// Chains of Keras' own layers, with and without an RBF layer, written by Keras/make_layers.py with Keras' answers.
@Suite struct OrdinaryLayersTests {
  struct Case: Decodable {
    /// nil: it is served.
    let refused: String?
    let inputs: [[Float]]?
    let outputs64: [[Double]]?
    let kerasError: Double?
    enum CodingKeys: String, CodingKey {
      case refused, inputs, outputs64
      case kerasError = "keras_error"
    }
  }

  static let cases = try! JSONDecoder().decode(
    // A fixture of this folder, which the script writes.
    [String: Case].self, from: Data(contentsOf: KerasFileTests.folder.appendingPathComponent("layers.json")))
  static let served = cases.filter { $0.value.refused == nil }.map(\.key).sorted()
  static let refused = cases.filter { $0.value.refused != nil }.map(\.key).sorted()

  /// A file of the archive.
  static func content(_ name: String) throws -> Data {
    let archive = try ZipArchive(
      ByteSlice([UInt8](Data(contentsOf: KerasFileTests.folder.appendingPathComponent("layers.zip")))))
    return Data(try archive.contents(name, limit: 1 << 22).array)
  }

  /// The model of a file of the archive, under its name.
  static func model(
    _ name: String, instructionSet: InstructionSet = .best, _ options: LoadOptions = LoadOptions()
  ) throws -> Model {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent(name)
    try content(name).write(to: url)
    return try Model.load(path: url.path, instructionSet: instructionSet, options: options)
  }

  @Test func `there are files of each kind`() {
    #expect(Self.served.count == 38 && Self.refused.count == 11)
  }

  @Test(arguments: served)
  func `each gives Keras' answers on every instruction set, and after its conversion`(name: String) throws {
    let expected = try #require(Self.cases[name])
    let (inputs, outputs) = (try #require(expected.inputs), try #require(expected.outputs64))
    let kerasError = try #require(expected.kerasError)
    for set in InstructionSet.available {
      let model = try Self.model(name, instructionSet: set)
      let widest = Double(model.layers.map { $0.inputShape.reduce(1, *) }.max() ?? 1)
      let answers = Answers(model, inputs)
      #expect(answers.outputs.count == outputs.joined().count)
      for (index, (found, exact)) in zip(answers.outputs, outputs.joined()).enumerated() {
        let allowed = max(4 * kerasError, 2e-6 + (4e-6 + 2.5e-8 * widest) * abs(exact))
        #expect(abs(Double(found) - exact) <= allowed, "\(set), \(index): \(found), expected \(exact)")
      }
      guard set == .best else { continue }
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let source = folder.appendingPathComponent(name)
      try Self.content(name).write(to: source)
      let converted = try Model.convert(source.path, to: folder.appendingPathComponent("own.safetensors").path)
      #expect(Answers(converted, inputs).isIdentical(to: answers))
      #expect(converted.layers == model.layers && converted.decision == model.decision)
    }
  }

  @Test(arguments: refused) func `what is not served is refused by name`(name: String) throws {
    let words = try #require(Self.cases[name]?.refused)
    let error = #expect(throws: ModelError.self) { try Self.model(name) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func `a class follows from a softmax, from one sigmoid and from labels`() throws {
    let decisions: [(String, Decision?, Int)] = [
      ("softmax", .largestOutput, 5), ("softmax_layer", .largestOutput, 5), ("softmax_activation", .largestOutput, 5),
      ("sigmoid", .probability, 2), ("sigmoids", nil, 0), ("logits", nil, 0), ("regressor", nil, 0),
      ("rbf_softmax", .largestOutput, 3), ("global_average", .nearestPrototype, 5),
    ]
    for (name, decision, count) in decisions {
      let model = try Self.model("\(name).keras")
      #expect(model.decision == decision && model.classCount == count, "\(name)")
      #expect(model.hasDistances == ["rbf_softmax", "global_average"].contains(name), "\(name)")
    }
    func labelled(_ name: String, _ labels: [String]) throws -> Model {
      var options = LoadOptions()
      options.labels = labels
      return try Self.model("\(name).keras", options)
    }
    for (name, labels) in [
      ("logits", ["a", "b", "c"]), ("sigmoid", ["no", "yes"]), ("rbf_softmax", ["a", "b", "c"]),
    ] {
      let model = try labelled(name, labels)
      #expect(model.isClassifier && model.labels == labels)
    }
    let error = #expect(throws: ModelError.self) { try labelled("softmax", ["a", "b"]) }
    #expect(error?.description.contains("2 labels were given, expected 5, one for each class") == true)
  }

  @Test func `the class is the likeliest, its score its probability`() throws {
    let expected = try #require(Self.cases["softmax.keras"])
    let model = try Self.model("softmax.keras")
    let answers = Answers(model, try #require(expected.inputs))
    for (row, outputs) in try #require(expected.outputs64).enumerated() {
      let classification = answers.outputs.withUnsafeBufferPointer {
        Classification($0.baseAddress! + row * 5, nil, of: model)
      }
      #expect(classification.predicted == outputs.firstIndex(of: outputs.max()!))
      #expect(classification.score == answers.outputs[row * 5 + classification.predicted])
      #expect(classification.distance == nil && classification.margin == nil && classification.verdict == nil)
    }
    let binary = try Self.model("sigmoid.keras")
    for (probability, predicted, score) in [(Float(0.25), 0, Float(0.75)), (0.5, 1, 0.5), (0.75, 1, 0.75)] {
      let classification = Classification([probability], nil, of: binary)
      #expect(classification.predicted == predicted && classification.score == score)
      #expect(binary.likeliest(9, [probability], nil) == (predicted == 1 ? [1, 0] : [0, 1]))
    }
    // Ties to the lowest index, a NaN below everything.
    #expect(model.likeliest(3, [0.1, 0.4, 0.4, .nan, 0], nil) == [1, 2, 0])
    #expect(Classification([.nan, 0.1, 0.4, 0.4, 0], nil, of: model).predicted == 2)
  }
}
