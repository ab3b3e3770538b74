import Foundation

/// A running server that speaks TLS, and the authority that signed its certificate.
final class EncryptedServer: Sendable {
  let authority: TestAuthority
  let server: RunningServer

  /// - Parameter issue: makes the server's certificate.
  init(
    _ arguments: [String] = [], authority: TestAuthority? = nil, error: Any = FileHandle.nullDevice,
    issue: (TestAuthority) throws -> TestAuthority.Pair = { try $0.issue("server") }
  ) throws {
    self.authority = try authority ?? TestAuthority()
    let pair = try issue(self.authority)
    server = try RunningServer(
      ["--tls-cert", pair.certificate, "--tls-key", pair.key] + arguments, error: error)
  }

  /// A connection whose handshake is over.
  func client(_ pair: TestAuthority.Pair? = nil) throws -> Client {
    try Client(port: server.port, tls: TLSClientSettings(authority: authority.path, pair: pair))
  }

  /// What curl says of a path: its exit status, and the status of the answer.
  func curl(_ arguments: [String], host: String = "localhost", trusting authority: String? = nil) throws -> (
    exit: Int32, answer: String
  ) {
    try Program.run(
      [
        "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "20",
        "--resolve", "\(host):\(server.port):127.0.0.1", "--cacert", authority ?? self.authority.path,
      ] + arguments + ["https://\(host):\(server.port)/readyz"])
  }
}

/// Programs beside the server's.
enum Program {
  /// Runs one to its end, with nothing to read: its exit status and output.
  static func run(_ arguments: [String]) throws -> (exit: Int32, answer: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let output = Pipe()
    (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
