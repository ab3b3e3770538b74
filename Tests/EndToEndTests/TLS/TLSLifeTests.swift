import Foundation
import Synchronization
import Testing

/// A server that speaks TLS, from its start to its end.
@Suite struct TLSLifeTests {
  private func expiry(_ client: any HTTPClient) throws -> Int? {
    let line = try client.exchange("GET", "/metrics").body.firstMatch(
      of: #/radial_tls_certificate_expiry_timestamp_seconds (\d+)\n/#)
    return line.flatMap { Int($0.1) }
  }

  @Test func `mistakes in the files are told apart, at the start and by --check`() throws {
    let authority = try TestAuthority()
    let (one, other) = (try authority.issue("one"), try authority.issue("other"))
    let weights = RunningServer.weights("example.safetensors")
    for (arguments, sentence) in [
      (["--tls-cert", one.certificate], "--tls-cert: expected both --tls-cert and --tls-key; give the other as well"),
      (["--tls-key", one.key], "--tls-key: expected both --tls-cert and --tls-key; give the other as well"),
      (["--tls-client-ca", authority.path], "--tls-client-ca: expected both --tls-cert and --tls-key"),
      (
        ["--tls-cert", "/none.pem", "--tls-key", one.key],
        "/none.pem: expected a certificate in PEM, found none: No such"
      ),
      (
        ["--tls-cert", one.certificate, "--tls-key", other.key],
        "\(other.key): expected the key of the certificate in \(one.certificate), found another"
      ),
      (["--tls-cert", one.key, "--tls-key", one.key], "\(one.key): expected a certificate in PEM, then those"),
      (
        ["--tls-cert", one.certificate, "--tls-key", one.certificate],
        "\(one.certificate): expected a private key in PEM that is not encrypted"
      ),
      (
        ["--tls-cert", one.certificate, "--tls-key", one.key, "--tls-client-ca", one.key],
        "\(one.key): expected certificates of authorities in PEM"
      ),
    ] {
      for check in [[], ["--check"]] {
        let found = try RunningServer.run(["serve", "--port", "0", "--model", weights] + arguments + check)
        #expect(found.status == 2 && found.error.contains(sentence), "\(arguments + check): \(found)")
      }
    }
  }

  @Test func `--check prints the files, as a command line`() throws {
    let authority = try TestAuthority()
    let pair = try authority.issue("server")
    let files = ["--tls-cert=\(pair.certificate)", "--tls-key=\(pair.key)", "--tls-client-ca=\(authority.path)"]
    let found = try RunningServer.run(
      ["serve", "--check", "--model", RunningServer.weights("example.safetensors")] + files)
    #expect(found.status == 0)
    #expect(Set(files).isSubset(of: found.output.split(separator: "\n").map(String.init)))
  }

  @Test func `a certificate is read again on SIGHUP, under load, and nothing is lost`() throws {
    let server = try EncryptedServer { try $0.issue("server", validDays: -1...1) }
    let failures = Failures()
    let isOver = Mutex(false)
    let answered = Atomic(0)
    onThreads(5) { worker in
      do {
        let kept = try server.client()
        if worker == 0 {
          defer { isOver.withLock { $0 = true } }
          for days in 2...11 {
            let before = try expiry(kept)
            try server.authority.issue("server", validDays: -1...Double(days))
            server.server.send(SIGHUP)
            // On a connection that was opened before.
            var rounds = 0
            while try expiry(kept) == before, rounds < 100_000 { rounds += 1 }
            let after = try #require(try expiry(server.client()))
            #expect(abs(Double(after) - Date().timeIntervalSince1970 - Double(days) * 86_400) < 100)
          }
          return
        }
        while !isOver.withLock({ $0 }) {
          for client in worker % 2 == 0 ? [kept] : [try server.client()] {
            let answer = try client.exchange("GET", "/readyz")
            if answer.status != 200 { failures.add("status \(answer.status)") }
            answered.add(1, ordering: .relaxed)
          }
        }
      } catch { failures.add("lost: \(error)") }
    }
    #expect(failures.all.isEmpty)
    #expect(answered.load(ordering: .relaxed) > 0)
  }

  @Test func `a file that is no certificate changes nothing and is told`() throws {
    let log = Pipe()
    let server = try EncryptedServer(error: log)
    let before = try expiry(server.client())
    let path = try server.authority.issue("server", validDays: -1...2).key
    try Data("nothing".utf8).write(to: URL(fileURLWithPath: path))
    server.server.send(SIGHUP)
    var text = ""
    while !text.contains("the certificate stays as it was") {
      let chunk = log.fileHandleForReading.availableData
      guard !chunk.isEmpty else { break }
      text += String(decoding: chunk, as: UTF8.self)
    }
    #expect(text.contains("the certificate stays as it was: \(path): expected a private key in PEM"))
    #expect(try before != nil && expiry(server.client()) == before)
  }

  @Test func `handshakes that wait for their clients take no time of a core`() throws {
    let server = try EncryptedServer(["--header-timeout", "2"])
    // A record that begins a ClientHello of 200 bytes, and 6 of them (RFC 8446 5.1, 4.1.2).
    let waiting = try (0..<50).map { _ in
      let client = try Client(port: server.server.port)
      client.send([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])
      return client
    }
    #expect(try server.client().exchange("GET", "/livez").status == 200)
    let before = try processorSeconds(server)
    for client in waiting { #expect(client.isClosedByPeer()) }
    // One that is tried again and again keeps a core busy for these two seconds.
    #expect(try processorSeconds(server) - before < 0.5)
  }

  @Test func `a server that is told to stop finishes what is encrypted`() throws {
    let server = try EncryptedServer(["--drain-delay", "0"])
    let waiting = try Client(port: server.server.port)
    waiting.send([0x16, 3, 1, 0, 200])
    let client = try server.client()
    #expect(try client.exchange("GET", "/livez").status == 200)
    server.server.send(SIGTERM)
    #expect(server.server.exitStatus() == 0)
    #expect(client.isClosedByPeer() && waiting.isClosedByPeer())
  }

  /// User and system time (proc_pid_stat(5)).
  private func processorSeconds(_ server: EncryptedServer) throws -> Double {
    let text = try String(contentsOfFile: "/proc/\(server.server.processIdentifier)/stat", encoding: .utf8)
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    let ticks = try #require(Double(fields[11])) + #require(Double(fields[12]))
    return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
