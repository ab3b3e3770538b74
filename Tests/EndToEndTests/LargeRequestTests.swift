import Bytes
import Foundation
import HTTPServer
import TestSupport
import Testing

/// Requests that are decoded, computed and encoded off the reactor's thread are answered as those on it are, byte by byte.
@Suite struct LargeRequestTests {
  /// Everything on the reactor's thread; and nothing that takes longer than a hop, in blocks of three rows.
  private static let (inline, large) = (
    ["--inline-budget", "10000", "--threads", "2"], ["--inline-budget", "0", "--max-batch-rows", "3", "--threads", "2"]
  )

  private static func request(_ path: String, _ body: String, _ headers: [String] = []) -> [UInt8] {
    Array(Client.request("POST", path, body, headers: headers).utf8)
  }

  /// Requests on all protocols, in every form of rows and answers.
  private static func requests() throws -> [String: [UInt8]] {
    let sample = try MNISTSample.load()
    var requests: [String: [UInt8]] = [:]
    for (name, extra) in [
      ("predict", ""), ("top", #","top_k":3"#), ("embedding", #","outputs":["embedding"]"#),
      ("contributions", #","outputs":["scores","contributions"],"reject":"off""#),
      ("rate", #","false_reject_rate":0.2,"outputs":[]"#), ("error", #","reject":"error","false_reject_rate":0.9"#),
    ] {
      requests[name] = request("/predict", sample.body(0..<40, extra: extra))
    }
    let rows = sample.body(0..<40)
    requests["options first"] = request("/predict", "{\"outputs\":[\"embedding\"]," + rows.dropFirst())
    requests["distances"] = request("/distances", rows)
    for signature in ["serving_default", "distances", "all"] {
      let name = "\"signature_name\":\"\(signature)\","
      requests["rows \(signature)"] = request("/v1/models/digits:predict", "{\(name)" + rows.dropFirst())
      let columns = "{\(name)\"inputs\":" + rows.dropFirst("{\"instances\":".count)
      requests["columns \(signature)"] = request("/v1/models/digits:predict", columns)
    }
    let examples = rows.replacing("[[", with: "[{\"x\":[").replacing("],[", with: "]},{\"x\":[").replacing(
      "]]", with: "]}]")
    requests["classify"] = request("/v1/models/digits:classify", examples.replacing("instances", with: "examples"))
    let numbers = "[" + sample.rows[0..<40].joined().map(String.init).joined(separator: ",") + "]"
    let bytes = sample.rows[0..<40].joined().flatMap { value in withUnsafeBytes(of: Float(value)) { [UInt8]($0) } }
    for (name, outputs) in [
      ("all", ""), ("named", #""outputs":[{"name":"distances"},{"name":"known"},{"name":"p_value"}]"#),
      (
        "binary",
        #""outputs":[{"name":"known","parameters":{"binary_data":true}},{"name":"scores","parameters":{"binary_data":true}}]"#
      ),
      ("classes", #""outputs":[{"name":"scores","parameters":{"classification":3}}]"#),
      (
        "binary classes",
        #""outputs":[{"name":"scores","parameters":{"classification":2,"binary_data":true}},{"name":"distances"}]"#
      ),
    ] {
      let members = [#""id":"7""#] + (outputs.isEmpty ? [] : [outputs])
      for (form, infer) in [
        ("text", InferRequest(numbers, shape: "[40,784]")), ("bytes", InferRequest(bytes: bytes, shape: "[40,784]")),
      ] {
        var infer = infer
        infer.members = members
        requests["infer \(form) \(name)"] = Client.request(
          "POST", "/v2/models/digits/infer", bytes: infer.body, headers: infer.headers)
      }
    }
    return requests
  }

  @Test(arguments: ["digits.safetensors", "lenet5.safetensors"])
  func `each form of request has the same answer off the reactor's thread as on it`(model: String) throws {
    let (one, other) = (
      InProcessServer(try InProcessService(Self.inline + ["--model-name", "digits"], model: model)),
      InProcessServer(try InProcessService(Self.large + ["--model-name", "digits"], model: model))
    )
    for (name, request) in try Self.requests().sorted(by: { $0.key < $1.key }) {
      let (client, large) = (one.connect(), other.connect())
      client.send(request)
      large.send(request)
      let (expected, found) = (try client.receive(), try large.receive())
      #expect(expected.status == found.status && expected.bytes == found.bytes, "\(name): \(found.excerpt)")
      #expect(
        expected.headers["inference-header-content-length"] == found.headers["inference-header-content-length"],
        "\(name)")
      #expect(expected.status == (name == "error" ? 422 : 200), "\(name): \(expected.excerpt)")
    }
  }

  @Test func `an answer that could be too large is refused before it is computed, in numbers that say why`() throws {
    let server = InProcessServer(try InProcessService(["--max-response-bytes", "100000"]))
    let sample = try MNISTSample.load()
    let answer = try server.connect().exchange(
      "POST", "/predict", sample.body(0..<40, extra: #","outputs":["contributions"]"#))
    #expect(answer.status == 413, answer.excerpt)
    #expect(
      answer.body.contains("40 rows of") && answer.body.contains("over the limit of 100000 bytes"), answer.excerpt)
    #expect(try server.connect().exchange("POST", "/predict", sample.body(0..<40)).status == 200)
  }

  @Test(arguments: [["--inline-budget", "10000"], ["--inline-budget", "0"]])
  func `what can never have room in the memory budget is too large, and leaves nothing in it`(arguments: [String])
    throws
  {
    let service = try InProcessService(arguments + ["--memory-budget", "1048576"])
    let server = InProcessServer(service)
    let sample = try MNISTSample.load()
    let large = sample.body(0..<100, extra: #","outputs":["contributions"]"#)
    for _ in 0..<3 {
      let refused = try server.connect().exchange("POST", "/predict", large)
      #expect(refused.status == 413 && refused.headers["retry-after"] == nil, refused.excerpt)
      #expect(refused.body.contains("524288 bytes of memory"), refused.excerpt)
      #expect(try server.connect().exchange("POST", "/predict", sample.body(0..<10)).status == 200)
    }
    #expect(service.configuration.memory.usedBytes < 200_000)
    let values = MetricsTests.parse(try server.connect().exchange("GET", "/metrics").body)
    #expect(values["radial_memory_budget_bytes"] == 1_048_576)
    #expect(values[#"radial_rejections_total{reason="body_too_large"}"#] == 3)
  }

  @Test(arguments: [["--inline-budget", "10000"], ["--inline-budget", "0"]])
  func `alone, a request is answered or too large, whatever the budget, and as well for who takes gzip`(
    arguments: [String]
  ) throws {
    let sample = try MNISTSample.load()
    var (statuses, plainBehindGzip): (Set<Int>, Int) = ([], 0)
    for outputs in [#","outputs":["contributions"]"#, ""] {
      let body = sample.body(0..<60, extra: outputs)
      for budget in [1_048_576, 1_258_291, 1_700_000, 2_500_000, 4_000_000, 8_000_000] {
        let server = InProcessServer(try InProcessService(arguments + ["--memory-budget", "\(budget)"]))
        // What the answer before it holds is given back when it has been sent: soon, and not at once.
        func settled(_ headers: [String]) throws -> Client.Answer {
          for _ in 0..<100 {
            let answer = try server.connect().exchange("POST", "/predict", body, headers: headers)
            if answer.status != 503 { return answer }
            usleep(20_000)
          }
          return try server.connect().exchange("POST", "/predict", body, headers: headers)
        }
        let (plain, again, packed) = (try settled([]), try settled([]), try settled(["Accept-Encoding: gzip"]))
        #expect([200, 413].contains(plain.status), "\(budget): \(plain.excerpt)")
        #expect(again.status == plain.status && packed.status == plain.status, "\(budget): \(packed.excerpt)")
        if packed.status == 200, packed.headers["content-encoding"] == nil { plainBehindGzip += 1 }
        statuses.insert(plain.status)
      }
    }
    #expect(statuses == [200, 413] && plainBehindGzip > 0)
  }

  @Test(arguments: [["--inline-budget", "10000"], ["--inline-budget", "0"]])
  func `what has no room now is refused until there is some`(arguments: [String]) throws {
    let service = try InProcessService(arguments + ["--memory-budget", "16MiB"])
    let server = InProcessServer(service)
    let body = try MNISTSample.load().body(0..<100)
    let others = MemoryBudget(limit: 16 << 20, within: service.configuration.memory)
    #expect(others.take((16 << 20) - body.utf8.count * 2))
    let refused = try server.connect().exchange("POST", "/predict", body)
    #expect(refused.status == 503 && refused.headers["retry-after"] == "1", refused.excerpt)
    #expect(refused.body.contains("memory for requests"), refused.excerpt)
    others.giveBack(others.usedBytes)
    #expect(try server.connect().exchange("POST", "/predict", body).status == 200)
  }

  @Test func `a bad row of a large request is named, the first of several, and its neighbours are answered`() throws {
    let server = InProcessServer(try InProcessService(Self.large))
    let sample = try MNISTSample.load()
    func body(replacing rows: [Int], with row: String) -> String {
      let all = (0..<40).map {
        rows.contains($0) ? row : "[" + sample.rows[$0].map(String.init).joined(separator: ",") + "]"
      }
      return "{\"instances\":[" + all.joined(separator: ",") + "]}"
    }
    for (row, status, part) in [
      ("[1,2]", 400, "instances[17]: expected 784 numbers, found 2"),
      ("[" + String(repeating: "0,", count: 5000) + "0]", 400, "instances[17]: expected 784 numbers, found more"),
    ] {
      let (client, neighbour) = (server.connect(), server.connect())
      client.send(Self.request("/predict", body(replacing: [31, 17], with: row)))
      neighbour.send(Self.request("/predict", sample.body(0..<40)))
      let answer = try client.receive()
      #expect(answer.status == status && answer.body.contains(part), answer.excerpt)
      #expect(try neighbour.receive().status == 200)
    }
  }

  @Test func `a large compressed body that is none, or is too large inflated, is refused`() throws {
    let server = InProcessServer(try InProcessService(["--max-body-bytes", "2MiB"]))
    let sample = try MNISTSample.load()
    let text = Array(sample.body(0..<100, extra: ",\"x\":\"\(String(repeating: "x", count: 200_000))\"").utf8)
    let bomb = Array(repeating: UInt8(ascii: " "), count: 4 << 20)
    for (bytes, status) in [
      (try Deflate.compress(text, as: .gzip), 200), (Array(try Deflate.compress(text, as: .gzip).dropLast(9)), 400),
      (try Deflate.compress(bomb, as: .gzip), 413),
    ] {
      let client = server.connect()
      client.send(Client.request("POST", "/predict", bytes: bytes, headers: ["Content-Encoding: gzip"]))
      let answer = try client.receive()
      #expect(answer.status == status, answer.excerpt)
      #expect(try client.exchange("GET", "/livez").status == 200)
    }
  }
}
