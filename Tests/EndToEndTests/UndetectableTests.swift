import FileFormats
import Foundation
import Testing

/// Files of the table of RBF-like layers (ModelsTests/Keras/rbf_table.py) that are served, since nothing in them says that their layer
/// computes another formula than the one inferred: `radial check` tells the right ones from the others.
@Suite struct UndetectableTests {
  struct Case: Decodable {
    let file: String
    let layer: String
    let computes: String
    let expected: String
    let offset: Int
    let bytes: Int
    let inputs: [[Float]]
    let outputs: [[Double]]
  }

  @Test func `check passes every layer that is served right, and catches every other`() throws {
    let folder = RunningServer.repository.appendingPathComponent("Tests/ModelsTests/Keras")
    let cases = try JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: folder.appendingPathComponent("rbf_table.json")))
    let archive = try ZipArchive(ByteSlice([UInt8](Data(contentsOf: folder.appendingPathComponent("rbf_table.zip")))))
    let files = try archive.contents("files", limit: 1 << 25).array
    let runner = try OfflineRunner()
    var passed = 0
    var caught: [String: Int] = [:]
    for item in cases where item.expected != "refused" {
      let model = try runner.file(item.file, Data(files[item.offset..<item.offset + item.bytes]))
      let rows = try runner.file("rows.jsonl", item.inputs.map { "\($0)\n" }.joined())
      let answers = try runner.file("answers.jsonl", item.outputs.map { "\($0)\n" }.joined())
      let found = try RunningServer.run(["check", model, rows, answers, "--of", "outputs"])
      if item.expected == "served" {
        passed += 1
        #expect(found.status == 0, "\(item.file): \(item.layer) computes \(item.computes): \(found.error)")
      } else {
        caught[item.computes, default: 0] += 1
        #expect(found.status == 3, "\(item.file): \(item.layer) computes \(item.computes): \(found)")
      }
    }
    print("passed: \(passed); caught: \(caught.values.reduce(0, +)), by what they compute: \(caught)")
    #expect(passed > 60 && caught.count > 5)
  }
}
