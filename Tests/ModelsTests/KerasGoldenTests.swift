import Foundation
import RadialEngine
import Testing

@testable import Models

/// Every golden network from every form that Keras saved it in.
@Suite struct KerasGoldenTests {
  struct File: CustomTestStringConvertible {
    let name: String
    let form: String
    var testDescription: String { "\(name)/\(form)" }
    var url: URL { GoldenTests.folder.appendingPathComponent(name).appendingPathComponent(form) }
  }

  static let files = GoldenTests.cases.flatMap { name in
    // A folder that `GoldenTests.cases` has just listed.
    try! FileManager.default.contentsOfDirectory(atPath: GoldenTests.folder.appendingPathComponent(name).path)
      .filter { $0.hasPrefix("model.") }.sorted().map { File(name: name, form: $0) }
  }

  private func vectors(_ name: String) throws -> Vectors {
    try JSONDecoder().decode(
      Vectors.self, from: Data(contentsOf: GoldenTests.folder.appendingPathComponent("\(name)/vectors.json")))
  }

  @Test func `there are 45 files in four forms`() {
    #expect(Self.files.count == 45)
    #expect(Set(Self.files.map(\.form)) == ["model.keras", "model.keras2.h5", "model.keras2.keras", "model.keras3.h5"])
  }

  @Test(arguments: files)
  func `every form gives Keras' answers, and the bits of the safetensors file`(file: File) throws {
    let vectors = try vectors(file.name)
    for set in InstructionSet.available {
      let model = try Model.load(path: file.url.path, instructionSet: set)
      let answers = Answers(model, vectors.inputs.map(\.values))
      let share = answers.share(of: vectors, model)
      #expect(share <= 1, "\(set): \(share) of the allowance")
      let own = try Model.load(
        path: GoldenTests.folder.appendingPathComponent("\(file.name)/weights.safetensors").path, instructionSet: set)
      #expect(answers.isIdentical(to: Answers(own, vectors.inputs.map(\.values))), "\(set)")
    }
  }

  /// The whole table, printed: the largest deviation as a share of the allowance.
  @Test func `the table of cases and forms stays within the rule`() throws {
    let forms = ["weights.safetensors", "model.keras", "model.keras3.h5", "model.keras2.keras", "model.keras2.h5"]
    var lines = ["| case | safetensors | .keras (3) | .h5 (3) | .keras (2) | .h5 (2) |", "|---|---|---|---|---|---|"]
    for name in GoldenTests.cases {
      let vectors = try vectors(name)
      var cells: [String] = []
      for form in forms {
        let url = GoldenTests.folder.appendingPathComponent("\(name)/\(form)")
        guard FileManager.default.fileExists(atPath: url.path) else {
          cells.append("–")
          continue
        }
        let model = try Model.load(path: url.path)
        let share = Answers(model, vectors.inputs.map(\.values)).share(of: vectors, model)
        #expect(share <= 1, "\(name)/\(form)")
        cells.append(String(format: "%.3f", share))
      }
      lines.append("| \(name) | \(cells.joined(separator: " | ")) |")
    }
    print(lines.joined(separator: "\n"))
    #expect(lines.count == 2 + 41)
  }
}
