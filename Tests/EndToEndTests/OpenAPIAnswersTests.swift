import Foundation
import Testing

@Suite struct OpenAPIAnswersTests {
  /// A body that is right, by the schema of the request.
  static func bodies() throws -> [String: String] {
    let sample = try MNISTSample.load()
    let row = "[" + sample.rows[0].map(String.init).joined(separator: ",") + "]"
    return [
      "PredictRequest": "{\"instances\":[\(row)]}",
      "InferRequest": "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,784],\"datatype\":\"FP32\",\"data\":\(row)}]}",
      "ServingPredictRequest": "{\"instances\":[\(row)]}", "ClassifyRequest": "{\"examples\":[{\"x\":\(row)}]}",
      "IndexRequest": "{\"ready\":true}", "RepositoryRequest": "{}", "Anything": "{}",
    ]
  }

  @Test func `every documented operation answers as it is documented`() throws {
    let server = try RunningServer(["--allow-unload"], model: "digits.safetensors=m")
    let client = try Client(port: server.port)
    let document = try client.exchange("GET", "/openapi.json").json
    let schemas = try #require(
      (document["components"] as? [String: [String: Any]])?["schemas"] as? [String: [String: Any]])
    let bodies = try Self.bodies()
    let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
    #expect(paths.count > 50)
    // What is unloaded last harms no other.
    for (template, operations) in paths.sorted(by: {
      ($0.key.contains("unload") ? 1 : 0, $0.key) < ($1.key.contains("unload") ? 1 : 0, $1.key)
    }) {
      let path = template.replacing("{model}", with: "m").replacing("{version}", with: "1").replacing(
        "{label}", with: "stable")
      for (method, operation) in operations {
        let place = "\(method) \(path)"
        let content = (operation["requestBody"] as? [String: Any])?["content"] as? [String: [String: [String: String]]]
        let schema = content?["application/json"]?["schema"]?["$ref"]?.split(separator: "/").last.map(String.init)
        let body = try schema.map { try #require(bodies[$0], "\(place)") } ?? ""
        let answer = try client.exchange(method.uppercased(), path, body)
        // What is unloaded cannot be unloaded again.
        if !path.hasSuffix("/"), !path.hasSuffix("unload") {
          let slashed = try client.exchange(method.uppercased(), path + "/", body)
          #expect(slashed.status == answer.status, "\(place)/: \(slashed.body)")
          if method == "get" { #expect(try client.exchange("HEAD", path + "/").status == answer.status, "\(place)/") }
        }
        let responses = try #require(operation["responses"] as? [String: [String: Any]])
        // An operation without an answer is documented to be refused.
        #expect(answer.status == (responses["200"] == nil ? 400 : 200), "\(place): \(answer.body)")
        let documented = responses[String(answer.status)]?["content"] as? [String: [String: [String: Any]]]
        if let type = documented?.keys.first(where: { answer.headers["content-type"]?.hasPrefix($0) == true }) {
          let name = (documented?[type]?["schema"]?["$ref"] as? String)?.split(separator: "/").last.map(String.init)
          let required = name.flatMap { schemas[$0]?["required"] as? [String] } ?? []
          for member in required { #expect(answer.json[member] != nil, "\(place): \(member) in \(answer.body)") }
        } else if documented == nil, responses["200"] != nil {
          #expect(answer.body.isEmpty, "\(place)")
        } else if responses["200"] != nil {
          Issue.record("\(place): \(answer.headers["content-type"] ?? "no type") is not documented")
        }
      }
    }
    #expect(try client.exchange("GET", "/v2/models/m").status == 404)
  }
}
