import Foundation

/// One connection to a server under test, whatever is between them. Every wait is bounded.
public protocol HTTPClient: AnyObject {
  /// Sends bytes, or as many as the server takes; false: it has closed.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool
  /// Says that nothing more will be sent.
  func finishSending()
  /// Reads one answer.
  /// - Parameter bodyFollows: false for the answer to a HEAD.
  /// - Throws: `HTTPClientFailure` when there is none within the time, or only a part of one.
  func receive(bodyFollows: Bool) throws -> HTTPAnswer
  /// Reads one answer; nil: the server has closed without one.
  func receiveIfAny() throws -> HTTPAnswer?
  /// Leaves at once, without waiting for an answer.
  func disconnect()
  /// Whether the server closes, after at most the time limit and without a further answer.
  func isClosedByPeer() -> Bool
}

/// What a server answered.
public struct HTTPAnswer: Sendable {
  public var status: Int
  /// By lower-case name.
  public var headers: [String: String]
  public var bytes: [UInt8]

  public init(status: Int, headers: [String: String], bytes: [UInt8]) {
    (self.status, self.headers, self.bytes) = (status, headers, bytes)
  }

  /// The body as text.
  public var body: String { String(decoding: bytes, as: UTF8.self) }

  /// The body as a JSON object; empty: it is none.
  public var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] ?? [:] }
}

/// Why there is no answer.
public struct HTTPClientFailure: Error {
  public let message: String
  public init(message: String) { self.message = message }
}

extension HTTPClient {
  public func send(_ text: String) { send(Array(text.utf8)) }

  public func receive() throws -> HTTPAnswer { try receive(bodyFollows: true) }

  public static func request(_ method: String, _ path: String, _ body: String = "", headers: [String] = []) -> String {
    requestHead(method, path, bodyLength: body.utf8.count, headers: headers) + body
  }

  public static func request(_ method: String, _ path: String, bytes: [UInt8], headers: [String] = []) -> [UInt8] {
    Array(requestHead(method, path, bodyLength: bytes.count, headers: headers).utf8) + bytes
  }

  @discardableResult
  public func exchange(
    _ method: String, _ path: String, _ body: String = "", headers: [String] = []
  ) throws -> HTTPAnswer {
    try exchange(method, path, bytes: Array(body.utf8), headers: headers)
  }

  @discardableResult
  public func exchange(
    _ method: String, _ path: String, bytes: [UInt8], headers: [String] = []
  ) throws -> HTTPAnswer {
    send(Self.request(method, path, bytes: bytes, headers: headers))
    return try receive(bodyFollows: method != "HEAD")
  }

  private static func requestHead(_ method: String, _ path: String, bodyLength: Int, headers: [String]) -> String {
    let all = ["Host: localhost"] + (method == "POST" ? ["Content-Length: \(bodyLength)"] : []) + headers
    return "\(method) \(path) HTTP/1.1\r\n" + all.map { $0 + "\r\n" }.joined() + "\r\n"
  }
}

/// A server under test: a process behind sockets, or a handler in this process.
public protocol ServerUnderTest {
  /// Opens a connection.
  func connect() throws -> any HTTPClient
}
