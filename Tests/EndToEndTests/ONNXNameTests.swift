import Foundation
import Testing

/// The names that a graph has for its tensors, on the protocols that name them.
@Suite struct ONNXNameTests {
  let runner: OfflineRunner

  init() throws { runner = try OfflineRunner() }

  private func file(_ graph: ONNXGraph, _ name: String = "m.onnx") throws -> String {
    try runner.file(name, graph.bytes)
  }

  /// What `radial convert` makes of it.
  private func converted(_ file: String) throws -> String {
    let output = file.replacing(".onnx", with: ".safetensors")
    let run = try RunningServer.run(["convert", file, "-o", output])
    #expect(run.status == 0, "\(run)")
    return output
  }

  private static func names(_ list: Any?) -> [String] {
    (list as? [[String: Any]] ?? []).map { $0["name"] as? String ?? "" }
  }

  /// A name as a JSON string, quotes included.
  private static func quoted(_ name: String) -> String {
    String(decoding: try! JSONEncoder().encode(name), as: UTF8.self)
  }

  private static func infer(_ name: String, _ more: String = "") -> String {
    #"{"inputs":[{"name":\#(quoted(name)),"shape":[1,3],"datatype":"FP32","data":[0.5,-1,2]}]\#(more)}"#
  }

  @Test(arguments: [nil, "squares"])
  func `metadata, requests and answers have the graph's names, also once converted`(distances: String?) throws {
    let graph = try file(ONNXGraph(distances: distances))
    let second = distances ?? "distances"
    for path in [graph, try converted(graph)] {
      let server = try RunningServer(["--model", "\(path)=m"], model: nil)
      let client = try Client(port: server.port)
      let metadata = try client.exchange("GET", "/v2/models/m").json
      #expect(
        Self.names(metadata["inputs"]) == ["input"] && Self.names(metadata["outputs"]) == ["probabilities", second])
      let configuration = try client.exchange("GET", "/v2/models/m/config").json
      #expect(Self.names(configuration["input"]) == ["input"])
      #expect(Self.names(configuration["output"]) == ["probabilities", second])
      let description = try client.exchange("GET", "/model").json
      #expect(
        ["input", "output", "distances"].map { (description[$0] as? [String: Any])?["name"] as? String }
          == ["input", "probabilities", second])

      let native = try client.exchange("POST", "/predict", #"{"instance":[0.5,-1,2]}"#).json
      let prediction = try #require(native["prediction"] as? [String: Any])
      let scores = try #require(prediction["scores"] as? [Double]).map(Float.init)
      let squares = try #require(prediction["distances"] as? [Double]).map(Float.init)
      let answer = try client.exchange("POST", "/v2/models/m/infer", Self.infer("input"))
      let all = try InferAnswer(answer)
      #expect(all.names == ["probabilities", second], "\(answer.body)")
      #expect(try all.floats("probabilities") == scores && all.floats(second) == squares)
      #expect(try client.exchange("POST", "/v2/models/m/infer", Self.infer("x")).body == answer.body)
      // Binary, in and out, and a raw row.
      let bytes = Conformance.bytes([0.5, -1, 2] as [Float])
      let binary =
        #"{"inputs":[\#(InferRequest.input("[1,3]", InferRequest.size(bytes.count), name: "input"))],"parameters":{"binary_data_output":true}}"#
      let found = try InferAnswer(
        client.exchange(
          "POST", "/v2/models/m/infer", bytes: Array(binary.utf8) + bytes,
          headers: ["Inference-Header-Content-Length: \(binary.utf8.count)"]))
      #expect(found.names == all.names)
      #expect(try found.floats("probabilities") == scores && found.floats(second) == squares && found.tail.count == 16)
      let raw = try InferAnswer(
        client.exchange("POST", "/v2/models/m/infer", bytes: bytes, headers: ["Inference-Header-Content-Length: 0"]))
      #expect(raw.names == all.names && raw.tail == found.tail)
      // Outputs that are asked for, by the graph's name and by the usual one.
      for (asked, name, values) in [
        ("probabilities", "probabilities", scores), ("scores", "probabilities", scores), (second, second, squares),
        ("distances", second, squares),
      ] {
        let one = try InferAnswer(
          client.exchange("POST", "/v2/models/m/infer", Self.infer("input", #","outputs":[{"name":"\#(asked)"}]"#)))
        #expect(try one.names == [name] && one.floats(name) == values)
      }
      for (body, part) in [
        (Self.infer("input", #","outputs":[{"name":"zzz"}]"#), "expected one of probabilities, \(second), found 'zzz'"),
        (Self.infer("input", #","outputs":[{"name":"outputs"}]"#), "expected one of probabilities"),
        (Self.infer("input", #","outputs":[{"name":"known"}]"#), "expected one of probabilities"),
        (
          Self.infer("input", #","outputs":[{"name":"scores"},{"name":"probabilities"}]"#),
          "output 'probabilities' is asked for twice"
        ),
        (Self.infer("probabilities"), "expected 'input' or 'x', found 'probabilities'"),
        (
          Self.infer("input", #","outputs":[{"name":"distances","parameters":{"classification":1}}]"#),
          "ask for one of 'probabilities'"
        ),
      ] {
        let answer = try client.exchange("POST", "/v2/models/m/infer", body)
        #expect(answer.status == 400 && answer.body.contains(part), "\(answer.body)")
      }
    }
  }

  @Test func `TensorFlow Serving's routes have the graph's names, also once converted`() throws {
    let graph = try file(ONNXGraph(input: "inputRow", outputs: "Identity:0"))
    for path in [graph, try converted(graph)] {
      let server = try RunningServer(["--model", "\(path)=m"], model: nil)
      let client = try Client(port: server.port)
      let metadata = try client.exchange("GET", "/v1/models/m/metadata").json
      let signatures = try #require(
        ((metadata["metadata"] as? [String: Any])?["signature_def"] as? [String: Any])?["signature_def"]
          as? [String: [String: Any]])
      #expect(signatures.keys.sorted() == ["all", "distances", "serving_default"])
      func tensors(_ signature: String, _ part: String) -> [String: String] {
        (signatures[signature]?[part] as? [String: [String: Any]] ?? [:]).compactMapValues { $0["name"] as? String }
      }
      for signature in signatures.keys { #expect(tensors(signature, "inputs") == ["inputRow": "inputRow:0"]) }
      #expect(tensors("serving_default", "outputs") == ["Identity:0": "Identity:0"])
      #expect(tensors("distances", "outputs") == ["distances": "distances:0"])
      #expect(tensors("all", "outputs") == ["Identity:0": "Identity:0", "distances": "distances:0"])
      let row = "[0.5,-1,2]"
      func predict(_ body: String) throws -> Client.Answer { try client.exchange("POST", "/v1/models/m:predict", body) }
      let bare = try predict("{\"instances\":[\(row)]}")
      #expect(bare.status == 200)
      for name in ["inputRow", "x"] {
        #expect(try predict("{\"instances\":[{\"\(name)\":\(row)}]}").body == bare.body)
        #expect(try predict("{\"inputs\":{\"\(name)\":[\(row)],\"other\":1}}").status == 200)
        #expect(
          try client.exchange("POST", "/v1/models/m:classify", "{\"examples\":[{\"\(name)\":\(row)}]}").status == 200)
      }
      let rows = try predict("{\"signature_name\":\"all\",\"instances\":[\(row),\(row)]}").json["predictions"]
      #expect(
        (rows as? [[String: Any]])?.map { $0.keys.sorted() } == [
          ["Identity:0", "distances"], ["Identity:0", "distances"],
        ])
      let columns = try predict("{\"signature_name\":\"all\",\"inputs\":[\(row)]}").json["outputs"] as? [String: Any]
      #expect(columns?.keys.sorted() == ["Identity:0", "distances"])
      for (body, part) in [
        ("{\"instances\":[{\"Identity:0\":\(row)}]}", "expected the input 'inputRow' or 'x' alone, found 'Identity:0'"),
        ("{\"instances\":[{\"x\":\(row),\"inputRow\":\(row)}]}", "given twice"),
        ("{\"inputs\":{\"in\":[\(row)]}}", "expected the input 'inputRow' or 'x', found none"),
      ] {
        let answer = try predict(body)
        #expect(answer.status == 400 && answer.body.contains(part), "\(answer.body)")
      }
    }
  }

  struct Hostile: CustomTestStringConvertible {
    let input, outputs: String
    let distances: String?
    let listed: [String]
    var testDescription: String { "\(input.prefix(40)), \(outputs.prefix(40))" }

    init(_ input: String, _ outputs: String, _ distances: String? = nil, listed: [String]? = nil) {
      (self.input, self.outputs, self.distances) = (input, outputs, distances)
      self.listed = listed ?? [outputs, distances ?? "distances"]
    }
  }

  static let long = String(repeating: "\u{1}\"é", count: 256)
  static let hostile = [
    Hostile("in\"put\\", "a\"b\u{1b}[2J\n", "d\u{0}\u{7f}\u{9b}"),
    Hostile(long, "2" + long.dropFirst(), "3" + long.dropFirst()),
    Hostile(",\"data\":[", "\"}],\"outputs\":[{\"name\":\""), Hostile("{}", "😀", "../.."),
    // Names that are another tensor's usual ones are the graph's.
    Hostile("distances", "x", listed: ["x"]), Hostile("scores", "distances", listed: ["distances"]),
    Hostile("rows", "distances", "scores"), Hostile("outputs", "known", "p_value"), Hostile("x", "scores", "distances"),
    Hostile("known", "outputs", "x"),
  ]

  @Test(arguments: hostile)
  func `any name is a name, and a graph's own goes before the usual one of another tensor`(names: Hostile) throws {
    let path = try file(ONNXGraph(input: names.input, outputs: names.outputs, distances: names.distances))
    for path in [path, try converted(path)] {
      let inspected = try RunningServer.run(["inspect", path])
      #expect(inspected.status == 0 && inspected.output.contains("Names: input '"), "\(inspected)")
      #expect(!inspected.output.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
      let server = try RunningServer(["--model", "\(path)=m"], model: nil)
      let client = try Client(port: server.port)
      let native = try client.exchange("POST", "/predict", #"{"instance":[0.5,-1,2]}"#).json
      let prediction = try #require(native["prediction"] as? [String: Any])
      let values = ["scores", "distances"].map { (prediction[$0] as? [Double] ?? []).map(Float.init) }
      let metadata = try client.exchange("GET", "/v2/models/m").json
      #expect(Self.names(metadata["inputs"]) == [names.input] && Self.names(metadata["outputs"]) == names.listed)
      let answer = try InferAnswer(client.exchange("POST", "/v2/models/m/infer", Self.infer(names.input)))
      #expect(answer.names == names.listed)
      for (name, expected) in zip(names.listed, values) {
        #expect(try answer.floats(name) == expected)
        let one = try InferAnswer(
          client.exchange(
            "POST", "/v2/models/m/infer",
            Self.infer(
              names.input, ",\"outputs\":[{\"name\":\(Self.quoted(name)),\"parameters\":{\"binary_data\":true}}]")))
        #expect(try one.names == [name] && one.floats(name) == expected)
      }
      // "x" is the input's only where no output of the graph is called so.
      let isTaken = [names.outputs, names.distances].contains("x")
      #expect(try client.exchange("POST", "/v2/models/m/infer", Self.infer("x")).status == (isTaken ? 400 : 200))
      let unknown = try client.exchange("POST", "/v2/models/m/infer", Self.infer("neither"))
      #expect(
        unknown.status == 400 && (unknown.json["error"] as? String)?.contains("found 'neither'") == true,
        "\(unknown.body)")
      let signature = try client.exchange("GET", "/v1/models/m/metadata")
      #expect(signature.status == 200 && !signature.json.isEmpty, "\(signature.body)")
      let serving = try client.exchange(
        "POST", "/v1/models/m:predict",
        "{\"signature_name\":\"all\",\"instances\":[{\(Self.quoted(names.input)):[0.5,-1,2]},{\(Self.quoted(names.input)):[1,2,3]}]}"
      )
      let rows = try #require(serving.json["predictions"] as? [Any], "\(serving.body)")
      if names.listed.count > 1 {
        #expect(
          rows.count == 2 && (rows[0] as? [String: Any])?.keys.sorted() == names.listed.sorted(), "\(serving.body)")
      } else {
        #expect((rows[0] as? [Double])?.map(Float.init) == values[0])
        let distances = try client.exchange(
          "POST", "/v1/models/m:predict", #"{"signature_name":"distances","instances":[[0.5,-1,2]]}"#)
        #expect(
          distances.status == 400 && distances.body.contains("expected serving_default or all"), "\(distances.body)")
      }
      let model = try client.exchange("GET", "/model").json
      #expect((model["output"] as? [String: Any])?["name"] as? String == names.outputs)
    }
  }

  @Test func `an output that is left out keeps its name, and is told`() throws {
    let path = try file(ONNXGraph(embedding: "distances"))
    for path in [path, try converted(path)] {
      let server = try RunningServer(["--model", "\(path)=m"], model: nil)
      let client = try Client(port: server.port)
      #expect(try Self.names(client.exchange("GET", "/v2/models/m").json["outputs"]) == ["probabilities"])
      let asked = try client.exchange(
        "POST", "/v2/models/m/infer", Self.infer("input", #","outputs":[{"name":"distances"}]"#))
      #expect(
        asked.status == 400 && asked.body.contains("expected one of probabilities, found 'distances'"), "\(asked.body)")
      #expect(try RunningServer.run(["inspect", path]).output.contains("Left out: 'distances'"))
      // Radial's own protocol has them.
      #expect(try client.exchange("POST", "/distances", #"{"instance":[0.5,-1,2]}"#).status == 200)
    }
  }

  @Test(arguments: [
    (ONNXGraph(outputs: "y", distances: "y"), "'y'"), (ONNXGraph(distances: "d", embedding: "d"), "'d'"),
    (ONNXGraph(input: "y", outputs: "y"), "'y'"), (ONNXGraph(outputs: String(repeating: "n", count: 1025)), "1024"),
    (ONNXGraph(outputs: ""), "0 bytes"),
  ])
  func `names that are no names are refused`(graph: ONNXGraph, part: String) throws {
    let run = try RunningServer.run(["inspect", try file(graph)])
    #expect(run.status == 2 && run.error.contains(part) && run.error.contains("m.onnx"), "\(run)")
  }
}
