import FileFormats
import Foundation
import RadialEngine
import Testing

@testable import Models

/// Layers of many formulas under many names, written by Keras/rbf_table.py with Keras' answers: what is served is served right.
@Suite struct RBFTableTests {
  struct Case: Decodable, CustomTestStringConvertible {
    struct Flags: Decodable {
      let form: String?
      let layout: String?
      let gamma: Double?

      var options: LoadOptions {
        LoadOptions(
          rbfLayout: layout.flatMap(RBF.CentersLayout.init(rawValue:)), gamma: gamma,
          rbfForm: form.flatMap(RBFForm.init(rawValue:)))
      }
    }

    enum Expected: String, Decodable { case served, refused, undetectable }

    let file: String
    /// Where it lies among the files of the archive.
    let offset: Int
    let bytes: Int
    /// The class, its members and, of a file that has them, the names of its variables.
    let layer: String
    let computes: String
    let expected: Expected
    let flags: Flags?
    /// What becomes of it with the flags.
    let told: Expected
    let inputs: [[Float]]
    let outputs: [[Double]]

    var testDescription: String { "\(file): \(layer) computes \(computes)" }
  }

  static let cases = cases(of: "rbf_table")

  private static func cases(of table: String) -> [Case] {
    // A fixture of this folder, which the script writes.
    try! JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: KerasFileTests.folder.appendingPathComponent("\(table).json")))
  }

  enum Outcome: Equatable {
    case right(inferredFrom: String?)
    case wrong
    case refused(String)
  }

  /// What becomes of a case's file.
  static func outcome(_ `case`: Case, _ files: Data, _ options: LoadOptions) throws -> Outcome {
    let model: Model
    do {
      model = try load(files[`case`.offset..<`case`.offset + `case`.bytes], options)
    } catch let error as ModelError {
      // The temporary file's own name is none of the sentence.
      return .refused(String(error.description.drop { $0 != " " }.dropFirst()))
    }
    let found = Answers(model, `case`.inputs).outputs
    let expected = Array(`case`.outputs.joined())
    let isRight =
      found.count == expected.count
      && zip(found, expected).allSatisfy { abs(Double($0) - $1) <= 4e-6 + 1e-5 * abs($1) }
    return isRight ? .right(inferredFrom: model.layers.last?.inferredFrom) : .wrong
  }

  private static func load(_ data: Data, _ options: LoadOptions) throws -> Model {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).keras")
    try data.write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try Model.load(path: url.path, name: "m", options: options)
  }

  private static func files(of table: String = "rbf_table") throws -> Data {
    let archive = try ZipArchive(
      ByteSlice([UInt8](Data(contentsOf: KerasFileTests.folder.appendingPathComponent("\(table).zip")))))
    return Data(try archive.contents("files", limit: 1 << 25).array)
  }

  @Test func `every layer is served right, refused, or listed as one that its file cannot tell`() throws {
    let files = try Self.files()
    var counts: [String: Int] = [:]
    var sentences: [String: Int] = [:]
    for `case` in Self.cases {
      let outcome = try Self.outcome(`case`, files, LoadOptions())
      switch (outcome, `case`.expected) {
      case (.right(let source), .served):
        counts["served right", default: 0] += 1
        let isStated = `case`.layer.contains("output_form")
        #expect((source == nil) == isStated, "\(`case`.testDescription)")
      case (.refused(let sentence), .refused):
        counts["refused", default: 0] += 1
        sentences[sentence, default: 0] += 1
        #expect(sentence.contains("; "), "\(sentence)")
        #expect(sentence.hasPrefix("layer '"), "\(sentence)")
      case (.wrong, .undetectable): counts["served, not to be told from a right one", default: 0] += 1
      default: Issue.record("\(`case`.testDescription): expected \(`case`.expected), found \(outcome)")
      }
    }
    print("\(Self.cases.count) files: \(counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" })")
    print(sentences.sorted { $0.key < $1.key }.map { "\($0.value) x \($0.key)" }.joined(separator: "\n"))
    #expect(Self.cases.count >= 400)
  }

  /// By rbf_forms.py: other functions of the distance, whose names have several formulas in use each, so that none decides.
  @Test func `every form gives the numbers of Keras, and without it the file is refused`() throws {
    let files = try Self.files(of: "rbf_forms")
    let cases = Self.cases(of: "rbf_forms")
    for `case` in cases {
      guard case .refused = try Self.outcome(`case`, files, LoadOptions()), let flags = `case`.flags else {
        Issue.record("\(`case`.testDescription): it was not refused")
        continue
      }
      let outcome = try Self.outcome(`case`, files, flags.options)
      #expect(outcome == .right(inferredFrom: nil), "\(`case`.testDescription): \(outcome)")
    }
    let forms = Set(cases.compactMap { $0.flags?.form })
    let table = Set(Self.cases.compactMap { $0.flags?.form })
    #expect(forms.union(table) == Set(RBFForm.allCases.map(\.rawValue)))
  }

  @Test func `with flags the numbers are those of Keras`() throws {
    let files = try Self.files()
    var told = 0
    for `case` in Self.cases {
      guard let flags = `case`.flags else { continue }
      told += 1
      let outcome = try Self.outcome(`case`, files, flags.options)
      if case .refused(let sentence) = outcome, `case`.told == .refused {
        #expect(sentence.contains("[0]' is ") || sentence.contains("[0] is "), "\(sentence)")
        continue
      }
      #expect(`case`.told == .served, "\(`case`.testDescription)")
      guard case .right(let source) = outcome else {
        Issue.record("\(`case`.testDescription): \(outcome)")
        continue
      }
      guard let form = flags.form else { continue }
      // The user's word is no inference. Where it goes against that of the file, the description says so.
      let isAgainst = `case`.expected == .undetectable
      #expect((source != nil) == isAgainst, "\(`case`.testDescription): \(source ?? "")")
      #expect(source?.hasPrefix("`rbf_form` \(form), against ") ?? true)
    }
    print("\(told) files with flags")
    #expect(told >= 50)
  }

  @Test func `no form makes a layer of Keras' own class an RBF layer`() throws {
    let files = try Self.files()
    let einsum = Self.cases.filter { $0.layer.hasPrefix("EinsumDense") }
    #expect(einsum.count == 4)
    for `case` in einsum {
      for form in RBFForm.allCases {
        let outcome = try Self.outcome(`case`, files, LoadOptions(gamma: 1, rbfForm: form))
        guard case .refused(let sentence) = outcome else {
          Issue.record("\(form): \(outcome)")
          continue
        }
        #expect(sentence.contains("(EinsumDense): Radial serves no such layer; "))
      }
    }
  }

  @Test func `a form that needs what a file lacks is refused`() throws {
    let files = try Self.files()
    let bare = try #require(Self.cases.first { $0.layer.hasPrefix("SquaredDist(units)") })
    for (form, part) in [
      (RBFForm.gaussianGamma, "give it by `gamma` NUMBER"), (.gaussianBeta, "give it by `gamma` NUMBER"),
      (.gaussianSigma, "give it by `gamma` NUMBER = 1/(2 sigma^2)"), (.duq, "are not DUQ's"),
    ] {
      let outcome = try Self.outcome(bare, files, LoadOptions(rbfLayout: .unitsFeatures, rbfForm: form))
      guard case .refused(let sentence) = outcome else {
        Issue.record("\(form): \(outcome)")
        continue
      }
      #expect(sentence.contains(part), "\(sentence)")
    }
  }

  @Test(arguments: [
    ("RBFLayer", ["rbf", "layer"]), ("GaussianRBF2D", ["gaussian", "rbf2", "d"]), ("log_gamma", ["log", "gamma"]),
    ("RBFlayer", ["rbf", "layer"]), ("RBFNN", ["rbf", "nn"]), ("MyRBFNet", ["my", "rbf", "net"]), ("HRBF", ["hrbf"]),
    ("InverseMQ", ["inverse", "mq"]), ("gamma1", ["gamma1"]), ("__x__", ["x"]), ("", []), ("DUQHead", ["duq", "head"]),
    ("rbf-2 layer", ["rbf", "2", "layer"]), ("L1RBF", ["l1", "rbf"]), ("camelCaseXY", ["camel", "case", "xy"]),
  ])
  func `names are taken apart into words`(name: String, words: [String]) {
    #expect(Words.of(name) == words)
  }
}

@Suite struct KerasClassesTests {
  @Test(arguments: [
    (#"{"class_name":"EinsumDense","module":"keras.layers","registered_name":null}"#, true),
    (#"{"class_name":"RBFLayer","module":"keras.src.layers.core.dense"}"#, true),
    (#"{"class_name":"Dense","module":"tensorflow.keras.layers"}"#, true),
    (#"{"class_name":"Dense","module":"tf_keras.layers"}"#, true),
    (#"{"class_name":"Dense","module":"keras"}"#, true),
    (#"{"class_name":"Dense","module":"keras_cv.layers"}"#, false),
    (#"{"class_name":"Dense","module":"mylib.keras.layers"}"#, false),
    (#"{"class_name":"Dense","module":null,"registered_name":"Dense"}"#, false),
    (#"{"class_name":"Dense","module":null,"registered_name":"own>Dense"}"#, false),
    (#"{"class_name":"Dense"}"#, true), (#"{"class_name":"own>Dense"}"#, false),
    (#"{"class_name":"Keras>Dense"}"#, true),
    (#"{"class_name":"RandomFourierFeatures"}"#, true), (#"{"class_name":"AdaptiveMaxPooling2D"}"#, true),
    (#"{"class_name":"RBFLayer"}"#, false), (#"{}"#, false),
  ])
  func `a class is Keras' own by its module, its package or its name`(entry: String, isKeras: Bool) throws {
    #expect(KerasClasses.isKeras(try JSONDecoder().decode(JSONValue.self, from: Data(entry.utf8))) == isKeras)
  }
}
