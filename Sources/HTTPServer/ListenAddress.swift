/// Where a server listens.
public enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// A name or numeric address and a port; port 0 lets the kernel choose.
  case tcp(host: String, port: UInt16)
  /// A socket file.
  case unix(path: String)

  /// `unix:PATH` is a socket file and ignores the port; every other host is TCP, IPv6 with or without brackets.
  public init(host: String, port: UInt16) {
    if host.hasPrefix("unix:") {
      self = .unix(path: String(host.dropFirst("unix:".count)))
    } else if host.hasPrefix("["), host.hasSuffix("]") {
      self = .tcp(host: String(host.dropFirst().dropLast()), port: port)
    } else {
      self = .tcp(host: host, port: port)
    }
  }

  /// `HOST:PORT`, `[ADDRESS]:PORT` or `unix:PATH`; nil: it is none of these.
  public init?(_ text: String) {
    if text.hasPrefix("unix:") {
      self.init(host: text, port: 0)
    } else {
      guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
        colon > text.startIndex
      else { return nil }
      self.init(host: String(text[..<colon]), port: port)
    }
  }

  /// A URL a client can use: `http://127.0.0.1:8080`, `http://[::1]:8080`, `unix:/run/radial.sock`.
  public var description: String { url(isEncrypted: false) }

  /// The same for a server that speaks TLS: `https://127.0.0.1:8443`.
  func url(isEncrypted: Bool) -> String {
    switch self {
    case .tcp(let host, let port):
      (isEncrypted ? "https://" : "http://") + (host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
    case .unix(let path): "unix:\(path)"
    }
  }
}
