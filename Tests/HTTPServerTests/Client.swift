import Glibc
import HTTPServer

/// A raw client: it sends exactly the bytes it is told, and every wait has an end.
final class Client {
  struct Answer: Equatable {
    var status: Int
    var headers: [String: String]
    var body: String
  }

  struct Failure: Error, CustomStringConvertible { let description: String }

  private(set) var descriptor: Int32
  private var received: [UInt8] = []

  init(_ address: ListenAddress) throws {
    switch address {
    case .tcp(let host, let port):
      var hints = addrinfo()
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
      var found: UnsafeMutablePointer<addrinfo>?
      guard getaddrinfo(host, String(port), &hints, &found) == 0, let first = found?.pointee else {
        throw Failure(description: "no address for \(host)")
      }
      defer { freeaddrinfo(found) }
      descriptor = socket(first.ai_family, Int32(SOCK_STREAM.rawValue), 0)
      guard connect(descriptor, first.ai_addr, first.ai_addrlen) == 0 else {
        throw Failure(description: "connect: \(errno)")
      }
    case .unix(let path):
      descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var unixAddress = sockaddr_un()
      unixAddress.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &unixAddress.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      let code = withUnsafePointer(to: &unixAddress) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      guard code == 0 else { throw Failure(description: "connect: \(errno)") }
    }
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Sends all of it, or as much as the other side lets it; returns how much that was.
  @discardableResult func send(_ bytes: [UInt8], seconds: Double = 10) -> Int {
    var sent = 0
    while sent < bytes.count {
      guard wait(Int16(POLLOUT), seconds) else { return sent }
      let count = bytes[sent..<min(bytes.count, sent + 262_144)].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count < 0 && errno != EAGAIN { return sent }
      sent += max(count, 0)
    }
    return sent
  }

  @discardableResult func send(_ text: String) -> Int { send(Array(text.utf8)) }

  /// A POST with a Content-Length.
  func post(_ path: String = "/echo", _ body: [UInt8], headers: String = "") {
    send(Array("POST \(path) HTTP/1.1\r\nHost: t\r\n\(headers)Content-Length: \(body.count)\r\n\r\n".utf8) + body)
  }

  func post(_ path: String = "/echo", _ body: String, headers: String = "") {
    post(path, Array(body.utf8), headers: headers)
  }

  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Closes with a reset, as a client that crashed.
  func reset() {
    var hard = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
    close(descriptor)
    descriptor = -1
  }

  /// The next answer; nil when the server closed before its first byte.
  func answer(seconds: Double = 10, toHead: Bool = false) throws -> Answer? {
    while true {
      if let head = find([13, 10, 13, 10]) {
        let lines = String(decoding: received[..<head], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1)
          headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
          throw Failure(description: "no status in \(lines)")
        }
        let length = toHead || status == 100 ? 0 : Int(headers["content-length"] ?? "0") ?? 0
        if received.count >= head + 4 + length {
          let body = String(decoding: received[(head + 4)..<(head + 4 + length)], as: UTF8.self)
          received.removeFirst(head + 4 + length)
          return Answer(status: status, headers: headers, body: body)
        }
      }
      guard try more(seconds) else {
        if received.isEmpty { return nil }
        throw Failure(description: "closed within an answer: \(String(decoding: received, as: UTF8.self))")
      }
    }
  }

  /// Whether the server closed, without another byte, within the time.
  func isClosed(seconds: Double = 10) throws -> Bool { try received.isEmpty && !more(seconds) }

  /// Whether the server closed within the time, whatever it sent before.
  func closes(seconds: Double = 10) throws -> Bool {
    while try more(seconds) {}
    return true
  }

  /// Waits for bytes; false at the end of the stream.
  private func more(_ seconds: Double) throws -> Bool {
    guard wait(Int16(POLLIN), seconds) else { throw Failure(description: "no bytes within \(seconds) s") }
    var part = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &part, part.count, 0)
    if count < 0 { throw Failure(description: "recv: \(String(cString: strerror(errno)))") }
    received += part[..<count]
    return count > 0
  }

  private func wait(_ events: Int16, _ seconds: Double) -> Bool {
    var waiting = pollfd(fd: descriptor, events: events, revents: 0)
    return poll(&waiting, 1, Int32(seconds * 1000)) > 0
  }

  private func find(_ pattern: [UInt8]) -> Int? {
    guard received.count >= pattern.count else { return nil }
    return (0...(received.count - pattern.count)).first { received[$0..<($0 + pattern.count)].elementsEqual(pattern) }
  }
}
