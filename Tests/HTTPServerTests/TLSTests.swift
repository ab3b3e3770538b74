import HTTPServer
import TestSupport
import Testing

/// What goes on inside of connections that are encrypted.
@Suite struct TLSTests {
  private let authority: TestAuthority
  private let identity: TLSIdentity

  init() throws {
    authority = try TestAuthority()
    let pair = try authority.issue("server")
    identity = try TLSIdentity(TLSFiles(certificate: pair.certificate, key: pair.key))
  }

  private func server(_ adjust: (inout ServerConfiguration) -> Void = { _ in }) throws -> TestServer {
    try TestServer {
      $0.tls = identity
      adjust(&$0)
    }
  }

  private func port(of server: TestServer) -> UInt16 {
    if case .tcp(_, let port) = server.server.address { port } else { 0 }
  }

  private func client(_ server: TestServer) throws -> SocketClient {
    try SocketClient(port: port(of: server), timeoutSeconds: 10, tls: TLSClientSettings(authority: authority.path))
  }

  /// A record that begins a ClientHello of 200 bytes, and 6 of them (RFC 8446 5.1, 4.1.2).
  private static let partOfHello: [UInt8] = [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]

  @Test func `the URL says that it is encrypted`() throws {
    let server = try server()
    #expect(server.server.url == "https://127.0.0.1:\(port(of: server))")
  }

  @Test(arguments: ["/echo", "/turn", "/later", "/fixed", "/path/x"])
  func `requests that share a record are answered in their order, however each is answered`(path: String) throws {
    let server = try server()
    let client = try client(server)
    let requests = (0..<20).map { SocketClient.request("POST", $0 == 7 ? path : "/later", "body \($0)") }
    client.send(requests.joined())
    for index in 0..<20 {
      let answer = try client.receive()
      #expect(answer.status == 200)
      if index != 7 || !["/fixed", "/path/x"].contains(path) { #expect(answer.body == "body \(index)") }
    }
  }

  @Test(arguments: [1, 16_384, 16_385, 1_000_000, 16 << 20])
  func `a body of any size comes and goes whole`(count: Int) throws {
    let server = try server()
    let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    let client = try client(server)
    for path in ["/echo", "/later"] {
      // More than the sockets hold: who only sends does not read what comes back.
      let answer = try client.exchange("POST", path, bytes: body)
      #expect(answer.status == 200 && answer.bytes == body)
    }
  }

  @Test
  func `a request after which the client says that nothing more comes is answered, and then the connection closes`()
    throws
  {
    let server = try server()
    for path in ["/echo", "/later"] {
      let client = try client(server)
      client.send(SocketClient.request("POST", path, "last"))
      client.finishSending()
      #expect(try client.receive().body == "last")
      #expect(client.isClosedByPeer())
    }
  }

  @Test func `a refusal past libmicrohttpd is encrypted too`() throws {
    let server = try server { $0.bodyTimeout = .milliseconds(200) }
    let slow = try client(server)
    slow.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n12345")
    #expect(try slow.receive().status == 408)
    #expect(slow.isClosedByPeer())
    let large = try client(server)
    large.send("POST /unwelcome HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n")
    #expect(try large.receive().status == 503)
    #expect(large.isClosedByPeer())
  }

  @Test
  func `who sends nothing behind the handshake is let go without an answer, who sends half a header section with one`()
    throws
  {
    let server = try server { $0.headerTimeout = .milliseconds(300) }
    for priorities in ["NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"] {
      var settings = TLSClientSettings(authority: authority.path)
      settings.priorities = priorities
      let silent = try SocketClient(port: port(of: server), timeoutSeconds: 10, tls: settings)
      let half = try SocketClient(port: port(of: server), timeoutSeconds: 10, tls: settings)
      half.send("GET / HT")
      #expect(try half.receive().status == 408, "\(priorities)")
      #expect(try silent.receiveIfAny() == nil, "\(priorities)")
    }
  }

  @Test func `handshakes that wait for their clients delay nobody, and end at the time limit`() throws {
    let server = try server { $0.headerTimeout = .seconds(1) }
    let waiting = try (0..<200).map { _ in
      let client = try SocketClient(port: port(of: server), timeoutSeconds: 10)
      client.send(Self.partOfHello)
      return client
    }
    let other = try client(server)
    #expect(try other.exchange("POST", "/later", "beside").body == "beside")
    for client in waiting { #expect(client.isClosedByPeer()) }
    #expect(try client(server).exchange("POST", "/echo", "after").body == "after")
  }

  @Test func `the first request behind a handshake waits for no acknowledgement`() throws {
    let server = try server()
    // The client sends small parts only when the last one was acknowledged, which the kernel delays by 40 ms: the quickest of some,
    // since others may take the processor.
    let times = try (0..<10).map { _ in
      let client = try client(server)
      return try ContinuousClock().measure { _ = try client.exchange("GET", "/fixed") }
    }
    #expect(times.min()! < .milliseconds(30))
  }

  @Test func `plain text is let go without an answer in plain text`() throws {
    let server = try server()
    let client = try SocketClient(port: port(of: server), timeoutSeconds: 10)
    client.send(SocketClient.request("GET", "/echo"))
    #expect(throws: HTTPClientFailure.self) { try client.receive() }
    #expect(server.journal.now.received.isEmpty)
  }

  @Test func `a server stops with handshakes that wait`() throws {
    let server = try server()
    let waiting = try SocketClient(port: port(of: server), timeoutSeconds: 10)
    waiting.send(Self.partOfHello)
    let silent = try SocketClient(port: port(of: server), timeoutSeconds: 10)
    #expect(try client(server).exchange("POST", "/echo", "x").status == 200)
    server.server.stop(grace: .milliseconds(100))
    #expect(waiting.isClosedByPeer() && silent.isClosedByPeer())
  }

  @Test func `one connection too many is let go before its handshake`() throws {
    let server = try server { $0.maxConnections = 1 }
    let first = try client(server)
    #expect(try first.exchange("POST", "/later", "1").status == 200)
    // An idle one would be closed to make room.
    first.send("POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\n")
    #expect(throws: HTTPClientFailure.self) { try client(server) }
    first.send("2")
    #expect(try first.receive().status == 200)
  }
}
