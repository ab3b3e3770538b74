import Foundation
import TestSupport
import Testing

@testable import Models

/// Keras files that are almost what they look like: what a name, a call or a value of another type would make of them is either read as
/// Keras reads it or refused, and never passed over.
@Suite struct KerasAlmostTests {
  /// A Keras file of the tests with its configuration changed.
  struct Case: CustomTestStringConvertible {
    let file: String
    let old: String
    let new: String
    /// Of the refusal.
    var part = ""
    var testDescription: String { "\(file): \(new)" }

    func content() throws -> Data {
      var zip = StoredZip(reading: try Data(contentsOf: KerasFileTests.folder.appendingPathComponent(file)))
      var text = String(decoding: zip.members.first { $0.name == "config.json" }!.content, as: UTF8.self)
      text.replaceSubrange(try #require(text.range(of: old)), with: new)
      zip.set("config.json", Data(text.utf8))
      return zip.data
    }
  }

  private static let three = "functional.keras"
  private static let node = #"["input_layer", 0, 0]}}], "kwargs": {}"#
  /// The whole of that node, for which a test puts what Keras 2 writes.
  private static let call =
    #"{"args": [{"class_name": "__keras_tensor__", "config": {"shape": [null, 6], "dtype": "float32", "keras_history": ["input_layer", 0, 0]}}], "kwargs": {}}"#

  static let calls = [
    Case(file: three, old: call, new: #"[["input_layer", 0, 0, {"training": true}]]"#, part: "training = true"),
    Case(file: three, old: call, new: #"[["input_layer", 0, 0, {"squared": false}]]"#, part: "squared = false"),
    Case(file: three, old: call, new: #"[["input_layer", 1, 1, {}]]"#, part: "with number 1"),
    Case(
      file: three, old: node, new: #"["input_layer", 0, 0]}}], "kwargs": {"training": true}"#, part: "training = true"),
    Case(
      file: three, old: node, new: #"["input_layer", 0, 0]}}, true], "kwargs": {}"#,
      part: "called with the argument true"),
    Case(file: three, old: #"["dense_1", 0, 0]"#, new: #"["dense_1", 0, 1]"#, part: "with number 1"),
    Case(
      file: three, old: #""output_layers": ["rbf_layer", 0, 0]"#, new: #""output_layers": ["rbf_layer", 0, 2]"#,
      part: "with number 2"),
  ]

  @Test(arguments: calls)
  func `a call that may change what a layer computes is refused`(change: Case) throws {
    let error = #expect(throws: ModelError.self) { try load(try change.content()) }
    #expect(error?.description.contains(change.part) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    Case(file: three, old: node, new: #"["input_layer", 0, 0]}}, null], "kwargs": {"training": false, "mask": null}"#),
    Case(file: three, old: call, new: #"[["input_layer", 1, 0, {"training": false}]]"#),
  ])
  func `a call that says what is done anyway is served`(change: Case) throws {
    _ = try load(try change.content())
  }
}

/// Activations and values.
extension KerasAlmostTests {
  private static let tanh = #""activation": "tanh""#
  private static let file = "trained.keras"

  private static func function(_ name: String) -> String {
    #""activation": {"module": "builtins", "class_name": "function", "config": "\#(name)", "registered_name": "function"}"#
  }
  private static func object(_ module: String, _ className: String, _ registered: String) -> String {
    #""activation": {"module": \#(module), "class_name": "\#(className)", "config": {}, "registered_name": \#(registered)}"#
  }

  static let refusedValues = [
    Case(file: file, old: tanh, new: function("mine>relu"), part: "a function of your own, 'mine>relu'"),
    Case(file: file, old: tanh, new: function("keras.mine>tanh"), part: "a function of your own, 'keras.mine>tanh'"),
    Case(file: file, old: tanh, new: function("hard_sigmoid_2"), part: "unknown activation 'hard_sigmoid_2'"),
    Case(file: file, old: tanh, new: function("mish"), part: "expected one of linear, relu"),
    Case(file: file, old: tanh, new: function("<lambda>"), part: "a Python function without a name"),
    Case(
      file: file, old: tanh, new: object("null", "LeakyReLU", #""mine>LeakyReLU""#),
      part: "a class of your own, 'LeakyReLU'"
    ),
    Case(
      file: file, old: tanh,
      new: #""activation": {"module": "keras.layers", "class_name": "LeakyReLU", "config": {"negative_slope": "0.3"}}"#,
      part: #"its 'negative_slope' is "0.3", expected a number"#),
    Case(
      file: file, old: tanh,
      new: #""activation": {"module": "keras.layers", "class_name": "ReLU", "config": {"max_value": {"a": 1}}}"#,
      part: "its 'max_value' is an object, expected a number"),
    Case(
      file: file, old: tanh,
      new:
        #""activation": {"class_name": "ReLU", "config": {"max_value": {"class_name": "__tensor__", "config": {"value": -0.7}}}}"#,
      part: "its 'max_value' is negative"),
    Case(file: file, old: #""gamma": 0.7"#, new: #""gamma": Infinity"#, part: #"its 'gamma' is "Infinity""#),
    Case(file: file, old: #""use_bias": true"#, new: #""use_bias": "no""#, part: #"its 'use_bias' is "no""#),
    Case(file: file, old: #""use_bias": true"#, new: #""use_bias": 0"#, part: "holds 2 variables for it, expected 1"),
  ]

  @Test(arguments: refusedValues)
  func `what another meaning would be given to is refused`(change: Case) throws {
    let error = #expect(throws: ModelError.self) { try load(try change.content()) }
    #expect(error?.description.contains(change.part) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    Case(
      file: file, old: #""gamma": 0.7"#,
      new: #""gamma": {"class_name": "__tensor__", "config": {"value": 0.7, "dtype": "float64"}}"#),
    Case(file: file, old: #""gamma": 0.7"#, new: #""gamma": {"class_name": "__numpy__", "config": {"value": 0.7}}"#),
    Case(file: file, old: #""use_bias": true"#, new: #""use_bias": 1"#),
    Case(file: file, old: tanh, new: function("tanh")),
    // As Python writes them, where nothing of the network is.
    Case(file: file, old: #""clipnorm": null"#, new: #""clipnorm": -Infinity"#),
    Case(file: file, old: #""loss": "mse""#, new: #""loss": [NaN, Infinity]"#),
  ])
  func `values of NumPy, numbers for flags and names for functions mean what they say`(change: Case) throws {
    let rows = try KerasFileTests.expected(Self.file).inputs
    let whole = try Model.load(path: KerasFileTests.path(Self.file), name: "m")
    #expect(Answers(try load(try change.content()), rows).isIdentical(to: Answers(whole, rows)))
  }

  @Test(arguments: [
    (Self.function("own>scaled_tanh"), "'own>scaled_tanh', taken as 1.7159 tanh(2x/3)"),
    (Self.function("tanh"), "the function 'tanh'"),
  ])
  func `a formula that the name of a function says is marked as inferred`(new: String, part: String) throws {
    let model = try load(try Case(file: Self.file, old: Self.tanh, new: new).content())
    #expect(model.layers[0].inferredFrom?.contains(part) == true, "\(model.layers[0].inferredFrom ?? "")")
    #expect(model.inferenceNote?.contains(part) == true)
  }
}

/// Files of almost/, which Keras/make_almost.py wrote.
extension KerasAlmostTests {
  @Test(arguments: ["keras", "h5", "weights.h5"])
  func `fixed centers, which Keras lists behind trained betas, are found by their shape`(form: String) throws {
    let configuration = form == "weights.h5" ? KerasFileTests.path("almost/fixed_centers.config.json") : nil
    let model = try Model.load(
      path: KerasFileTests.path("almost/fixed_centers.\(form)"), options: LoadOptions(configurationPath: configuration))
    try KerasVersionTests.expectAnswers(of: "almost/fixed_centers", model)
    #expect(model.layers.last?.inferredFrom?.contains("'BetaRBFLayer'") == true)
  }

  /// Keras' softmax of [steps, channels] is over the channels of each step.
  @Test func `a softmax of several cells is refused, and not taken for one of the row`() throws {
    var zip = StoredZip(reading: try OrdinaryLayersTests.content("softmax_activation.keras"))
    var text = String(decoding: zip.members.first { $0.name == "config.json" }!.content, as: UTF8.self)
    let softmax = try #require(text.range(of: #"{"module": "keras.layers", "class_name": "Activation""#))
    text.insert(
      contentsOf:
        #"{"module": "keras.layers", "class_name": "Reshape", "config": {"name": "r", "target_shape": [5, 1]}}, "#,
      at: softmax.lowerBound)
    zip.set("config.json", Data(text.utf8))
    let error = #expect(throws: ModelError.self) { try load(zip.data) }
    #expect(error?.description.contains("softmax over the channels") == true, "\(error?.description ?? "")")
  }

  @Test func `a layer of one's own may have members that Keras 1 had`() throws {
    let text = try String(contentsOfFile: KerasFileTests.path("almost/fixed_centers.config.json"), encoding: .utf8)
    let configuration = try JSONReader.read(text)
    #expect(text.contains("output_dim") && configuration["keras_version"] == nil)
    #expect(try KerasVersion(nil, configuration, "m") == .three)
  }

  @Test(arguments: [
    ("almost/fixed_centers.h5", nil), ("duq.keras", nil), ("trained.keras", RBFForm.distance),
    ("almost/fixed_centers.keras", .gaussianSigma),
  ])
  func `a gamma that no layer takes is refused`(file: String, form: RBFForm?) throws {
    let path = KerasFileTests.path(file)
    let options = LoadOptions(gamma: 2, rbfForm: form)
    let error = #expect(throws: ModelError.self) { try Model.load(path: path, options: options) }
    #expect(error?.description.contains("`gamma` 2.0 is taken by no layer") == true, "\(error?.description ?? "")")
    // Said for several files, it is for those among them that take it.
    #expect(throws: Never.self) { try Model.load(path: path, options: options.ignoringOtherForms) }
  }

  @Test(arguments: [
    ("mixed_float16.keras", "mixed_float16"), ("mixed_float16.h5", "mixed_float16"), ("bfloat16.keras", "bfloat16"),
    ("float16.h5", "float16"), ("float64.keras", nil), ("trained.h5", nil),
  ])
  func `layers that Keras computes in 16 bits are noted`(file: String, policy: String?) throws {
    let model = try Model.load(path: KerasFileTests.path(file))
    #expect(model.notes.count == (policy == nil ? 0 : 1), "\(model.notes)")
    if let policy {
      #expect(model.summary(proofAdvice: "").contains("of the policy \(policy): Keras computes in fewer digits"))
    }
  }
}
