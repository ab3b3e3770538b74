import Foundation
import Testing

/// `radial calibrate`, as a user calls it.
@Suite struct CalibrateTests {
  /// Rows around the prototypes of rbf4.h5, as JSON lines.
  private static func rows(_ count: Int) -> String {
    (0..<count).map { index in
      let row = (0..<4).map { "\(Double((index * 7 + $0 * 13) % 29) / 10)" }
      return "[\(row.joined(separator: ","))]\n"
    }.joined()
  }

  @Test func `three commands from a Keras file to a server that says none of these`() throws {
    let runner = try OfflineRunner()
    let rows = try runner.file("rows.jsonl", Self.rows(600))
    let model = KerasInputTests.file("rbf4.h5")
    let output = runner.folder.appendingPathComponent("calibrated.safetensors").path
    let run = try RunningServer.run(
      ["calibrate", model, rows, "--false-reject-rate", "0.05", "--min-rows", "20", "-o", output])
    #expect(run.status == 0 && run.output.contains("600 rows, at a false-reject rate of 0.05:"), "\(run)")
    #expect(run.output.contains("self-test: the first 16 rows, with Radial's answers"))
    let server = try RunningServer(["--model", output], model: nil)
    let client = try Client(port: server.port)
    let description = try #require(try client.exchange("GET", "/model").json["calibration"] as? [String: Any])
    #expect(description["categories"] as? String == "predicted" && description["rows"] as? Int == 600)
    let classes = try #require(description["classes"] as? [[String: Any]])
    #expect(classes.compactMap { $0["rows"] as? Int }.reduce(0, +) == 600)
    // What the page says of a row is what the limits say.
    var unknown = 0
    for line in Self.rows(600).split(separator: "\n") {
      let answer = try client.exchange("POST", "/predict", "{\"instance\":\(line)}").json
      let prediction = try #require(answer["prediction"] as? [String: Any])
      let entry = classes[try #require(prediction["class"] as? Int)]
      let (known, distance) = (prediction["known"] as? Bool, try #require(prediction["distance"] as? Double))
      #expect(known == (entry["limit"] as? Double).map { distance <= $0 * (1 + 1e-6) } ?? true)
      if known == false { unknown += 1 }
    }
    // In the calibration set itself at most the rate of each class.
    #expect((0...30).contains(unknown))
    let far = try client.exchange("POST", "/predict", #"{"instance":[900,900,900,900]}"#)
    #expect(far.body.contains("\"known\":false"), "\(far.body)")
  }

  @Test func `what was done comes as JSON too`() throws {
    let runner = try OfflineRunner()
    let rows = try runner.file("rows.jsonl", Self.rows(50))
    let output = runner.folder.appendingPathComponent("calibrated.safetensors").path
    let run = try RunningServer.run(["calibrate", KerasInputTests.file("rbf4.h5"), rows, "--json", "-o", output])
    let report = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    #expect(report["output"] as? String == output && report["self_test_rows"] as? Int == 16)
    let calibration = try #require(report["calibration"] as? [String: Any])
    #expect((calibration["classes"] as? [[String: Any]])?.allSatisfy { $0["category"] as? String == "pooled" } == true)
  }

  @Test func `a rate as small as numbers go never rejects, and says so`() throws {
    let runner = try OfflineRunner()
    let rows = try runner.file("rows.jsonl", Self.rows(5))
    let output = runner.folder.appendingPathComponent("out.safetensors").path
    let run = try RunningServer.run([
      "calibrate", KerasInputTests.file("rbf4.h5"), rows, "--false-reject-rate", "5e-324", "-o", output,
    ])
    #expect(run.status == 0 && run.output.contains("never unknown at a rate of 5e-324"), "\(run)")
    #expect(try RunningServer.run(["inspect", output, "--json"]).status == 0)
  }

  @Test func `nothing is written where something is wrong`() throws {
    let runner = try OfflineRunner()
    let model = KerasInputTests.file("rbf4.h5")
    let rows = try runner.file("rows.jsonl", Self.rows(5))
    let bad = try runner.file("bad.jsonl", Self.rows(3) + "[1,2,3]\n" + Self.rows(3))
    let far = try runner.file("far.jsonl", Self.rows(3) + "[1e30,1,1,1]\n")
    let empty = try runner.file("empty.npy", Data([0x93]) + Data("NUMPY\u{1}\0\u{76}\0".utf8) + Data(Self.header.utf8))
    let other = try runner.file("other.safetensors", "not Radial's")
    let output = runner.folder.appendingPathComponent("out.safetensors").path
    let own = runner.folder.appendingPathComponent("own.safetensors").path
    try FileManager.default.copyItem(atPath: RunningServer.weights("example.safetensors"), toPath: own)
    let cases: [([String], String)] = [
      ([KerasInputTests.file("softmax.keras"), rows, "-o", output], "give it some by radial fit"),
      ([model, bad, "-o", output], "line 4"), ([model, far, "-o", output], "line 4: its results are beyond Float32"),
      ([model, empty, "-o", output], "there are no rows to calibrate with"),
      ([own, rows, "-o", own], "nothing replaces an input"),
      ([model, rows, "-o", other], "exists and is no Radial file"),
      ([model, rows, "-o", output, "--false-reject-rate", "1"], "expected a number between 0 and 1, found 1.0"),
      ([model, rows, "-o", output, "--min-rows", "-1"], "expected a number of rows from 0, found -1"),
      ([model, rows, "-o", output, "--false-reject-rate", "1e-300", "--labels", "a"], "1 labels were given"),
      ([model, rows, "-o", output, "--labels", "a,b,c"], "3 labels were given, expected 2"),
      ([model, runner.folder.appendingPathComponent("none.npy").path, "-o", output], "none.npy"),
    ]
    for (arguments, sentence) in cases {
      let run = try RunningServer.run(["calibrate"] + arguments)
      #expect(run.status == 2 && run.error.contains(sentence), "\(arguments): \(run)")
      #expect(!FileManager.default.fileExists(atPath: output))
    }
    #expect(try String(contentsOfFile: other, encoding: .utf8) == "not Radial's")
    let names = try FileManager.default.contentsOfDirectory(atPath: runner.folder.path)
    #expect(!names.contains { $0.hasPrefix(".radial") }, "\(names)")
  }

  /// Of an array of no rows of four numbers.
  private static let header =
    "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4), }" + String(repeating: " ", count: 58) + "\n"
}

/// What a client needs to draw the radius of a class.
@Suite struct PrototypesTests {
  @Test func `prototypes are where embeddings lie, and limits are the radius around them`() throws {
    let server = try RunningServer()
    let client = try Client(port: server.port)
    let body = try String(contentsOfFile: KerasInputTests.file("seven.json"), encoding: .utf8)
    let asked = body.dropLast(body.hasSuffix("\n") ? 2 : 1) + ",\"outputs\":[\"distances\",\"embedding\",\"limits\"]}"
    let predictions = try #require(
      try client.exchange("POST", "/predict", String(asked)).json["predictions"] as? [[String: Any]])
    let prediction = predictions[0]
    let embedding = try #require(prediction["embedding"] as? [Double])
    let distances = try #require(prediction["distances"] as? [Double])
    for path in ["/models/digits/prototypes", "/models/digits/versions/1/prototypes"] {
      let answer = try client.exchange("GET", path).json
      let centers = try #require(answer["centers"] as? [[Double]])
      #expect(answer["classes"] as? [Int] == Array(0..<10) && (answer["labels"] as? [String])?.count == 10)
      for (center, distance) in zip(centers, distances) {
        let sum = zip(center, embedding).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        #expect(abs(sum - distance) <= 1e-4 * (1 + distance))
      }
    }
    let calibration = try #require(try client.exchange("GET", "/model").json["calibration"] as? [String: Any])
    let classes = try #require(calibration["classes"] as? [[String: Any]])
    #expect(prediction["limits"] as? [Double] == classes.compactMap { $0["limit"] as? Double })
    // At another rate, those of that rate.
    let wide = try client.exchange(
      "POST", "/predict", String(asked.dropLast() + ",\"false_reject_rate\":0.1}"))
    let limits = (wide.json["predictions"] as? [[String: Any]])?[0]["limits"] as? [Double]
    #expect(limits == classes.compactMap { ($0["limits"] as? [Any])?[6] as? Double })
  }

  @Test func `what has none says so`() throws {
    let client = try KerasInputTests.Served(
      KerasInputTests.file("softmax.keras"), KerasInputTests.file("rbf_softmax.keras"),
      KerasInputTests.file("rbf4.h5"))
    let missing = try client.exchange("GET", "/models/softmax/prototypes")
    #expect(missing.status == 404 && missing.body.contains("radial fit"), "\(missing.body)")
    let units = try client.exchange("GET", "/models/rbf_softmax/prototypes").json
    #expect((units["centers"] as? [[Double]])?.count == 7 && units["classes"] == nil)
    let refused = try client.exchange(
      "POST", "/models/rbf4/predict", #"{"instance":[1,2,3,4],"outputs":["limits"]}"#)
    #expect(refused.status == 400 && refused.body.contains("'limits' needs a calibration"), "\(refused.body)")
  }
}

/// `radial predict --only unknown` keeps the strange rows of a file.
@Suite struct OnlyUnknownTests {
  @Test func `rows that are known are left out, the others keep their numbers`() throws {
    let runner = try OfflineRunner()
    let sample = try JSONDecoder().decode(
      EvaluateTests.Sample.self, from: Data(contentsOf: URL(fileURLWithPath: KerasInputTests.file("mnist-sample.json")))
    )
    let grey = [Int](repeating: 128, count: 784)
    let rows = try runner.file(
      "rows.jsonl", (sample.rows.prefix(20) + [grey] + sample.rows[20..<40] + [grey]).map { "\($0)\n" }.joined())
    let all = try OfflineRunner.predict(rows, ["--outputs", "none"]).output.split(separator: "\n")
    let expected = all.indices.filter { all[$0].contains("\"known\":false") }
    #expect(all.count == 42 && expected.contains(20) && expected.contains(41) && expected.count <= 5)
    let lines = try OfflineRunner.predict(rows, ["--outputs", "none", "--only", "unknown"])
    #expect(lines.status == 0, "\(lines.error)")
    #expect(
      lines.output.split(separator: "\n").map(String.init)
        == expected.map { "{\"row\":\($0)," + all[$0].dropFirst() })
    let table = try OfflineRunner.predict(rows, ["--output-format", "csv", "--only", "unknown"]).output
    let numbers = table.split(separator: "\n").dropFirst().compactMap { Int($0.prefix { $0 != "," }) }
    #expect(numbers == expected)
    let off = try OfflineRunner.predict(rows, ["--only", "unknown", "--reject", "off"])
    #expect(off.status == 2 && off.error.contains("leave one out"), "\(off.error)")
    let uncalibrated = try RunningServer.run([
      "predict", KerasInputTests.file("rbf4.h5"), try runner.file("four.jsonl", "[1,2,3,4]\n"), "--only", "unknown",
    ])
    #expect(uncalibrated.status == 2 && uncalibrated.error.contains("'only' needs a calibration"), "\(uncalibrated)")
  }
}
