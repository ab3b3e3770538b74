import Foundation
import Testing

/// A OneClassSVM of scikit-learn, whose verdict is its own until it is calibrated, on every protocol and from the commands.
@Suite struct OneClassTests {
  private struct Vectors {
    let rows: [String]
    let scores: [Double]
    let known: [Bool]

    init() throws {
      let url = URL(fileURLWithPath: OneClassTests.file).deletingLastPathComponent()
        .appendingPathComponent("vectors.json")
      let members = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
      let inputs = try #require(members["inputs"] as? [[NSNumber]])
      rows = inputs.map { "[" + $0.map { "\($0.floatValue)" }.joined(separator: ",") + "]" }
      scores = try #require(members["outputs64"] as? [[NSNumber]]).map { $0[0].doubleValue }
      known = try #require(members["known"] as? [Bool])
    }

    var list: String { "[" + rows.joined(separator: ",") + "]" }
  }

  private static let file = RunningServer.repository
    .appendingPathComponent("Tests/ModelsTests/ONNX/scikit_ocsvm_standard/model.onnx").path

  private func predictions(_ answer: Client.Answer) throws -> [[String: Any]] {
    try #require(answer.json["predictions"] as? [[String: Any]], "\(answer.body)")
  }

  @Test func `its own verdict is given on every protocol`() throws {
    let vectors = try Vectors()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("one-class-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try RunningServer(["--model", "\(Self.file)=svm", "--unknown-log", folder.path], model: nil)
    let client = try Client(port: server.port)
    let model = try client.exchange("GET", "/model").json
    #expect(model["verdict_from"] as? String == "model" && model["calibration"] is NSNull)
    #expect(model["kind"] as? String == "classifier" && model["labels"] is NSNull)

    let found = try predictions(client.exchange("POST", "/predict", "{\"instances\":\(vectors.list)}"))
    #expect(found.map { $0["known"] as? Bool } == vectors.known.map { $0 })
    for (prediction, score) in zip(found, vectors.scores) {
      // The support vectors are no classes: no distance to one, nor to all.
      #expect(Set(prediction.keys) == ["class", "score", "scores", "known"] && prediction["class"] as? Int == 0)
      let value = try #require((prediction["scores"] as? [Double])?.first)
      #expect(abs(value - score) <= 5e-5 && prediction["score"] as? Double == value)
    }
    let all = try predictions(
      client.exchange("POST", "/predict", "{\"instances\":\(vectors.list),\"outputs\":[\"scores\",\"distances\"]}"))
    #expect((all[0]["distances"] as? [Double])?.count == 16)
    let nearest = try client.exchange("POST", "/distances", "{\"instance\":\(vectors.rows[0])}")
    #expect(nearest.status == 200)

    let unknown = try #require(vectors.known.firstIndex(of: false))
    let instance = "{\"instance\":\(vectors.rows[unknown])"
    let refused = try client.exchange("POST", "/predict", "\(instance),\"reject\":\"error\"}")
    #expect(refused.status >= 400 && refused.body.contains("which the model itself calls unknown"), "\(refused.body)")
    let silent = try client.exchange("POST", "/predict", "\(instance),\"reject\":\"off\"}")
    #expect(silent.status == 200 && !silent.body.contains("known"))
    for member in ["\"false_reject_rate\":0.1", "\"outputs\":[\"limits\"]"] {
      let answer = try client.exchange("POST", "/predict", "\(instance),\(member)}")
      #expect(answer.status == 400 && answer.body.contains("needs a calibration"), "\(answer.body)")
    }

    func infer(_ names: [String]) throws -> Client.Answer {
      let outputs = names.map { "{\"name\":\"\($0)\"}" }.joined(separator: ",")
      return try client.exchange(
        "POST", "/v2/models/svm/infer",
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[\(vectors.rows.count),4],\"datatype\":\"FP32\",\"data\":\(vectors.list)}],\"outputs\":[\(outputs)]}"
      )
    }
    let tensors = try #require(try infer(["scores", "known"]).json["outputs"] as? [[String: Any]])
    #expect(tensors[1]["data"] as? [Bool] == vectors.known && tensors[1]["datatype"] as? String == "BOOL")
    #expect(try infer(["p_value"]).status == 400)
    let serving = try client.exchange("POST", "/v1/models/svm:predict", "{\"instances\":\(vectors.list)}")
    #expect(serving.status == 200, "\(serving.body)")

    let metrics = try client.exchange("GET", "/metrics").body
    #expect(metrics.contains("known=\"true\"") && metrics.contains("known=\"false\""))
    #expect(!metrics.contains("radial_p_value_count{model=\"svm\""))
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let log = try files.filter { $0.pathExtension == "jsonl" }.map { try String(contentsOf: $0, encoding: .utf8) }
      .joined()
    let lines = log.split(separator: "\n")
    // Of four requests whose rows are answered with a verdict.
    #expect(lines.count >= 4 * vectors.known.count { !$0 })
    #expect(lines.allSatisfy { $0.contains("\"class\":0") && !$0.contains("p_value") })
  }

  @Test func `the commands give its verdict, and a calibration takes its place`() throws {
    let vectors = try Vectors()
    let runner = try OfflineRunner()
    let rows = try runner.file("rows.jsonl", vectors.rows.map { $0 + "\n" }.joined())
    let table = try RunningServer.run(["predict", Self.file, rows, "--output-format", "csv"])
    let lines = table.output.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(lines.first == ["row", "class", "label", "score", "distance", "margin", "known", "p_value"])
    #expect(lines.dropFirst().map { $0[6] } == vectors.known.map { $0 ? "true" : "false" })
    #expect(lines.dropFirst().allSatisfy { $0[7].isEmpty && $0[4].isEmpty })
    let unknown = try RunningServer.run(["predict", Self.file, rows, "--only", "unknown"])
    #expect(unknown.output.split(separator: "\n").count == vectors.known.count { !$0 }, "\(unknown.error)")

    // Its own number stays where the model is converted.
    let converted = runner.folder.appendingPathComponent("own.safetensors").path
    #expect(try RunningServer.run(["convert", Self.file, "-o", converted]).status == 0)
    #expect(try RunningServer.run(["predict", converted, rows, "--output-format", "csv"]).output == table.output)
    for command in [
      ["evaluate", Self.file, rows, "--labels", rows], ["fit", Self.file, rows, "-o", converted, "--force"],
    ] {
      let refused = try RunningServer.run(command)
      #expect(refused.status != 0 && !refused.error.isEmpty)
    }

    let many = (0..<40).flatMap { _ in vectors.rows.prefix(9).map { $0 + "\n" } }.joined()
    let calibrated = runner.folder.appendingPathComponent("calibrated.safetensors").path
    let run = try RunningServer.run([
      "calibrate", converted, try runner.file("held-out.jsonl", many), "-o", calibrated, "--false-reject-rate", "0.05",
    ])
    #expect(run.status == 0 && run.output.contains("unknown below the output"), "\(run)")
    let server = try RunningServer(["--model", "\(calibrated)=svm"], model: nil)
    let client = try Client(port: server.port)
    let model = try client.exchange("GET", "/model").json
    #expect(model["verdict_from"] as? String == "calibration")
    let calibration = try #require(model["calibration"] as? [String: Any])
    #expect(calibration["of"] as? String == "output" && calibration["rows"] as? Int == 360)
    let limit = try #require((calibration["classes"] as? [[String: Any]])?.first?["limit"] as? Double)
    let found = try predictions(
      client.exchange("POST", "/predict", "{\"instances\":\(vectors.list),\"outputs\":[\"limits\",\"scores\"]}"))
    for prediction in found {
      let (score, known) = (try #require(prediction["score"] as? Double), try #require(prediction["known"] as? Bool))
      let pValue = try #require(prediction["p_value"] as? Double)
      #expect(known == (score >= limit) && known == (pValue >= 0.05))
      #expect((prediction["limits"] as? [Double])?.first == limit)
    }
    // The least of the rows that it was calibrated with is known: each was there forty times.
    #expect(found.prefix(9).allSatisfy { $0["known"] as? Bool == true })
    let strict = try client.exchange(
      "POST", "/predict", "{\"instances\":\(vectors.list),\"false_reject_rate\":0.5}")
    #expect(try predictions(strict).contains { $0["known"] as? Bool == false })
  }
}
