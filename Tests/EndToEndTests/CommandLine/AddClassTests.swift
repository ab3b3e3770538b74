import Foundation
import Testing

/// `radial add-class`: negatives of digits become an eleventh class.
@Suite struct AddClassTests {
  let runner: OfflineRunner
  let rows: [[Int]]
  let output: String

  init() throws {
    runner = try OfflineRunner()
    rows = try JSONDecoder().decode(
      EvaluateTests.Sample.self, from: Data(contentsOf: URL(fileURLWithPath: KerasInputTests.file("mnist-sample.json")))
    ).rows
    output = runner.folder.appendingPathComponent("added.safetensors").path
  }

  private func negatives(_ range: Range<Int>) -> String {
    rows[range].map { "\($0.map { 255 - $0 })\n" }.joined()
  }

  @Test func `a few examples are a class, and the others stay`() throws {
    let digits = RunningServer.weights("digits.safetensors")
    let examples = try runner.file("examples.jsonl", negatives(0..<5))
    let run = try RunningServer.run(["add-class", digits, examples, "--label", "negative", "-o", output])
    #expect(run.status == 0 && run.output.contains("class 10, 'negative', from 5 examples"), "\(run)")
    #expect(run.output.contains("its limit is borrowed from all classes"))
    func predictions(_ model: String, _ text: String) throws -> [[String: Any]] {
      let run = try RunningServer.run(["predict", model, try runner.file("asked.jsonl", text)])
      return try run.output.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
    }
    let found = try predictions(output, negatives(5..<100))
    #expect(found.count { $0["label"] as? String == "negative" } >= 90)
    let plain = rows.map { "\($0)\n" }.joined()
    let (before, after) = (try predictions(digits, plain), try predictions(output, plain))
    // A digit that is far from its own class may be nearer to the new one.
    #expect(after.count { $0["class"] as? Int == 10 } <= 2)
    for (old, new) in zip(before, after) {
      for name in ["class", "distance", "known", "p_value"] where new["class"] as? Int != 10 {
        #expect("\(old[name]!)" == "\(new[name]!)", "\(name)")
      }
      let distances = try #require(new["distances"] as? [Double])
      #expect(Array(distances.dropLast()) == old["distances"] as? [Double] && distances.count == 11)
    }
    // Limits say of which classes they are borrowed.
    let limits = try RunningServer.run([
      "predict", output, try runner.file("one.jsonl", "\(rows[0])\n"), "--outputs", "limits",
    ])
    #expect(limits.output.contains("\"borrowed\":[10]"), "\(limits)")
    let own = try RunningServer.run([
      "predict", digits, try runner.file("one.jsonl", "\(rows[0])\n"), "--outputs", "limits",
    ])
    #expect(own.output.contains("\"limits\":[") && !own.output.contains("borrowed"), "\(own)")
    let inspected = try RunningServer.run(["inspect", output, "--json"]).output
    #expect(
      inspected.contains("\"borrowed\"") && inspected.contains("\"result\" : \"passed\""), "\(inspected.suffix(400))")

    let told = "lasses added from a few examples, ranked among the rows of all classes"
    #expect(try RunningServer.run(["inspect", output]).output.contains("\nC\(told)"))
    let log = Pipe()
    let server = try RunningServer(["--model", output], model: nil, error: log)
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
    let text = String(decoding: log.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(text.contains("c\(told)") && text.contains("negative"), "\(text)")

    // With rows of the class among the others it has a limit of its own.
    let all = try runner.file("all.jsonl", plain + negatives(5..<100))
    let calibrated = runner.folder.appendingPathComponent("calibrated.safetensors").path
    let calibration = try RunningServer.run(["calibrate", output, all, "--min-rows", "5", "-o", calibrated])
    #expect(calibration.status == 0, "\(calibration)")
    #expect(try !RunningServer.run(["inspect", calibrated, "--json"]).output.contains("\"borrowed\""))
  }

  /// Written into a models directory as a new version, the server takes it up, and no request fails.
  @Test func `a running server answers the new class`() throws {
    let models = runner.folder.appendingPathComponent("models/digits")
    for version in ["1", "2"] {
      try FileManager.default.createDirectory(
        at: models.appendingPathComponent(version), withIntermediateDirectories: true)
    }
    let digits = models.appendingPathComponent("1/model.safetensors").path
    try FileManager.default.copyItem(atPath: RunningServer.weights("digits.safetensors"), toPath: digits)
    let server = try RunningServer(
      ["--models-dir", models.deletingLastPathComponent().path, "--models-scan-interval", "0.1"], model: nil)
    let client = try Client(port: server.port)
    let asked = "{\"instance\":\(rows[50].map { 255 - $0 })}"
    #expect(try !client.exchange("POST", "/models/digits/predict", asked).body.contains("negative"))
    let examples = try runner.file("examples.jsonl", negatives(0..<5))
    let run = try RunningServer.run([
      "add-class", digits, examples, "--label", "negative", "-o",
      models.appendingPathComponent("2/model.safetensors").path,
    ])
    #expect(run.status == 0, "\(run)")
    var answered = false
    for _ in 0..<200 where !answered {
      let answer = try client.exchange("POST", "/models/digits/predict", asked)
      #expect(answer.status == 200, "\(answer.body)")
      answered = answer.body.contains("\"label\":\"negative\"")
      usleep(50_000)
    }
    #expect(answered)
  }

  @Test func `a class that is near another is told, and what cannot be is refused`() throws {
    let digits = RunningServer.weights("digits.safetensors")
    let same = try runner.file("same.jsonl", "\(rows[0])\n")
    let near = try RunningServer.run(["add-class", digits, same, "--label", "again", "-o", output])
    #expect(near.output.contains("warning: its prototype lies within the limit of '7'"), "\(near)")
    let six = try runner.file("six.jsonl", "[1,2,3,4,5,6]\n")
    let four = try runner.file("four.jsonl", "[1,2,3,4]\n")
    let other = runner.folder.appendingPathComponent("other.safetensors").path
    for (arguments, sentence) in [
      ([digits, same, "--label", "7"], "'7' is a label of it already"),
      ([digits, same, "--label", "two\nlines"], "has control characters"),
      ([digits, same, "--label", " "], "or empty"),
      ([digits, six, "--label", "x"], "expected 784"),
      ([KerasInputTests.file("softmax.keras"), six, "--label", "x"], "an RBF layer that comes last"),
      ([KerasInputTests.file("rbf4.h5"), four, "--label", "x"], "its classes have no labels"),
    ] {
      let run = try RunningServer.run(["add-class"] + arguments + ["-o", other])
      #expect(run.status == 2 && run.error.contains(sentence), "\(arguments): \(run)")
      #expect(!FileManager.default.fileExists(atPath: other))
    }
  }
}
