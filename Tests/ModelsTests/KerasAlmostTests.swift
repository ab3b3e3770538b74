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
