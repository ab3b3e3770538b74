import Foundation
import Testing

/// What is said of a formula that no file can state, wherever a model is shown.
@Suite struct InferredFormulaTests {
  private static let source = "the class' name 'RBFLayer' and the member \"gamma\""

  /// A Radial file of one RBF layer, 4 → 2, as `convert` writes it of a Keras file.
  private static func model(_ runner: OfflineRunner) throws -> String {
    let layer: [String: Any] = [
      "type": "rbf", "name": "rbf", "units": 2, "output": "gaussian", "scale": 0.5, "inferred_from": source,
    ]
    let centers: [Float] = [0.1, 0.9, 0.2, -0.4, 0.3, 0.5, 0.4, -0.1]
    return try runner.model(
      "inferred", input: [4], [layer], [OfflineRunner.Tensor(name: "rbf.centers", shape: [4, 2], values: centers)])
  }

  /// The layers of `GET /model`, or of `inspect --json`.
  private static func layers(_ json: String) throws -> (layers: [[String: Any]], verified: Any?) {
    let value = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    return (try #require(value["layers"] as? [[String: Any]]), value["verified"])
  }

  /// What a server writes to standard error until it is ready.
  private static func log(_ model: String) throws -> String {
    let found = try OfflineRunner.shell(
      "exec 3< <(exec \"$0\" serve --port 0 --model \"$1\"); process=$!; read -r -u 3 line; kill $process; wait $process",
      [model])
    return found.error
  }

  @Test func `an inferred formula is shown with its source, and what has been proven`() throws {
    let runner = try OfflineRunner()
    let model = try Self.model(runner)
    let text = try RunningServer.run(["inspect", model]).output
    #expect(text.contains("Inferred: the formula of layer 'rbf', from \(Self.source)"), "\(text)")
    #expect(text.contains("Not verified: the formula; no file can say more; prove it with radial check"), "\(text)")
    let inspected = try Self.layers(try RunningServer.run(["inspect", "--json", model]).output)
    #expect(inspected.layers[0]["inferred"] as? Bool == true && inspected.verified is NSNull)
    #expect(inspected.layers[0]["inferred_from"] as? String == Self.source)

    let server = try RunningServer(["--model", model], model: nil)
    let answer = try Client(port: server.port).exchange("GET", "/model")
    let served = try Self.layers(answer.body)
    #expect(served.layers[0]["inferred"] as? Bool == true && served.verified is NSNull, "\(answer.body)")
    #expect(served.layers[0]["inferred_from"] as? String == Self.source)

    let log = try Self.log(model)
    let lines = log.split(separator: "\n").filter { $0.contains("inferred from") }
    #expect(lines.count == 1 && lines[0].contains(" notice "), "\(log)")
    #expect(
      lines.first?.contains("layer 'rbf' computes exp(-gamma * sum((x - mu)^2)), gamma = 0.5: ") == true, "\(log)")
    #expect(lines.first?.contains("prove it with radial check") == true && log.contains("model=inferred"), "\(log)")
  }

  @Test func `a proof is shown in place of the doubt, and a difference names the source`() throws {
    let runner = try OfflineRunner()
    let model = try Self.model(runner)
    let data = RunningServer.repository.appendingPathComponent("Tests/EndToEndTests/Data").path
    let proven = runner.folder.path + "/proven.safetensors"
    let written = try RunningServer.run([
      "convert", model, "-o", proven, "--check", "\(data)/check4-rows.npy", "\(data)/check4-outputs.npy", "--of",
      "outputs",
    ])
    #expect(written.status == 0, "\(written)")
    let text = try RunningServer.run(["inspect", proven]).output
    #expect(text.contains("Inferred: ") && text.contains("Verified: outputs of 8 rows"), "\(text)")
    #expect(!text.contains("Not verified"), "\(text)")
    let server = try RunningServer(["--model", proven], model: nil)
    let answer = try Client(port: server.port).exchange("GET", "/model")
    let verified = try #require(try Self.layers(answer.body).verified as? [String: Any], "\(answer.body)")
    #expect(verified["of"] as? String == "outputs" && verified["rows"] as? Int == 8)
    let log = try Self.log(proven)
    let lines = log.split(separator: "\n").filter { $0.contains("inferred from") }
    #expect(
      lines.count == 1 && lines[0].contains(" info ") && lines[0].contains("verified: outputs of 8 rows"), "\(log)")

    let differing = try RunningServer.run([
      "check", model, "\(data)/check4-rows.npy", "\(data)/check4-half.npy", "--of", "outputs",
    ])
    #expect(differing.status == 3 && differing.error.contains("inferred from \(Self.source); say another formula"))
  }
}
