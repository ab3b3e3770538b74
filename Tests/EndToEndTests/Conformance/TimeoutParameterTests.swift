import Testing

@Suite struct TimeoutParameterTests {
  @Test(arguments: [[], ["--inline-budget", "0"]])
  func `timeout is in microseconds: 1 has always passed, 0 means none`(flags: [String]) throws {
    let radial = try Conformance(flags)
    let client = try radial.connect()
    for _ in 0..<20 {
      for (timeout, status) in [(1, 504), (0, 200), (60_000_000, 200)] {
        let parameters = "\"parameters\":{\"timeout\":\(timeout)}"
        for request in [radial.jsonRequest(0..<1, parameters), radial.binaryRequest(0..<1, parameters)] {
          let answer = try client.exchange("POST", Conformance.infer, bytes: request.body, headers: request.headers)
          if status == 200 { answer.expectJSON() } else { answer.expectError(status, "timeout \(timeout)") }
        }
      }
    }
  }
}
