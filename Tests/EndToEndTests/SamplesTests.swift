import Foundation
import Testing

/// Rows that `radial convert` puts into a model's file, and the server gives to try the model with.
@Suite struct SamplesTests {
  private let runner: OfflineRunner
  private let output: String

  init() throws {
    runner = try OfflineRunner()
    output = runner.folder.path + "/out.safetensors"
  }

  private func convert(_ flags: [String], from input: String = RunningServer.weights("example.safetensors")) throws -> (
    status: Int32, error: String, output: String
  ) {
    try RunningServer.run(["convert", input, "-o", output] + flags)
  }

  private static func values(_ row: Int, width: Int = 100) -> [Double] {
    (0..<width).map { Double(row) + Double($0) / 8 }
  }

  private static func rows(_ count: Int, width: Int = 100) -> String {
    (0..<count).map { "\(values($0, width: width))\n" }.joined()
  }

  @Test func `converted rows are given as they were, are a body of predict, and stay until they are left out`() throws {
    let rows = try runner.file("rows.jsonl", Self.rows(3))
    let labels = try runner.file("labels.txt", "7\n0\n9\n")
    let run = try convert(["--samples", rows, "--sample-labels", labels, "--labels", "a,b,c,d,e,f,g,h,i,j"])
    #expect(run.status == 0, "\(run)")
    let server = try RunningServer(["--model", "\(output)=m"], model: nil)
    let client = try Client(port: server.port)
    for path in ["/models/m/samples", "/models/m/versions/1/samples"] {
      let answer = try client.exchange("GET", path)
      #expect(answer.status == 200 && answer.headers["content-type"] == "application/json")
      let instances = try #require(answer.json["instances"] as? [[Double]])
      #expect(instances == (0..<3).map { Self.values($0) })
      #expect(answer.json["classes"] as? [Int] == [7, 0, 9] && answer.json["labels"] as? [String] == ["h", "a", "j"])
      let predictions = try client.exchange("POST", "/predict", answer.body).json["predictions"] as? [[String: Any]]
      #expect(predictions?.count == 3)
    }
    #expect(try client.exchange("GET", "/model").json["samples"] as? Int == 3)
    #expect(try RunningServer.run(["inspect", output]).output.contains("Samples: 3 rows"))

    let kept = runner.folder.path + "/kept.safetensors"
    #expect(try RunningServer.run(["convert", output, "-o", kept]).status == 0)
    #expect(try RunningServer.run(["inspect", kept]).output.contains("Samples: 3 rows"))
    let without = runner.folder.path + "/without.safetensors"
    #expect(try RunningServer.run(["convert", kept, "-o", without, "--without-samples"]).status == 0)
    #expect(try !RunningServer.run(["inspect", without]).output.contains("Samples"))
  }

  @Test func `a header and columns to leave out are said as for other rows`() throws {
    let rows = try runner.file(
      "rows.csv",
      "id,\((0..<100).map { "x\($0)" }.joined(separator: ","))\n5,\((0..<100).map(String.init).joined(separator: ","))\n"
    )
    let run = try convert(["--samples", rows, "--header", "yes", "--skip-columns", "id"])
    #expect(run.status == 0, "\(run)")
    let server = try RunningServer(["--model", "\(output)=m"], model: nil)
    let instances = try Client(port: server.port).exchange("GET", "/models/m/samples").json["instances"] as? [[Double]]
    #expect(instances == [(0..<100).map(Double.init)])
  }

  @Test func `an answer that is kept takes none of the memory for requests`() throws {
    let rows = try runner.file("rows.jsonl", Self.rows(100))
    #expect(try convert(["--samples", rows]).status == 0)
    let server = try RunningServer(["--model", "\(output)=m"], model: nil)
    let client = try Client(port: server.port)
    func used() throws -> Double {
      try #require(MetricsTests.parse(try client.exchange("GET", "/metrics").body)["radial_memory_used_bytes"])
    }
    let before = try used()
    let first = try client.exchange("GET", "/models/m/samples")
    for _ in 0..<20 { #expect(try client.exchange("GET", "/models/m/samples").body == first.body) }
    // Beside it there is what the metrics themselves take.
    let (kept, size) = (try used() - before, Double(first.body.utf8.count))
    #expect(size > 20_000 && kept < size / 2, "\(kept) of \(size)")
  }

  @Test func `without labels there are no classes, and without samples there is no route's answer`() throws {
    let rows = try runner.file("rows.jsonl", Self.rows(1))
    #expect(try convert(["--samples", rows]).status == 0)
    let server = try RunningServer(
      ["--model", "\(output)=m", "--model", RunningServer.weights("example.safetensors")], model: nil)
    let client = try Client(port: server.port)
    let answer = try client.exchange("GET", "/models/m/samples").json
    #expect(answer["classes"] is NSNull && answer["labels"] is NSNull)
    let missing = try client.exchange("GET", "/models/example/samples")
    #expect(missing.status == 404 && missing.body.contains("radial convert"), "\(missing.body)")
    #expect(try client.exchange("GET", "/models/example").json["samples"] as? Int == 0)
    #expect(try client.exchange("POST", "/models/m/samples").status == 405)
  }

  @Test func `an answer over the limit of answers is refused`() throws {
    let rows = try runner.file("rows.jsonl", Self.rows(100))
    #expect(try convert(["--samples", rows]).status == 0)
    let server = try RunningServer(["--model", "\(output)=m", "--max-response-bytes", "64K"], model: nil)
    let answer = try Client(port: server.port).exchange("GET", "/models/m/samples")
    #expect(answer.status == 413 && answer.body.contains("100 samples of 100 numbers"), "\(answer.body)")
  }

  @Test func `nothing is written where something is wrong`() throws {
    let many = try runner.file("many.jsonl", Self.rows(101))
    let good = try runner.file("good.jsonl", Self.rows(2))
    let narrow = try runner.file("narrow.jsonl", Self.rows(2, width: 99))
    let infinite = try runner.file("nan.jsonl", Self.rows(1).replacing("[0.0,", with: "[NaN,"))
    let empty = try runner.file("empty.jsonl", "")
    let one = try runner.file("one.txt", "1\n")
    let strange = try runner.file("strange.txt", "1\n10\n")
    for (flags, sentence) in [
      (["--samples", many], "many.jsonl: has more than 100 rows of 100 numbers"),
      (["--samples", narrow], "expected 100 numbers, found 99"), (["--samples", infinite], "nan.jsonl"),
      (["--samples", empty], "empty.jsonl"), (["--samples", runner.folder.path + "/none.npy"], "none.npy"),
      (["--samples", good, "--sample-labels", one], "1 labels of 2 rows, expected one a row"),
      (
        ["--samples", good, "--sample-labels", strange],
        "label '10' of row 1 names none or several of the model's 10 classes"
      ),
      (["--sample-labels", one], "--sample-labels are those of --samples"),
      (["--samples", good, "--without-samples"], "say one"),
    ] {
      let run = try convert(flags)
      #expect(run.status == 2 && run.error.contains(sentence), "\(flags): \(run)")
      #expect(!FileManager.default.fileExists(atPath: output))
    }
    let own = try runner.file("own.safetensors", Self.rows(2))
    let refused = try RunningServer.run([
      "convert", RunningServer.weights("example.safetensors"), "-o", own, "--force", "--samples", own,
    ])
    #expect(refused.status == 2 && refused.error.contains("nothing replaces an input"), "\(refused)")
  }
}
