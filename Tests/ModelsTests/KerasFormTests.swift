import FileFormats
import Foundation
import RadialEngine
import Testing

@testable import Models

/// Files of Keras/forms/: what Keras 3 and HDF5 make of a model besides the plain forms.
@Suite struct KerasFormTests {
  static func path(_ file: String) -> String { KerasFileTests.path("forms/\(file)") }

  static func refusal(_ file: String, _ configuration: String? = nil) -> String {
    let error = #expect(throws: ModelError.self) {
      try Model.load(path: path(file), options: LoadOptions(configurationPath: configuration.map(path)))
    }
    return error?.description ?? ""
  }

  @Test(arguments: ["automatic", "automatic_nested"], ["h5", "keras"])
  func `classes without get_config are read as Keras loads them`(name: String, form: String) throws {
    let model = try Model.load(path: Self.path("\(name).\(form)"), options: LoadOptions(rbfLayout: .featuresUnits))
    try KerasVersionTests.expectAnswers(of: "forms/\(name)", model)
  }

  @Test func `layers without names are called as Keras would call them`() throws {
    let model = try Model.load(path: Self.path("automatic.h5"), options: LoadOptions(rbfLayout: .featuresUnits))
    #expect(model.layers.map(\.name) == ["dense", "rbf_layer", "rbf_layer_1"])
  }

  @Test(arguments: ["v108", "latest", "tracked"])
  func `a whole model is read whichever version of HDF5 it was rewritten in`(name: String) throws {
    let model = try Model.load(path: Self.path("rewritten.\(name).h5"))
    #expect(model.file.form == .legacyHDF5(version: "3.15.1"))
    try KerasVersionTests.expectAnswers(of: "nested", model)
  }

  @Test func `a configuration of another instance fits by its layers' order`() throws {
    let model = try Model.load(
      path: Self.path("weights.weights.h5"), options: LoadOptions(configurationPath: Self.path("weights.config.json")))
    try KerasVersionTests.expectAnswers(of: "forms/weights", model)
    #expect(model.file.name == "weights.weights.h5")
    #expect(model.file.form == .kerasWeights(version: nil))
  }

  @Test(arguments: [
    ("weights.weights.h5", "other.config.json", "hold variables in '/layers/sequential', which no layer"),
    ("endless.weights.h5", "weights.config.json", "refer to each other without an end"),
    ("weights.weights.h5", "wider.config.json", "has shape [5, 5], expected [5, 6]"),
    ("automatic.h5", "weights.config.json", "leave `config` out"),
    ("automatic.keras", "weights.config.json", "leave `config` out"),
    ("weights.weights.h5", "automatic.h5", "it is a zip archive or HDF5 file, expected a network's configuration"),
    ("weights.weights.h5", "weights.json", "no 'class_name' and 'config'"),
    ("weights.weights.h5", "none.json", "cannot be opened"),
    ("weights.weights.h5", "../versions", "it is a directory, expected a network's configuration"),
  ])
  func `a configuration that does not fit is refused`(file: String, configuration: String, part: String) {
    let refusal = Self.refusal(file, configuration)
    #expect(refusal.contains(part) && refusal.contains("; "), "\(refusal)")
    #expect(refusal.contains(configuration))
  }

  @Test func `a configuration beside the older form must have as many layers`() throws {
    let whole = try String(contentsOfFile: KerasVersionTests.path("weights.213.config.json"), encoding: .utf8)
    var model = try #require(try JSONSerialization.jsonObject(with: Data(whole.utf8)) as? [String: Any])
    var config = try #require(model["config"] as? [String: Any])
    config["layers"] = Array(try #require(config["layers"] as? [Any]).dropLast())
    model["config"] = config
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
    try JSONSerialization.data(withJSONObject: model).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let error = #expect(throws: ModelError.self) {
      try Model.load(
        path: KerasVersionTests.path("weights.213.legacy.h5"), options: LoadOptions(configurationPath: file.path))
    }
    let part = "are those of 3 layers, its configuration has 2"
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ("one.h5", "saved by Keras 1 (1.2.2)"), ("one.unversioned.h5", "saved by Keras 1, whose"),
    ("another.h5", "HDF5 file of another program"), ("number.h5", "'model_config' is no text"),
    ("weights.weights.h5", "give it by `config` FILE"),
  ])
  func `other HDF5 files are named for what they are`(file: String, part: String) {
    let refusal = Self.refusal(file)
    #expect(refusal.contains(part) && refusal.contains("; "), "\(refusal)")
  }

  @Test(arguments: [
    (
      #"{"class_name": "Sequential", "config": {"layers": [}"#,
      "config.layers[0]: expected a value, found what is none in JSON, at byte 51"
    ), (#"{"class_name""#, "at byte 13"),
    ("", "is empty"), (#"{"a": "\#u{0}"}"#, "control character"),
  ])
  func `malformed JSON is told by its place, without the words of a library`(text: String, part: String) throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let error = #expect(throws: ModelError.self) {
      try Model.load(path: Self.path("weights.weights.h5"), options: LoadOptions(configurationPath: file.path))
    }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    for word in ["CodingKeys", "Decoding", "debugDescription", "couldn", "Swift"] {
      #expect(error?.description.contains(word) == false)
    }
  }
}
