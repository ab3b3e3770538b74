import Foundation
import Testing

/// `radial compare`, two models on the same digits.
@Suite struct CompareTests {
  @Test func `classes that change, verdicts and distances are told`() throws {
    let runner = try OfflineRunner()
    let sample = try JSONDecoder().decode(
      EvaluateTests.Sample.self, from: Data(contentsOf: URL(fileURLWithPath: KerasInputTests.file("mnist-sample.json")))
    )
    let rows = try runner.file("rows.jsonl", sample.rows.map { "\($0)\n" }.joined())
    let (digits, lenet) = (RunningServer.weights("digits.safetensors"), RunningServer.weights("lenet5.safetensors"))
    func predictions(_ model: String) throws -> [[String: Any]] {
      try RunningServer.run(["predict", model, rows, "--outputs", "none"]).output.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
    }
    func compare(_ one: String, _ other: String) throws -> [String: Any] {
      let run = try RunningServer.run(["compare", one, other, rows, "--json"])
      #expect(run.status == 0, "\(run)")
      return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }
    let same = try compare(digits, digits)
    #expect(same["agreement"] as? Double == 1 && same["changed"] as? Int == 0)
    let (before, after) = (try predictions(digits), try predictions(lenet))
    let found = try compare(digits, lenet)
    let changed = zip(before, after).enumerated().filter {
      $0.element.0["class"] as? Int != $0.element.1["class"] as? Int
    }
    #expect(found["rows"] as? Int == 100 && found["changed"] as? Int == changed.count)
    #expect((found["changes"] as? [[String: Any]])?.map { $0["row"] as? Int } == changed.map { $0.offset })
    let verdicts = try #require(found["verdicts"] as? [String: Int])
    let known = zip(before, after).count { $0["known"] as? Bool == true && $1["known"] as? Bool == true }
    #expect(verdicts["known_to_both"] == known && verdicts.values.reduce(0, +) == 100)
    let table = try RunningServer.run(["compare", digits, lenet, rows])
    #expect(
      table.output.contains("known to both \(known)") && table.output.contains("second: distance of the answered class")
    )

    let other = try RunningServer.run(["compare", digits, KerasInputTests.file("rbf4.h5"), rows])
    #expect(other.status == 2 && other.error.contains("takes rows of 784 numbers"), "\(other.error)")
    #expect(try RunningServer.run(["compare", digits, lenet, "-"]).error.contains("name a file"))
  }

  @Test func `a pipe is refused, since rows are read twice`() throws {
    let runner = try OfflineRunner()
    let pipe = runner.folder.appendingPathComponent("pipe").path
    #expect(mkfifo(pipe, 0o600) == 0)
    let model = RunningServer.weights("digits.safetensors")
    let run = try RunningServer.run(["compare", model, model, pipe])
    #expect(run.status == 2 && run.error.contains("is no regular file"), "\(run)")
  }
}
