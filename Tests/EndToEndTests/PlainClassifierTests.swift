import Foundation
import Testing

/// Classifiers without an RBF layer at their end, on every protocol and from a file. The networks are of ModelsTests/Keras/make_layers.py,
/// with Keras' answers in Data/plain.json.
@Suite struct PlainClassifierTests {
  struct Case: Decodable {
    let inputs: [[Double]]
    let outputs64: [[Double]]
  }

  static func cases() throws -> [String: Case] {
    try JSONDecoder().decode(
      [String: Case].self, from: Data(contentsOf: URL(fileURLWithPath: KerasInputTests.file("plain.json"))))
  }

  private func near(_ found: Any?, _ expected: [Double]) -> Bool {
    guard let found = found as? [Double], found.count == expected.count else { return false }
    return zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 }
  }

  @Test func `a softmax answers class and scores, and nothing that needs distances`() throws {
    let expected = try #require(try Self.cases()["softmax"])
    let client = try KerasInputTests.Served(KerasInputTests.file("softmax.keras"))
    let row = Conformance.list(expected.inputs[0].map { "\($0)" })
    let scores = expected.outputs64[0]
    let best = try #require(scores.firstIndex(of: scores.max()!))
    let answer = try client.exchange("POST", "/predict", "{\"instance\":\(row),\"top_k\":2}")
    let prediction = try #require(answer.json["prediction"] as? [String: Any])
    #expect(prediction["class"] as? Int == best && near([prediction["score"] as? Double ?? 0], [scores[best]]))
    #expect(near(prediction["scores"], scores))
    #expect(Set(prediction.keys) == ["class", "score", "scores", "top"], "\(answer.body)")
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    let top = try #require(prediction["top"] as? [[String: Any]])
    #expect(top.map { $0["class"] as? Int } == order.prefix(2).map { $0 })
    #expect(top.allSatisfy { $0["distance"] == nil && $0["score"] != nil })
    for (path, body) in [
      ("/distances", "{\"instance\":\(row)}"), ("/predict", "{\"instance\":\(row),\"outputs\":[\"distances\"]}"),
      ("/predict", "{\"instance\":\(row),\"outputs\":[\"embedding\"]}"),
      ("/predict", "{\"instance\":\(row),\"outputs\":[\"scores\",\"contributions\"]}"),
      ("/predict", "{\"instance\":\(row),\"reject\":\"error\"}"),
      ("/predict", "{\"instance\":\(row),\"false_reject_rate\":0.1}"),
    ] {
      let refused = try client.exchange("POST", path, body)
      #expect(refused.status == 400 && refused.body.contains("measures none"), "\(body): \(refused.body)")
      #expect(refused.body.contains("radial fit"))
    }
    let model = try client.exchange("GET", "/model").json
    #expect(model["kind"] as? String == "classifier" && model["distances"] is NSNull && model["calibration"] is NSNull)

    // Open Inference.
    let metadata = try client.exchange("GET", "/v2/models/softmax").json
    #expect((metadata["outputs"] as? [[String: Any]])?.map { $0["name"] as? String } == ["scores"])
    func infer(_ outputs: String) throws -> Client.Answer {
      try client.exchange(
        "POST", "/v2/models/softmax/infer",
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,6],\"datatype\":\"FP32\",\"data\":\(row)}]\(outputs)}")
    }
    let tensors = try #require(try infer("").json["outputs"] as? [[String: Any]])
    #expect(tensors.count == 1 && near(tensors[0]["data"], scores))
    #expect(try infer(",\"outputs\":[{\"name\":\"distances\"}]").status == 400)
    let classified = try infer(",\"outputs\":[{\"name\":\"scores\",\"parameters\":{\"classification\":1}}]")
    #expect(classified.body.contains(":\(best)\"]"), "\(classified.body)")

    // TensorFlow Serving.
    let predicted = try client.exchange("POST", "/v1/models/softmax:predict", "{\"instances\":[\(row)]}")
    #expect(near((predicted.json["predictions"] as? [[Double]])?[0], scores))
    let all = try client.exchange(
      "POST", "/v1/models/softmax:predict", "{\"signature_name\":\"all\",\"instances\":[\(row)]}")
    #expect(near((all.json["predictions"] as? [[Double]])?[0], scores))
    let missing = try client.exchange(
      "POST", "/v1/models/softmax:predict", "{\"signature_name\":\"distances\",\"instances\":[\(row)]}")
    #expect(missing.status == 400 && missing.body.contains("expected serving_default or all to predict"))
    #expect(try !client.exchange("GET", "/v1/models/softmax/metadata").body.contains("distances"))
    let classes = try client.exchange("POST", "/v1/models/softmax:classify", "{\"examples\":[{\"x\":\(row)}]}")
    #expect(((classes.json["results"] as? [[[Any]]])?[0].count) == 5, "\(classes.body)")
    let metrics = try client.exchange("GET", "/metrics").body
    #expect(metrics.contains("label=\"\(best)\",known=\"\""))
  }

  @Test func `one sigmoid is two classes`() throws {
    let expected = try #require(try Self.cases()["sigmoid"])
    let server = try RunningServer(
      ["--model", KerasInputTests.file("sigmoid.keras"), "--labels", "no,yes"], model: nil)
    let client = try Client(port: server.port)
    for (values, output) in zip(expected.inputs, expected.outputs64.map { $0[0] }) {
      let row = Conformance.list(values.map { "\($0)" })
      let prediction = try #require(
        try client.exchange("POST", "/predict", "{\"instance\":\(row),\"top_k\":5}").json["prediction"]
          as? [String: Any])
      #expect(prediction["class"] as? Int == (output >= 0.5 ? 1 : 0))
      #expect(prediction["label"] as? String == (output >= 0.5 ? "yes" : "no"))
      #expect(near([prediction["score"] as? Double ?? 0], [max(output, 1 - output)]))
      #expect(near(prediction["scores"], [output]))
      #expect((prediction["top"] as? [[String: Any]])?.count == 2)
      let classified = try client.exchange(
        "POST", "/v1/models/sigmoid:classify", "{\"examples\":[{\"x\":\(row)}]}")
      let pairs = try #require(classified.json["results"] as? [[[Any]]])[0]
      #expect(pairs.map { $0[0] as? String } == ["no", "yes"])
      #expect(near(pairs.compactMap { $0[1] as? Double }, [1 - output, output]))
      let listed = try client.exchange(
        "POST", "/v2/models/sigmoid/infer",
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,6],\"datatype\":\"FP32\",\"data\":\(row)}],\"outputs\":[{\"name\":\"scores\",\"parameters\":{\"classification\":2}}]}"
      )
      let tensor = try #require((listed.json["outputs"] as? [[String: Any]])?[0])
      let texts = try #require(tensor["data"] as? [String])
      #expect(tensor["shape"] as? [Int] == [1, 2])
      #expect(
        texts[0].hasSuffix(output >= 0.5 ? ":1:yes" : ":0:no") && texts[1].hasSuffix(output >= 0.5 ? ":0:no" : ":1:yes")
      )
    }
  }

  /// Its distances are to the units of the RBF layer, which are no classes.
  @Test func `a softmax behind prototypes answers its class, and their distances`() throws {
    let expected = try #require(try Self.cases()["rbf_softmax"])
    let client = try KerasInputTests.Served(KerasInputTests.file("rbf_softmax.keras"))
    let row = Conformance.list(expected.inputs[0].map { "\($0)" })
    let scores = expected.outputs64[0]
    let prediction = try #require(
      try client.exchange("POST", "/predict", "{\"instance\":\(row)}").json["prediction"] as? [String: Any])
    #expect(prediction["class"] as? Int == scores.firstIndex(of: scores.max()!))
    #expect(near(prediction["scores"], scores) && (prediction["distances"] as? [Double])?.count == 7)
    #expect(prediction["distance"] == nil && prediction["margin"] == nil && prediction["known"] == nil)
    let distances = try client.exchange("POST", "/distances", "{\"instance\":\(row)}").json
    let all = try #require(distances["distances"] as? [Double])
    let nearest = try #require(distances["nearest"] as? [String: Any])
    #expect(nearest["class"] as? Int == all.firstIndex(of: all.min()!))
  }

  @Test func `predict says the same of a file's rows, in lines and in columns`() throws {
    let expected = try #require(try Self.cases()["softmax"])
    let runner = try OfflineRunner()
    let rows = try runner.file(
      "rows.jsonl", expected.inputs.map { Conformance.list($0.map { "\($0)" }) + "\n" }.joined())
    let model = KerasInputTests.file("softmax.keras")
    let lines = try RunningServer.run(["predict", model, rows])
    #expect(lines.status == 0, "\(lines.error)")
    for (line, scores) in zip(lines.output.split(separator: "\n"), expected.outputs64) {
      let prediction = try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(Set(prediction.keys) == ["class", "score", "scores"] && near(prediction["scores"], scores))
    }
    let columns = try RunningServer.run(["predict", model, rows, "--output-format", "csv"])
    let table = columns.output.split(separator: "\n").map(String.init)
    #expect(table[0] == "row,class,label,score,distance,margin,known,p_value")
    #expect(table[1].hasSuffix(",,,,") && table.count == 1 + expected.inputs.count, "\(table)")
    let refused = try RunningServer.run(["predict", model, rows, "--outputs", "distances"])
    #expect(refused.status == 2 && refused.error.contains("radial fit"), "\(refused.error)")
  }
}
