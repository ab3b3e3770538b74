import Foundation
import Testing

/// `radial evaluate`, as a user calls it, on 100 digits of the MNIST test set.
@Suite struct EvaluateTests {
  struct Sample: Decodable {
    let rows: [[Int]]
    let labels: [Int]
  }

  let runner: OfflineRunner
  let sample: Sample
  let rows: String

  init() throws {
    runner = try OfflineRunner()
    sample = try JSONDecoder().decode(
      Sample.self, from: Data(contentsOf: URL(fileURLWithPath: KerasInputTests.file("mnist-sample.json"))))
    rows = try runner.file(
      "rows.jsonl",
      zip(sample.rows, sample.labels).map { "{\"instance\":\($0),\"digit\":\($1)}\n" }.joined())
  }

  private func evaluate(_ arguments: [String], model: String? = nil) throws -> (
    status: Int32, error: String, output: String
  ) {
    try RunningServer.run(["evaluate", model ?? RunningServer.weights("digits.safetensors"), rows] + arguments)
  }

  private func json(_ arguments: [String], model: String? = nil) throws -> [String: Any] {
    let run = try evaluate(arguments + ["--json"], model: model)
    #expect(run.status == 0, "\(run.error)")
    return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  @Test func `labels come from a column, a text, an array and an IDX file`() throws {
    let text = try runner.file("labels.txt", sample.labels.map { "\($0)\n" }.joined())
    var idx = Data([0, 0, 8, 1, 0, 0, 0, 100])
    idx.append(contentsOf: sample.labels.map(UInt8.init))
    let binary = try runner.file("labels-idx1-ubyte", idx)
    let expected = try json(["--label-column", "digit"])
    let error = try #require(expected["error"] as? Double)
    #expect(expected["labelled"] as? Int == 100 && error <= 0.03)
    let headed = try runner.file("labels.csv", "digit\n" + sample.labels.map { "\($0)\n" }.joined())
    for arguments in [["--labels", text], ["--labels", binary], ["--labels", headed]] {
      #expect(try json(arguments) as NSDictionary == expected as NSDictionary, "\(arguments)")
    }
    let confusion = try #require(expected["confusion"] as? [[Int]])
    #expect(confusion.joined().reduce(0, +) == 100)
    let unlabelled = try json([])
    #expect(unlabelled["error"] is NSNull && (unlabelled["confusion"] as? [Any])?.isEmpty == true)
    // Names of classes are labels too, and what is none is said.
    let named = try runner.file("names.txt", sample.labels.map { "digit \($0)\n" }.joined())
    let model = runner.folder.appendingPathComponent("named.safetensors").path
    let names = (0..<10).map { "digit \($0)" }.joined(separator: ",")
    _ = try RunningServer.run(["convert", RunningServer.weights("digits.safetensors"), "-o", model, "--labels", names])
    #expect(try json(["--labels", named], model: model)["error"] as? Double == expected["error"] as? Double)
    let wrong = try evaluate(["--labels", named])
    #expect(wrong.status == 2 && wrong.output.isEmpty, "\(wrong)")
    #expect(
      wrong.error.contains("no row has a usable label, the first at line 1, 'digit 7'; labels are the names of classes")
    )
    let mixed = try runner.file(
      "mixed.txt", sample.labels.enumerated().map { "\($0 < 40 ? "digit " : "")\($1)\n" }.joined())
    let some = try evaluate(["--labels", mixed])
    #expect(some.output.contains("warning: 40 rows have no usable label, the first at line 1, 'digit 7'"), "\(some)")
  }

  /// Numbers that Float32 does not tell apart, and those that are no numbers but look like them.
  @Test(arguments: [
    (0..<10).map { "\(16_777_216 + $0)" }, (0..<10).map { "0\($0)" }, (0..<10).map { "\($0).50" },
    ["+1", "-1", "+2", "-2", "+3", "-3", "+4", "-4", "+5", "-5"],
  ])
  func `labels of a text are its words`(names: [String]) throws {
    let named = runner.folder.appendingPathComponent("named.safetensors").path
    let run = try RunningServer.run([
      "convert", RunningServer.weights("digits.safetensors"), "-o", named, "--labels", names.joined(separator: ","),
    ])
    #expect(run.status == 0, "\(run)")
    let text = try runner.file("names.txt", sample.labels.map { "\(names[$0])\n" }.joined())
    let found = try json(["--labels", text], model: named)
    #expect(found["labelled"] as? Int == 100)
    #expect(try #require(found["error"] as? Double) <= 0.03)
  }

  /// Of an array labels are read as Float32, and 1 there may be the class "1.0" or the class of index 1.
  @Test func `a label of an array that may be another is not taken`() throws {
    func bigEndian(_ number: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) } }
    let named = runner.folder.appendingPathComponent("named.safetensors").path
    let names = (1...10).map { "\($0).0" }.joined(separator: ",")
    let run = try RunningServer.run([
      "convert", RunningServer.weights("digits.safetensors"), "-o", named, "--labels", names,
    ])
    #expect(run.status == 0, "\(run)")
    for (offset, sentence) in [
      (1, "no row has a usable label"), (1 << 24, "of such numbers not every digit is read"),
    ] {
      let idx = [0, 0, 12, 1] + bigEndian(100) + sample.labels.flatMap { bigEndian($0 + offset) }
      let path = try runner.file("labels-idx1-int", Data(idx))
      let found = try RunningServer.run(["evaluate", named, rows, "--labels", path])
      #expect(found.status == 2 && found.error.contains(sentence), "\(found)")
    }
  }

  @Test func `far rows are told from known ones, given or made`() throws {
    let far = try runner.file(
      "grey.jsonl", (0..<50).map { "\([Int](repeating: 40 + 4 * $0, count: 784))\n" }.joined())
    let given = try json(["--label-column", "digit", "--far", far, "--far", rows])
    let sets = try #require(given["far"] as? [[String: Any]])
    #expect(sets.map { $0["name"] as? String } == ["grey.jsonl", "rows.jsonl"])
    #expect(sets.allSatisfy { $0["is_synthetic"] as? Bool == false })
    let area = try #require((sets[0]["distance"] as? [String: Any])?["auroc"] as? Double)
    #expect(area > 0.99)
    #expect((sets[1]["distance"] as? [String: Any])?["auroc"] as? Double == 0.5)
    #expect((sets[0]["accepted"] as? [Double])?.count == 3)
    let made = try #require(try json([])["far"] as? [[String: Any]])
    #expect(made.map { $0["name"] as? String } == ["shuffled", "noise", "negative", "blended"])
    let table = try evaluate(["--far", far])
    #expect(table.output.contains("grey.jsonl: 0.00 % would be called known at 1 %"), "\(table.output)")
  }

  @Test func `a report is one file without anything from elsewhere`() throws {
    let path = runner.folder.appendingPathComponent("report.html").path
    let run = try evaluate(["--label-column", "digit", "--report", path])
    #expect(run.status == 0 && run.output.hasSuffix("\(path): written\n"), "\(run)")
    let html = try String(contentsOfFile: path, encoding: .utf8)
    #expect(html.hasPrefix("<!doctype html><html lang=\"en\">") && html.hasSuffix("</html>\n"))
    for part in ["<script", "http:", "https:", "url(", "@import", "<link"] { #expect(!html.contains(part), "\(part)") }
    #expect(html.components(separatedBy: "role=\"img\"").count == 5 && html.contains("data:image/bmp;base64,"))
    for title in ["What it says of far rows", "The strangest rows", "Which classes are taken for which"] {
      #expect(html.contains("<h2>\(title)</h2>"), "\(title)")
    }
    let again = try evaluate(["--report", path])
    #expect(again.status == 2 && again.error.contains("exists; name another output"))
    #expect(try evaluate(["--report", path, "--force"]).status == 0)
    #expect(try evaluate(["--report", rows, "--force"]).error.contains("nothing replaces an input"))
  }

  @Test func `models without verdicts or distances are evaluated as far as it goes`() throws {
    let converted = runner.folder.appendingPathComponent("in.jsonl").path
    let rows = try runner.file(
      "six.jsonl",
      (0..<30).map {
        "[\((0..<6).map { "\(Double($0 * 5 % 7) / 3)" }.joined(separator: ","))]\n".replacing(
          "0.0", with: "\($0 % 3).0")
      }.joined())
    let plain = try RunningServer.run(["evaluate", KerasInputTests.file("softmax.keras"), rows])
    #expect(plain.status == 0 && plain.output.contains("see radial fit"), "\(plain)")
    let uncalibrated = try RunningServer.run([
      "evaluate", KerasInputTests.file("rbf4.h5"), try runner.file("four.jsonl", "[1,2,3,4]\n[2,2,3,3]\n"),
    ])
    #expect(uncalibrated.status == 0 && uncalibrated.output.contains("see radial calibrate"), "\(uncalibrated)")
    let regressor = try RunningServer.run(["evaluate", KerasInputTests.file("image3x5.h5"), converted])
    #expect(regressor.status == 2, "\(regressor)")
  }

  @Test func `calibrating and evaluating with the same rows is told`() throws {
    let output = runner.folder.appendingPathComponent("calibrated.safetensors").path
    let run = try RunningServer.run(["calibrate", RunningServer.weights("digits.safetensors"), rows, "-o", output])
    #expect(run.status == 0, "\(run)")
    #expect(
      try evaluate([], model: output).output.contains("warning: some 100 % of the rows that the model was calibrated"))
    #expect(try !evaluate([]).output.contains("warning"))
  }

  @Test func `what does not fit is refused`() throws {
    let short = try runner.file("short.txt", "1\n2\n")
    for (arguments, sentence) in [
      (["--labels", short], "has 100 rows, and there are 2 labels"),
      (["--labels", "nosuch"], "nosuch: cannot be opened"),
      (["--labels", KerasInputTests.file("check4-rows.npy")], "rows of 4 numbers, expected 1"),
      (["--labels", short, "--label-column", "digit"], "say one"), (["--force"], "--force is for --report"),
      (["--far", "-", "--labels", "-"], "several files are the standard input"),
      (["--label-column", "none"], "line 1"), (["--far", short], "short.txt"),
    ] {
      let run = try evaluate(arguments)
      #expect(run.status == 2 && run.error.contains(sentence), "\(arguments): \(run)")
    }
  }
}
