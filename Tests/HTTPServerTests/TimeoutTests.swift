import Glibc
import HTTPServer
import Testing

@Suite struct TimeoutTests {
  private func impatient() throws -> TestServer {
    try TestServer {
      $0.headerTimeout = .seconds(1)
      $0.bodyTimeout = .seconds(1)
      $0.idleTimeout = .seconds(1)
    }
  }

  /// Sends a byte, waits 100 ms for an answer, and so on, for at most 10 seconds.
  private func drip(_ client: Client) throws -> Client.Answer? {
    for _ in 0..<100 {
      client.send("a")
      var waiting = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&waiting, 1, 100) > 0 { return try client.answer() }
    }
    return nil
  }

  @Test(arguments: ["", "GET /ec", "GET /echo HTTP/1.1\r\nHost: t\r\nX-A: "])
  func aDrippedHeaderIsTimedOut(start: String) throws {
    let server = try impatient()
    let client = try server.client()
    client.send(start)
    let answer = try #require(try drip(client))
    #expect(answer.status == 408)
    #expect(answer.headers["connection"] == "close")
    #expect(answer.body.hasPrefix("{\"error\":"))
    #expect(server.journal.now.rejections.map(\.reason) == [.headerTimeout])
  }

  @Test func aDrippedBodyIsTimedOut() throws {
    let server = try impatient()
    let client = try server.client()
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n")
    #expect(try drip(client)?.status == 408)
    #expect(server.journal.now.rejections.map(\.reason) == [.bodyTimeout])
  }

  @Test func idleConnectionsAreClosedWithoutAWord() throws {
    let server = try impatient()
    let fresh = try server.client()
    let used = try server.client()
    used.post("/echo", "x")
    #expect(try used.answer()?.status == 200)
    #expect(try fresh.isClosed())
    #expect(try used.isClosed())
    #expect(server.journal.now.rejections.isEmpty)
  }

  @Test(arguments: ["/echo", "/turn", "/later"])
  func aHalfClosedConnectionGoesAfterItsAnswer(path: String) throws {
    // The idle limit is far beyond the test's patience: the end of the stream itself must be noticed.
    let server = try TestServer { $0.idleTimeout = .seconds(600) }
    for _ in 0..<20 {
      let client = try server.client()
      client.post(path, "x")
      client.finishSending()
      #expect(try client.answer()?.status == 200)
      #expect(try client.isClosed(seconds: 5))
    }
  }

  @Test func aRequestInTheHandlerHasNoDeadlineOfOurs() throws {
    let server = try impatient()
    let client = try server.client()
    client.post("/never", "x")
    let witness = try server.client()
    // The witness outlives its own limit: a sweep has passed after the other's, too.
    #expect(try witness.isClosed())
    #expect(throws: Client.Failure.self) { try client.answer(seconds: 0.1) }
  }

  @Test func aReaderThatDoesNotReadIsClosed() throws {
    let server = try impatient()
    let client = try server.client()
    client.post("/echo", [UInt8](repeating: 0x61, count: 16 << 20))
    let witness = try server.client()
    witness.post("/echo", "x")
    #expect(try witness.answer()?.status == 200)
    // Twice the limit of a connection that does nothing: by then the other one is gone.
    #expect(try witness.isClosed())
    let second = try server.client()
    #expect(try second.isClosed())
    #expect(throws: Client.Failure.self) { try client.answer() }
  }
}
