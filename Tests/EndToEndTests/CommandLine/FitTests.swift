import Foundation
import Testing

/// `radial fit`: distances, and with them verdicts, for a classifier without an RBF layer.
@Suite struct FitTests {
  let runner: OfflineRunner
  let model = KerasInputTests.file("softmax.keras")
  let rows: String
  let far: String
  let output: String

  /// Rows around five centers, which are their classes, whatever the network answers for them.
  init() throws {
    runner = try OfflineRunner()
    var state: UInt64 = 7
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 24) - 0.5
    }
    func lines(_ count: Int, _ scale: Double) -> [[Double]] {
      let centers = (0..<5).map { _ in (0..<6).map { _ in 4 * next() } }
      return (0..<count).map { index in centers[index % 5].map { ($0 + next()) * scale } }
    }
    let values = lines(900, 1)
    rows = try runner.file(
      "rows.jsonl", values.enumerated().map { "{\"instance\":\($1),\"label\":\($0 % 5)}\n" }.joined())
    far = try runner.file("far.jsonl", lines(300, 9).map { "\($0)\n" }.joined())
    output = runner.folder.appendingPathComponent("fitted.safetensors").path
  }

  @Test func `a plain classifier gets verdicts in three commands, and its outputs stay`() throws {
    let run = try RunningServer.run(["fit", model, rows, "--label-column", "label", "--far", far, "-o", output])
    #expect(run.status == 0, "\(run)")
    #expect(run.output.contains("max softmax") && run.output.contains("energy") && run.output.contains("*  "))
    let calibrated = runner.folder.appendingPathComponent("calibrated.safetensors").path
    let calibration = try RunningServer.run([
      "calibrate", output, rows, "--false-reject-rate", "0.05", "-o", calibrated,
    ])
    #expect(calibration.status == 0 && calibration.output.contains("self-test: passed, 16 rows"), "\(calibration)")
    // They are the rows that it was fitted with, which is told; of others nothing is said.
    #expect(calibration.output.contains("warning: some 100 % of the rows that the model was fitted with"))
    let unlike = try RunningServer.run(["calibrate", output, far, "-o", calibrated + ".safetensors", "--json"])
    #expect(unlike.status == 0 && !unlike.output.contains("was fitted with"), "\(unlike)")
    let evaluation = try RunningServer.run([
      "evaluate", calibrated, rows, "--label-column", "label", "--far", far, "--json",
    ])
    let figures = try #require(
      try JSONSerialization.jsonObject(with: Data(evaluation.output.utf8)) as? [String: Any])
    #expect(figures["rows"] as? Int == 900)
    let warnings = try #require(figures["warnings"] as? [String])
    #expect(warnings.count { $0.hasPrefix("some 100 % of the rows") } == 2, "\(warnings)")
    let area = try #require(
      ((figures["far"] as? [[String: Any]])?[0]["distance"] as? [String: Any])?["auroc"] as? Double)
    #expect(area > 0.95)

    let server = try RunningServer(["--model", calibrated, "--model", "\(model)=plain"], model: nil)
    let client = try Client(port: server.port)
    let row = "[0.1,0.2,-0.3,0.4,0.5,-0.6]"
    let fitted = try client.exchange("POST", "/models/calibrated/predict", "{\"instance\":\(row),\"top_k\":2}").json
    let before = try client.exchange("POST", "/models/plain/predict", "{\"instance\":\(row)}").json
    let (new, old) = (
      try #require(fitted["prediction"] as? [String: Any]), try #require(before["prediction"] as? [String: Any])
    )
    for name in ["class", "score", "scores"] { #expect("\(new[name]!)" == "\(old[name]!)", "\(name)") }
    let distances = try #require(new["distances"] as? [Double])
    let answered = try #require(new["class"] as? Int)
    #expect(distances.count == 5 && new["distance"] as? Double == distances[answered] && new["known"] is Bool)
    let others = distances.enumerated().filter { $0.offset != answered }.map(\.element)
    #expect(abs(try #require(new["margin"] as? Double) - (others.min()! - distances[answered])) < 1e-3)
    let strange = try client.exchange("POST", "/models/calibrated/predict", #"{"instance":[90,-90,90,-90,90,90]}"#)
    #expect(strange.body.contains("\"known\":false"), "\(strange.body)")
    // The verdict on the other protocols, and what explains a distance.
    let metadata = try client.exchange("GET", "/v2/models/calibrated").body
    #expect(metadata.contains("\"distances\"") && metadata.contains("\"scores\""))
    let infer = try client.exchange(
      "POST", "/v2/models/calibrated/infer",
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,6],\"datatype\":\"FP32\",\"data\":\(row)}],\"outputs\":[{\"name\":\"known\"},{\"name\":\"distances\"}]}"
    )
    #expect(infer.status == 200 && infer.body.contains("\"known\""), "\(infer.body)")
    let explained = try client.exchange(
      "POST", "/models/calibrated/predict",
      "{\"instance\":\(row),\"outputs\":[\"contributions\",\"embedding\",\"limits\"]}")
    let parts = try #require(
      (explained.json["prediction"] as? [String: Any])?["contributions"] as? [[Double]])
    for (sum, distance) in zip(parts.map { $0.reduce(0, +) }, distances) {
      #expect(abs(sum - distance) <= 1e-4 * (1 + distance))
    }
    let prototypes = try client.exchange("GET", "/models/calibrated/prototypes").json
    let classes = try #require(prototypes["classes"] as? [Int])
    #expect(Set(classes) == Set(0..<5) && (prototypes["centers"] as? [[Double]])?.count == classes.count)
    let description = try client.exchange("GET", "/models/calibrated").json
    #expect(description["kind"] as? String == "classifier" && description["distances"] is [String: Any])
  }

  @Test func `one layer, a number of prototypes and a seed may be said`() throws {
    func fit(_ arguments: [String]) throws -> [String: Any] {
      let run = try RunningServer.run(
        ["fit", model, rows, "--label-column", "label", "--json", "--force", "-o", output] + arguments)
      #expect(run.status == 0, "\(run)")
      return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }
    let all = try fit([])
    #expect(all["is_far_synthetic"] as? Bool == true)
    let names = try #require(all["candidates"] as? [[String: Any]]).compactMap { $0["name"] as? String }
    #expect(names == ["input", "input", "dense", "dense", "max softmax", "energy"], "\(names)")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: output))
    _ = try fit([])
    #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == bytes)
    let one = try fit(["--layer", "input", "--prototypes", "3", "--seed", "9"])
    let candidates = try #require(one["candidates"] as? [[String: Any]])
    #expect(candidates[0]["name"] as? String == "input" && candidates[0]["prototypes"] as? Int == 3)
    #expect(candidates.count == 3 && one["chosen"] as? Int == 0)
  }

  @Test func `what cannot be fitted is refused, and nothing is written`() throws {
    let few = try runner.file("few.jsonl", "{\"instance\":[1,2,3,4,5,6],\"label\":0}\n")
    for (arguments, sentence) in [
      ([model, rows, "-o", output], "say where the rows' labels are"),
      ([model, rows, "--label-column", "label", "--layer", "none", "-o", output], "expected one of input, dense"),
      ([model, few, "--label-column", "label", "-o", output], "of class 0 there are 1 different rows with its label"),
      ([model, rows, "--label-column", "label", "--prototypes", "0", "-o", output], "expected 1 to 256, found 0"),
      (
        [KerasInputTests.file("rbf4.h5"), few, "--label-column", "label", "-o", output], "measures its classes already"
      ),
      (
        [model, rows, "--label-column", "label", "--far", rows, "--far", few, "-o", output],
        "a far set has 1 different rows, expected two at least"
      ),
    ] {
      let run = try RunningServer.run(["fit"] + arguments)
      #expect(run.status == 2 && run.error.contains(sentence), "\(arguments): \(run)")
      #expect(!FileManager.default.fileExists(atPath: output))
    }
  }
}
