import Foundation

/// A raw HTTP/1.1 client on one connection, with TLS or without; every wait is bounded.
public final class SocketClient: HTTPClient {
  public let descriptor: Int32
  private var unread: [UInt8] = []
  private var session: TLSClientSession?

  /// Connects to a port of 127.0.0.1.
  /// - Parameters:
  ///   - timeoutSeconds: the end of every wait.
  ///   - tls: nil: in plain text.
  public init(port: UInt16, timeoutSeconds: Int = 30, tls: TLSClientSettings? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw HTTPClientFailure(message: "connect: \(String(cString: strerror(errno)))") }
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    if let tls { session = try TLSClientSession(tls, descriptor: descriptor) }
  }

  deinit { close(descriptor) }

  @discardableResult
  public func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        let rest = UnsafeRawBufferPointer(rebasing: $0[sent...])
        return session?.send(rest) ?? Foundation.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  public func finishSending() {
    session?.finishSending()
    shutdown(descriptor, Int32(SHUT_WR))
  }

  public func receive(bodyFollows: Bool) throws -> HTTPAnswer {
    var end: Int?
    while end == nil {
      end = unread.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
      if end == nil, !fill() {
        throw HTTPClientFailure(message: "closed before a header section: \(unread.count) bytes")
      }
    }
    let head = String(decoding: unread[..<end!], as: UTF8.self).split(separator: "\r\n")
    guard let status = head.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw HTTPClientFailure(message: "no status line: \(head)")
    }
    var headers: [String: String] = [:]
    for line in head.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
    }
    unread.removeFirst(end!)
    if status == 100 { return try receive(bodyFollows: bodyFollows) }
    let length = bodyFollows ? Int(headers["content-length"] ?? "0") ?? 0 : 0
    while unread.count < length { if !fill() { throw HTTPClientFailure(message: "closed within a body") } }
    let body = Array(unread.prefix(length))
    unread.removeFirst(length)
    return HTTPAnswer(status: status, headers: headers, bytes: body)
  }

  /// Reads one answer; nil if the peer closes without one. Throws at a timeout and at an answer that breaks off.
  public func receiveIfAny() throws -> HTTPAnswer? {
    if unread.isEmpty && !fill() {
      if errno == EAGAIN { throw HTTPClientFailure(message: "neither an answer nor a close") }
      return nil
    }
    return try receive()
  }

  /// Makes the end of this client a reset: thousands of connections leave no port in TIME_WAIT.
  public func resetsAtEnd() {
    var hard = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
  }

  /// Closes with a reset, as a client that is killed does with unread bytes.
  public func disconnect() {
    resetsAtEnd()
    let nothing = open("/dev/null", O_RDWR)
    // Closes the socket, and leaves `deinit` a descriptor to close.
    dup2(nothing, descriptor)
    close(nothing)
  }

  public func isClosedByPeer() -> Bool { unread.isEmpty && !fill() }

  private func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65536)
    errno = 0
    let count = chunk.withUnsafeMutableBytes {
      session?.receive($0) ?? recv(descriptor, $0.baseAddress, $0.count, 0)
    }
    guard count > 0 else { return false }
    unread += chunk.prefix(count)
    return true
  }
}
