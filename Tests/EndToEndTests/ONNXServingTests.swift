import Foundation
import Testing

/// Files of ONNX behind the server and the commands, as they were exported.
@Suite struct ONNXServingTests {
  private static func file(_ name: String) -> String {
    RunningServer.repository.appendingPathComponent("Tests/ModelsTests/ONNX/\(name)/model.onnx").path
  }

  private struct Vectors: Decodable {
    let inputs: [[Float]]
    let outputs64: [[Double]]
  }

  private func vectors(_ name: String) throws -> Vectors {
    let url = URL(fileURLWithPath: Self.file(name)).deletingLastPathComponent().appendingPathComponent("vectors.json")
    let members = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    return Vectors(
      inputs: try #require(members["inputs"] as? [[NSNumber]]).map { $0.map(\.floatValue) },
      outputs64: try #require(members["outputs64"] as? [[NSNumber]]).map { $0.map(\.doubleValue) })
  }

  private func expect(_ found: [Double], _ expected: [Double]) {
    #expect(found.count == expected.count)
    for (value, wanted) in zip(found, expected) { #expect(abs(value - wanted) <= 1e-5 * max(1e-3, abs(wanted))) }
  }

  @Test func `a graph is served as it is, on every protocol, by the graph's own name of its input`() throws {
    let vectors = try vectors("mlp_sigma_legacy13")
    let server = try RunningServer(["--model", "\(Self.file("mlp_sigma_legacy13"))=m"], model: nil)
    let client = try Client(port: server.port)
    let rows = "[" + vectors.inputs.map { "\($0)" }.joined(separator: ",") + "]"
    let native = try client.exchange("POST", "/predict", "{\"instances\":\(rows)}").json
    let predictions = try #require(native["predictions"] as? [[String: Any]])
    for (prediction, expected) in zip(predictions, vectors.outputs64) {
      expect(try #require(prediction["scores"] as? [Double]), expected)
    }
    let (count, width) = (vectors.inputs.count, vectors.inputs[0].count)
    let tensor =
      #"{"inputs":[{"name":"input","shape":[\#(count),\#(width)],"datatype":"FP32","data":\#(rows)}],"outputs":[{"name":"scores"}]}"#
    let infer = try client.exchange("POST", "/v2/models/m/infer", tensor)
    let outputs = try #require(infer.json["outputs"] as? [[String: Any]], "\(infer.body)")
    expect(try #require(outputs[0]["data"] as? [Double]), vectors.outputs64.flatMap { $0 })
    let serving = try client.exchange("POST", "/v1/models/m:predict", "{\"instances\":\(rows)}")
    #expect(serving.status == 200, "\(serving.body)")
    let model = try client.exchange("GET", "/model").body
    #expect(model.contains("\"form\":\"onnx\""), "\(model)")
  }

  /// Rows of images come channel by channel, flat or nested as PyTorch has them.
  @Test func `images come as the graph has them`() throws {
    let vectors = try vectors("conv3_imagenet_norm_legacy17")
    let server = try RunningServer(["--model", "\(Self.file("conv3_imagenet_norm_legacy17"))=m"], model: nil)
    let client = try Client(port: server.port)
    let shape = try #require((try client.exchange("GET", "/v2/models/m").json["inputs"] as? [[String: Any]])?[0])
    let sizes = try #require(shape["shape"] as? [Int])
    #expect(sizes.count == 4 && sizes[0] == -1 && sizes[1] == 3)
    let row = vectors.inputs[0]
    let plane = sizes[2] * sizes[3]
    let nested = (0..<3).map { channel in
      (0..<sizes[2]).map { Array(row[channel * plane + $0 * sizes[3]..<channel * plane + ($0 + 1) * sizes[3]]) }
    }
    for text in ["\(row)", "\(nested)"] {
      let answer = try client.exchange("POST", "/predict", "{\"instance\":\(text)}")
      let prediction = try #require(answer.json["prediction"] as? [String: Any], "\(answer.body.prefix(300))")
      expect(try #require(prediction["scores"] as? [Double]), vectors.outputs64[0])
    }
  }

  @Test func `verdicts come in two commands, and what was converted answers the same`() throws {
    let runner = try OfflineRunner()
    let model = Self.file("mlp_sigma_legacy13")
    let width = try vectors("mlp_sigma_legacy13").inputs[0].count
    var state: UInt64 = 3
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 24) * 2 - 1
    }
    let lines = (0..<800).map { _ in "\((0..<width).map { _ in next() })\n" }.joined()
    let rows = try runner.file("rows.jsonl", lines)
    let calibrated = runner.folder.appendingPathComponent("calibrated.safetensors").path
    let run = try RunningServer.run(["calibrate", model, rows, "-o", calibrated])
    #expect(run.status == 0 && run.output.contains("self-test: passed"), "\(run)")
    let (before, after) = (
      try RunningServer.run(["predict", model, rows]), try RunningServer.run(["predict", calibrated, rows])
    )
    func distances(_ run: (status: Int32, error: String, output: String)) throws -> [[Double]] {
      try run.output.split(separator: "\n").map {
        let row = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        return try #require(row?["distances"] as? [Double])
      }
    }
    #expect(try distances(before) == distances(after))
    #expect(after.output.contains("\"known\":true") && !before.output.contains("\"known\""))
  }

  /// A changed file of weights is a changed model, whatever it is called.
  @Test func `a model whose data file changes is loaded again`() throws {
    let directory = try ReloadTests.ModelsDirectory()
    let folder = URL(fileURLWithPath: Self.file("torch_defaults")).deletingLastPathComponent()
    try FileManager.default.createDirectory(atPath: directory.path + "/m/1", withIntermediateDirectories: true)
    for name in ["model.onnx", "model.onnx.data"] {
      try directory.write(Data(contentsOf: folder.appendingPathComponent(name)), to: "m/1/\(name)")
    }
    let server = try RunningServer(["--models-dir", directory.path, "--models-scan-interval", "0.05"], model: nil)
    let client = try Client(port: server.port)
    let body = "{\"instance\":\(try vectors("torch_defaults").inputs[0])}"
    let before = try client.exchange("POST", "/predict", body).body
    var data = try Data(contentsOf: folder.appendingPathComponent("model.onnx.data"))
    for place in stride(from: 2, to: 400, by: 4) { data[place] ^= 0x10 }
    try directory.write(data, to: "m/1/model.onnx.data.tmp")
    #expect(rename(directory.path + "/m/1/model.onnx.data.tmp", directory.path + "/m/1/model.onnx.data") == 0)
    let after = try ReloadTests.ask(client, "/predict", body) { $0.status == 200 && $0.body != before }
    #expect(after.body.contains("\"distance\""))
    // Without it the version fails, and what was loaded goes on.
    try FileManager.default.removeItem(atPath: directory.path + "/m/1/model.onnx.data")
    let models = try ReloadTests.ask(client, "/models") { $0.body.contains("model.onnx.data") }
    #expect(models.body.contains("cannot be opened"), "\(models.body)")
    #expect(try client.exchange("POST", "/predict", body).body == after.body)
  }
}
