import Foundation
import Testing

/// `radial check` and `radial convert --check`, on a Keras file whose class does not say what it computes.
@Suite struct CheckTests {
  private static let data = RunningServer.repository.appendingPathComponent("Tests/EndToEndTests/Data")
  private static func file(_ name: String) -> String { data.appendingPathComponent("check4\(name)").path }

  private static func check(
    _ rows: String, _ expected: String, _ flags: [String] = ["--of", "outputs"], model: String = file(".h5")
  ) throws -> (status: Int32, error: String, output: String) {
    try RunningServer.run(["check", model, rows, expected] + flags)
  }

  /// The numbers of an .npy file of `width` columns.
  private static func numbers(_ name: String, width: Int) throws -> [[Float]] {
    let values = try Data(contentsOf: URL(fileURLWithPath: file(name))).dropFirst(128)
    let all = stride(from: values.startIndex, to: values.endIndex, by: 4).map { index in
      Float(bitPattern: values[index..<index + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
    return stride(from: 0, to: all.count, by: width).map { Array(all[$0..<$0 + width]) }
  }

  @Test func `answers of the framework agree, in any form of rows`() throws {
    let runner = try OfflineRunner()
    let rows = try Self.numbers("-rows.npy", width: 4)
    let outputs = try Self.numbers("-outputs.npy", width: 2)
    func csv(_ rows: [[Float]]) -> String { rows.map { $0.map { "\($0)" }.joined(separator: ",") + "\n" }.joined() }
    let labelled = try runner.file("rows.csv", "id,a,b,c,d\n" + rows.map { "7,\(csv([$0]))" }.joined())
    let expected = try runner.file("expected.csv", "rbf_0,rbf_1\n" + csv(outputs))
    let lines = try runner.file("expected.jsonl", outputs.map { "\($0)\n" }.joined())
    let zipped = try OfflineRunner.shell("gzip -k \"$1\"", [lines])
    #expect(zipped.status == 0)
    let cases: [(String, String, [String])] = [
      (Self.file("-rows.npy"), Self.file("-outputs.npy"), ["--of", "outputs"]),
      (Self.file("-rows.npy"), Self.file("-distances.npy"), ["--of", "distances"]),
      (labelled, expected, ["--of=outputs", "--skip-columns", "id"]),
      (labelled, lines + ".gz", ["--of=outputs", "--skip-columns", "1", "--header", "yes"]),
      (Self.file("-rows.npy"), lines, ["--of", "outputs", "--tolerance", "1e-6"]),
    ]
    for (rows, expected, flags) in cases {
      let found = try Self.check(rows, expected, flags)
      #expect(found.status == 0 && found.error.isEmpty, "\(flags): \(found)")
      #expect(found.output.hasPrefix("rows compared: 8\nlargest deviation: "), "\(found.output)")
      #expect(found.output.contains("e-07 of the row's largest (allowed 1.0e-0"), "\(found.output)")
    }
    let piped = try OfflineRunner.shell(
      "\"$0\" check \"$1\" - \"$2\" --of outputs < \"$3\"",
      [Self.file(".h5"), Self.file("-outputs.npy"), Self.file("-rows.npy")])
    #expect(piped.status == 0, "\(piped)")
  }

  @Test func `answers of another formula differ, with 3, and the first row is named`() throws {
    let found = try Self.check(Self.file("-rows.npy"), Self.file("-half.npy"))
    #expect(found.status == 3 && found.output.contains("rows compared: 8\nlargest deviation: 8.6e-01 "), "\(found)")
    #expect(
      found.error.contains(
        "its outputs differ from those in \(Self.file("-half.npy")) in 8 of 8 rows, first in rows[0] column 0: 0.09490165, expected 0.30806112;"
      ), "\(found.error)")
    #expect(found.error.split(separator: "\n").count == 1)
    // Distances are the same in both: they do not say what is made of them.
    #expect(try Self.check(Self.file("-rows.npy"), Self.file("-distances.npy"), ["--of", "distances"]).status == 0)
    // A tolerance is the user's own word.
    #expect(
      try Self.check(Self.file("-rows.npy"), Self.file("-half.npy"), ["--of=outputs", "--tolerance=1"]).status == 0)
  }

  @Test func `one wrong number among thousands is found, whatever the blocks`() throws {
    let runner = try OfflineRunner()
    var lines = (0..<5000).map { "[\(Float($0 % 97) * 0.01),0.5,0,1]" }
    let rows = try runner.file("rows.jsonl", lines.joined(separator: "\n"))
    let scored = try RunningServer.run(["predict", Self.file(".h5"), rows, "--outputs", "scores", "--quiet"])
    lines = scored.output.split(separator: "\n").map { line in
      "[" + line[line.firstRange(of: "\"scores\":[")!.upperBound...].prefix { $0 != "]" } + "]"
    }
    #expect(lines.count == 5000)
    let all = try runner.file("all.jsonl", lines.joined(separator: "\n\n"))
    let fine = try Self.check(rows, all)
    #expect(fine.status == 0 && fine.output.contains("rows compared: 5000\nlargest deviation: 0 "), "\(fine)")
    lines[4321] = "[0.25,0.125]"
    let wrong = try Self.check(rows, try runner.file("wrong.jsonl", lines.joined(separator: "\n")))
    #expect(wrong.status == 3 && wrong.error.contains("in 1 of 5000 rows, first in rows[4321] column 0: "), "\(wrong)")
    for (name, count) in [("fewer", 4999), ("more", 5001)] {
      let other = try runner.file(
        "\(name).jsonl", (lines + ["[0.25,0.125]"]).prefix(count).joined(separator: "\n"))
      let found = try Self.check(rows, other)
      #expect(found.status == 2, "\(found)")
      #expect(found.error.contains("rows.jsonl has 5000 rows and \(other) \(count); give the answers"), "\(found)")
    }
  }

  @Test func `what cannot be compared ends with 2 and a sentence`() throws {
    let runner = try OfflineRunner()
    let rows = Self.file("-rows.npy")
    let far = try runner.file("far.csv", String(repeating: "1000,1000,1000,1000\n", count: 2))
    let cases: [([String], String)] = [
      ([rows, try runner.file("zeros.csv", "0,0\n0,0\n")], "check4-rows.npy has 8 rows and"),
      ([far, try runner.file("zeros2.csv", "0,0\n0,0\n")], "every row is zeros alone, or one 1 among zeros"),
      ([rows, try runner.file("narrow.csv", "1\n2\n")], "expected 2 numbers, found 1"),
      ([rows, try runner.file("nan.jsonl", "[NaN,1]\n")], "expected a finite"),
      ([rows, try runner.file("infinite.jsonl", "[Infinity,1]\n")], "expected a finite"),
      ([try runner.file("bad.csv", "1,2,3\n"), Self.file("-outputs.npy")], "expected 4 numbers, found 3"),
      ([rows, rows], "rows of 4 numbers, expected 2"),
      ([rows, runner.folder.path + "/nowhere.npy"], "nowhere.npy: cannot be opened"),
      ([rows, try runner.file("empty.csv", "")], "is empty"),
      (["-", "-"], "both the standard input"),
    ]
    for (arguments, sentence) in cases {
      let found = try Self.check(arguments[0], arguments[1])
      #expect(found.status == 2 && found.error.contains(sentence), "\(arguments): \(found)")
      #expect(found.output.isEmpty)
    }
    for (flags, sentence) in [
      ([], "--of: say what EXPECTED holds"), (["--of", "scores"], "expected outputs or distances, found 'scores'"),
      (["--of", "outputs", "--tolerance", "2"], "expected a number from 0 to 1, found 2"),
      (["--of", "outputs", "--tolerance", "-1"], "--tolerance"),
    ] {
      let found = try Self.check(rows, Self.file("-outputs.npy"), flags)
      #expect(found.status == 2 && found.error.contains(sentence), "\(flags): \(found)")
    }
  }

  @Test func `convert keeps what was compared as the self-test, and writes nothing that differs`() throws {
    let runner = try OfflineRunner()
    let output = runner.folder.path + "/out.safetensors"
    func convert(_ expected: String, _ flags: [String] = ["--of", "outputs"]) throws -> (
      status: Int32, error: String, output: String
    ) {
      try RunningServer.run(
        ["convert", Self.file(".h5"), "-o", output, "--check", Self.file("-rows.npy"), Self.file(expected)] + flags)
    }
    let differing = try convert("-half.npy")
    #expect(differing.status == 3 && differing.error.contains("rows[0] column 0"), "\(differing)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: runner.folder.path).isEmpty)

    let found = try convert("-outputs.npy")
    #expect(found.status == 0 && found.error.isEmpty, "\(found)")
    #expect(found.output.contains("self-test: the first 8 rows, with Radial's answers"), "\(found.output)")
    let inspected = try RunningServer.run(["inspect", output])
    #expect(inspected.output.contains("Verified: outputs of 8 rows, largest deviation "), "\(inspected.output)")
    #expect(inspected.output.contains("Self-test: passed, 8 rows"))
    let json = try RunningServer.run(["inspect", output, "--json"])
    let value = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    let verified = try #require(value?["verified"] as? [String: Any])
    #expect(verified["of"] as? String == "outputs" && verified["rows"] as? Int == 8)
    #expect(verified["tolerance"] as? Double == 1e-5 && (verified["largest_deviation"] as? Double ?? 1) < 1e-6)
    // What differs later leaves what was there.
    let before = FileManager.default.contents(atPath: output)
    #expect(try convert("-half.npy").status == 3)
    #expect(FileManager.default.contents(atPath: output) == before)

    for (flags, sentence) in [
      (["--check", "a"], "--check: expected two files, ROWS and EXPECTED, found a"),
      (["--check", "a", "b", "c", "--of", "outputs"], "found a, b, c"),
      (["--check", "a", "b"], "belong together"), (["--of", "outputs"], "belong together"),
    ] {
      let found = try RunningServer.run(["convert", Self.file(".h5"), "-o", output] + flags)
      #expect(found.status == 2 && found.error.contains(sentence), "\(flags): \(found)")
    }
    // The rows are inputs too.
    let expected = runner.folder.path + "/link.safetensors"
    try FileManager.default.linkItem(atPath: Self.file("-outputs.npy"), toPath: expected)
    let refused = try RunningServer.run(
      [
        "convert", Self.file(".h5"), "-o", expected, "--force", "--of", "outputs", "--check", Self.file("-rows.npy"),
        Self.file("-outputs.npy"),
      ])
    #expect(refused.status == 2 && refused.error.contains("nothing replaces an input"), "\(refused)")
  }

  @Test func `convert replaces neither its input nor a file of another kind`() throws {
    let runner = try OfflineRunner()
    let contents = try Data(contentsOf: URL(fileURLWithPath: Self.file(".h5")))
    let input = try runner.file("in.safetensors", contents)
    let link = runner.folder.path + "/link.safetensors"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: input)
    let notes = try runner.file("notes.safetensors", "notes")
    let text = try runner.file("notes.txt", "notes")
    let cases: [(String, [String], String?)] = [
      (input, [], "is an input, and nothing replaces an input"),
      (input, ["--force"], "is an input, and nothing replaces an input"),
      (link, ["--force"], "is the same file as the input"), (notes, [], "exists and is no Radial file"),
      (text, ["--force"], "Radial writes .safetensors files"), (runner.folder.path, [], "Radial writes .safetensors"),
      (notes, ["--force"], nil), (notes, [], nil),
    ]
    for (output, flags, sentence) in cases {
      let found = try RunningServer.run(["convert", input, "-o", output] + flags)
      #expect(found.status == (sentence == nil ? 0 : 2), "\(output), \(flags): \(found)")
      if let sentence { #expect(found.error.hasPrefix("radial: \(output): ") && found.error.contains(sentence)) }
    }
    #expect(FileManager.default.contents(atPath: input) == contents)
    #expect(FileManager.default.contents(atPath: text) == Data("notes".utf8))
    let names = try FileManager.default.contentsOfDirectory(atPath: runner.folder.path).sorted()
    #expect(names == ["in.safetensors", "link.safetensors", "notes.safetensors", "notes.txt"])
  }
}
