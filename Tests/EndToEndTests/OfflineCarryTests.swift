import Foundation
import Testing

/// `--keep`, `--label-column` and `--output`.
@Suite struct OfflineCarryTests {
  /// Lines of a row of the example model: 100 numbers, all the same.
  private static func numbers(_ value: Int) -> String {
    Array(repeating: "0.\(value)", count: 100).joined(separator: ",")
  }

  private static let names = (0..<100).map { "x\($0)" }.joined(separator: ",")

  private static func predict(
    _ file: String, _ flags: [String]
  ) throws -> (status: Int32, error: String, output: String) {
    try OfflineRunner.predict(file, flags + ["--outputs=none"], model: "example.safetensors")
  }

  @Test func `columns of CSV stay with their rows, in both forms of output`() throws {
    let runner = try OfflineRunner()
    let rows =
      "id,\(Self.names),full name\n007,\(Self.numbers(1)),\"Curie, \"\"M\"\".\"\n,\(Self.numbers(2)),\"Łu\"\"\u{301}\"\n9,NA,x\n"
      + "  8 ,\(Self.numbers(3)),a\\b\n"
    let path = try runner.file("a.csv", rows)
    let plain = try runner.file("plain.csv", (1...3).map { Self.numbers($0) + "\n" }.joined())
    let json = try Self.predict(path, ["--keep=id,full name", "--on-bad-row=skip"])
    let kept = [
      "{\"id\":\"007\",\"full name\":\"Curie, \\\"M\\\".\",", "{\"id\":\"\",\"full name\":\"Łu\\\"\u{301}\",",
      "{\"id\":\"8\",\"full name\":\"a\\\\b\",",
    ]
    let answers = try Self.predict(plain, []).output.split(separator: "\n").map { $0.dropFirst() }
    #expect(json.output == zip(kept, answers).map { "\($0)\($1)\n" }.joined(), "\(json.error)")
    #expect(json.error.contains("skipped 1 bad rows of 4, wrote 3"))

    let table = try Self.predict(path, ["--keep=full name,1", "--on-bad-row=skip", "--output-format=csv"])
    let lines = table.output.split(separator: "\n").map(String.init)
    #expect(lines[0].hasPrefix("row,full name,id,class,"))
    #expect(
      lines[1].hasPrefix("0,\"Curie, \"\"M\"\".\",007,") && lines[2].hasPrefix("1,\"Łu\"\"\u{301}\",,"), "\(lines)")
    #expect(lines[3].hasPrefix("3,a\\b,8,") && lines.count == 4)
  }

  @Test func `members of JSON rows stay with them as they are written`() throws {
    let runner = try OfflineRunner()
    let rows = [
      "{\"id\":1e3,\"t\":\"a\\u00e9\\n\\\"\",\"instance\":[\(Self.numbers(1))]}",
      "{ \"instance\" : [\(Self.numbers(2))] , \"t\" : {\"a\":[1, null]} , \"id\" : null }",
      "{\"id\":1,\"instance\":[\(Self.numbers(3))]}", "[\(Self.numbers(4))]",
      "{\"id\":1,\"t\":2,\"id\":3,\"instance\":[\(Self.numbers(5))]}",
      "{\"id\":\"z\",\"t\":true,\"instance\":[\(Self.numbers(6))]}",
    ]
    let sentences = [
      ": expected the member 't', found none", ": expected an object with 'id', found an array",
      ": expected the member 'id' once, found a second one",
    ]
    for (name, text) in [
      ("lines.jsonl", rows.joined(separator: "\n")), ("list.json", "[" + rows.joined(separator: ",\n") + "]"),
    ] {
      let path = try runner.file(name, text)
      let json = try Self.predict(path, ["--keep=id,t", "--on-bad-row=skip"])
      let lines = json.output.split(separator: "\n")
      try #require(lines.count == 3, "\(json.error)")
      #expect(lines[0].hasPrefix("{\"id\":1e3,\"t\":\"a\\u00e9\\n\\\"\",\"class\":"))
      #expect(lines[1].hasPrefix("{\"id\":null,\"t\":{\"a\":[1, null]},\"class\":"))
      #expect(lines[2].hasPrefix("{\"id\":\"z\",\"t\":true,\"class\":"))
      for sentence in sentences { #expect(json.error.contains(sentence), "\(json.error)") }
      #expect(json.error.contains("skipped 3 bad rows of 6, wrote 3"))
      let table = try Self.predict(path, ["--keep=id,t", "--on-bad-row=skip", "--output-format=csv"]).output
      #expect(table.contains("\n0,1e3,\"aé\n\"\"\","))
      #expect(table.contains("\n1,,\"{\"\"a\"\":[1, null]}\",") && table.contains("\n5,z,true,"), "\(table)")
    }
  }

  @Test func `labels are counted, by index or by text`() throws {
    let runner = try OfflineRunner()
    let sample = try MNISTSample.load()
    let names = "id," + (0..<784).map { "p\($0)" }.joined(separator: ",") + ",label\n"
    let lines = zip(sample.rows, sample.labels).map { row, label in
      "a,\(row.map(String.init).joined(separator: ",")),\(label)\n"
    }
    let good = try runner.file("a.csv", names + lines.joined())
    let flags = ["--keep=id", "--label-column=label", "--outputs=none"]
    let plain = try OfflineRunner.predict(good, ["--skip-columns=id,label", "--outputs=none"])
    let classes = plain.output.split(separator: "\n").map { Int($0.dropFirst(9).prefix { $0.isNumber }) }
    let right = zip(classes, sample.labels).count { $0 == $1 }
    try #require(right > 90 && classes.count == 100)
    let percent = "\(right).00 %, \(right) right of 100"
    for threads in ["--threads=1", "--threads=4"] {
      let found = try OfflineRunner.predict(good, flags + [threads])
      #expect(found.status == 0 && found.error == "radial: accuracy: \(percent)\n", "\(found.error)")
      #expect(found.output == plain.output.replacingOccurrences(of: "{\"class", with: "{\"id\":\"a\",\"class"))
    }
    // Wrong on purpose, an index with a point, and two that are none.
    let some = lines.prefix(4).enumerated().map { index, line in
      line.split(separator: ",").dropLast().joined(separator: ",") + ","
        + ["9\n", "\(sample.labels[1]).0\n", "10\n", "cat\n"][index]
    }
    let mixed = try OfflineRunner.predict(try runner.file("b.csv", names + some.joined()), flags)
    #expect(
      mixed.error
        == "radial: accuracy: 50.00 %, 1 right of 2; 2 rows without a usable label, the first at line 4, '10'\n")
    #expect(mixed.status == 0 && mixed.output.split(separator: "\n").count == 4)

    // Of two classes of one name nobody knows which is meant.
    let twins = try OfflineRunner.predict(
      try runner.file("d.csv", names + some[0].replacingOccurrences(of: ",9\n", with: ",x\n")),
      flags + ["--labels=x,x,x,x,x,x,x,x,x,y"])
    #expect(twins.error.hasPrefix("radial: accuracy: no row has a usable label; 1 rows"), "\(twins.error)")

    // The model's own words, as JSON.
    let shoes = try runner.file("c.jsonl", "{\"y\":\"Ankle boot\",\"instance\":\(sample.rows[0])}\n")
    let words = try OfflineRunner.predict(shoes, ["--label-column=y"], model: "fashion.safetensors")
    #expect(words.error.hasSuffix("right of 1\n"), "\(words.error)")
  }

  @Test func `a name that the output has, or the rows have not, is refused`() throws {
    let runner = try OfflineRunner()
    let path = try runner.file("a.csv", "id,label,scores_3,\(Self.names)\n1,2,3,\(Self.numbers(1))\n")
    let array = try runner.file("a.npy", .npy("<f4", rows: 1, width: 100, Data(count: 400)))
    let cases: [([String], String)] = [
      ([path, "--keep=label", "--skip-columns=id,scores_3"], "--keep: the output has 'label' already"),
      ([path, "--keep=scores_3", "--skip-columns=id,label"], "--keep: the output has 'scores_3' already"),
      ([path, "--keep=id,id", "--skip-columns=label,scores_3"], "--keep: 'id' is named twice"),
      ([path, "--keep=ident"], "--keep: no column 'ident' among 103"),
      ([path, "--label-column=y"], "--label-column: no column 'y'"),
      ([path, "--keep=id,,label"], "--keep: expected names with commas"),
      ([path, "-o", ""], "--output: expected a file's name"),
      ([path, "--keep=,"], "--keep: expected names with commas"),
      ([path, "--force"], "--force is for --output"),
      ([path, "--array=x"], "--array is for npz"),
      ([array, "--keep=id"], "--keep is for csv and jsonl"),
      ([array, "--label-column=id"], "--label-column is for csv and jsonl"),
    ]
    for (arguments, sentence) in cases {
      let found = try Self.predict(arguments[0], Array(arguments.dropFirst()))
      #expect(found.status == 2 && found.output.isEmpty && found.error.contains(sentence), "\(found.error)")
    }
  }

  @Test func `the output file takes its place when it is whole, and never an input's`() throws {
    let runner = try OfflineRunner()
    let folder = runner.folder.path
    let good = try runner.file("good.csv", (1...3).map { Self.numbers($0) + "\n" }.joined())
    let bad = try runner.file("bad.csv", Self.numbers(1) + "\n" + Self.numbers(2) + "\n1,2\n")
    let out = folder + "/out.jsonl"
    func content(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
    let expected = try Self.predict(good, []).output

    let failed = try Self.predict(bad, ["--output", out])
    #expect(failed.status == 2 && failed.output.isEmpty && content(out) == nil)
    #expect(
      failed.error.hasPrefix("radial: \(bad): line 3: expected 100 numbers, found 2")
        && failed.error.hasSuffix("; stopped behind 2 good rows, and '\(out)' is not written\n"), "\(failed.error)")

    let written = try Self.predict(good, ["-o", out])
    #expect(written.status == 0 && written.output.isEmpty && written.error.isEmpty && content(out) == expected)
    let again = try Self.predict(good, ["-o", out])
    #expect(again.status == 2 && again.error.contains("exists; name another output, or say --force"))
    #expect(try Self.predict(bad, ["-o", out, "--force"]).status == 2 && content(out) == expected)
    #expect(try Self.predict(good, ["-o", out, "--force", "--output-format=csv"]).status == 0)
    #expect(content(out)?.hasPrefix("row,class,") == true)

    let link = folder + "/link.csv"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: good)
    let before = content(good)
    for place in [good, link, folder, "/dev/null"] {
      let found = try Self.predict(good, ["-o", place, "--force"])
      #expect(found.status == 2 && content(good) == before, "\(place): \(found.error)")
    }
    #expect(try Self.predict(good, ["-o", "-"]).output == expected)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasSuffix(".tmp") })
  }
}
