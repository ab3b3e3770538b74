// For sockaddr_storage, which the compiler takes for a part of the module that was the first to include its header.
internal import CMicroHTTPD
import Glibc

/// The address of a socket, as system calls take it.
public struct SocketAddress: Sendable {
  private var storage = sockaddr_storage()
  private let length: socklen_t

  /// `AF_INET`, `AF_INET6` or `AF_UNIX`.
  public var family: Int32 { Int32(storage.ss_family) }

  /// - Parameter isPassive: it is to be listened at, and not connected to.
  /// - Throws: where a host has no address, or a socket file no path of 1 to 107 bytes.
  public init(_ address: ListenAddress, isPassive: Bool = false) throws(ServerError) {
    switch address {
    case .tcp(let host, let port): try self.init(host: host, port: port, isPassive: isPassive)
    case .unix(let path):
      // A path ends at a zero byte (unix(7)).
      guard !path.isEmpty, let address = Self(unix: Array(path.utf8) + [0]) else {
        throw ServerError(
          kind: .path, description: "The socket path \(path) has \(path.utf8.count) bytes; give one of 1 to 107 bytes.")
      }
      self = address
    }
  }

  /// That of an abstract socket, which has no file.
  /// - Returns: nil when the name has not 1 to 107 bytes.
  public init?(abstract name: String) {
    // It stands behind a zero byte and ends where the address does (unix(7)).
    guard !name.isEmpty else { return nil }
    self.init(unix: [0] + Array(name.utf8))
  }

  private init?(unix bytes: [UInt8]) {
    var address = sockaddr_un()
    guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    length = socklen_t(MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path) + bytes.count)
    withUnsafeBytes(of: &address) { bytes in withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: bytes) } }
  }

  private init(host: String, port: UInt16, isPassive: Bool) throws(ServerError) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = isPassive ? AI_PASSIVE : 0
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &found)
    guard code == 0, let first = found?.pointee else {
      throw ServerError(
        kind: .unknownHost,
        description: "The host \(host) has no address (\(String(cString: gai_strerror(code)))); give another.")
    }
    defer { freeaddrinfo(found) }
    length = first.ai_addrlen
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: first.ai_addr, count: Int(first.ai_addrlen)))
    }
  }

  /// The same host with another port.
  func with(port: UInt16) -> SocketAddress {
    var address = self
    // sin_port and sin6_port lie at the same offset.
    withUnsafeMutableBytes(of: &address.storage) {
      $0.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
    }
    return address
  }

  /// connect(2) of a socket to it.
  public func connect(_ descriptor: Int32) -> Int32 { withSockaddr { Glibc.connect(descriptor, $0, $1) } }

  /// sendto(2) of a datagram to it, which never waits.
  /// - Returns: how many bytes were sent; negative: `errno` says why not.
  public func send(_ bytes: [UInt8], from descriptor: Int32) -> Int {
    withSockaddr { sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, $1) }
  }

  /// Lends it to a call.
  func withSockaddr<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
  ) rethrows -> Result {
    try withUnsafePointer(to: storage) {
      try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, length) }
    }
  }
}
