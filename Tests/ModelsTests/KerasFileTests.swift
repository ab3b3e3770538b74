import Foundation
import RadialEngine
import Testing

@testable import Models

/// Files of Keras/, written by Keras/make.py together with Keras' own answers.
@Suite struct KerasFileTests {
  static let folder = Bundle.module.url(forResource: "Keras", withExtension: nil)!

  struct Expected: Decodable {
    let inputs: [[Float]]
    let outputs: [[Double]]
  }

  static func path(_ file: String) -> String { folder.appendingPathComponent(file).path }

  static func expected(_ file: String) throws -> Expected {
    let name = file.prefix { $0 != "." }
    return try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
  }

  static let served = [
    "functional.keras", "functional.h5", "nested.keras", "nested.h5", "nested_functional.keras", "nested_functional.h5",
    "normalization.keras", "normalization.h5", "normalization_constant.keras", "rescaling.keras", "float16.keras",
    "float16.h5", "bfloat16.keras", "bfloat16.h5", "mixed_float16.keras", "mixed_float16.h5", "float64.keras",
    "float64.h5", "many.keras", "square.keras", "trained.keras", "trained.h5", "trained.deflated.keras",
    "trained.streamed.keras", "activations.keras", "convolution.keras", "convolution.h5", "duq.keras", "flatten.keras",
    "reshape.keras",
  ]

  @Test(arguments: served)
  func `Keras' answers are ours`(file: String) throws {
    let expected = try Self.expected(file)
    let layout: RBF.CentersLayout? =
      switch file {
      case "normalization.keras", "normalization.h5": .unitsFeatures
      case "square.keras", "many.keras": .featuresUnits
      default: nil
      }
    let model = try Model.load(path: Self.path(file), name: "m", options: LoadOptions(rbfLayout: layout))
    let answers = Answers(model, expected.inputs)
    #expect(answers.outputs.count == expected.outputs.count * expected.outputs[0].count)
    for (found, expected) in zip(answers.outputs, expected.outputs.joined()) {
      // Keras computes in Float32 itself: the rule of golden networks, with room for the error of both.
      #expect(abs(Double(found) - expected) <= 4e-6 + 1e-5 * abs(expected), "\(found), expected \(expected)")
    }
  }

  @Test func `the form is told by the content, whatever the file is called`() throws {
    for (file, form) in [
      ("trained.keras", ModelForm.keras(version: "3.15.1")), ("trained.h5", .legacyHDF5(version: "3.15.1")),
    ] {
      let copy = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
      try FileManager.default.copyItem(atPath: Self.path(file), toPath: copy.path)
      defer { try? FileManager.default.removeItem(at: copy) }
      #expect(try Model.load(path: copy.path, name: "m").file.form == form)
    }
  }

  static let inputNames = [
    ("functional.keras", "input_layer"), ("functional.h5", "input_layer"), ("nested.keras", "input_layer_1"),
    ("nested.h5", "input_layer_1"), ("nested_functional.keras", "input_layer_5"),
    ("nested_functional.h5", "input_layer_5"), ("trained.keras", "input_layer_20"),
  ]

  @Test(arguments: inputNames)
  func `the input is called what the outermost model's InputLayer is`(file: String, name: String) throws {
    #expect(try Model.load(path: Self.path(file)).inputName == name)
  }

  @Test func `a first Rescaling becomes preprocessing, a later one a layer`() throws {
    let model = try Model.load(path: Self.path("rescaling.keras"))
    #expect(model.preprocessing == Preprocessing(scale: 0.25, offset: -0.5))
    #expect(model.layers.map(\.type) == ["dense", "batch_normalization", "rbf", "dense"])
  }

  @Test func `the layout of a square matrix is the user's to say`() throws {
    let expected = try Self.expected("square.keras")
    func load(_ layout: RBF.CentersLayout?) throws -> Answers {
      Answers(
        try Model.load(path: Self.path("square.keras"), options: LoadOptions(rbfLayout: layout)), expected.inputs)
    }
    let error = #expect(throws: ModelError.self) { try load(nil) }
    #expect(
      error?.description.hasSuffix(
        "its matrix [4, 4] fits both ways, and the file does not say which side is that of the 4 features; say `rbf_layout` features_units or `rbf_layout` units_features"
      ) == true)
    let right = try load(.featuresUnits)
    #expect(zip(right.outputs, expected.outputs.joined()).allSatisfy { abs(Double($0) - $1) <= 4e-6 + 1e-5 * abs($1) })
    #expect(try !load(.unitsFeatures).isIdentical(to: right))
  }

  @Test func `a gamma from the user stands in for one that the file lacks, and for one that it has`() throws {
    let error = #expect(throws: ModelError.self) { try Model.load(path: Self.path("forgetful.keras")) }
    #expect(error?.description.contains("`gamma`") == true && error?.reason == .architecture)
    let expected = try Self.expected("forgetful.keras")
    let model = try Model.load(path: Self.path("forgetful.keras"), options: LoadOptions(gamma: 0.7))
    for (found, expected) in zip(Answers(model, expected.inputs).outputs, expected.outputs.joined()) {
      #expect(abs(Double(found) - expected) <= 4e-6 + 1e-5 * abs(expected))
    }
    let other = try Model.load(path: Self.path("trained.keras"), options: LoadOptions(gamma: 0.25))
    #expect(other.layers.last?.formula.contains("gamma = 0.25") == true)
  }

  @Test(arguments: [
    ("branches.keras", "feeds two branches"), ("shared.keras", "is used 2 times"),
    ("lambda.keras", "Lambda layer holds Python bytecode"), ("recurrent.keras", "(LSTM): Radial serves no such layer"),
    ("only.weights.h5", "save the whole model"),
  ])
  func `what cannot be served is refused, and says what to do`(file: String, part: String) {
    let error = #expect(throws: ModelError.self) { try Model.load(path: Self.path(file)) }
    #expect(error?.reason == .architecture && error?.description.contains(part) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("; ") == true)
  }

  @Test func `options for Keras files are refused with others`() throws {
    let path = GoldenTests.folder.appendingPathComponent("seed_example/weights.safetensors").path
    for options in [LoadOptions(gamma: 1), LoadOptions(rbfLayout: .unitsFeatures), LoadOptions(rbfForm: .distance)] {
      let error = #expect(throws: ModelError.self) { try Model.load(path: path, options: options) }
      #expect(error?.description.contains("leave them out") == true)
      #expect(throws: Never.self) { try Model.load(path: path, options: options.ignoringOtherForms) }
    }
  }

  @Test(arguments: [
    ("Dense", "dense"), ("SeedRBF", "seed_rbf"), ("RBFLayer", "rbf_layer"), ("Conv2D", "conv2d"), ("ReLU", "re_lu"),
    ("MaxPooling2D", "max_pooling2d"), ("BatchNormalization", "batch_normalization"), ("LeakyReLU", "leaky_re_lu"),
    ("ELU", "elu"), ("RBF2Layer", "rbf2_layer"), ("My_Layer", "my__layer"), ("rbf", "rbf"),
    ("HTTPServer2X", "http_server2x"),
  ])
  func `groups are called as Keras calls them`(name: String, expected: String) {
    #expect(KerasChain.snakeCase(name) == expected)
  }
}
