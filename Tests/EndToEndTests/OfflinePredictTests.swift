import Foundation
import Testing

@Suite struct OfflinePredictTests {
  /// The predictions of a `/predict` answer, as texts.
  private static func predictions(_ body: String) -> [String] {
    body.components(separatedBy: "{\"class\":").dropFirst().map { part in
      "{\"class\":" + part[...(part.lastIndex(of: "}") ?? part.startIndex)]
    }.map { text in
      // The last one is followed by the answer's own end.
      text.hasSuffix("}]}") ? String(text.dropLast(2)) : text
    }
  }

  @Test func `every form of the same rows gives the very bytes of the server's answers`() throws {
    let sample = try MNISTSample.load()
    let server = try RunningServer()
    let answer = try Client(port: server.port).exchange("POST", "/predict", sample.body(0..<100))
    let expected = Self.predictions(answer.body).joined(separator: "\n") + "\n"
    #expect(expected.split(separator: "\n").count == 100)

    let pixels = sample.rows.flatMap { $0 }
    let lines = sample.rows.map { $0.map(String.init).joined(separator: ",") }
    let labelled = zip(sample.labels, lines).map { "\($0),\($1)\n" }.joined()
    let header = "label," + (0..<784).map { "pixel\($0)" }.joined(separator: ",") + "\n"
    let arrays = lines.map { "[\($0)]\n" }.joined()
    let objects = lines.map { "{\"id\":\"x\",\"instance\":[\($0)]}\n" }.joined()
    let narrow = Data(pixels.map(UInt8.init))
    let single = Data(elements: pixels.map(Float.init))
    let double = Data(elements: pixels.map(Double.init))
    let swapped = Data(elements: pixels.map { Float($0).bitPattern.bigEndian })
    let runner = try OfflineRunner()
    var files: [(String, [String])] = []
    files.append((try runner.file("a.jsonl", arrays), []))
    files.append((try runner.file("b.jsonl", objects), []))
    files.append((try runner.file("a.csv", lines.joined(separator: "\n")), []))
    files.append((try runner.file("b.csv", header + labelled), ["--skip-columns", "label"]))
    files.append((try runner.file("c.csv", labelled), ["--skip-columns=1", "--header=no"]))
    files.append((try runner.file("a.npy", .npy("<f4", rows: 100, width: 784, single)), []))
    files.append((try runner.file("b.npy", .npy("<f8", rows: 100, width: 784, double)), []))
    files.append((try runner.file("c.npy", .npy("|u1", rows: 100, width: 784, narrow)), []))
    files.append((try runner.file("b-idx2-float", .idx(13, [100, 784], swapped)), []))
    let images = try runner.file("a-idx3-ubyte", .idx(8, [100, 28, 28], narrow))
    files.append((images, []))
    for (file, flags) in files {
      for threads in [1, 3] {
        let found = try OfflineRunner.predict(file, flags + ["--threads=\(threads)"])
        #expect(found.status == 0 && found.error.isEmpty, "\(file): \(found.error)")
        #expect(found.output == expected, "\(file)")
      }
    }
    let piped = try OfflineRunner.shell(
      "gzip -c \"$2\" | \"$0\" predict \"$1\" -", [RunningServer.weights("digits.safetensors"), images])
    #expect(piped.output == expected && piped.status == 0, "\(piped.error)")
  }

  @Test func `thousands of rows keep their order on many threads`() throws {
    let runner = try OfflineRunner()
    let rows = 9000
    var values: [Float] = []
    for row in 0..<rows {
      for column in 0..<100 { values.append(Float(row % 97) * 0.01 + Float(column) * 0.001) }
    }
    let file = try runner.file("rows.npy", .npy("<f4", rows: rows, width: 100, Data(elements: values)))
    let flags = ["--output-format", "csv", "--outputs", "distances"]
    let one = try OfflineRunner.predict(file, flags + ["--threads=1"], model: "example.safetensors")
    let many = try OfflineRunner.predict(file, flags + ["--threads=7"], model: "example.safetensors")
    #expect(one.status == 0 && one.output == many.output)
    let lines = many.output.split(separator: "\n").dropFirst().map { $0.split(separator: ",", maxSplits: 1) }
    #expect(lines.map { Int($0[0]) } == Array(0..<rows))
    // The rows repeat, and so must their lines.
    let answers = lines.map { String($0[1]) }
    #expect(answers.indices.allSatisfy { answers[$0] == answers[$0 % 97] })
    #expect(Set(answers).count == 97)
  }

  @Test func `CSV holds the same numbers as JSON, in columns that are named`() throws {
    let sample = try MNISTSample.load()
    let runner = try OfflineRunner()
    let file = try runner.file("a.jsonl", sample.rows.map { "\($0)\n" }.joined())
    let json = try OfflineRunner.predict(file).output.split(separator: "\n")
    let table = try OfflineRunner.predict(file, ["--output-format=csv", "--outputs=scores,distances"]).output
    let lines = table.split(separator: "\n")
    let names = "row,class,label,score,distance,margin,known,p_value".split(separator: ",").map(String.init)
    let all = names + (0..<10).map { "scores_\($0)" } + (0..<10).map { "distances_\($0)" }
    #expect(lines[0] == all.joined(separator: ","))
    for (row, object) in json.enumerated() {
      var fields = ["\(row)"]
      for name in names.dropFirst() {
        let start = try #require(object.firstRange(of: "\"\(name)\":")).upperBound
        fields.append(object[start...].prefix { $0 != "," }.filter { $0 != "\"" })
      }
      for name in ["scores", "distances"] {
        let start = try #require(object.firstRange(of: "\"\(name)\":[")).upperBound
        fields.append(String(object[start...].prefix { $0 != "]" }))
      }
      #expect(lines[row + 1] == fields.joined(separator: ","))
    }
    let plain = try OfflineRunner.predict(file, ["--output-format=csv", "--reject=off"]).output.split(separator: "\n")
    #expect(plain[0] == names.joined(separator: ",") && plain[1].hasSuffix(",,"))
  }

  @Test func `options of predict are those of the route`() throws {
    let runner = try OfflineRunner()
    let sample = try MNISTSample.load()
    let file = try runner.file("a.jsonl", "\(sample.rows[0])\n")
    let few = try OfflineRunner.predict(file, ["--outputs=none", "--top-k=2", "--reject=off"]).output
    #expect(few.contains("\"top\":[{\"class\":7") && !few.contains("scores") && !few.contains("known"))
    let rich = try OfflineRunner.predict(file, ["--outputs=embedding,contributions"]).output
    #expect(rich.contains("\"embedding\":[") && rich.contains("\"contributions\":[["))
    #expect(try OfflineRunner.predict(file, ["--false-reject-rate=0.9999"]).output.contains("\"known\":false"))
  }

  @Test func `a bad row stops the run behind the rows before it, or is skipped and counted`() throws {
    let runner = try OfflineRunner()
    let good = "[" + (0..<100).map { "0.\($0)" }.joined(separator: ",") + "]\n"
    let far = "[" + (0..<100).map { _ in "1e30" }.joined(separator: ",") + "]\n"
    let nan = "[" + (0..<100).map { _ in "NaN" }.joined(separator: ",") + "]\n"
    let cases = [
      ("[1,2]\n", "line 3: instance: expected 100 numbers, found 2"), (nan, "line 3: instance[0]: expected a finite"),
      (far, "line 3: the output of class 0 is beyond Float32"), ("hello\n", "line 3: "),
    ]
    for (index, (bad, sentence)) in cases.enumerated() {
      let file = try runner.file("\(index).jsonl", good + good + bad + good + bad + good)
      let expected = index == 2 ? "beyond Float32" : sentence
      for threads in ["--threads=1", "--threads=4"] {
        let stopped = try OfflineRunner.predict(file, [threads], model: "example.safetensors")
        #expect(stopped.status == 2 && stopped.output.split(separator: "\n").count == 2)
        #expect(
          stopped.error.hasPrefix("radial: \(file): line 3: ") && stopped.error.contains(expected), "\(stopped.error)")
        #expect(stopped.error.split(separator: "\n").count == 1)
        let skipped = try OfflineRunner.predict(
          file, [threads, "--on-bad-row=skip", "--output-format=csv"], model: "example.safetensors")
        let numbers = skipped.output.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "," } }
        #expect(skipped.status == 0 && numbers == ["0", "1", "3", "5"])
        #expect(skipped.error.contains("\(file): line 5: ") && skipped.error.contains("skipped 2 bad rows of 6"))
      }
    }
  }

  @Test func `a reader that goes away ends the run quietly, by the signal`() throws {
    let runner = try OfflineRunner()
    let file = try runner.file("a.npy", .npy("<f4", rows: 20_000, width: 100, Data(count: 20_000 * 400)))
    for ignored in ["", "trap '' PIPE; "] {
      let found = try OfflineRunner.shell(
        ignored + "\"$0\" predict \"$1\" \"$2\" | head -n 1; echo ${PIPESTATUS[0]}",
        [RunningServer.weights("example.safetensors"), file])
      let lines = found.output.split(separator: "\n")
      #expect(lines.count == 2 && lines.last == "141" && found.error.isEmpty, "\(found.error)")
    }
  }

  @Test func `memory does not grow with the file`() throws {
    let runner = try OfflineRunner()
    // Holes of a sparse file read as zeros: 300 MB that take no disk.
    let rows = 96_000
    let path = try runner.file("a.npy", .npy("<f4", rows: rows, width: 784))
    #expect(truncate(path, 128 + rows * 784 * 4) == 0)
    // The peak so far, in KiB, when most lines have been read and the pipe keeps the process from ending.
    let found = try OfflineRunner.shell(
      "exec 3< <(exec \"$0\" predict \"$1\" \"$2\" --threads 2 --output-format csv); process=$!; "
        + "head -n 90000 <&3 | tail -n 1; awk '/VmHWM/ {print $2}' /proc/$process/status; tail -n 1 <&3",
      [RunningServer.weights("digits.safetensors"), path])
    let lines = found.output.split(separator: "\n")
    #expect(lines.count == 3 && lines[0].hasPrefix("89998,") && lines[2].hasPrefix("95999,"), "\(found)")
    let peak = try #require(Int(lines[1]))
    #expect(peak < 150_000, "KiB")
  }

  @Test func `a progress bar is for terminals`() throws {
    let runner = try OfflineRunner()
    let file = try runner.file("a.npy", .npy("<f4", rows: 3000, width: 100, Data(count: 3000 * 400)))
    func errors(_ flags: [String]) throws -> String {
      let terminal = try PseudoTerminal()
      let process = Process()
      process.executableURL = RunningServer.binary
      process.arguments = ["predict", RunningServer.weights("example.safetensors"), file] + flags
      process.standardError = terminal.terminal
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      let text = terminal.readToEnd()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      return text
    }
    let bar = try errors([])
    #expect(bar.contains("[") && bar.contains(" %, ") && bar.contains(" left"), "\(bar)")
    #expect(bar.contains("3,000 rows, ") && bar.contains(" rows/s"))
    #expect(try errors(["--quiet"]).isEmpty)
    #expect(try OfflineRunner.predict(file, model: "example.safetensors").error.isEmpty)
  }

  @Test func `mistakes end with 2 and a sentence`() throws {
    let runner = try OfflineRunner()
    let rows = try runner.file("a.csv", "1,2,3\n")
    let empty = try runner.file("empty", "")
    let transposed = try runner.file("t.npy", .npy("<f4", rows: 784, width: 3, Data(count: 784 * 12)))
    let cases: [([String], String)] = [
      ([rows], "expected 784 numbers, found 3"),
      ([empty], "is empty"),
      ([transposed], "rows of 3 numbers, expected 784"),
      ([runner.folder.path + "/nowhere.npy"], "cannot be opened"),
      ([runner.folder.path], "is a directory"),
      ([rows, "--input-format=npy"], "not an .npy file"),
      ([rows, "--input-format=parquet"], "parquet"),
      ([rows, "--skip-columns=id"], "no column 'id'"),
      ([rows, "--outputs=everything"], "found 'everything'"),
      ([rows, "--output-format=csv", "--outputs=embedding"], "do not fit into columns"),
      ([rows, "--threads=0"], "expected 1 to 1024"),
      ([rows, "--false-reject-rate=2"], "between 0 and 1"),
    ]
    for (arguments, sentence) in cases {
      let found = try OfflineRunner.predict(arguments[0], Array(arguments.dropFirst()))
      #expect(found.status == 2 && found.error.contains(sentence), "\(arguments): \(found.status) \(found.error)")
      #expect(found.output.isEmpty)
    }
    let model = try RunningServer.run(["predict", runner.folder.path + "/nowhere.safetensors", rows])
    #expect(model.status == 2 && model.error.contains("nowhere.safetensors"))
    let uncalibrated = try OfflineRunner.predict(rows, ["--false-reject-rate=0.1"], model: "example.safetensors")
    #expect(uncalibrated.status == 2 && uncalibrated.error.contains("needs a calibration"))
  }

  @Test func `a full disk is said, and ends with 1`() throws {
    let runner = try OfflineRunner()
    let file = try runner.file("a.npy", .npy("<f4", rows: 3, width: 100, Data(count: 1200)))
    let found = try OfflineRunner.shell(
      "\"$0\" predict \"$1\" \"$2\" > /dev/full", [RunningServer.weights("example.safetensors"), file])
    #expect(found.status == 1 && found.error.contains("No space left"))
  }
}
