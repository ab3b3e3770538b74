import Foundation

/// A raw HTTP/1.1 client on one connection; every wait is bounded.
final class Client {
  let descriptor: Int32
  private var unread: [UInt8] = []

  struct Answer {
    var status: Int
    var headers: [String: String]
    var bytes: [UInt8]

    /// The body as text.
    var body: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as JSON.
    var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:] }
  }

  struct Failure: Error { let message: String }

  init(port: UInt16, timeoutSeconds: Int = 30) throws {
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
    guard connected == 0 else { throw Failure(message: "connect: \(String(cString: strerror(errno)))") }
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Sends all bytes, or as many as the peer takes; false: it has closed.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// Says that nothing more will be sent.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  static func request(_ method: String, _ path: String, _ body: String = "", headers: [String] = []) -> String {
    head(method, path, bodyLength: body.utf8.count, headers: headers) + body
  }

  static func request(_ method: String, _ path: String, bytes: [UInt8], headers: [String] = []) -> [UInt8] {
    Array(head(method, path, bodyLength: bytes.count, headers: headers).utf8) + bytes
  }

  private static func head(_ method: String, _ path: String, bodyLength: Int, headers: [String]) -> String {
    let all = ["Host: localhost"] + (method == "POST" ? ["Content-Length: \(bodyLength)"] : []) + headers
    return "\(method) \(path) HTTP/1.1\r\n" + all.map { $0 + "\r\n" }.joined() + "\r\n"
  }

  func exchange(_ method: String, _ path: String, _ body: String = "", headers: [String] = []) throws -> Answer {
    try exchange(method, path, bytes: Array(body.utf8), headers: headers)
  }

  func exchange(_ method: String, _ path: String, bytes: [UInt8], headers: [String] = []) throws -> Answer {
    send(Self.request(method, path, bytes: bytes, headers: headers))
    return try receive(bodyFollows: method != "HEAD")
  }

  /// Reads one answer.
  func receive(bodyFollows: Bool = true) throws -> Answer {
    var end: Int?
    while end == nil {
      end = unread.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
      if end == nil, !fill() { throw Failure(message: "closed before a header section: \(unread.count) bytes") }
    }
    let head = String(decoding: unread[..<end!], as: UTF8.self).split(separator: "\r\n")
    guard let status = head.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw Failure(message: "no status line: \(head)")
    }
    var headers: [String: String] = [:]
    for line in head.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
    }
    unread.removeFirst(end!)
    if status == 100 { return try receive(bodyFollows: bodyFollows) }
    let length = bodyFollows ? Int(headers["content-length"] ?? "0") ?? 0 : 0
    while unread.count < length { if !fill() { throw Failure(message: "closed within a body") } }
    let body = Array(unread.prefix(length))
    unread.removeFirst(length)
    return Answer(status: status, headers: headers, bytes: body)
  }

  /// Reads one answer; nil if the peer closes without one. Throws at a timeout and at an answer that breaks off.
  func receiveIfAny() throws -> Answer? {
    if unread.isEmpty && !fill() {
      if errno == EAGAIN { throw Failure(message: "neither an answer nor a close") }
      return nil
    }
    return try receive()
  }

  /// Makes the end of this client a reset: thousands of connections leave no port in TIME_WAIT.
  func resetsAtEnd() {
    var hard = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
  }

  /// Whether the peer closes, after at most the timeout and without a further answer.
  func isClosedByPeer() -> Bool { unread.isEmpty && !fill() }

  private func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65536)
    errno = 0
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    unread += chunk.prefix(count)
    return true
  }
}

/// Small MNIST: the first hundred rows of the test set.
struct MNISTSample: Decodable {
  let rows: [[Int]]
  let labels: [Int]

  static func load() throws -> MNISTSample {
    let url = Bundle.module.url(forResource: "Data/mnist-sample", withExtension: "json")!
    return try JSONDecoder().decode(MNISTSample.self, from: Data(contentsOf: url))
  }

  func body(_ range: Range<Int>, extra: String = "") -> String {
    "{\"instances\":["
      + rows[range].map { "[" + $0.map(String.init).joined(separator: ",") + "]" }.joined(separator: ",")
      + "]\(extra)}"
  }
}
