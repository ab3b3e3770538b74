import Bytes
import Foundation
import Glibc
import Logging
import Testing

@testable import radial

@Suite struct LogTests {
  @Test func `a line is one line, whatever it says, in text and in JSON`() throws {
    let fields: [(String, Logger.Metadata.Value)] = [
      ("count", .stringConvertible(7)), ("path", "/a\u{1b}[2J b\"\n2026 notice forged\u{85}\u{2028}"), ("plain", "a/b"),
      ("share", .stringConvertible(0.25)), ("word", ""),
    ]
    let line = LogLine(
      time: UTCTime(seconds: 1_795_717_360, nanoseconds: 7_999_999), level: "notice", message: "a\tb", fields: fields)
    #expect(
      line.text == #"2026-11-26T18:22:40.007Z notice a\u0009b count=7 "#
        + #"path="/a\u001b[2J b\"\u000a2026 notice forged\u0085\u2028" plain=a/b share=0.25 word="""#)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(line.json.utf8)) as? [String: Any])
    #expect(!line.json.unicodeScalars.contains { $0.value < 0x20 })
    #expect(json["time"] as? String == "2026-11-26T18:22:40.007Z" && json["message"] as? String == "a\tb")
    #expect(json["count"] as? Int == 7 && json["share"] as? Double == 0.25)
    #expect((json["path"] as? String)?.contains("\n2026 notice forged") == true)
  }

  @Test func `who logs never waits for who reads, and what is dropped is counted`() throws {
    let pipe = Pipe()
    let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor, limit: 100_000)
    let line = String(repeating: "x", count: 999)
    for _ in 0..<1000 { output.write(line) }
    #expect(output.droppedLines > 600)
    #expect(!output.flush(seconds: 0.01))
    // Once somebody reads, every line that was kept is whole.
    let kept = 1000 - output.droppedLines
    var bytes = Data()
    while bytes.count < 1000 * kept { bytes += pipe.fileHandleForReading.availableData }
    #expect(output.flush(seconds: 30))
    #expect(bytes.split(separator: 0x0a).allSatisfy { $0.count == 999 } && bytes.count == 1000 * kept)
  }

  @Test func `a log that nobody reads stops neither requests nor the end`() throws {
    let unread = Pipe()
    let server = try RunningServer(["--access-log"], error: unread)
    let client = try Client(port: server.port)
    let name = "radial_log_lines_dropped_total"
    var dropped = 0.0
    // Bounded: each round is five hundred requests.
    for _ in 0..<60 where dropped == 0 {
      for _ in 0..<500 { client.send(Client.request("GET", "/livez")) }
      for _ in 0..<500 { #expect(try client.receive().status == 200) }
      dropped = MetricsTests.parse(try client.exchange("GET", "/metrics").body)[name] ?? -1
    }
    #expect(dropped > 0)
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
    withExtendedLifetime(unread) {}
  }

  @Test func `a request's line says who asked for what, and what he got`() throws {
    let log = Pipe()
    let server = try RunningServer(["--access-log", "--log-format", "json"], error: log)
    let client = try Client(port: server.port)
    let sample = try MNISTSample.load()
    let trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    let answer = try client.exchange("POST", "/predict", sample.body(0..<3), headers: [trace])
    #expect(try client.exchange("GET", "/no%0Aroute%1b", headers: ["X-Request-ID: mine"]).status == 404)
    #expect(try client.exchange("POST", "/predict", "{}").status == 400)
    client.send("GET / HTTP/1.1\r\n\r\n")
    #expect(try client.receive().status == 400)
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
    let text = String(decoding: log.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let lines = try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    func line(_ message: String, _ code: Int) throws -> [String: Any] {
      try #require(lines.first { $0["message"] as? String == message && $0["code"] as? Int == code }, "\(text)")
    }
    let predicted = try line("request", 200)
    #expect(predicted["method"] as? String == "POST" && predicted["path"] as? String == "/predict")
    #expect(predicted["client"] as? String == "127.0.0.1" && predicted["rows"] as? Int == 3)
    #expect(predicted["model"] as? String == "digits" && predicted["version"] as? Int == 1)
    #expect(predicted["bytes"] as? Int == answer.bytes.count && (predicted["microseconds"] as? Int ?? -1) > 0)
    #expect((predicted["known"] as? Int ?? 0) + (predicted["unknown"] as? Int ?? 0) == 3)
    #expect(predicted["request_id"] as? String == answer.headers["x-request-id"])
    #expect(predicted["trace_id"] as? String == "4bf92f3577b34da6a3ce929d0e0e4736")
    let unknown = try line("request", 404)
    #expect(unknown["path"] as? String == "/no\nroute\u{1b}" && unknown["request_id"] as? String == "mine")
    #expect((unknown["error"] as? String)?.hasPrefix("no route") == true && unknown["trace_id"] == nil)
    #expect(try line("request", 400)["model"] as? String == "digits")
    #expect(try line("request refused", 400)["reason"] as? String == "malformed_header")
    for message in ["listening", "draining", "stopped"] {
      #expect(lines.contains { $0["message"] as? String == message }, "\(message)")
    }
  }
}
