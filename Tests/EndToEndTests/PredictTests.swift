import Foundation
import Testing

@Suite struct PredictTests {
  @Test func `real digits are classified, with distances and a verdict`() throws {
    let server = try RunningServer()
    let client = try Client(port: server.port)
    let sample = try MNISTSample.load()
    let answer = try client.exchange("POST", "/predict", sample.body(0..<100))
    #expect(answer.status == 200)
    let predictions = answer.json["predictions"] as? [[String: Any]] ?? []
    #expect(predictions.count == 100)
    let right = zip(predictions, sample.labels).count { $0["class"] as? Int == $1 }
    #expect(right >= 96)
    #expect(predictions.count { $0["known"] as? Bool == true } >= 94)
    for prediction in predictions {
      let distances = prediction["distances"] as? [Double] ?? []
      let best = prediction["class"] as? Int ?? -1
      #expect(distances.count == 10)
      #expect(distances.min() == distances[best])
      #expect(prediction["distance"] as? Double == distances[best])
      #expect(prediction["label"] as? String == String(best))
    }
  }

  @Test func `a row's answer is the same bytes alone, in a batch, and on every instruction set`() throws {
    let sample = try MNISTSample.load()
    var answers: Set<String> = []
    for instructionSet in ["", "portable"] {
      let server = try RunningServer(environment: ["RADIAL_ISA": instructionSet])
      let client = try Client(port: server.port)
      for size in [1, 2, 7, 64] {
        let answer = try client.exchange("POST", "/predict", sample.body(0..<size))
        #expect(answer.status == 200)
        let list = answer.body.split(separator: "{\"class\":")
        answers.insert(String(list[1].prefix { $0 != "}" }))
      }
    }
    #expect(answers.count == 1)
  }

  @Test func `every output and option of the contract`() throws {
    let server = try RunningServer()
    let client = try Client(port: server.port)
    let sample = try MNISTSample.load()
    let row = "[" + sample.rows[0].map(String.init).joined(separator: ",") + "]"

    let one = try client.exchange(
      "POST", "/predict",
      "{\"instance\":\(row),\"outputs\":[\"distances\",\"contributions\",\"embedding\"],\"top_k\":3,\"reject\":\"off\"}"
    )
    #expect(one.status == 200)
    let prediction = try #require(one.json["prediction"] as? [String: Any])
    #expect(prediction["scores"] == nil && prediction["known"] == nil && prediction["p_value"] == nil)
    let distances = try #require(prediction["distances"] as? [Double])
    let contributions = try #require(prediction["contributions"] as? [[Double]])
    #expect((prediction["embedding"] as? [Double])?.count == 84)
    for (parts, distance) in zip(contributions, distances) {
      #expect(parts.count == 84 && parts.allSatisfy { $0 >= 0 })
      #expect(abs(parts.reduce(0, +) - distance) <= 1e-5 * distance + 1e-6)
    }
    let top = try #require(prediction["top"] as? [[String: Any]])
    #expect(top.compactMap { $0["distance"] as? Double } == Array(distances.sorted().prefix(3)))

    let onlyDistances = try client.exchange("POST", "/distances", "{\"instances\":[\(row),\(row)]}")
    #expect((onlyDistances.json["distances"] as? [[Double]]) == [distances, distances])
    #expect((onlyDistances.json["nearest"] as? [[String: Any]])?.first?["class"] as? Int == sample.labels[0])

    let checkerboard =
      "[" + (0..<784).map { ($0 / 28 / 4 + $0 % 28 / 4) % 2 == 1 ? "255" : "0" }.joined(separator: ",") + "]"
    let flagged = try client.exchange(
      "POST", "/predict", "{\"instances\":[\(row),\(checkerboard)],\"reject\":\"flag\"}")
    let verdicts = (flagged.json["predictions"] as? [[String: Any]])?.map { $0["known"] as? Bool }
    #expect(verdicts == [true, false])
    let refused = try client.exchange(
      "POST", "/predict", "{\"instances\":[\(row),\(checkerboard)],\"reject\":\"error\"}")
    #expect(refused.status == 422)
    #expect(refused.body.contains("instances[1]"))
    let single = try client.exchange("POST", "/predict", "{\"instance\":\(checkerboard),\"reject\":\"error\"}")
    #expect(single.status == 422 && (single.json["error"] as? String)?.hasPrefix("instance: unknown") == true)
    let lenient = try client.exchange(
      "POST", "/predict", "{\"instances\":[\(row)],\"false_reject_rate\":0.9999,\"reject\":\"error\"}")
    #expect(lenient.status == 422)
  }

  @Test func `the example network answers without labels or calibration`() throws {
    let server = try RunningServer(model: "example.safetensors")
    let client = try Client(port: server.port)
    let row = (0..<100).map { String(Double($0) / 100) }.joined(separator: ",")
    let answer = try client.exchange("POST", "/predict", "{\"instances\":[[\(row)]]}")
    #expect(answer.status == 200)
    #expect(!answer.body.contains("label") && !answer.body.contains("known"))
    #expect(try client.exchange("POST", "/predict", "{\"instances\":[[\(row)]],\"reject\":\"error\"}").status == 400)
    let far = (0..<100).map { _ in "1e30" }.joined(separator: ",")
    let overflow = try client.exchange("POST", "/predict", "{\"instances\":[[\(row)],[\(far)]]}")
    #expect(overflow.status == 422)
    #expect(overflow.body.contains("instances[1]"))
  }

  @Test(arguments: [["--inline-budget=1"], ["--inline-budget=0"]])
  func `concurrent requests each get their own rows' answers`(flags: [String]) throws {
    let server = try RunningServer(flags)
    let sample = try MNISTSample.load()
    let client = try Client(port: server.port)
    let expected = try (0..<100).map { try client.exchange("POST", "/predict", sample.body($0..<$0 + 1)).body }
    let failures = Failures()
    onThreads(16) { worker in
      do {
        let client = try Client(port: server.port)
        for step in 0..<100 {
          let row = (worker * 31 + step) % 100
          let answer = try client.exchange("POST", "/predict", sample.body(row..<row + 1))
          if answer.body != expected[row] { failures.add("row \(row): \(answer.status) \(answer.body.prefix(200))") }
        }
      } catch { failures.add("\(error)") }
    }
    #expect(failures.all.isEmpty)
  }
}
