import Dispatch
import Glibc
import HTTPServer
import Logging
import Synchronization
import TestSupport
import Testing

@Suite struct LifeTests {
  private func configuration(_ address: ListenAddress, reactors: Int = 2) -> ServerConfiguration {
    ServerConfiguration(address: address, reactors: reactors)
  }

  private func make(_ configuration: ServerConfiguration) throws -> Server {
    let journal = Journal()
    return try Server(configuration, logger: Logger(label: "test")) { EchoHandler($0, journal) }
  }

  @Test func aSecondServerOnThePortIsAnError() throws {
    let first = try make(configuration(.tcp(host: "127.0.0.1", port: 0)))
    let error = #expect(throws: ServerError.self) { try make(configuration(first.address)) }
    #expect(error?.kind == .addressInUse)
    first.start()
    #expect(throws: ServerError.self) { try make(configuration(first.address)) }
    first.stop(grace: .zero)
    let next = try make(configuration(first.address))
    #expect(next.address == first.address)
  }

  @Test func anUnknownHostIsAnError() {
    let error = #expect(throws: ServerError.self) { try make(configuration(.tcp(host: "256.1.1.1", port: 0))) }
    #expect(error?.kind == .unknownHost)
  }

  @Test(arguments: ["::1", "[::1]", "localhost", "0.0.0.0"])
  func servesOn(host: String) throws {
    let server = try TestServer(address: ListenAddress(host: host, port: 0))
    let client = try server.client()
    client.post("/echo", "hello")
    #expect(try client.answer()?.body == "hello")
  }

  @Test func addressesPrintAsURLs() {
    #expect(ListenAddress(host: "127.0.0.1", port: 8080).description == "http://127.0.0.1:8080")
    #expect(ListenAddress(host: "[::1]", port: 80).description == "http://[::1]:80")
    #expect(ListenAddress(host: "unix:/run/a.sock", port: 80).description == "unix:/run/a.sock")
  }

  @Test func servesOnASocketFileAndRemovesIt() throws {
    let path = "/tmp/radial-http-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    let address = ListenAddress.unix(path: path)
    let server = try TestServer(address: address) { $0.reactors = 2 }
    #expect(throws: ServerError.self) { try make(configuration(address)) }
    let clients = try (0..<8).map { _ in try server.client() }
    for client in clients { client.post("/later", "hello") }
    for client in clients { #expect(try client.answer()?.body == "hello") }
    server.server.stop(grace: .zero)
    #expect(access(path, F_OK) != 0)
    // A file left by a process that died is no obstacle.
    var stale = sockaddr_un()
    stale.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &stale.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    withUnsafePointer(to: &stale) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    close(left)
    let again = try TestServer(address: address)
    let client = try again.client()
    client.post("/echo", "again")
    #expect(try client.answer()?.body == "again")
  }

  @Test func connectionsOverTheLimitAreTold() throws {
    let server = try TestServer { $0.maxConnections = 4 }
    var clients = try (0..<4).map { _ in try server.client() }
    // None of them is idle: that one would be closed to make room.
    for client in clients { client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nx") }
    let extra = try server.client()
    #expect(try extra.answer()?.status == 503)
    #expect(try extra.isClosed())
    #expect(server.journal.now.rejections.map(\.reason) == [.tooManyConnections])
    clients.removeAll()
    while server.server.connectionFigures.open > 3 { sched_yield() }
    let next = try server.client()
    next.post("/echo", "x")
    #expect(try next.answer()?.status == 200)
  }

  @Test func drainingServesOnAndSaysClose() throws {
    let server = try TestServer()
    let client = try server.client()
    server.server.beginDraining()
    for path in ["/echo", "/fixed"] {
      let client = path == "/echo" ? client : try server.client()
      client.post(path, "x")
      #expect(try client.answer()?.headers["connection"]?.lowercased() == "close")
      #expect(try client.isClosed())
    }
  }

  @Test func quiescingServesOpenConnectionsOnly() throws {
    let server = try TestServer()
    let client = try server.client()
    client.post("/echo", "x")
    #expect(try client.answer()?.status == 200)
    let waiting = try server.client()
    server.server.quiesce()
    for client in [client, waiting] {
      client.post("/echo", "y")
      #expect(try client.answer()?.body == "y")
    }
    // Refused by the kernel, or closed unanswered.
    let late = try? server.client()
    late?.post("/echo", "z")
    #expect((try? late?.answer(seconds: 2)) == nil)
  }

  @Test func stopAnswersSuspendedRequestsWith503() throws {
    let server = try TestServer { $0.reactors = 2 }
    let clients = try (0..<40).map { _ in try server.client() }
    for client in clients { client.post("/never", "x") }
    for _ in clients { server.journal.arrivals.wait() }
    let incomplete = try server.client()
    incomplete.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc")
    server.server.stop(grace: .milliseconds(50))
    for client in clients {
      #expect(try client.answer()?.status == 503)
      #expect(try client.isClosed())
    }
    #expect(try incomplete.answer()?.status == 503)
    #expect(server.server.connectionFigures.open == 0)
    server.server.stop(grace: .zero)
  }

  @Test func `an answer that the end cuts is told`() throws {
    let log = RecordedLog()
    let server = try TestServer(logger: log.logger)
    let (reading, deaf) = (try server.client(), try server.client())
    reading.post("/echo", "x")
    #expect(try reading.answer()?.status == 200)
    // More than the sockets hold.
    deaf.post("/echo", [UInt8](repeating: 7, count: 16 << 20))
    for _ in 0..<2 { server.journal.arrivals.wait() }
    server.server.stop(grace: .zero)
    #expect(log.messages(.warning) == ["connections closed before their answers had left: the time to drain is over"])
    #expect(throws: Client.Failure.self) { try deaf.answer() }
  }

  @Test(arguments: ["/echo", "/turn", "/later"])
  func stopUnderLoadAnswersEveryRequestItReceived(path: String) throws {
    let server = try TestServer { $0.reactors = 2 }
    let answered = Atomic<Int>(0)
    let broken = Atomic<Int>(0)
    let group = DispatchGroup()
    let clients = try (0..<16).map { _ in try server.client() }
    for client in clients { client.post(path, "x") }
    // Each client is used by one thread, which is handed it before it starts.
    nonisolated(unsafe) let handed = clients
    for index in clients.indices {
      let thread = DispatchQueue(label: "client \(index)")
      group.enter()
      thread.async {
        defer { group.leave() }
        while true {
          do {
            guard let answer = try handed[index].answer() else { return }
            if answer.status == 200 { answered.add(1, ordering: .relaxed) }
            if answer.headers["connection"]?.lowercased() == "close" { return }
            handed[index].post(path, "x")
          } catch {
            // A reset of a request that raced the close is the client's to repeat; a torn answer is not.
            if "\(error)".hasPrefix("closed within") { broken.add(1, ordering: .relaxed) }
            return
          }
        }
      }
    }
    for _ in 0..<2000 { server.journal.arrivals.wait() }
    server.server.stop(grace: .seconds(5))
    group.wait()
    #expect(broken.load(ordering: .relaxed) == 0)
    #expect(server.journal.now.received.count == answered.load(ordering: .relaxed))
  }
}
