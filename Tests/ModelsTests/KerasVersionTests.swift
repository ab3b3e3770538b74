import FileFormats
import Foundation
import RadialEngine
import TestSupport
import Testing

@testable import Models

/// Files of Keras/versions/, which Keras 2.13 to 2.15 wrote, on Linux and in the form of Windows, with Keras' own answers.
@Suite struct KerasVersionTests {
  static let versions = ["213", "214", "215"]

  static func path(_ file: String) -> String { KerasFileTests.path("versions/\(file)") }

  /// Compares with the answers beside the files as `KerasFileTests` does.
  static func expectAnswers(of name: String, _ model: Model) throws {
    let expected = try JSONDecoder().decode(
      KerasFileTests.Expected.self, from: Data(contentsOf: URL(fileURLWithPath: KerasFileTests.path("\(name).json"))))
    let answers = Answers(model, expected.inputs)
    #expect(answers.outputs.count == expected.outputs.count * expected.outputs[0].count)
    for (found, expected) in zip(answers.outputs, expected.outputs.joined()) {
      #expect(abs(Double(found) - expected) <= 4e-6 + 1e-5 * abs(expected), "\(found), expected \(expected)")
    }
  }

  @Test(arguments: ["sequential", "functional", "nested", "image", "many"], versions)
  func `groups of every version and system are found`(name: String, version: String) throws {
    for system in ["linux", "windows"] {
      let model = try Model.load(
        path: Self.path("\(name).\(version).\(system).keras"), options: LoadOptions(rbfLayout: .featuresUnits))
      #expect(model.file.form.kerasVersion?.hasPrefix("2.\(version.dropFirst())") == true)
      try Self.expectAnswers(of: "versions/\(name).\(version)", model)
    }
  }

  @Test(arguments: versions, ["weights", "legacy"])
  func `weights alone are read with a configuration beside them`(version: String, form: String) throws {
    let model = try Model.load(
      path: Self.path("weights.\(version).\(form).h5"),
      options: LoadOptions(configurationPath: Self.path("weights.\(version).config.json")))
    try Self.expectAnswers(of: "versions/weights.\(version)", model)
  }

  struct Change: CustomTestStringConvertible {
    let file: String
    let testDescription: String
    let part: String
    /// Of the model's layers.
    let edit: @Sendable (inout [Any]) -> Void
  }

  static let changes: [Change] = [
    Change(
      file: "sequential.213.linux", testDescription: "one layer less, numbers with gaps",
      part:
        "3 groups of the class 'dense' in '/_layer_checkpoint_dependencies' (dense, dense_2, dense_4), its configuration has 2"
    ) { $0.remove(at: 3) },
    Change(
      file: "sequential.214.windows", testDescription: "one layer more, numbers with gaps",
      part: "2 groups of the class 'batch_normalization'"
    ) { $0.insert(changed($0[4]) { $0["config"] = named($0, "another") }, at: 4) },
    Change(
      file: "many.215.linux", testDescription: "one layer less, numbers without gaps",
      part: "hold variables in '/layers/dense_11', which no layer"
    ) { $0.remove(at: 3) },
    Change(
      file: "many.215.windows", testDescription: "one layer less, backslashes",
      part: "hold variables in '/layers/dense_11', which no layer"
    ) { $0.remove(at: 3) },
    Change(
      file: "sequential.215.linux", testDescription: "a class called as the group of another's second layer",
      part: "one group '/layers/dense_1' for layers of two classes"
    ) { $0[9] = changed($0[9]) { $0["class_name"] = "Dense_1" } },
    Change(
      file: "sequential.213.linux", testDescription: "a class called as the group of another's third layer",
      part: "of the class 'dense' in"
    ) {
      $0.remove(at: 6)
      $0[8] = changed($0[8]) { $0["class_name"] = "Dense_4" }
    },
  ]

  private static func changed(_ layer: Any, _ edit: (inout [String: Any]) -> Void) -> Any {
    var layer = layer as! [String: Any]  // Every entry of `layers` is an object.
    edit(&layer)
    return layer
  }

  private static func named(_ layer: [String: Any], _ name: String) -> [String: Any] {
    var config = layer["config"] as! [String: Any]  // Every layer has a configuration.
    config["name"] = name
    return config
  }

  /// The archive's members, each only stored.
  private static func stored(_ file: String) throws -> StoredZip {
    let data = try Data(contentsOf: URL(fileURLWithPath: path("\(file).keras")))
    let archive = try ZipArchive(ByteSlice([UInt8](data)))
    return StoredZip(
      members: try archive.names.map { name in (name, Data(try archive.contents(name, limit: 1 << 24).array)) })
  }

  @Test(arguments: changes)
  func `variables that do not fit the layers one by one are refused`(change: Change) throws {
    var zip = try Self.stored(change.file)
    let text = zip.members.first { $0.name == "config.json" }!.content
    var model = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    var config = try #require(model["config"] as? [String: Any])
    var layers = try #require(config["layers"] as? [Any])
    change.edit(&layers)
    config["layers"] = layers
    model["config"] = config
    zip.set("config.json", try JSONSerialization.data(withJSONObject: model))
    let error = #expect(throws: ModelError.self) { try load(zip.data) }
    #expect(error?.description.contains(change.part) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasSuffix("save the model again") == true)
  }

  @Test(arguments: ["nested.213.windows", "sequential.214.linux"])
  func `damaged copies of the weights: loaded or refused, never a crash`(file: String) throws {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    var zip = try Self.stored(file)
    let weights = zip.members.first { $0.name == "model.weights.h5" }!.content
    var refused = 0
    for _ in 0..<mutations(2000) {
      zip.set("model.weights.h5", random.damaged(weights))
      do {
        _ = try load(zip.data)
      } catch let error as ModelError {
        refused += 1
        #expect(error.description.count > 20, "seed \(seed)")
      }
    }
    #expect(refused > 200, "seed \(seed)")
  }

  @Test func `the name that Keras 3 writes beside a layer's variables is held to`() throws {
    var zip = StoredZip(reading: try Data(contentsOf: KerasFileTests.folder.appendingPathComponent("many.keras")))
    let text = String(decoding: zip.members.first { $0.name == "config.json" }!.content, as: UTF8.self)
    let name = try #require(text.firstMatch(of: /"name": "(dense_\d+)"/)).1
    zip.set("config.json", Data(text.replacing("\"name\": \"\(name)\"", with: "\"name\": \"other\"").utf8))
    let error = #expect(throws: ModelError.self) { try load(zip.data) }
    #expect(error?.description.contains("are those of a layer '\(name)'") == true, "\(error?.description ?? "")")
  }
}
