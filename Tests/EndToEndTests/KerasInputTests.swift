import Foundation
import Testing

/// What the input of a Keras file is called, and the forms of its rows, on every protocol. The files are of Data/make.py.
@Suite struct KerasInputTests {
  static func file(_ name: String) -> String {
    Bundle.module.url(forResource: "Data/\(name)", withExtension: nil)!.path
  }

  /// A server, and one connection to it.
  final class Served {
    private let server: RunningServer
    private let client: Client

    init(_ files: String...) throws {
      server = try RunningServer(files.flatMap { ["--model", $0] }, model: nil)
      client = try Client(port: server.port)
    }

    func exchange(_ method: String, _ path: String, _ body: String = "") throws -> Client.Answer {
      try client.exchange(method, path, body)
    }

    func post(_ path: String, _ bytes: [UInt8], headers: [String] = []) throws -> Client.Answer {
      try client.exchange("POST", path, bytes: bytes, headers: headers)
    }
  }

  /// The same row under the name of the file's InputLayer, where a protocol has names.
  static func requests(_ model: String, name: String, row: String, shape: String) -> [(path: String, body: String)] {
    let predict = "/v1/models/\(model):predict"
    return [
      (predict, "{\"instances\":[{\"\(name)\":\(row)}]}"), (predict, "{\"inputs\":{\"\(name)\":[\(row)]}}"),
      (predict, "{\"signature_name\":\"all\",\"inputs\":{\"\(name)\":[\(row)],\"other\":1}}"),
      ("/v1/models/\(model):classify", "{\"examples\":[{\"\(name)\":\(row)}]}"),
      (
        "/v2/models/\(model)/infer",
        "{\"inputs\":[{\"name\":\"\(name)\",\"shape\":\(shape),\"datatype\":\"FP32\",\"data\":\(row)}]}"
      ),
    ]
  }

  @Test(arguments: [
    ("rbf4", "in", "[5.1,3.5,1.4,0.2]", "[1,4]"),
    ("image3x5", "entrée", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14]", "[1,15]"),
    ("image3x5", "entr\\u00e9e", "[[0,1,2,3,4],[5,6,7,8,9],[10,11,12,13,14]]", "[1,3,5]"),
  ])
  func `the input goes by the name of its InputLayer beside x, also once converted`(
    model: String, name: String, row: String, shape: String
  ) throws {
    let runner = try OfflineRunner()
    defer { withExtendedLifetime(runner) {} }
    let converted = runner.folder.appendingPathComponent("\(model).safetensors").path
    let conversion = try RunningServer.run(["convert", Self.file("\(model).h5"), "-o", converted])
    #expect(conversion.status == 0, "\(conversion.error)")
    for file in [Self.file("\(model).h5"), converted] {
      let client = try Served(file)
      for (named, plain) in zip(
        Self.requests(model, name: name, row: row, shape: shape),
        Self.requests(model, name: "x", row: row, shape: shape))
      {
        let answer = try client.exchange("POST", named.path, named.body)
        #expect(answer.status == 200, "\(named): \(answer.body)")
        // Answers keep their own names, whatever the request's.
        #expect(try answer.body == client.exchange("POST", plain.path, plain.body).body)
      }
      for path in ["/v2/models/\(model)", "/v2/models/\(model)/config", "/v1/models/\(model)/metadata"] {
        let metadata = try client.exchange("GET", path).body
        #expect(metadata.contains("\"x\"") && !metadata.contains("\"\(name)\""), "\(metadata)")
      }
      let described = try client.exchange("GET", "/models/\(model)").json["input"] as? [String: Any]
      #expect(described?["name"] as? String == name.replacing("\\u00e9", with: "é"))
    }
  }

  @Test func `both names in one request, and an output's name, are refused`() throws {
    let client = try Served(Self.file("rbf4.h5"), Self.file("echo4.h5"))
    let row = "[1,2,3,4]"
    for (path, body, part) in [
      ("/v1/models/rbf4:predict", "{\"instances\":[{\"x\":\(row),\"in\":\(row)}]}", "given twice"),
      ("/v1/models/rbf4:predict", "{\"inputs\":{\"in\":[\(row)],\"x\":[\(row)]}}", "given twice"),
      ("/v1/models/rbf4:classify", "{\"examples\":[{\"in\":\(row),\"x\":\(row)}]}", "given twice"),
      (
        "/v2/models/rbf4/infer",
        #"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]},{"name":"in","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}"#,
        "a second one"
      ),
      // Else an answer that is sent back would be taken for rows.
      ("/v1/models/echo4:predict", "{\"instances\":[{\"distances\":\(row)}]}", "expected the input 'x' alone"),
    ] {
      let answer = try client.exchange("POST", path, body)
      #expect(answer.status == 400 && answer.body.contains(part), "\(body): \(answer.body)")
    }
    #expect(try client.exchange("GET", "/models/echo4").json["input"] as? [String: String] == nil)
  }

  @Test(arguments: [("image4x4x1", [4, 4, 1]), ("image3x5", [3, 5])])
  func `a row of an image comes in four forms, on every route and from a file, and in no other`(
    model: String, shape: [Int]
  ) throws {
    let client = try Served(Self.file("\(model).h5"))
    let (rows, columns) = (shape[0], shape[1])
    let values = (0..<rows * columns).map { String($0 % 7) }
    func nested(_ rows: Int, _ columns: Int, _ wrap: (String) -> String = { $0 }) -> String {
      Conformance.list(
        (0..<rows).map { row in Conformance.list((0..<columns).map { wrap(values[row * columns + $0]) }) })
    }
    let flat = Conformance.list(values)
    let good = [flat, nested(rows, columns), nested(rows, columns) { "[\($0)]" }]
    let bad =
      [
        "[\(nested(rows, columns))]", nested(rows, columns) { "[[\($0)]]" }, "[\(flat)]",
        nested(rows, columns).replacing(",1,", with: ",[1],"), Conformance.list(values.map { "[\($0)]" }),
      ] + (rows == columns ? [] : [nested(columns, rows)])
    func bodies(_ row: String) -> [(String, String)] {
      [
        ("/predict", "{\"instances\":[\(row),\(row)]}"), ("/predict", "{\"instance\":\(row)}"),
        ("/distances", "{\"instances\":[\(row)]}"), ("/v1/models/\(model):predict", "{\"instances\":[\(row)]}"),
        ("/v1/models/\(model):predict", "{\"instances\":[{\"x\":\(row)}]}"),
        ("/v1/models/\(model):predict", "{\"inputs\":[\(row)]}"),
        ("/v1/models/\(model):predict", "{\"inputs\":{\"x\":[\(row)]}}"),
      ]
    }
    let expected = try bodies(flat).map { try client.exchange("POST", $0.0, $0.1).body }
    for row in good {
      for ((path, body), expected) in zip(bodies(row), expected) {
        let answer = try client.exchange("POST", path, body)
        #expect(answer.status == 200 && answer.body == expected, "\(path) \(body): \(answer.body)")
      }
    }
    let forms = "[\(rows * columns)], [\(rows)][\(columns)] or [\(rows)][\(columns)][1]"
    for row in bad {
      for (path, body) in bodies(row) {
        let answer = try client.exchange("POST", path, body)
        #expect(answer.status == 400 && answer.body.contains(forms), "\(path) \(body): \(answer.body)")
      }
    }
    // A single image where a list of rows is expected.
    let lone = try client.exchange("POST", "/predict", "{\"instances\":\(nested(rows, columns))}")
    #expect(lone.status == 400 && lone.body.contains(forms), "\(lone.body)")

    // The same rows from a file of JSON lines, and as bytes and numbers of a tensor.
    let runner = try OfflineRunner()
    let lines = try runner.file("rows.jsonl", good.map { $0 + "\n" }.joined() + "{\"instance\":\(good[1])}\n")
    let offline = try RunningServer.run(["predict", Self.file("\(model).h5"), lines])
    #expect(offline.status == 0 && Set(offline.output.split(separator: "\n")).count == 1, "\(offline)")
    #expect(offline.output.split(separator: "\n").count == 4)
    let refused = try RunningServer.run([
      "predict", Self.file("\(model).h5"), try runner.file("bad.jsonl", "{\"instance\":\(bad[0])}"),
    ])
    #expect(refused.status == 2 && refused.error.contains(forms), "\(refused.error)")

    let bytes = Conformance.bytes(values.compactMap(Float.init))
    for (dimensions, isGood) in [
      ("[1,\(rows * columns)]", true), ("[1,\(rows),\(columns)]", true), ("[1,\(rows),\(columns),1]", true),
      ("[\(rows),\(columns)]", false), ("[\(rows),\(columns),1]", false), ("[1,1,\(rows),\(columns)]", false),
      ("[1,\(columns),1,\(rows)]", false), ("[1,\(rows * columns),1]", false), ("[\(rows * columns)]", false),
      ("[1,\(rows),\(columns),1,1]", false),
    ] + (rows == columns ? [] : [("[1,\(columns),\(rows)]", false)]) {
      for request in [InferRequest(flat, shape: dimensions), InferRequest(bytes: bytes, shape: dimensions)] {
        let answer = try client.post("/v2/models/\(model)/infer", request.body, headers: request.headers)
        #expect(answer.status == (isGood ? 200 : 400), "\(dimensions): \(answer.body)")
        let forms =
          "[-1,\(rows * columns)], [-1,\(rows),\(columns)] or [-1,\(rows),\(columns),1], found \(dimensions.prefix(5))"
        if !isGood { #expect(answer.body.contains(forms), "\(answer.body)") }
      }
    }
  }

  @Test func `a byte order mark before JSON is ignored on every route`() throws {
    let client = try Served(Self.file("rbf4.h5"))
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    let row = "[5.1,3.5,1.4,0.2]"
    for (path, body) in Self.requests("rbf4", name: "x", row: row, shape: "[1,4]") + [
      ("/predict", "{\"instances\":[\(row)]}"), ("/predict", "{\"instance\":\(row)}"),
      ("/distances", "{\"instances\":[\(row)]}"), ("/v2/repository/index", "{}"), ("/v2/repository/index", ""),
    ] {
      let plain = try client.exchange("POST", path, body)
      let marked = try client.post(path, mark + Array(body.utf8))
      #expect(plain.status == 200 && marked.status == 200, "\(path): \(marked.body)")
      #expect(marked.body == plain.body)
    }
    // Where the length of the JSON is said, the mark is part of it, and the id is echoed from behind it.
    let values: [Float] = [5.1, 3.5, 1.4, 0.2]
    let request = InferRequest(bytes: Conformance.bytes(values), shape: "[1,4]", "\"id\":\"a1\"")
    let answer = try client.post(
      "/v2/models/rbf4/infer", mark + request.body,
      headers: ["Inference-Header-Content-Length: \(mark.count + request.json.utf8.count)"])
    #expect(answer.status == 200 && answer.json["id"] as? String == "a1", "\(answer.body)")
    let plain = try client.post("/v2/models/rbf4/infer", request.body, headers: request.headers)
    #expect(answer.body == plain.body)
    // A file of JSON lines, with the mark before a line that is not the first too.
    let runner = try OfflineRunner()
    let lines = try runner.file("rows.jsonl", Data(mark + Array("\(row)\n".utf8) + mark + Array("\(row)\n".utf8)))
    let offline = try RunningServer.run(["predict", Self.file("rbf4.h5"), lines])
    #expect(offline.status == 0 && offline.output.split(separator: "\n").count == 2, "\(offline.error)")
  }

  @Test func `a path with a slash behind it is counted as its route`() throws {
    let client = try Served(Self.file("rbf4.h5"))
    let body = #"{"instances":[[5.1,3.5,1.4,0.2]]}"#
    for path in ["/predict", "/predict/", "/models/rbf4/predict/?a=b"] {
      #expect(try client.exchange("POST", path, body).status == 200, "\(path)")
    }
    let wrong = try client.exchange("GET", "/predict/")
    #expect(wrong.status == 405 && wrong.headers["allow"] == "POST")
    let metrics = try client.exchange("GET", "/metrics/").body
    #expect(metrics.contains(#"radial_requests_total{route="/predict",code="200"} 3"#))
  }
}
