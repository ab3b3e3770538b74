// For sockaddr_storage, which the compiler takes for a part of the module that was the first to include its header.
internal import CMicroHTTPD
import Glibc

/// Listening sockets: one for each reactor, all at one address.
struct ListeningSockets {
  /// Where they really listen: port 0 is replaced by the kernel's choice.
  let address: ListenAddress
  private(set) var descriptors: [Int32]

  /// Binds and listens.
  init(_ address: ListenAddress, count: Int) throws(ServerError) {
    switch address {
    case .tcp(let host, let port):
      try self.init(host: host, port: port, SocketAddress(address, isPassive: true), count: count)
    case .unix(let path): try self.init(path: path, SocketAddress(address), count: count)
    }
  }

  /// Binds, without listening, and closes again.
  // The socket is not kept until somebody listens: that would not keep another server of ours away, whose SO_REUSEADDR lets it bind
  // as long as nobody listens. `init` looks again.
  static func check(_ address: ListenAddress) throws(ServerError) {
    switch address {
    case .tcp(let host, let port):
      let socketAddress = try SocketAddress(address, isPassive: true)
      let descriptor = try makeSocket(socketAddress.family, reusePort: false, "\(host):\(port)")
      defer { close(descriptor) }
      try bind(descriptor, socketAddress, "\(host):\(port)")
    case .unix(let path):
      close(try boundSocket(path, SocketAddress(address)))
      unlink(path)
    }
  }

  /// Removes the socket file of a Unix address.
  static func unlinkFile(of address: ListenAddress) {
    if case .unix(let path) = address { unlink(path) }
  }

  private init(host: String, port: UInt16, _ requested: SocketAddress, count: Int) throws(ServerError) {
    // With SO_REUSEPORT a second server on the port would silently take half of the connections. So the first bind is
    // without: it fails if anybody listens there, under any options.
    let probe = try Self.makeSocket(requested.family, reusePort: false, "\(host):\(port)")
    defer { close(probe) }
    try Self.bind(probe, requested, "\(host):\(port)")
    let chosen = port == 0 ? try Self.port(of: probe) : port
    let socketAddress = requested.with(port: chosen)
    // The probe stays bound, without listening, while the others bind: SO_REUSEPORT set after its bind lets them.
    var on: Int32 = 1
    setsockopt(probe, SOL_SOCKET, SO_REUSEPORT, &on, socklen_t(MemoryLayout<Int32>.size))
    var opened: [Int32] = []
    do {
      for _ in 0..<count {
        let descriptor = try Self.makeSocket(requested.family, reusePort: true, "\(host):\(chosen)")
        opened.append(descriptor)
        try Self.bind(descriptor, socketAddress, "\(host):\(chosen)")
        try Self.listen(descriptor, "\(host):\(chosen)")
      }
    } catch {
      for descriptor in opened { close(descriptor) }
      throw error
    }
    self.address = .tcp(host: host, port: chosen)
    descriptors = opened
  }

  private init(path: String, _ socketAddress: SocketAddress, count: Int) throws(ServerError) {
    let descriptor = try Self.boundSocket(path, socketAddress)
    do {
      try Self.listen(descriptor, path)
    } catch {
      close(descriptor)
      throw error
    }
    // Unix sockets know no SO_REUSEPORT: the reactors share one, each with a descriptor of its own.
    address = .unix(path: path)
    descriptors = [descriptor] + (1..<max(1, count)).map { _ in fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
  }

  /// A socket of the file at `path`, which is made.
  private static func boundSocket(_ path: String, _ address: SocketAddress) throws(ServerError) -> Int32 {
    try removeStaleFile(path, address)
    let descriptor = try makeSocket(AF_UNIX, reusePort: false, path)
    do {
      try bind(descriptor, address, path)
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  /// A socket file nobody listens on is left from a process that died; one that answers is somebody's.
  private static func removeStaleFile(_ path: String, _ address: SocketAddress) throws(ServerError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw ServerError(
        kind: .addressInUse, description: "\(path) exists and is not a socket; remove it or listen elsewhere.")
    }
    let probe = try makeSocket(AF_UNIX, reusePort: false, path)
    defer { close(probe) }
    let connected = address.connect(probe)
    // EAGAIN: a full backlog, so somebody is there.
    if connected == 0 || errno != ECONNREFUSED {
      throw ServerError(
        kind: .addressInUse, description: "Another process listens on \(path); stop it or listen elsewhere.")
    }
    unlink(path)
  }

  private static func makeSocket(_ family: Int32, reusePort: Bool, _ place: String) throws(ServerError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, type, 0)
    guard descriptor >= 0 else { throw failure("create a socket for", place) }
    var on: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    if family != AF_UNIX { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size) }
    if reusePort { setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, size) }
    // "::" takes IPv4 clients too, also against the system's default.
    var off: Int32 = 0
    if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, size) }
    return descriptor
  }

  private static func bind(_ descriptor: Int32, _ address: SocketAddress, _ place: String) throws(ServerError) {
    guard address.withSockaddr({ Glibc.bind(descriptor, $0, $1) }) != 0 else { return }
    guard errno == EADDRINUSE else { throw failure("bind", place) }
    throw ServerError(
      kind: .addressInUse, description: "Another process listens on \(place); stop it or choose another address.")
  }

  private static func listen(_ descriptor: Int32, _ place: String) throws(ServerError) {
    // The kernel cuts this to net.core.somaxconn.
    guard Glibc.listen(descriptor, 4096) == 0 else { throw failure("listen on", place) }
  }

  private static func failure(_ verb: String, _ place: String) -> ServerError {
    ServerError(
      kind: .socket,
      description: "Could not \(verb) \(place) (\(String(cString: strerror(errno)))); choose another address.")
  }

  private static func port(of descriptor: Int32) throws(ServerError) -> UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard code == 0 else { throw failure("read the port of", "the socket") }
    // sin_port and sin6_port lie at the same offset.
    return withUnsafeBytes(of: &storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
  }

}
