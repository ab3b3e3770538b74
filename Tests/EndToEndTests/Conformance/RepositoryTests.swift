import Foundation
import Testing

/// Several models, and their going and coming by request.
@Suite struct RepositoryTests {
  /// A row for the models of `ReloadTests.ModelsDirectory`.
  static let request = InferRequest(
    Conformance.list((0..<100).map { "0.\($0 + 100)" }), shape: "[1,100]", #""outputs":[{"name":"distances"}]"#)

  private func infer(_ client: any HTTPClient, _ model: String) throws -> Client.Answer {
    try client.exchange("POST", "/v2/models/\(model)/infer", Self.request.json)
  }

  /// `NAME/VERSION` and state, in order.
  private func index(_ client: any HTTPClient, _ body: String = "") throws -> [String] {
    let answer = try client.exchange("POST", "/v2/repository/index", body)
    let list = try #require(
      (try? JSONSerialization.jsonObject(with: Data(answer.bytes))) as? [[String: String]], answer.excerpt)
    return list.map { "\($0["name"] ?? "")/\($0["version"] ?? "") \($0["state"] ?? "")" }.sorted()
  }

  @Test(arguments: Transport.allCases)
  func `models and versions are told apart on every route`(transport: Transport) throws {
    let directory = try ReloadTests.ModelsDirectory()
    try directory.add(version: 1, ReloadTests.ModelsDirectory.weights(variant: 0))
    try directory.add(version: 2, ReloadTests.ModelsDirectory.weights(variant: 7))
    try directory.write(ReloadTests.ModelsDirectory.weights(variant: 3), to: "a.safetensors")
    let server = try transport.start(["--models-dir", directory.path, "--models-scan-interval", "0"], model: nil)
    let client = try server.connect()
    #expect(try index(client) == ["a/1 READY", "m/1 READY", "m/2 READY"])
    for path in ["/v1/models", "/v2/models"] {
      #expect((try client.exchange("GET", path).json["models"] as? [String])?.sorted() == ["a", "m"], "\(path)")
    }
    func versions(_ path: String) throws -> [String]? { try client.exchange("GET", path).json["versions"] as? [String] }
    #expect(try versions("/v2/models/m")?.sorted() == ["1", "2"])
    #expect(try versions("/v2/models/m/versions/1") == ["1"])
    #expect(try versions("/v2/models/m/versions/2") == ["2"])
    #expect(try versions("/v2/models/a") == ["1"])

    var bodies: Set<String> = []
    for (model, version) in [("m/versions/1", "1"), ("m/versions/2", "2"), ("a", "1")] {
      let answer = try infer(client, model)
      answer.expectJSON()
      #expect(answer.json["model_version"] as? String == version, answer.excerpt)
      #expect(answer.json["model_name"] as? String == String(model.prefix(1)), answer.excerpt)
      bodies.insert(Client.Answer.canonical(answer.json["outputs"]))
    }
    #expect(bodies.count == 3, "three models, three answers")
    // Without a version the highest.
    #expect(try infer(client, "m").body == infer(client, "m/versions/2").body)
    func predict(_ model: String) throws -> String {
      let answer = try client.exchange("POST", "/v1/models/\(model):predict", ReloadTests.row)
      answer.expectJSON()
      return answer.body
    }
    #expect(try predict("m") == predict("m/versions/2"))
    #expect(try predict("m") != predict("m/versions/1"))
    func statuses(_ path: String) throws -> [String?]? {
      let list = try client.exchange("GET", path).json["model_version_status"] as? [[String: Any]]
      return list?.map { $0["version"] as? String }
    }
    #expect(Set(try #require(try statuses("/v1/models/m"))) == ["1", "2"])
    #expect(try statuses("/v1/models/m/versions/1") == ["1"])

    // Each version counts its own requests: two of version 1, four of version 2, of them one and two on /v2.
    func entries(_ path: String) throws -> [String] {
      let list = try client.exchange("GET", path).json["model_stats"] as? [[String: Any]] ?? []
      return list.map { "\($0["name"] ?? "")/\($0["version"] ?? "")" }.sorted()
    }
    #expect(try entries("/v2/models/stats") == ["a/1", "m/1", "m/2"])
    #expect(try entries("/v2/models/m/stats") == ["m/1", "m/2"])
    #expect(try entries("/v2/models/m/versions/2/stats") == ["m/2"])
  }

  @Test(arguments: Transport.allCases)
  func `unload is refused without --allow-unload, load is at most a reload`(transport: Transport) throws {
    let directory = try ReloadTests.ModelsDirectory()
    try directory.add(version: 1, ReloadTests.ModelsDirectory.weights(variant: 0))
    let server = try transport.start(["--models-dir", directory.path], model: nil)
    let client = try server.connect()
    let before = try infer(client, "m")
    before.expectJSON()
    try client.exchange("POST", "/v2/repository/models/m/unload", "{}").expectError(503)
    let load = try client.exchange("POST", "/v2/repository/models/m/load", "{}")
    if load.status == 200 { #expect(load.bytes.isEmpty, load.excerpt) } else { load.expectError(503) }
    #expect(try infer(client, "m").body == before.body)
    #expect(try index(client) == ["m/1 READY"])
  }

  @Test(arguments: Transport.allCases)
  func `with --allow-unload a model goes, stays away through a scan, and comes back`(transport: Transport) throws {
    let directory = try ReloadTests.ModelsDirectory()
    try directory.add(version: 1, ReloadTests.ModelsDirectory.weights(variant: 0))
    try directory.add(version: 2, ReloadTests.ModelsDirectory.weights(variant: 7))
    try directory.write(ReloadTests.ModelsDirectory.weights(variant: 3), to: "a.safetensors")
    let server = try transport.start(
      ["--models-dir", directory.path, "--models-scan-interval", "0.05", "--allow-unload"], model: nil)
    let client = try server.connect()
    let (before, other) = (try infer(client, "m"), try infer(client, "a"))
    before.expectJSON()

    let unload = try client.exchange(
      "POST", "/v2/repository/models/m/unload", #"{"parameters":{"unload_dependents":false}}"#)
    #expect(unload.status == 200 && unload.bytes.isEmpty, unload.excerpt)
    func expectAway() throws {
      for path in ["/v2/models/m/infer", "/v2/models/m/versions/1/infer", "/v1/models/m:predict", "/models/m/predict"] {
        let body = path.hasPrefix("/v2") ? Self.request.json : ReloadTests.row
        let answer = try client.exchange("POST", path, body)
        // The contract leaves open which.
        answer.expectError(answer.status == 503 ? 503 : 404, path)
      }
      for path in ["/v2/models/m/ready", "/v2/models/m/versions/2/ready", "/v1/models/m"] {
        let answer = try client.exchange("GET", path)
        answer.expectError(answer.status == 503 ? 503 : 404, path)
      }
      #expect(try index(client, #"{"ready":true}"#).allSatisfy { !$0.hasPrefix("m/") })
      #expect(try index(client).filter { $0.hasPrefix("m/") }.allSatisfy { $0.hasSuffix("UNAVAILABLE") })
      #expect(try infer(client, "a").body == other.body)
      #expect(try client.exchange("GET", "/v2/health/ready").status == 200)
    }
    try expectAway()
    // What appears afterwards tells that the directory was looked at again.
    try directory.write(ReloadTests.ModelsDirectory.weights(variant: 5), to: "b.safetensors")
    _ = try ReloadTests.ask(client, "/v2/models/b/ready") { $0.status == 200 }
    try expectAway()

    let load = try client.exchange("POST", "/v2/repository/models/m/load", "{}")
    #expect(load.status == 200 && load.bytes.isEmpty, load.excerpt)
    // At once: a client that was told 200 need not wait.
    #expect(try infer(client, "m").body == before.body)
    #expect(try index(client) == ["a/1 READY", "b/1 READY", "m/1 READY", "m/2 READY"])
    for verb in ["load", "unload"] {
      let unknown = try client.exchange("POST", "/v2/repository/models/nope/\(verb)", "{}")
      unknown.expectError(unknown.status == 400 ? 400 : 404, verb)
      try client.exchange("GET", "/v2/repository/models/m/\(verb)").expectError(405, verb)
      try client.exchange("POST", "/v2/repository/models/m/\(verb)", "{broken").expectError(400, verb)
    }
    #expect(try infer(client, "m").body == before.body)
  }
}
