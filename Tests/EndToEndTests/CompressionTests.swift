import Testing

/// Answers of the native routes and of `/v1`; those of infer are the conformance list's.
@Suite struct CompressionTests {
  @Test(arguments: ["/predict", "/distances", "/v1/models/digits:predict", "/metrics"], [0, 1])
  func `large answers are compressed for who asks, on reactors and behind the queue`(
    path: String, inlineBudget: Int
  ) throws {
    let server = try RunningServer(["--inline-budget", String(inlineBudget)])
    let client = try Client(port: server.port)
    let sample = try MNISTSample.load()
    let (method, body) = path == "/metrics" ? ("GET", "") : ("POST", sample.body(0..<40))
    for (accept, encoding) in [
      ("gzip", "gzip"), ("deflate", "deflate"), ("gzip;q=0.2, deflate, br", "deflate"), ("br", nil), ("*", nil),
      ("gzip;q=0", nil), ("", nil),
    ] {
      let answer = try client.exchange(method, path, body, headers: ["Accept-Encoding: \(accept)"])
      #expect(answer.status == 200 && answer.headers["content-encoding"] == encoding, "\(accept): \(answer.headers)")
      #expect(answer.headers["vary"] == encoding.map { _ in "Accept-Encoding" }, "\(accept): \(answer.headers)")
      guard encoding != nil else { continue }
      let plain = try Deflate.inflate(answer.bytes)
      #expect(plain.count > answer.bytes.count)
      // Of metrics each answer differs.
      if method == "POST" { #expect(try plain == client.exchange(method, path, body).bytes, "\(accept)") }
    }
    guard method == "POST" else { return }
    // A small answer and a refusal are sent as they are.
    for (body, status) in [
      (sample.body(0..<1), 200), ("{\"instances\":[[\"\(String(repeating: "x", count: 2000))\"]]}", 400),
    ] {
      let answer = try client.exchange(method, path, body, headers: ["Accept-Encoding: gzip"])
      #expect(answer.status == status && answer.headers["content-encoding"] == nil, "\(answer.headers)")
    }
  }
}
