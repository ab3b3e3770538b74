import Foundation
import Testing

@testable import Models

@Suite struct AnswerComparisonTests {
  private static func compare(
    _ rows: [(answers: [Float], expected: [Float])], of subject: Verification.Subject = .outputs,
    tolerance: Double = 1e-5
  ) -> AnswerComparison {
    var comparison = AnswerComparison(of: subject, tolerance: tolerance)
    for row in rows {
      row.answers.withUnsafeBufferPointer { answers in
        row.expected.withUnsafeBufferPointer { comparison.compare(answers, $0) }
      }
    }
    return comparison
  }

  /// A row, whether it agrees, and its deviation.
  static let rows: [([Float], [Float], Bool, Double)] = [
    ([1, 2], [1, 2], true, 0),
    // As a share of the row's largest, which is of the other column and negative.
    ([0.0009, -100], [0, -100], true, 9e-6), ([0.0011, -100], [0, -100], false, 1.1e-5),
    ([1e-20, 1e-30], [1e-20, 1.2e-30], true, 2e-11), ([1e-20], [1.1e-20], false, 0.1 / 1.1),
    ([0, 0], [0, 0], true, 0), ([2e-38, 0], [0, 0], true, 0), ([1e-36, 0], [0, 0], false, .infinity),
    // Flushed to zero by one of the two.
    ([0, 0x1p-140], [2e-38, 0], true, 0),
    ([.infinity, 0], [1, 0], false, .infinity), ([.nan, 0], [1, 0], false, .infinity),
    ([-.infinity], [3e38], false, .infinity), ([-3.4e38], [3.4e38], false, 2),
  ]

  @Test func `a row agrees within the tolerance of its largest`() {
    for (answers, expected, agrees, deviation) in Self.rows {
      let comparison = Self.compare([(answers, expected)])
      #expect(
        (comparison.first == nil) == agrees && comparison.differing == (agrees ? 0 : 1), "\(answers), \(expected)")
      let found = comparison.largest?.deviation ?? -1
      #expect(found == deviation || abs(found - deviation) < 1e-3 * deviation, "\(answers), \(expected): \(found)")
    }
  }

  @Test func `the first difference and the largest are named by row and column`() {
    let comparison = Self.compare([([1, 1], [1, 1]), ([1, 1.001], [1, 1]), ([2, 1], [1, 1]), ([1, 1], [1, 1])])
    #expect(comparison.rows == 4 && comparison.differing == 2)
    #expect(comparison.first?.row == 1 && comparison.first?.column == 1 && comparison.first?.answer == 1.001)
    #expect(comparison.largest?.row == 2 && comparison.largest?.column == 0 && comparison.largest?.deviation == 1)
  }

  @Test func `rows that any formula gives prove nothing`() {
    let rows: [[Float]] = [[0, 0], [1, 0], [0, 1], [1, 1e-9], [1, 0.1], [0.5, 0], [1, 1], [2, 0], [0.999, 0]]
    #expect(Self.compare(rows.map { ($0, $0) }).rowsWithoutProof == 4)
    // A distance of 0 to one center and of 1 to the other is a proof.
    #expect(Self.compare(rows.map { ($0, $0) }, of: .distances).rowsWithoutProof == 1)
  }

  @Test func `shares are said in two digits`() {
    let texts = [0, 1e-5, 2.14e-7, 9.96e-7, 0.5, 1, 12.3, 1e-300, Double.infinity].map(\.twoDigits)
    #expect(
      texts == ["0", "1.0e-05", "2.1e-07", "1.0e-06", "5.0e-01", "1.0e+00", "1.2e+01", "1.0e-300", "infinite"])
  }

  @Test func `what was verified is kept with its rows as the self-test, under the version that needs it`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("radial-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("in.safetensors")
    var crafted = Crafted()
    crafted.metadata["radial.architecture"]!.replace(
      "\"scale\":0.5", with: "\"scale\":0.5,\"inferred_from\":\"the class' name\"")
    try crafted.data.write(to: input)
    let output = folder.appendingPathComponent("out.safetensors").path
    #expect(try Model.load(path: input.path).hasUnprovenFormula)
    let rows: [[Float]] = [[1, 2, 3, 4], [0, 0.5, 0, 1]]
    let answers: Answers
    do {
      let file = try OutputFile(path: output, inputs: [input.path], kind: .model, force: false)
      let editor = try ModelEditor(input.path)
      #expect(editor.model.layers.count == 2 && access(file.path, F_OK) != 0)
      #expect(editor.maximumSelfTestRows == 4096)
      answers = Answers(editor.model, rows)
    }
    // What is not written leaves nothing.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["in.safetensors"])
    for subject in Verification.Subject.allCases {
      let verification = Verification(subject: subject, rows: 7, largestDeviation: 2.5e-7, tolerance: 1e-5)
      let editor = try ModelEditor(input.path)
      editor.setVerification(verification)
      editor.setSelfTest(
        ModelEditor.Answers(
          inputs: rows.flatMap { $0 }, outputs: answers.outputs, distances: answers.distances))
      let written = try editor.write(to: OutputFile(path: output, inputs: [input.path], kind: .model, force: false))
      #expect(written.verification == verification && written.selfTestRows == 2)
      // Distances say nothing of what is made of them.
      #expect(written.hasUnprovenFormula == (subject == .distances))
      #expect(
        written.summary(proofAdvice: "").contains("Verified: \(subject.rawValue) of 7 rows, largest deviation 2.5e-07"))
      #expect(written.summary(proofAdvice: "").contains("Inferred: the formula of layer 'r', from the class' name"))
      #expect(written.layers.last?.inferredFrom == "the class' name")
      #expect(try SafetensorsFile(path: output).metadata["radial.version"] == "1.1")
    }
    // It goes with the model.
    let again = folder.appendingPathComponent("again.safetensors").path
    #expect(try Model.convert(output, to: again).verification?.rows == 7)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["again.safetensors", "in.safetensors", "out.safetensors"])
    // Nothing new is in it.
    try Crafted().data.write(to: input)
    try Model.convert(input.path, to: again)
    #expect(try SafetensorsFile(path: again).metadata["radial.version"] == "1")
  }
}
