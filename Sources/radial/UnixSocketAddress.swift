import Glibc

/// The address of a socket file or of an abstract socket (unix(7)).
struct UnixSocketAddress {
  private var address = sockaddr_un()
  private let length: socklen_t

  /// - Parameters:
  ///   - name: a path, or the name of an abstract socket.
  ///   - isAbstract: the socket has no file.
  /// - Returns: nil when the path has not 1 to 107 bytes, the name not 1 to 106.
  init?(_ name: String, isAbstract: Bool = false) {
    // The name of an abstract socket is behind a zero byte and ends where the address does; a path ends at a zero byte.
    let bytes = isAbstract ? [0] + Array(name.utf8) : Array(name.utf8)
    guard !name.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let head = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
    length = socklen_t(head + bytes.count + (isAbstract ? 0 : 1))
  }

  /// Lends it to a call.
  func withSockaddr<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
  ) rethrows -> Result {
    try withUnsafePointer(to: address) {
      try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, length) }
    }
  }
}
