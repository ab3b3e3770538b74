import Foundation
import Testing

/// The commands on a file of ONNX: what they write is of Radial's own form and answers the same.
@Suite struct ONNXCommandTests {
  let runner: OfflineRunner

  init() throws { runner = try OfflineRunner() }

  /// Rows on both sides of the two prototypes.
  private static func rows(_ count: Int) -> [[Double]] {
    (0..<count).map { index in
      (0..<3).map { column -> Double in
        let step = (index * 7 + column * 13 + index / 29) % 29
        return Double(step) / 10 - 1
      }
    }
  }

  private func lines(_ name: String, _ rows: [[Double]]) throws -> String {
    try runner.file(name, rows.map { "\($0)\n" }.joined())
  }

  private func run(_ arguments: [String]) throws -> String {
    let run = try RunningServer.run(arguments)
    #expect(run.status == 0, "\(arguments): \(run)")
    return run.output
  }

  private func predictions(_ model: String, _ rows: String) throws -> [[String: Any]] {
    try run(["predict", model, rows]).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func expectSame(_ one: [[String: Any]], _ other: [[String: Any]], _ members: [String]) {
    #expect(one.count == other.count && !one.isEmpty)
    for (a, b) in zip(one, other) {
      for name in members { #expect("\(a[name] ?? "")" == "\(b[name] ?? "")", "\(name)") }
    }
  }

  /// The graph, with its weights inside or in a file beside it.
  private func model(_ data: String?, in folder: String = "graph") throws -> String {
    let url = runner.folder.appendingPathComponent(folder)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let graph = ONNXGraph(data: data, labels: ["low", "high"])
    try graph.bytes.write(to: url.appendingPathComponent("model.onnx"))
    if let data { try ONNXGraph.dataBytes.write(to: url.appendingPathComponent(data)) }
    return url.appendingPathComponent("model.onnx").path
  }

  private func path(_ name: String) -> String { runner.folder.appendingPathComponent(name).path }

  @Test(arguments: [nil, "model.onnx.data"])
  func `a graph is converted, given a class, calibrated and evaluated, and its answers stay`(data: String?) throws {
    let graph = try model(data)
    let rows = try lines("rows.jsonl", Self.rows(400))
    let before = try predictions(graph, rows)
    #expect(Set(before.map { $0["label"] as? String }) == ["low", "high"])
    let members = ["class", "label", "score", "scores", "distance", "distances", "margin"]

    let converted = path("converted.safetensors")
    #expect(try run(["convert", graph, "-o", converted]).contains("2 layers"))
    expectSame(before, try predictions(converted, rows), members)

    let calibrated = path("calibrated.safetensors")
    #expect(try run(["calibrate", graph, rows, "--min-rows", "20", "-o", calibrated]).contains("400 rows"))
    let verdicts = try predictions(calibrated, rows)
    expectSame(before, verdicts, members)
    #expect(verdicts.allSatisfy { $0["known"] is Bool && $0["p_value"] is Double })

    let examples = try lines("examples.jsonl", (0..<4).map { [40 + Double($0), -30, 25] })
    let added = path("added.safetensors")
    #expect(
      try run(["add-class", graph, examples, "--label", "far", "-o", added]).contains("class 2, 'far', from 4 examples")
    )
    let three = try predictions(added, rows)
    expectSame(before, three, ["class", "label", "score", "distance"])
    for (old, new) in zip(before, three) {
      let (old, new) = (try #require(old["distances"] as? [Double]), try #require(new["distances"] as? [Double]))
      #expect(new.count == 3 && Array(new.prefix(2)) == old)
    }
    #expect(try predictions(added, examples).allSatisfy { $0["label"] as? String == "far" })

    let labels = try runner.file("labels.txt", before.map { "\($0["label"]!)\n" }.joined())
    for file in [graph, converted, calibrated, added] {
      let text = try run(["evaluate", file, rows, "--labels", labels, "--json"])
      let figures = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(figures["rows"] as? Int == 400 && figures["error"] as? Double == 0, "\(file)")
    }
    // The graph's own answers are the proof that convert keeps.
    let expected = try runner.file("expected.npy", npy(before, "scores"))
    let checked = path("checked.safetensors")
    let report = try run(["convert", graph, "-o", checked, "--check", rows, expected, "--of", "outputs"])
    #expect(report.contains("self-test: the first"), "\(report)")
    for file in [graph, converted, calibrated, added, checked] {
      let inspected = try run(["inspect", file])
      #expect(
        inspected.contains("Names: input 'input', outputs 'probabilities'") && inspected.contains("Self-test: passed"))
      #expect(try run(["inspect", file, "--json"]).contains("\"name\" : \"probabilities\""))
    }
    // The graph was read and nothing else.
    #expect(try Data(contentsOf: URL(fileURLWithPath: graph)) == ONNXGraph(data: data, labels: ["low", "high"]).bytes)
  }

  /// A factor and a summand behind the kernel are the same for every class.
  @Test(arguments: ["kernel_amplitude", "kernel_inverse_multiquadric_c", "kernel_several", "pool_maximum"])
  func `a class is added to a head that PyTorch has written`(name: String) throws {
    let folder = RunningServer.repository.appendingPathComponent("Tests/ModelsTests/ONNX/\(name)")
    let vectors = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("vectors.json")))
        as? [String: Any])
    let values = try #require(vectors["inputs"] as? [[Double]])
    let classes = try #require((vectors["outputs64"] as? [[Double]])?[0].count)
    let named = path("named.safetensors")
    let labels = (0..<classes).map { "class \($0)" }.joined(separator: ",")
    _ = try run(["convert", folder.appendingPathComponent("model.onnx").path, "-o", named, "--labels", labels])
    let added = path("added.safetensors")
    let examples = try lines("examples.jsonl", (0..<3).map { step in values[0].map { $0 + Double(step) / 100 } })
    _ = try run(["add-class", named, examples, "--label", "new", "-o", added])
    #expect(try predictions(added, examples).allSatisfy { $0["label"] as? String == "new" })
    let rows = try lines("rows.jsonl", values)
    for (old, new) in zip(try predictions(named, rows), try predictions(added, rows)) {
      for member in ["scores", "distances"] {
        let (old, new) = (try #require(old[member] as? [Double]), try #require(new[member] as? [Double]))
        #expect(new.count == classes + 1 && Array(new.dropLast()) == old, "\(member)")
      }
    }
  }

  private func npy(_ rows: [[String: Any]], _ member: String) throws -> Data {
    let values = try rows.map { try #require($0[member] as? [Double]).map(Float.init) }
    return .npy("<f4", rows: values.count, width: values[0].count, Data(elements: values.flatMap { $0 }))
  }

  @Test func `a graph without an RBF layer is fitted, and its outputs and their name stay`() throws {
    let graph = RunningServer.repository.appendingPathComponent("Tests/ModelsTests/ONNX/refused/no_rbf/model.onnx").path
    let inspected = try run(["inspect", graph, "--json"])
    let description = try #require(try JSONSerialization.jsonObject(with: Data(inspected.utf8)) as? [String: Any])
    let shape = try #require((description["input"] as? [String: Any])?["shape"] as? [Any])
    let width = try #require(shape.last as? Int)
    let values = (0..<600).map { index in
      (0..<width).map { column -> Double in
        let step = (index * 11 + column * 17 + index / 31) % 31
        return Double(step) / 8 - Double(index % 3)
      }
    }
    let bare = try lines("bare.jsonl", values)
    let before = try predictions(graph, bare)
    let labelled = values.enumerated().map { index, row -> String in "{\"instance\":\(row),\"label\":\(index % 3)}\n" }
    let rows = try runner.file("labelled.jsonl", labelled.joined())
    let fitted = path("fitted.safetensors")
    #expect(try run(["fit", graph, rows, "--label-column", "label", "-o", fitted]).contains("written"))
    let after = try predictions(fitted, bare)
    expectSame(before, after, ["class", "score", "scores"])
    #expect(after.allSatisfy { $0["distances"] is [Double] } && before.allSatisfy { $0["distances"] == nil })
    #expect(try run(["inspect", fitted]).contains("Names: input 'input', outputs 'output'\n"))
    let server = try RunningServer(["--model", "\(fitted)=m"], model: nil)
    let outputs = try Client(port: server.port).exchange("GET", "/v2/models/m").json["outputs"] as? [[String: Any]]
    #expect(outputs?.map { $0["name"] as? String } == ["output", "distances"])
    // One that measures its classes already says so.
    let refused = try RunningServer.run([
      "fit", try model(nil), try runner.file("one.jsonl", "{\"instance\":[1,2,3],\"label\":\"low\"}\n"),
      "--label-column", "label", "-o", path("never.safetensors"),
    ])
    #expect(refused.status == 2 && refused.error.contains("measures its classes already"), "\(refused)")
  }

  /// Version 1 is a graph with its weights beside it; version 2 is written beside it while the server runs.
  @Test func `a models directory takes up what was made of a graph with external data`() throws {
    let graph = try model("weights.bin", in: "models/m/1")
    let server = try RunningServer(
      ["--models-dir", path("models"), "--models-scan-interval", "0.1"], model: nil)
    let client = try Client(port: server.port)
    let asked = #"{"instance":[41,-30,25]}"#
    let first = try client.exchange("POST", "/models/m/predict", asked).body
    #expect(first.contains("\"version\":\"1\"") && !first.contains("\"far\""), "\(first)")
    let examples = try lines("examples.jsonl", (0..<4).map { [40 + Double($0), -30, 25] })
    try FileManager.default.createDirectory(atPath: path("models/m/2"), withIntermediateDirectories: true)
    _ = try run(["add-class", graph, examples, "--label", "far", "-o", path("models/m/2/model.safetensors")])
    let second = try ReloadTests.ask(client, "/models/m/predict", asked) { $0.body.contains("\"label\":\"far\"") }
    #expect(second.body.contains("\"version\":\"2\""))
    let old = try client.exchange("POST", "/models/m/versions/1/predict", asked)
    #expect(old.body == first)
  }

  @Test(arguments: ["weights.safetensors", "model.onnx"])
  func `no command writes over a graph or the weights beside it`(target: String) throws {
    let graph = try model("weights.safetensors")
    let output = URL(fileURLWithPath: graph).deletingLastPathComponent().appendingPathComponent(target).path
    let before = try Data(contentsOf: URL(fileURLWithPath: output))
    let rows = try lines("rows.jsonl", Self.rows(20))
    for arguments in [
      ["convert", graph], ["calibrate", graph, rows], ["add-class", graph, rows, "--label", "far"],
      ["predict", graph, rows],
    ] {
      let run = try RunningServer.run(arguments + ["--force", "-o", output])
      #expect(run.status == 2 && !run.error.isEmpty, "\(arguments): \(run)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == before)
    }
    #expect(try RunningServer.run(["inspect", graph]).status == 0)
  }
}
