import ArgumentParser
import Dispatch
import Glibc
import HTTPServer

/// `radial probe`: asks a server on this machine whether it is ready.
struct Probe: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask a server whether it is ready.",
    discussion: """
      Takes the flags and variables that the server was started with, and asks GET /readyz at its admin address, or at the
      one it listens on. Exit codes: 0 ready; 1 not ready, or no answer; 2 bad flags.

        radial probe --port 9000
        radial probe --host unix:/run/radial/radial.sock
      """)

  @OptionGroup var address: AddressOptions

  @Option(help: Limits.probe.help("Time for the answer"), transform: Limits.probe.number)
  var timeout = Limits.probe.number

  func run() throws {
    let (target, prefix) = try target()
    // One bound for the look-up of a name, the connection and the answer: none of them has to have an end of its own.
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "radial.probe"))
    timer.setEventHandler {
      writeError("radial: \(target) is not ready: expected an answer within \(timeout) s, found none")
      _exit(1)
    }
    timer.schedule(deadline: .now() + timeout)
    timer.resume()
    let status = try ReadinessRequest(target).status(path: prefix + "/readyz")
    guard status == 200 else {
      throw Failure.environment("\(target) is not ready: expected status 200 from \(prefix)/readyz, found \(status)")
    }
    print("\(target) is ready")
  }

  /// Whom to ask, and what stands before the path.
  private func target() throws -> (ListenAddress, prefix: String) {
    // It is in plain text, has no prefix, and connections that nobody on the public address can take.
    if let admin = address.admin { return (try reachable(admin, flag: "admin-address"), "") }
    if address.tlsCert != nil {
      throw Failure.usage(
        "--tls-cert: expected a server that can be asked in plain text, found one that speaks TLS alone; give it and probe an --admin-address, such as unix:/run/radial/admin.sock"
      )
    }
    return (try reachable(address.listening, flag: "port"), address.pathPrefix ?? "")
  }

  /// Where a server that listens at an address can be asked: one at every address is at that of this machine too.
  private func reachable(_ address: ListenAddress, flag: String) throws -> ListenAddress {
    guard case .tcp(let host, let port) = address else { return address }
    guard port != 0 else {
      throw Failure.usage("--\(flag): expected the port that the server listens on, found 0; its first line names it")
    }
    let loopback = ["0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"]
    return .tcp(host: loopback[host] ?? host, port: port)
  }
}

/// One request of HTTP/1.1 on a connection of its own, of whose answer the status is read. Its user bounds the time.
struct ReadinessRequest {
  let target: ListenAddress

  init(_ target: ListenAddress) { self.target = target }

  /// The answer's status.
  func status(path: String) throws -> Int {
    let descriptor = try connection()
    defer { close(descriptor) }
    let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      throw failure("send a request to", errno)
    }
    // RFC 9112 4: three digits stand between two blanks.
    var line: [UInt8] = []
    while line.count < 13 {
      var bytes = [UInt8](repeating: 0, count: 64)
      let count = recv(descriptor, &bytes, bytes.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("read an answer from", errno) }
      guard count > 0 else { break }
      line += bytes[..<count]
    }
    let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard words.count == 3, ["HTTP/1.0", "HTTP/1.1"].contains(words[0]),
      words[1].wholeMatch(of: /[0-9]{3}/) != nil, let status = Int(words[1])
    else {
      throw Failure.environment(
        "\(target) is not ready: expected an answer of HTTP/1.1, found \(line.isEmpty ? "none" : "something else")")
    }
    return status
  }

  private var host: String {
    switch target {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix: "localhost"
    }
  }

  /// A connected socket.
  private func connection() throws -> Int32 {
    let address: SocketAddress
    // The first of a name's, as the server itself listens at.
    do throws(ServerError) { address = try SocketAddress(target) } catch { throw Failure(error) }
    let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw failure("create a socket for", errno) }
    guard address.connect(descriptor) == 0 else {
      let code = errno
      close(descriptor)
      throw failure("connect to", code)
    }
    return descriptor
  }

  private func failure(_ verb: String, _ code: Int32) -> Failure {
    .environment("\(target) is not ready: could not \(verb) it (\(String(cString: strerror(code))))")
  }
}

extension Failure {
  /// Exit code 2 where an address is none, 1 where the system refused.
  init(_ error: ServerError) {
    self = error.kind == .path ? .usage(error.description) : .environment(error.description)
  }
}
