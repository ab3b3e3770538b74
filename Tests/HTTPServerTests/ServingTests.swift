import Glibc
import HTTPServer
import Testing

@Suite struct ServingTests {
  @Test(arguments: ["/echo", "/turn", "/later"])
  func answersInEveryWay(path: String) throws {
    let server = try TestServer()
    let client = try server.client()
    for index in 0..<50 {
      let body = String(repeating: "x", count: index * 37)
      client.post(path, body, headers: index % 2 == 0 ? "X-Request-ID: id-\(index)\r\n" : "")
      let answer = try #require(try client.answer())
      #expect(answer.status == 200)
      #expect(answer.body == body)
      #expect(answer.headers["content-type"] == "application/octet-stream")
      if index % 2 == 0 {
        #expect(answer.headers["x-request-id"] == "id-\(index)")
      } else {
        #expect(answer.headers["x-request-id"]?.count == 16)
      }
    }
    #expect(server.journal.now.received == Array(repeating: "post \(path)", count: 50))
  }

  @Test func fixedAnswersCarryTheRequestIDThatWasSentOrANewOne() throws {
    let server = try TestServer()
    let client = try server.client()
    client.send("GET /fixed?a=1 HTTP/1.1\r\nHost: t\r\n\r\nGET /fixed HTTP/1.1\r\nHost: t\r\nx-request-id: me\r\n\r\n")
    let plain = try #require(try client.answer())
    #expect(plain.body == "{\"fixed\":true}")
    #expect(plain.headers["x-request-id"]?.count == 16)
    #expect(plain.headers["x-kind"] == "fixed")
    #expect(try client.answer()?.headers["x-request-id"] == "me")
    client.send("HEAD /fixed HTTP/1.1\r\nHost: t\r\n\r\n")
    let head = try #require(try client.answer(toHead: true))
    #expect(head.headers["content-length"] == "14")
  }

  @Test func pathsAreDecodedAndFollowTheRequest() throws {
    let server = try TestServer()
    let client = try server.client()
    for (sent, seen) in [
      ("/path/a", "/path/a"), ("/path/a", "/path/a"), ("/path/b%20c?q=1", "/path/b c"), ("/path/", "/path/"),
    ] {
      client.send("GET \(sent) HTTP/1.1\r\nHost: t\r\n\r\n")
      #expect(try client.answer()?.body == seen)
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() throws {
    let server = try TestServer()
    let client = try server.client()
    let paths = ["/echo", "/turn", "/later", "/echo", "/later", "/turn"]
    client.send(
      paths.enumerated().map { "POST \($1) HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\n\($0)" }.joined())
    for index in paths.indices { #expect(try client.answer()?.body == "\(index)") }
  }

  @Test(arguments: ["/echo", "/turn", "/later"])
  func aHalfClosedClientIsAnswered(path: String) throws {
    let server = try TestServer()
    let client = try server.client()
    client.post(path, "last words")
    client.finishSending()
    #expect(try client.answer()?.body == "last words")
  }

  @Test(arguments: ["/drop", "/later/drop"])
  func aDroppedRequestClosesItsConnectionOnly(path: String) throws {
    let server = try TestServer()
    let client = try server.client()
    let other = try server.client()
    client.post(path, "x")
    #expect(try client.isClosed())
    other.post("/later", "y")
    #expect(try other.answer()?.body == "y")
  }

  @Test func aClientGoneWhileSuspendedHarmsNobody() throws {
    let server = try TestServer()
    let clients = try (0..<20).map { _ in try server.client() }
    for client in clients { client.post("/later", "bye") }
    for client in clients.dropFirst() { client.reset() }
    #expect(try clients[0].answer()?.body == "bye")
    let next = try server.client()
    next.post("/later", "hello")
    #expect(try next.answer()?.body == "hello")
  }

  @Test(arguments: [1, 2], [128, 256, 512])
  func manyClientsInLockStepDoNotStall(reactors: Int, count: Int) throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = min(4096, limit.rlim_max)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let server = try TestServer { $0.reactors = reactors }
    let clients = try (0..<count).map { _ in try server.client() }
    for round in 0..<10 {
      for client in clients { client.post(round % 2 == 0 ? "/turn" : "/later", "\(round)") }
      for client in clients { #expect(try client.answer(seconds: 5)?.body == "\(round)") }
    }
    #expect(server.server.connectionFigures.open == count)
  }
}
