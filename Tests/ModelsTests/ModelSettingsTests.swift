import Foundation
import RadialEngine
import Testing

@testable import Models

/// `radial.json` beside a version's file.
@Suite struct ModelSettingsTests {
  /// A folder with a network of 100 inputs and 10 classes, without labels or calibration; removed with its owner.
  final class Folder {
    let path: String

    init(model: String = "seed_example") throws {
      path = FileManager.default.temporaryDirectory.appendingPathComponent("settings-\(UUID().uuidString)").path
      let golden = try #require(Bundle.module.url(forResource: "Golden/\(model)/weights", withExtension: "safetensors"))
      try FileManager.default.createDirectory(atPath: path + "/1", withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: golden.path, toPath: path + "/1/model.safetensors")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: Data, to name: String = "radial.json") throws {
      try bytes.write(to: URL(fileURLWithPath: "\(path)/1/\(name)"))
    }

    func write(_ text: String, to name: String = "radial.json") throws { try write(Data(text.utf8), to: name) }

    /// What the folder holds now.
    func source() throws -> ModelSource { try #require(ModelDirectory.sources(of: path, name: "m").first) }

    func load(_ options: LoadOptions = LoadOptions()) throws -> Model { try Model.load(source(), options: options) }
  }

  static let names = (0..<10).map { "class \($0)" }
  static let namesJSON = "[" + names.map { "\"\($0)\"" }.joined(separator: ",") + "]"

  @Test func `labels name the classes, with a byte order mark or without, and come and go with the file`() throws {
    let folder = try Folder()
    #expect(try folder.load().labels == nil)
    for prefix in ["", "\u{FEFF}"] {
      try folder.write(prefix + "{\"labels\": \(Self.namesJSON)}\r\n")
      #expect(try folder.load().labels == Self.names)
    }
    try FileManager.default.removeItem(atPath: folder.path + "/1/radial.json")
    #expect(try folder.load().labels == nil)
  }

  @Test func `a version looks changed when its settings, or a configuration beside them, come, change or go`() throws {
    let folder = try Folder()
    var seen = [try folder.source().fingerprint]
    func expectChange() throws {
      let now = try folder.source().fingerprint
      #expect(now != nil && now != seen.last)
      seen.append(now)
      #expect(try folder.source().fingerprint == now)
    }
    try folder.write("{\"gamma\": 1}")
    try expectChange()
    try folder.write("{\"gamma\": 10}")
    try expectChange()
    try folder.write("{}", to: "config.json")
    try expectChange()
    try folder.write("{\"gamma\": 10, \"config\": \"config.json\"}")
    try expectChange()
    try folder.write("{ }", to: "config.json")
    try expectChange()
    try FileManager.default.removeItem(atPath: folder.path + "/1/radial.json")
    #expect(try folder.source().fingerprint == seen[0])
  }

  @Test func `every member becomes its option, and the configuration lies in the same folder`() throws {
    let folder = try Folder()
    try folder.write(
      """
      {"labels": ["a"], "false_reject_rate": 0.05, "gamma": 0.5, "rbf_form": "gaussian-sigma",
       "rbf_layout": "units_features", "config": "net.json"}
      """)
    var expected = LoadOptions(
      rbfLayout: .unitsFeatures, gamma: 0.5, rbfForm: .gaussianSigma, configurationPath: folder.path + "/1/net.json",
      labels: ["a"], falseRejectRate: 0.05)
    (expected.labelsPath, expected.falseRejectRatePath) = (
      folder.path + "/1/radial.json", folder.path + "/1/radial.json"
    )
    #expect(try ModelSettings(path: folder.path + "/1/radial.json").options == expected)
  }

  @Test(arguments: [
    ("", "has 0 bytes"), ("{", "is no JSON"), ("nonsense", "is no JSON"), ("{} {}", "is no JSON"),
    ("[]", "expected a JSON object"), ("null", "expected a JSON object"),
    ("{\"label\": [\"a\"]}", "unknown member 'label'; did you mean 'labels'? (known: labels, false_reject_rate"),
    ("{\"falseRejectRate\": 0.1}", "unknown member 'falseRejectRate'; did you mean 'false_reject_rate'?"),
    ("{\"rbf-form\": \"duq\"}", "unknown member 'rbf-form'; did you mean 'rbf_form'?"),
    ("{\"zzz\": 1}", "unknown member 'zzz' (known:"),
    ("{\"gamma\": 1, \"gamma\": 2}", "member 'gamma' is there twice"),
    ("{\"gamma\": 1, \"g\\u0061mma\": 1}", "member 'gamma' is there twice"),
    ("{\"labels\": \"a,b\"}", "'labels' is \"a,b\", expected an array of names"),
    ("{\"labels\": [\"a\", 1]}", "expected an array of names"), ("{\"labels\": [\"\"]}", "none of them empty"),
    ("{\"labels\": null}", "expected an array of names"),
    ("{\"labels\": [\"a\", \"b\"]}", "radial.json: 2 labels were given, expected 10"),
    ("{\"false_reject_rate\": 0}", "'false_reject_rate' is 0, expected a number between 0 and 1"),
    ("{\"false_reject_rate\": \"0.1\"}", "expected a number between 0 and 1"),
    ("{\"false_reject_rate\": 0.1}", "carries no calibration"), ("{\"gamma\": 0}", "expected a positive number"),
    ("{\"gamma\": -1}", "expected a positive number"), ("{\"gamma\": 1e-60}", "expected a positive number"),
    ("{\"gamma\": 1e60}", "expected a positive number"), ("{\"gamma\": true}", "expected a positive number"),
    ("{\"gamma\": 1}", "for Keras files"),
    ("{\"rbf_form\": \"gauss\"}", "expected one of gaussian-gamma, gaussian-beta, gaussian-sigma"),
    ("{\"rbf_layout\": \"rows\"}", "expected features_units or units_features"),
    ("{\"config\": \"../x.json\"}", "expected the name of a file in the same folder"),
    ("{\"config\": \"/etc/passwd\"}", "expected the name of a file in the same folder"),
    ("{\"config\": \"..\"}", "expected the name of a file in the same folder"),
    ("{\"config\": 1}", "expected the name of a file in the same folder"),
  ])
  func `what it does not know or cannot keep is refused, naming the file`(text: String, sentence: String) throws {
    let folder = try Folder()
    try folder.write(text)
    let error = #expect(throws: ModelError.self) { try folder.load(LoadOptions().ignoringOtherForms) }
    let description = error?.description ?? ""
    #expect(description.contains(sentence) && description.hasPrefix(folder.path + "/1/"), "\(description)")
  }

  @Test func `a file that is too large, no text, nested without end or no file is refused`() throws {
    let folder = try Folder()
    for (bytes, sentence) in [
      (Data(repeating: 0x20, count: (1 << 20) + 1), "1 to 1048576 bytes"), (Data([0x7B, 0xFF, 0x7D]), "no UTF-8"),
      (Data(String(repeating: "[", count: 200_000).utf8), "is no JSON"),
    ] {
      try folder.write(bytes)
      let error = #expect(throws: ModelError.self) { try folder.load() }
      #expect(error?.description.contains(sentence) == true)
    }
    try FileManager.default.removeItem(atPath: folder.path + "/1/radial.json")
    try FileManager.default.createDirectory(atPath: folder.path + "/1/radial.json", withIntermediateDirectories: false)
    let error = #expect(throws: ModelError.self) { try folder.load() }
    #expect(error?.description.contains("radial.json: is no file") == true)
  }

  @Test func `a flag that says something else is refused, one that says the same is not`() throws {
    let folder = try Folder()
    try folder.write("{\"labels\": \(Self.namesJSON)}")
    #expect(try folder.load(LoadOptions(labels: Self.names)).labels == Self.names)
    let error = #expect(throws: ModelError.self) { try folder.load(LoadOptions(labels: Self.names.reversed())) }
    #expect(error?.description.hasSuffix("'labels' and the flag `labels` differ; leave one of them out") == true)
  }

  @Test func `a model that is named by its file alone has no settings beside it`() throws {
    let folder = try Folder()
    try folder.write("{\"labels\": \(Self.namesJSON)}")
    let source = try #require(ModelDirectory.sources(of: folder.path + "/1/model.safetensors", name: nil).first)
    #expect(source.settingsPath == nil)
    #expect(try ModelDirectory.sources(of: folder.path + "/1", name: "m").first?.settingsPath != nil)
  }
}

@Suite struct SpellingTests {
  static let commands = ["serve", "predict", "inspect", "convert", "version", "check"]

  @Test(arguments: [
    ("sevre", "serve"), ("server", "serve"), ("SERVE", "serve"), ("predcit", "predict"), ("insepct", "inspect"),
    ("covnert", "convert"), ("chek", "check"), ("train", nil), ("x", nil), ("", nil),
    (String(repeating: "serve", count: 1000), nil),
  ])
  func `a slip of the pen finds the name that was meant`(word: String, expected: String?) {
    #expect(Spelling.suggestion(for: word, among: Self.commands) == expected)
  }

  @Test func `without a near name nothing is asked`() {
    #expect(Spelling.question(for: "zzzzzz", among: Self.commands) == "")
    #expect(Spelling.question(for: "sevre", among: Self.commands) == "; did you mean 'serve'?")
    #expect(Spelling.question(for: "serve", among: []) == "")
  }
}
