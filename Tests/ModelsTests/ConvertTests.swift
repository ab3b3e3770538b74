import Foundation
import RadialEngine
import Testing

@testable import Models

@Suite struct ConvertTests {
  private func withOutput(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("out.safetensors"))
  }

  @Test(arguments: ["rescaling.keras", "normalization.h5", "bfloat16.keras", "float64.h5", "nested.keras"])
  func `what is written answers with the same bits`(file: String) throws {
    try withOutput { (output) throws in
      let path = KerasFileTests.path(file)
      // One of them has a square matrix.
      let options = LoadOptions(rbfLayout: .unitsFeatures)
      let written = try Model.convert(path, to: output.path, options: options)
      #expect(written.file.form == .safetensors)
      let rows = try KerasFileTests.expected(file).inputs
      let (before, after) = (try Model.load(path: path, options: options), try Model.load(path: output.path))
      #expect(Answers(after, rows).isIdentical(to: Answers(before, rows)))
      #expect(after.preprocessing == before.preprocessing && after.layers == before.layers)
      #expect(after.layers.contains { $0.inferredFrom?.isEmpty == false })
      #expect(after.inputName == before.inputName && after.inputName?.hasPrefix("input_layer") == true)
    }
  }

  @Test(arguments: [nil, "pixels"]) func `Radial's own files keep all that they say`(inputName: String?) throws {
    try withOutput { (output) throws in
      let input = output.deletingLastPathComponent().appendingPathComponent("in.safetensors")
      var crafted = Crafted()
      if let inputName { crafted.setInputName(inputName) }
      try crafted.data.write(to: input)
      try Model.convert(input.path, to: output.path)
      let model = try Model.load(path: output.path)
      #expect(model.labels == ["a", "b"] && model.inputName == inputName)
      #expect(model.calibration?.pValue(class: 0, distance: 0.2) == 0.75)
    }
  }

  @Test func `labels are those that are given, one a class`() throws {
    try withOutput { (output) throws in
      let path = KerasFileTests.path("trained.keras")
      #expect(try Model.convert(path, to: output.path, labels: ["x", "y", "\"z/"]).labels == ["x", "y", "\"z/"])
      let error = #expect(throws: ModelError.self) { try Model.convert(path, to: output.path, labels: ["x"]) }
      #expect(error?.description.contains("trained.keras: 1 labels were given, expected 3") == true)
      // The refused one left neither a file nor the old one changed.
      #expect(try Model.load(path: output.path).labels?.count == 3)
      #expect(try FileManager.default.contentsOfDirectory(atPath: output.deletingLastPathComponent().path).count == 1)
    }
  }

  @Test func `a place that cannot be written is refused`() {
    let error = #expect(throws: ModelError.self) {
      try Model.convert(KerasFileTests.path("trained.keras"), to: "/nowhere/out.safetensors")
    }
    #expect(error?.description.contains("cannot be created") == true)
  }

  @Test func `the JSON of inspect says what the file says`() throws {
    struct Inspection: Decodable {
      struct File: Decodable {
        let form: String
        let kerasVersion: String?
      }
      struct Layer: Decodable {
        let type: String
        let outputShape: [Int?]
      }
      let file: File
      let layers: [Layer]
      let parameters: Int
      let kind: String
    }
    let model = try Model.load(path: KerasFileTests.path("trained.h5"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let description = ModelDescription(model, names: ModelDescription.Names()).inspected(model, selfTest: nil)
    let text = JSONDocument.text(of: description, isPretty: true)
    let value = try decoder.decode(Inspection.self, from: Data(text.utf8))
    #expect(value.file.form == "h5" && value.file.kerasVersion == "3.15.1" && value.kind == "classifier")
    #expect(value.layers.map(\.type) == ["dense", "rbf"] && value.layers.last?.outputShape == [nil, 3])
    #expect(value.parameters == 6 * 4 + 4 + 4 * 3)
  }
}
