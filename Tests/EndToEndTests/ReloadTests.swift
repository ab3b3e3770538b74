import Foundation
import Synchronization
import Testing

@Suite struct ReloadTests {
  /// A directory of models that is removed with its owner.
  final class ModelsDirectory: Sendable {
    let path: String

    init() throws {
      path = FileManager.default.temporaryDirectory.appendingPathComponent("models-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A network of 100 inputs; each variant has other weights and so other answers.
    static func weights(variant: Int) throws -> Data {
      var bytes = try Data(
        contentsOf: RunningServer.repository.appendingPathComponent(
          "Tests/ModelsTests/Golden/seed_example/weights.safetensors"))
      // The upper bits of the mantissas of a few weights.
      for index in 1...8 { bytes[bytes.count - 4 * index + 2] ^= UInt8(variant) }
      return bytes
    }

    func write(_ data: Data, to name: String) throws { try data.write(to: URL(fileURLWithPath: path + "/" + name)) }

    /// Written under another name, then renamed: the way a version appears at once.
    func add(version: Int, _ data: Data) throws {
      let temporary = "\(path)/m/\(version).tmp"
      try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
      try data.write(to: URL(fileURLWithPath: temporary + "/model.safetensors"))
      try FileManager.default.moveItem(atPath: temporary, toPath: "\(path)/m/\(version)")
    }

    func remove(version: Int) throws { try FileManager.default.removeItem(atPath: "\(path)/m/\(version)") }
  }

  @Test func `it is logged that another model answers requests that name none`() throws {
    let directory = try ModelsDirectory()
    try directory.add(version: 1, ModelsDirectory.weights(variant: 0))
    let log = Pipe()
    let server = try RunningServer(
      ["--models-dir", directory.path, "--models-scan-interval", "0.05"], model: nil, error: log)
    let client = try Client(port: server.port)
    func isAnswered(by name: String) throws -> Bool {
      try client.exchange("GET", "/model").json["name"] as? String == name
    }
    #expect(try isAnswered(by: "m"))
    try directory.write(ModelsDirectory.weights(variant: 1), to: "a.tmp")
    try FileManager.default.moveItem(atPath: directory.path + "/a.tmp", toPath: directory.path + "/a.safetensors")
    // Bounded: each round is a request.
    for _ in 0..<100_000 where try !isAnswered(by: "a") {}
    #expect(try isAnswered(by: "a"))
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
    let text = String(decoding: log.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(text.components(separatedBy: "another model answers requests that name none").count == 2, "\(text)")
    #expect(text.contains("before=m"), "\(text)")
  }

  static let row = "{\"instances\":[[" + (0..<100).map { "0.\($0 + 100)" }.joined(separator: ",") + "]]}"

  /// Asks until the answer is as wanted; every round is a request, and their number is bounded.
  static func ask(
    _ client: any HTTPClient, _ path: String, _ body: String? = nil, until isAsWanted: (Client.Answer) -> Bool
  ) throws -> Client.Answer {
    for _ in 0..<200_000 {
      let answer = try client.exchange(body == nil ? "GET" : "POST", path, body ?? "")
      if isAsWanted(answer) { return answer }
    }
    throw RunningServer.Failure(message: "\(path) never answered as wanted")
  }

  private func versions(_ answer: Client.Answer) -> [String: String] {
    let models = answer.json["models"] as? [[String: Any]] ?? []
    return Dictionary(
      uniqueKeysWithValues: models.map { ("\($0["version"] ?? "no version")", "\($0["state"] ?? "no state")") })
  }

  @Test func `versions come, fail and go while the server runs`() throws {
    let directory = try ModelsDirectory()
    try directory.add(version: 1, ModelsDirectory.weights(variant: 0))
    let server = try RunningServer(
      ["--models-dir", directory.path, "--models-scan-interval", "0.05"], model: nil)
    #expect(server.announcement.contains("m version 1"))
    let client = try Client(port: server.port)
    let first = try client.exchange("POST", "/predict", Self.row)
    #expect(first.status == 200 && first.json["version"] as? String == "1")

    try directory.add(version: 2, ModelsDirectory.weights(variant: 7))
    let second = try Self.ask(client, "/predict", Self.row) { $0.json["version"] as? String == "2" }
    #expect(second.body != first.body)
    #expect(try client.exchange("POST", "/models/m/versions/1/predict", Self.row).body == first.body)

    // Cut short: reported, and nothing else changes.
    try directory.add(version: 3, ModelsDirectory.weights(variant: 1).prefix(3000))
    let failed = try Self.ask(client, "/models") { versions($0)["3"] == "failed" }
    #expect(versions(failed) == ["1": "ready", "2": "ready", "3": "failed"])
    #expect(failed.body.contains("model.safetensors"))
    #expect(try client.exchange("POST", "/predict", Self.row).body == second.body)
    #expect(try client.exchange("POST", "/models/m/versions/3/predict", Self.row).status == 404)
    #expect(try client.exchange("GET", "/readyz").status == 200)
    let metrics = try client.exchange("GET", "/metrics").body
    #expect(metrics.contains("radial_model_loads_total{model=\"m\",result=\"failure\"} 1"))

    // A file that served goes on serving when what replaces it is damaged.
    try directory.write(Data("not a model".utf8), to: "m/2/model.safetensors")
    _ = try Self.ask(client, "/models") {
      $0.body.contains(/\{"default":true,"error":"[^"]*","name":"m","state":"ready","version":"2"\}/)
    }
    #expect(try client.exchange("POST", "/predict", Self.row).body == second.body)

    try directory.remove(version: 2)
    try directory.remove(version: 3)
    let back = try Self.ask(client, "/predict", Self.row) { $0.json["version"] as? String == "1" }
    #expect(back.body == first.body)
    try directory.remove(version: 1)
    let gone = try Self.ask(client, "/readyz") { $0.status == 503 }
    #expect(gone.body.contains("no model is loaded"))
    #expect(try client.exchange("POST", "/predict", Self.row).status == 503)
  }

  @Test func `a version's settings come, fail and go while the server runs`() throws {
    let directory = try ModelsDirectory()
    try directory.add(version: 1, ModelsDirectory.weights(variant: 0))
    let server = try RunningServer(["--models-dir", directory.path, "--models-scan-interval", "0.05"], model: nil)
    let client = try Client(port: server.port)
    let before = try client.exchange("POST", "/predict", Self.row).body
    #expect(!before.contains("\"label\""))
    let names = (0..<10).map { "\"class \($0)\"" }.joined(separator: ",")
    try directory.write(Data("{\"labels\":[\(names)]}".utf8), to: "m/1/radial.json")
    let labelled = try Self.ask(client, "/predict", Self.row) { $0.body.contains("\"label\":\"class ") }

    // A mistake is reported, and what was served is served on.
    try directory.write(Data("{\"labes\":[\(names)]}".utf8), to: "m/1/radial.json")
    let failed = try Self.ask(client, "/models") { $0.body.contains("\"error\"") }
    // The file's name, and no word of where it lies.
    #expect(failed.body.contains("\"radial.json: unknown member 'labes'; did you mean 'labels'?"))
    #expect(try client.exchange("POST", "/predict", Self.row).body == labelled.body)
    #expect(
      try client.exchange("GET", "/metrics").body
        .contains("radial_model_loads_total{model=\"m\",result=\"failure\"} 1"))

    try FileManager.default.removeItem(atPath: directory.path + "/m/1/radial.json")
    #expect(try Self.ask(client, "/predict", Self.row) { !$0.body.contains("\"label\"") }.body == before)
  }

  @Test func `a version that comes back with fewer classes keeps what was counted`() throws {
    func golden(_ name: String) throws -> Data {
      let path = "Tests/ModelsTests/Golden/\(name)/weights.safetensors"
      return try Data(contentsOf: RunningServer.repository.appendingPathComponent(path))
    }
    let directory = try ModelsDirectory()
    try directory.add(version: 1, golden("at_prototype_distance"))  // 20 inputs, 8 classes
    let server = try RunningServer(["--models-dir", directory.path, "--models-scan-interval", "0.05"], model: nil)
    let client = try Client(port: server.port)
    let rows = (0..<20).map { row in "[" + (0..<20).map { $0 == row ? "9" : "0" }.joined(separator: ",") + "]" }
    let answer = try client.exchange("POST", "/predict", "{\"instances\":[\(rows.joined(separator: ","))]}")
    #expect(answer.body.contains(/"class":[2-7]/))
    try directory.remove(version: 1)
    try directory.add(version: 1, golden("gaussian_overflow"))  // 3 inputs, 2 classes
    try directory.write(Data("{\"labels\":[\"first\",\"second\"]}".utf8), to: "m/1/radial.json")
    _ = try Self.ask(client, "/predict", "{\"instance\":[0,0,0]}") { $0.body.contains("\"label\"") }
    let metrics = try client.exchange("GET", "/metrics").body
    #expect(metrics.contains(/radial_predictions_total\{model="m",version="1",label="[2-7]"/), "\(metrics)")
    #expect(metrics.contains(/radial_predictions_total\{model="m",version="1",label="(first|second)"/))
  }

  @Test func `SIGHUP looks at once, also behind symbolic links, and another name is served beside`() throws {
    let directory = try ModelsDirectory()
    try directory.add(version: 1, ModelsDirectory.weights(variant: 0))
    let (old, new) = (directory.path + "/.old", directory.path + "/.new")
    for (path, variant) in [(old, 3), (new, 5)] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try ModelsDirectory.weights(variant: variant).write(to: URL(fileURLWithPath: path + "/model.safetensors"))
    }
    symlink(".old", directory.path + "/current")
    symlink("../current", directory.path + "/m/2")
    let server = try RunningServer(
      ["--models-dir", directory.path, "--models-scan-interval", "0", "--default-model", "m"], model: nil)
    let client = try Client(port: server.port)
    let before = try client.exchange("POST", "/predict", Self.row)
    #expect(before.json["version"] as? String == "2")
    symlink(".new", directory.path + "/next")
    rename(directory.path + "/next", directory.path + "/current")
    try directory.write(ModelsDirectory.weights(variant: 0), to: "a.safetensors")
    server.send(SIGHUP)
    let after = try Self.ask(client, "/predict", Self.row) { $0.body != before.body }
    #expect(after.json["version"] as? String == "2" && after.json["model"] as? String == "m")
    let other = try client.exchange("POST", "/models/a/predict", Self.row)
    #expect(other.status == 200 && other.json["model"] as? String == "a")
  }

  @Test func `swaps under load fail no request, and every answer is wholly one version's`() throws {
    let directory = try ModelsDirectory()
    try directory.add(version: 1, ModelsDirectory.weights(variant: 0))
    let server = try RunningServer(
      ["--models-dir", directory.path, "--models-scan-interval", "0.05"], model: nil)
    let answers = Mutex<[String: Set<String>]>([:])
    let failures = Failures()
    let isOver = Mutex(false)
    onThreads(9) { worker in
      do {
        let client = try Client(port: server.port)
        if worker == 8 {
          defer { isOver.withLock { $0 = true } }
          for _ in 0..<10 {
            try directory.add(version: 2, ModelsDirectory.weights(variant: 7))
            _ = try Self.ask(client, "/predict", Self.row) { $0.json["version"] as? String == "2" }
            try directory.remove(version: 2)
            _ = try Self.ask(client, "/predict", Self.row) { $0.json["version"] as? String == "1" }
          }
          return
        }
        while !isOver.withLock({ $0 }) {
          let answer = try client.exchange("POST", "/predict", Self.row)
          guard answer.status == 200, let version = answer.json["version"] as? String else {
            failures.add("status \(answer.status): \(answer.body)")
            continue
          }
          _ = answers.withLock { $0[version, default: []].insert(answer.body) }
        }
      } catch { failures.add("lost: \(error)") }
    }
    #expect(failures.all.isEmpty)
    let bodies = answers.withLock { $0 }
    #expect(bodies["1"]?.count == 1 && bodies["2"]?.count == 1 && bodies["1"] != bodies["2"])
  }

  @Test func `mistakes at start-up are told apart`() throws {
    let directory = try ModelsDirectory()
    let missing = try RunningServer.run(["serve", "--port", "0", "--models-dir", directory.path + "/none"])
    #expect(missing.status == 2 && missing.error.contains("models directory"))
    let unknown = try RunningServer.run([
      "serve", "--port", "0", "--model", RunningServer.weights("example.safetensors"), "--default-model", "digits",
    ])
    #expect(unknown.status == 2 && unknown.error.contains("no model 'digits' was loaded (example)"))
    let file = RunningServer.weights("example.safetensors")
    let twice = try RunningServer.run(["serve", "--port", "0", "--model", file, "--model", file])
    #expect(twice.status == 2 && twice.error.contains("two models are called 'example'"))
  }
}
