import Foundation
import Testing

extension ConformanceItem {
  static let kserve: [ConformanceItem] = [
    ConformanceItem(61, "the root says that the server is alive") { radial in
      let answer = try radial.get("/")
      answer.expectJSON()
      #expect(answer.canonical == #"{"status":"alive"}"#)
    },
    ConformanceItem(62, "the models are listed on both protocols") { radial in
      for path in ["/v1/models", "/v2/models"] {
        let answer = try radial.get(path)
        answer.expectJSON()
        #expect(answer.canonical == #"{"models":["m"]}"#, "\(path)")
      }
    },
    ConformanceItem(63, "a request as KServe's client sends it has its id echoed") { radial in
      let id = UUID().uuidString.lowercased()
      let request = radial.binaryRequest(0..<2, "\"id\":\"\(id)\"", #""model_name":"m""#)
      let answer = try radial.post(
        Conformance.infer, bytes: request.body,
        headers: [
          "inference-header-content-length: \(request.json.utf8.count)", "content-type: application/octet-stream",
          "accept: */*", "user-agent: python-httpx/0.27",
        ])
      answer.expectJSON()
      #expect(try InferAnswer(answer).json["id"] as? String == id, answer.excerpt)
      #expect(try InferAnswer(answer).json["model_name"] as? String == "m", answer.excerpt)
    },
    ConformanceItem(64, "after SIGTERM the server is not ready, and the request in flight completes") { shared in
      let radial = try Conformance(["--drain-delay", "1"], over: shared.transport)
      let (probe, caller) = (try radial.connect(), try radial.connect())
      #expect(try probe.exchange("GET", "/v2/health/ready").status == 200)
      let request = radial.binaryRequest(0..<2)
      let expected = try radial.infer(request).body
      // In flight: received but for its last byte.
      let bytes = Client.request("POST", Conformance.infer, bytes: request.body, headers: request.headers)
      caller.send(Array(bytes.dropLast()))
      radial.server.beginDraining()
      var ready = try probe.exchange("GET", "/v2/health/ready")
      // Bounded: every round is a request.
      // A connection each: an answer of the time between says that it closes its own.
      for _ in 0..<10_000 where ready.status == 200 { ready = try radial.connect().exchange("GET", "/v2/health/ready") }
      ready.expectError(503)
      caller.send(Array(bytes.suffix(1)))
      let answer = try caller.receive()
      #expect(answer.status == 200 && answer.body == expected, answer.excerpt)
      #expect(radial.server.hasEndedWell())
    },
  ]
}
