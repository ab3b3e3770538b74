import Foundation
import Testing

@Suite struct ErrorTableTests {
  /// Every refusal that one request can provoke: name, request, status, a part of the sentence.
  static let table: [(String, String, Int, String)] = [
    ("not JSON", Client.request("POST", "/predict", "hello"), 400, "byte"),
    ("empty body", Client.request("POST", "/predict"), 400, "empty"),
    ("no instances", Client.request("POST", "/predict", "{}"), 400, "instances"),
    ("no rows", Client.request("POST", "/predict", #"{"instances":[]}"#), 400, "row"),
    ("wrong type", Client.request("POST", "/predict", #"{"instances":"x"}"#), 400, "instances"),
    ("wrong element", Client.request("POST", "/predict", #"{"instances":[["x"]]}"#), 400, "string"),
    ("wrong width", Client.request("POST", "/predict", #"{"instances":[[1,2]]}"#), 400, "found 2"),
    ("both forms", Client.request("POST", "/predict", #"{"instance":[1],"instances":[[1]]}"#), 400, "instance"),
    ("unknown output", Client.request("POST", "/predict", #"{"outputs":["x"],"instances":[[1]]}"#), 400, "x"),
    ("bad top_k", Client.request("POST", "/predict", #"{"top_k":-1,"instances":[[1]]}"#), 400, "top_k"),
    ("bad reject", Client.request("POST", "/predict", #"{"reject":"maybe","instances":[[1]]}"#), 400, "reject"),
    ("overflow", Client.request("POST", "/predict", #"{"instances":[[1e999]]}"#), 422, "instances[0][0]"),
    ("NaN", Client.request("POST", "/predict", #"{"instances":[[NaN]]}"#), 422, "instances[0][0]"),
    ("unknown path", Client.request("GET", "/nope"), 404, "no route '/nope'; send GET /, /livez"),
    ("no path of version 1", Client.request("GET", "/v1/nope"), 404, "POST /v1/models/NAME:predict"),
    ("no path of version 2", Client.request("GET", "/v2/nope"), 404, "POST /v2/models/NAME/infer"),
    ("two slashes", Client.request("GET", "/models//"), 404, "no route"),
    ("byte order mark alone", Client.request("POST", "/predict", "\u{feff}"), 400, "empty"),
    ("behind a byte order mark", Client.request("POST", "/predict", "\u{feff}{\"instances\":[[1]]}"), 400, "byte 17"),
    ("unknown model", Client.request("GET", "/models/nope"), 404, "nope"),
    ("unknown version", Client.request("GET", "/models/digits/versions/7"), 404, "7"),
    ("signed version", Client.request("GET", "/models/digits/versions/+1"), 404, "no route"),
    ("padded version", Client.request("GET", "/models/digits/versions/01"), 404, "no route"),
    (
      "signed timeout", Client.request("POST", "/predict", "{}", headers: ["X-Request-Timeout-Ms: +5"]), 400,
      "X-Request"
    ),
    ("bad version", Client.request("GET", "/models/digits/versions/x"), 404, "no route"),
    ("wrong method", Client.request("GET", "/predict"), 405, "POST"),
    ("wrong method on model", Client.request("POST", "/model", "{}"), 405, "GET"),
    ("bad timeout", Client.request("POST", "/predict", "{}", headers: ["X-Request-Timeout-Ms: 0"]), 400, "X-Request"),
    ("body too large", Client.request("POST", "/predict", String(repeating: " ", count: 70_000)), 413, "65536"),
    (
      "too deep",
      Client.request(
        "POST", "/predict",
        #"{"x":"# + String(repeating: "[", count: 9_000) + String(repeating: "]", count: 9_000) + "}"), 413, "deep"
    ),
    ("encoding", Client.request("POST", "/predict", "{}", headers: ["Content-Encoding: br"]), 415, "gzip"),
    (
      "bad gzip", Client.request("POST", "/predict", "{}", headers: ["Content-Encoding: gzip"]), 400, "Content-Encoding"
    ),
    (
      "header too large", Client.request("GET", "/livez", headers: ["A: " + String(repeating: "a", count: 9_000)]),
      431, "header"
    ),
    ("no host's name", "GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "Host"),
    (
      "two lengths", "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400,
      "Content-Length"
    ),
    (
      "a coding in 1.0", "POST /predict HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
      "Transfer-Encoding"
    ),
  ]

  @Test(arguments: Transport.allCases)
  func `every row of the error table, each with one sentence in JSON`(transport: Transport) throws {
    let server = try transport.start(["--max-body-bytes", "65536"])
    for (name, request, status, part) in Self.table {
      let client = try server.connect()
      client.send(request)
      let answer: HTTPAnswer
      do { answer = try client.receive() } catch {
        Issue.record("\(name): \(error)")
        continue
      }
      #expect(answer.status == status, "\(name): \(answer.body)")
      #expect((answer.json["error"] as? String)?.contains(part) == true, "\(name): \(answer.body)")
      #expect(answer.headers["content-type"] == "application/json", "\(name)")
    }
    let fine = try server.connect()
    #expect(try fine.exchange("GET", "/readyz").status == 200)
    let wrongMethod = try fine.exchange("GET", "/predict")
    #expect(wrongMethod.headers["allow"] == "POST")
    #expect(try fine.exchange("GET", "http://localhost/livez").status == 200)
    #expect(try fine.exchange("GET", "HTTP://localhost").body == #"{"status":"alive"}"#)
    #expect(try fine.exchange("GET", "/livez", headers: ["X-Request-ID: abc-1"]).headers["x-request-id"] == "abc-1")
    #expect(try fine.exchange("HEAD", "/model").body.isEmpty)
    let page = try fine.exchange("GET", "/", headers: ["Accept: text/html,*/*;q=0.8"])
    #expect(page.headers["content-type"] == "text/html; charset=utf-8" && page.body.hasPrefix("<!doctype html>"))
    // Nothing of it comes from elsewhere.
    #expect(!page.body.contains("http://") && !page.body.contains("https://"))
  }

  @Test(arguments: Transport.allCases)
  func `too many rows are refused by number`(transport: Transport) throws {
    let server = try transport.start(["--max-request-rows", "3"])
    let client = try server.connect()
    let sample = try MNISTSample.load()
    #expect(try client.exchange("POST", "/predict", sample.body(0..<3)).status == 200)
    let answer = try client.exchange("POST", "/predict", sample.body(0..<4))
    #expect(answer.status == 413)
    #expect(answer.body.contains("3 rows"))
  }

  @Test(arguments: Transport.allCases)
  func `headers and bodies that never end get 408`(transport: Transport) throws {
    let server = try transport.start(["--header-timeout", "1", "--body-timeout", "1"])
    let body = try server.connect()
    body.send("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
    let header = try server.connect()
    header.send("POST /predict HTTP/1.1\r\nHost: a\r\n")
    #expect(try body.receive().status == 408)
    #expect(try header.receive().status == 408)
    #expect(body.isClosedByPeer())
    #expect(header.isClosedByPeer())
  }

  @Test(arguments: Transport.allCases)
  func `a bad request harms neither its neighbours nor the next one on its connection`(transport: Transport) throws {
    let server = try transport.start()
    let sample = try MNISTSample.load()
    let client = try server.connect()
    let good = Client.request("POST", "/predict", sample.body(0..<1))
    let alone = try client.exchange("POST", "/predict", sample.body(0..<1)).body
    // Sent as one piece, so that they meet in the same turn.
    client.send(good + Client.request("POST", "/predict", #"{"instances":[[1e999]]}"#) + good)
    #expect(try client.receive().body == alone)
    #expect(try client.receive().status == 422)
    #expect(try client.receive().body == alone)
  }
}
