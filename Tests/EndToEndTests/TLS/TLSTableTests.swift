import Foundation
import Testing

/// Who gets a connection that is encrypted, and how: by curl and openssl.
@Suite struct TLSTableTests {
  /// A version and cipher that a client insists on.
  struct Offer: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    var isRSA = true
    let isTaken: Bool
    var testDescription: String { (arguments + [isRSA ? "RSA" : "ECDSA"]).joined(separator: " ") }
  }

  static let offers =
    ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"].flatMap { cipher in
      [true, false].map { Offer(arguments: ["-tls1_3", "-ciphersuites", cipher], isRSA: $0, isTaken: true) }
    } + [
      Offer(arguments: ["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"], isTaken: false),
      Offer(arguments: ["-tls1_2"], isTaken: true), Offer(arguments: ["-tls1_2"], isRSA: false, isTaken: true),
    ]
    + ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"].map {
      Offer(arguments: ["-tls1_2", "-cipher", $0], isTaken: true)
    } + [
      Offer(arguments: ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], isRSA: false, isTaken: true)
    ]
    // Without forward secrecy, of blocks that are chained, and by a finite field.
    + [
      "AES128-GCM-SHA256", "AES256-SHA256", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384",
      "DHE-RSA-AES128-GCM-SHA256",
    ]
    .map { Offer(arguments: ["-tls1_2", "-cipher", $0 + ":@SECLEVEL=0"], isTaken: false) }
    + ["-tls1_1", "-tls1"].map { Offer(arguments: [$0, "-cipher", "ALL:@SECLEVEL=0"], isTaken: false) }

  @Test func `versions and ciphers are those that the page of security names`() throws {
    let servers = [true, false].map { isRSA in
      Result { try EncryptedServer { try $0.issue("server", isRSA: isRSA) } }
    }
    for offer in Self.offers {
      let server = try servers[offer.isRSA ? 0 : 1].get()
      let found = try Program.run(
        [
          "openssl", "s_client", "-connect", "127.0.0.1:\(server.server.port)", "-CAfile", server.authority.path,
          "-verify_return_error", "-verify_hostname", "localhost",
        ] + offer.arguments)
      #expect((found.exit == 0) == offer.isTaken, "\(offer.testDescription): \(found.answer)")
    }
  }

  @Test func `clients refuse a certificate that has expired, is another host's, or is signed by a stranger`() throws {
    let server = try EncryptedServer()
    for version in ["1.2", "1.3"] {
      #expect(try server.curl(["--tls-max", version]) == (0, "200"))
    }
    // CURLE_PEER_FAILED_VERIFICATION
    #expect(try server.curl([], host: "other.example") == (60, "000"))
    let stranger = try TestAuthority("Stranger")
    #expect(try server.curl([], trusting: stranger.path) == (60, "000"))
    let expired = try EncryptedServer { try $0.issue("server", validDays: -2...(-1)) }
    #expect(try expired.curl([]) == (60, "000"))
    #expect(try expired.curl(["--insecure"]) == (0, "200"))
    let early = try EncryptedServer { try $0.issue("server", validDays: 1...2) }
    #expect(try early.curl([]) == (60, "000"))
  }

  @Test func `plain text gets no answer`() throws {
    let server = try EncryptedServer()
    let found = try Program.run([
      "curl", "--silent", "--max-time", "20", "http://127.0.0.1:\(server.server.port)/livez",
    ])
    #expect(found.exit != 0 && found.answer.isEmpty)
  }

  @Test(arguments: ["1.2", "1.3"]) func `with an authority for clients, only whom it signed gets an answer`(
    version: String
  ) throws {
    let clients = try TestAuthority("Clients")
    let stranger = try TestAuthority("Clients")
    let server = try EncryptedServer(["--tls-client-ca", clients.path])
    func status(_ pair: TestAuthority.Pair?) throws -> String {
      let arguments = pair.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
      let found = try server.curl(["--tls-max", version] + arguments)
      #expect((found.exit == 0) == (found.answer == "200"), "\(found)")
      return found.answer
    }
    #expect(try status(clients.issue("good", .client)) == "200")
    #expect(try status(nil) == "000")
    #expect(try status(stranger.issue("stranger", .client)) == "000")
    #expect(try status(clients.issue("expired", .client, validDays: -2...(-1))) == "000")
    #expect(try status(clients.issue("early", .client, validDays: 1...2)) == "000")
    #expect(try status(clients.issue("server", .server)) == "000")
    #expect(try status(server.authority.issue("of-the-server", .client)) == "000")
    // Nobody who was refused has been counted as a caller.
    let metrics = try server.client(clients.issue("good", .client)).exchange("GET", "/metrics").body
    #expect(metrics.contains(#"radial_requests_total{route="/readyz",code="200"} 1"#), "\(metrics)")
  }
}
