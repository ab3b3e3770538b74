import Foundation
import Testing

@testable import InferenceAPI

/// Who may ask for what, and where.
@Suite struct AccessTests {
  private static let (key, adminKey) = ("key-of-the-dashboard", "key-of-the-operator")
  private static let file = "# who may ask\n\ndashboard:\(key)\r\noperator:\(adminKey):admin\n"

  /// A file that is gone when the test is over.
  private final class KeyFile {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
    init(_ text: String = AccessTests.file) throws { try write(text) }
    deinit { try? FileManager.default.removeItem(at: url) }
    func write(_ text: String) throws { try text.write(to: url, atomically: true, encoding: .utf8) }
  }

  private static func bearer(_ key: String) -> [String] { ["Authorization: Bearer \(key)"] }

  @Test func `without a key, with a key and with an admin's each operation answers as its table says`() throws {
    let keys = try KeyFile()
    let server = InProcessServer(try InProcessService(["--api-key-file", keys.url.path]))
    for endpoint in EndpointTable.all {
      let path = endpoint.templates[0].text.replacing("{model}", with: "digits").replacing("{version}", with: "1")
      for (headers, has) in [
        ([], Purpose.Need.nothing), (Self.bearer("key-of-nobody-at-all"), .nothing), (Self.bearer(Self.key), .key),
        (Self.bearer(Self.adminKey), .adminKey), (["Authorization: Basic \(Self.key)"], .nothing),
        (["Authorization: bearer  \(Self.key)"], .key),
      ] {
        let answer = try server.connect().exchange(
          endpoint.method.rawValue.uppercased(), path, endpoint.method == .post ? "{}" : "", headers: headers)
        let need = endpoint.purpose.need
        if need == .nothing || has == .adminKey || has == need {
          #expect(![401, 403].contains(answer.status), "\(endpoint.label): \(answer.excerpt)")
        } else {
          #expect(answer.status == (has == .nothing ? 401 : 403), "\(endpoint.label): \(answer.excerpt)")
          #expect(answer.headers["www-authenticate"] == (answer.status == 401 ? "Bearer" : nil))
        }
      }
    }
    let metrics = try server.connect().exchange("GET", "/metrics", headers: Self.bearer(Self.key)).body
    let values = MetricsTests.parse(metrics)
    #expect(values[#"radial_key_requests_total{key="dashboard"}"#] ?? 0 > 10)
    #expect(values[#"radial_rejections_total{reason="unauthorized"}"#] ?? 0 > 10)
    #expect(!metrics.contains(Self.key))
  }

  @Test(arguments: Transport.allCases)
  func `a large body is read from somebody with a key, and from nobody else`(transport: Transport) throws {
    let keys = try KeyFile()
    let server = try transport.start(["--api-key-file", keys.url.path, "--allowed-host", "a"])
    let head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n"
    for (headers, status) in [("", 401), ("Authorization: Bearer \(Self.key)\r\n", 400)] {
      let client = try server.connect()
      client.send(head + headers + "\r\n")
      if status == 400 { client.send(String(repeating: " ", count: 1_000_000)) }
      #expect(try client.receive().status == status)
    }
    // Nor for what is not there, or takes none, from anybody: what is answered does not depend on it.
    for (line, headers, status) in [
      ("POST /models/nobody/predict", "", 401), ("POST /nowhere", "", 404), ("GET /predict", "", 405),
      ("POST /models/nobody/predict", "Authorization: Bearer \(Self.key)\r\n", 404),
      ("GET /models", "Authorization: Bearer \(Self.key)\r\n", 413),
      ("POST /v1/models/digits:explain", "Authorization: Bearer \(Self.key)\r\n", 400),
    ] {
      let client = try server.connect()
      client.send("\(line) HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\(headers)\r\n")
      let answer = try client.receive()
      #expect(answer.status == status, "\(line): \(answer.excerpt)")
    }
  }

  /// Bodies that nobody asked for are refused before they are read, of a browser's question and of HEAD too, whose answer has none.
  @Test(arguments: Transport.allCases)
  func `a large body is read with no preflight and no HEAD`(transport: Transport) throws {
    let server = try transport.start(["--cors-allow-origin", "https://a.example"])
    let asks = "Origin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n"
    let length = "Host: a\r\nContent-Length: 1000000\r\n"
    for (line, headers, status) in [("OPTIONS /predict", asks, 413), ("HEAD /model", "", 413), ("HEAD /no", "", 404)] {
      let client = try server.connect()
      client.send("\(line) HTTP/1.1\r\n\(length)\(headers)\r\n")
      let answer = try client.receive(bodyFollows: !line.hasPrefix("HEAD"))
      #expect(answer.status == status, "\(line): \(answer.excerpt)")
      #expect(Int(answer.headers["content-length"] ?? "") ?? 0 > 0)
      // Nothing comes behind it.
      #expect(client.isClosedByPeer(), "\(line)")
    }
  }

  @Test(arguments: [
    ("", "at least one line"), ("# nobody\n", "at least one line"), ("name\n", "line 1: expected NAME:KEY"),
    ("a:0123456789abcdef:boss\n", "expected NAME:KEY"), (":0123456789abcdef\n", "expected NAME:KEY"),
    ("\na:short\n", "line 2: expected a key of at least 16"), ("a:0123456789 abcdef\n", "without blanks"),
    ("a:0123456789abcdef\na:fedcba9876543210\n", "the name of 'a' is there a second time"),
    ("a:0123456789abcdef\nb:0123456789abcdef\n", "the key of 'b' is there a second time"),
  ])
  func `a file of keys that says nothing clear is refused with its line`(text: String, part: String) throws {
    let keys = try KeyFile(text)
    let found = try RunningServer.run(["serve", "--api-key-file", keys.url.path, "--port", "0"])
    #expect(found.status == 2 && found.error.contains(part) && found.error.contains("--api-key-file"), "\(found.error)")
    #expect(!found.error.contains("0123456789"))
  }

  @Test func `keys are read again on SIGHUP, and stay when the file is wrong`() throws {
    let keys = try KeyFile()
    let server = try RunningServer(["--api-key-file", keys.url.path])
    func status(_ key: String) throws -> Int {
      try Client(port: server.port).exchange("GET", "/models", headers: Self.bearer(key)).status
    }
    #expect(try status(Self.key) == 200 && status("another-key-that-is") == 401)
    try keys.write("other:another-key-that-is\n")
    server.send(SIGHUP)
    var found = try status("another-key-that-is")
    // Bounded: each round is a request.
    for _ in 0..<10_000 where found == 401 { found = try status("another-key-that-is") }
    #expect(found == 200)
    #expect(try status(Self.key) == 401)
    try keys.write("nonsense\n")
    server.send(SIGHUP)
    for _ in 0..<100 { #expect(try status("another-key-that-is") == 200) }
  }

  @Test func `the admin listener has health, metrics and the repository, and the public one the rest`() throws {
    let server = try RunningServer(["--admin-address", "127.0.0.1:0", "--allow-unload"])
    let match = try #require(server.announcement.firstMatch(of: /admin at http:\/\/[^ ]*:([0-9]+)/))
    let admin = try #require(UInt16(match.1))
    for endpoint in EndpointTable.all where endpoint.purpose != .repositoryChange {
      let path = endpoint.templates[0].text.replacing("{model}", with: "digits").replacing("{version}", with: "1")
      for (port, listener) in [(server.port, Listener.publicBesideAdmin), (admin, .admin)] {
        let answer = try Client(port: port).exchange(
          endpoint.method.rawValue.uppercased(), path, endpoint.method == .post ? "{}" : "")
        let isElsewhere = answer.body.contains("admin address")
        #expect(isElsewhere != endpoint.purpose.isOffered(on: listener), "\(listener) \(path): \(answer.excerpt)")
      }
    }
    #expect(try Client(port: server.port).exchange("POST", "/v2/repository/models/digits/unload", "{}").status == 403)
    #expect(try Client(port: admin).exchange("POST", "/v2/repository/models/digits/unload", "{}").status == 200)
    #expect(try Client(port: server.port).exchange("GET", "/models/digits").status == 404)
    let metrics = MetricsTests.parse(try Client(port: admin).exchange("GET", "/metrics").body)
    #expect(metrics[#"radial_rejections_total{reason="forbidden"}"#] ?? 0 >= 2)
    server.send(SIGTERM)
    #expect(server.exitStatus() == 0)
  }

  @Test func `the longest idle connection makes room for another one, and probes keep a way in`() throws {
    let server = try RunningServer(["--max-connections", "20", "--threads", "1"])
    let busy = try Client(port: server.port)
    busy.send("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{")
    let idle = try (0..<60).map { _ in
      let client = try Client(port: server.port)
      #expect(try client.exchange("GET", "/livez").status == 200)
      return client
    }
    #expect(idle[0].isClosedByPeer())
    #expect(try idle[59].exchange("GET", "/livez").status == 200)
    busy.send("}")
    #expect(try busy.receive().status == 400)
    let values = MetricsTests.parse(try idle[59].exchange("GET", "/metrics").body)
    #expect(values["radial_connections"] ?? 99 <= 21)
    #expect(values["radial_idle_connections_closed_total"] ?? 0 >= 39)
  }

  @Test func `pages of other origins read answers only where that is allowed, and change nothing`() throws {
    let closed = InProcessServer(try InProcessService(["--allow-unload"]))
    let open = InProcessServer(
      try InProcessService([
        "--allow-unload", "--cors-allow-origin", "https://a.example", "--cors-allow-origin", "http://b.example:8080",
      ]))
    let origin = "access-control-allow-origin"
    func ask(_ server: InProcessServer, _ method: String, _ path: String, _ headers: String...) throws -> HTTPAnswer {
      try server.connect().exchange(method, path, method == "POST" ? "{}" : "", headers: headers)
    }
    let plain = try ask(closed, "GET", "/models", "Origin: https://a.example")
    #expect(plain.headers[origin] == nil && plain.headers["vary"] == nil)
    for name in ["https://a.example", "http://b.example:8080"] {
      let answer = try ask(open, "GET", "/models", "Origin: \(name)")
      #expect(answer.headers[origin] == name && answer.headers["vary"]?.contains("Origin") == true)
      #expect(try ask(open, "POST", "/predict", "Origin: \(name)").headers[origin] == name)
    }
    for name in ["https://c.example", "https://a.example.org", "null"] {
      let answer = try ask(open, "GET", "/models", "Origin: \(name)")
      #expect(answer.status == 200 && answer.headers[origin] == nil && answer.headers["vary"] == "Origin")
    }
    let preflight = ["Origin: https://a.example", "Access-Control-Request-Method: POST"]
    let granted = try open.connect().exchange("OPTIONS", "/predict", headers: preflight)
    #expect(granted.status == 204 && granted.headers[origin] == "https://a.example", granted.excerpt)
    #expect(granted.headers["access-control-allow-methods"] == "POST")
    #expect(granted.headers["access-control-allow-headers"]?.contains("Authorization") == true)
    #expect(try closed.connect().exchange("OPTIONS", "/predict", headers: preflight).status == 405)
    let unload = "/v2/repository/models/digits/unload"
    for server in [closed, open] {
      #expect(try ask(server, "POST", unload, "Sec-Fetch-Site: cross-site").status == 403)
      #expect(try ask(server, "POST", unload, "Origin: https://c.example").status == 403)
    }
    #expect(try ask(open, "POST", unload, "Origin: https://a.example").status == 200)
    #expect(try ask(closed, "POST", unload).status == 200)
  }

  @Test func `requests to another name are refused where names are given, but for probes`() throws {
    let server = try RunningServer(["--allowed-host", "Radial.example", "--allowed-host", "[::1]"])
    for (host, status) in [
      ("radial.example", 200), ("RADIAL.EXAMPLE:8080", 200), ("[::1]:9", 200), ("127.0.0.1", 421),
      ("radial.example.org", 421), ("[::2]", 421),
    ] {
      let client = try Client(port: server.port)
      client.send("GET /models HTTP/1.1\r\nHost: \(host)\r\n\r\n")
      #expect(try client.receive().status == status, "\(host)")
      client.send("GET /livez HTTP/1.1\r\nHost: \(host)\r\n\r\n")
      #expect(try client.receive().status == 200, "\(host)")
    }
  }

  @Test(arguments: Transport.allCases)
  func `a target in absolute form says whom it asks, whatever Host says`(transport: Transport) throws {
    let server = try transport.start(["--allowed-host", "good"])
    for (asked, host, status) in [("good:80", "evil", 200), ("evil", "good", 421)] {
      let client = try server.connect()
      client.send("GET http://\(asked)/models HTTP/1.1\r\nHost: \(host)\r\n\r\n")
      #expect(try client.receive().status == status, "\(asked)")
    }
  }

  @Test func `every route is behind the path prefix, and none beside it`() throws {
    let server = InProcessServer(try InProcessService(["--path-prefix", "/radial/"]))
    let sample = try MNISTSample.load()
    for (method, path) in [
      ("GET", "/livez"), ("GET", "/"), ("GET", "/metrics"), ("POST", "/predict"), ("POST", "/v1/models/digits:predict"),
      ("GET", "/v2/models/digits"),
    ] {
      let body = method == "POST" ? sample.body(0..<1) : ""
      #expect(try server.connect().exchange(method, "/radial" + path, body).status == 200, "\(path)")
      #expect(try server.connect().exchange(method, path, body).status == 404, "\(path)")
    }
    #expect(try server.connect().exchange("GET", "/radial").status == 200)
    #expect(
      try server.connect().exchange("GET", "/radial/v2/nope").body.contains("send behind /radial GET /v2, /v2/health"))
    #expect(try server.connect().exchange("GET", "/radials/livez").status == 404)
  }

  @Test func `the page may not be framed, and no answer may be taken for another type`() throws {
    let server = try RunningServer()
    let client = try Client(port: server.port)
    let page = try client.exchange("GET", "/", headers: ["Accept: text/html"])
    #expect(page.headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
    for path in ["/", "/metrics", "/nothing", "/predict"] {
      #expect(try client.exchange("GET", path).headers["x-content-type-options"] == "nosniff", "\(path)")
    }
    client.send("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
    #expect(try client.receive().headers["x-content-type-options"] == "nosniff")
  }

  @Test func `a trace id is that of a valid traceparent`() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    for header in ["00-\(trace)-00f067aa0ba902b7-01", "01-\(trace)-00f067aa0ba902b7-01-more"] {
      #expect(AccessLog.traceID(header) == trace)
    }
    for header in [
      "", trace, "00-\(trace)-00f067aa0ba902b7", "ff-\(trace)-00f067aa0ba902b7-01", "00-\(trace)-0000000000000000-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-\(trace.uppercased())-00f067aa0ba902b7-01",
      "00-\(trace)-00f067aa0ba902b7-01-more",
    ] {
      #expect(AccessLog.traceID(header) == nil, "\(header)")
    }
  }

  @Test func `the documentation's table says what each operation needs`() throws {
    let page = try String(
      contentsOf: RunningServer.repository.appendingPathComponent("Sources/radial/Radial.docc/Security.md"),
      encoding: .utf8)
    for purpose in Purpose.allCases {
      let places = [Listener.admin, .publicBesideAdmin].map { purpose.isOffered(on: $0) ? "yes" : "no" }
      #expect(page.contains("| \(purpose.rawValue) | \(purpose.need.rawValue) | \(places[0]) | \(places[1]) |"))
    }
  }
}
