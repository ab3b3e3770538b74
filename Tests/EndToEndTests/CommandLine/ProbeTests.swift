import Foundation
import Testing

/// `radial probe` against real servers.
@Suite struct ProbeTests {
  private static func withFolder(_ body: (String) throws -> Void) throws {
    let folder = "/tmp/radial-probe-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test func `a server is ready at its port, by flag and by variable, behind its prefix`() throws {
    let server = try RunningServer(["--path-prefix", "/x", "--allowed-host", "example.org"])
    let flags = try RunningServer.run(["probe", "--port", "\(server.port)", "--path-prefix", "/x"])
    #expect(flags.status == 0 && flags.output == "http://127.0.0.1:\(server.port) is ready\n", "\(flags)")
    // Other variables of the server are not the probe's.
    let variables = [
      "RADIAL_HTTP_PORT": "1", "RADIAL_PORT": "\(server.port)", "RADIAL_PATH_PREFIX": "/x",
      "RADIAL_HOST": "0.0.0.0", "RADIAL_THREADS": "2", "RADIAL_ACCESS_LOG": "1",
    ]
    let found = try RunningServer.run(["probe"], environment: variables)
    #expect(found.status == 0 && found.output.contains("127.0.0.1"), "\(found)")
    let elsewhere = try RunningServer.run(["probe", "--http-port=\(server.port)"])
    #expect(elsewhere.status == 1 && elsewhere.error.contains("found 404"), "\(elsewhere)")
  }

  @Test func `a socket file is asked, and the admin address before the public one`() throws {
    try Self.withFolder { folder in
      let socket = "unix:\(folder)/admin.sock"
      let server = try RunningServer(["--admin-address", socket])
      for arguments in [
        ["--host", socket], ["--admin-address", socket, "--port", "1"], ["--port", "\(server.port)"],
      ] {
        let found = try RunningServer.run(["probe"] + arguments)
        #expect(found.status == 0, "\(arguments): \(found)")
      }
      let admin = try RunningServer.run(["probe"], environment: ["RADIAL_ADMIN_ADDRESS": socket, "RADIAL_PORT": "1"])
      #expect(admin.status == 0 && admin.output.contains(socket), "\(admin)")
    }
  }

  @Test func `a server that drains is not ready`() throws {
    try Self.withFolder { folder in
      let socket = "unix:\(folder)/admin.sock"
      let server = try RunningServer(["--admin-address", socket, "--drain-delay", "60"])
      server.send(SIGTERM)
      var found = try RunningServer.run(["probe", "--admin-address", socket])
      // Bounded: each round is a process.
      for _ in 0..<200 where found.status == 0 { found = try RunningServer.run(["probe", "--admin-address", socket]) }
      #expect(found.status == 1 && found.error.contains("expected status 200 from /readyz, found 503"), "\(found)")
    }
  }

  @Test func `nobody there, and somebody who does not answer, are told apart within the time`() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #expect(bind(listener, $0, length) == 0)
        getsockname(listener, $0, &length)
      }
    }
    let port = "\(UInt16(bigEndian: address.sin_port))"
    // Bound, and nobody listens.
    let nobody = try RunningServer.run(["probe", "--port", port])
    #expect(nobody.status == 1 && nobody.error.contains("Connection refused"), "\(nobody)")
    // The kernel accepts, and nobody reads.
    #expect(listen(listener, 8) == 0)
    let silent = try RunningServer.run(["probe", "--port", port, "--timeout", "100ms"])
    #expect(silent.status == 1 && silent.error.contains("within 0.1 s, found none"), "\(silent)")
  }

  @Test(arguments: [
    (["--port", "0"], "expected the port"), (["--host", "unix:"], "0 bytes"), (["--timeout", "0"], "0.01 to 60"),
    (["--path-prefix", "/a b"], "expected a path"), (["--path-prefix", "/a/../b"], "expected a path"),
    (["--path-prefix", "/%2e"], "expected a path"), (["--path-prefix", "a"], "expected a path"),
    (["--tls-cert", "x.pem"], "admin-address"), (["--admin-address", "[::]:0"], "found 0"),
  ])
  func `what cannot be asked is refused`(arguments: [String], sentence: String) throws {
    let found = try RunningServer.run(["probe"] + arguments)
    #expect(found.status == 2 && found.error.contains(sentence), "\(found)")
  }
}
