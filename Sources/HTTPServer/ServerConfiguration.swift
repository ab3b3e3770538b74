public import Bytes

/// What a server listens on and how much it lets a client take.
public struct ServerConfiguration: Sendable {
  /// Where clients connect.
  public var address: ListenAddress
  /// Reactor threads, each with a listening socket of its own; at least 1.
  public var reactors: Int
  /// Largest request body in bytes, as sent and as inflated; beyond it, or beyond half of `memory`, 413.
  public var maxBodyBytes = 16 << 20
  /// Largest header section in bytes; beyond it 431.
  public var maxHeaderBytes = 8 << 10
  /// Whether a body without a `Content-Length` is refused (411).
  public var refusesChunked = false
  /// Open connections over all reactors; beyond it 503.
  public var maxConnections = 10_000
  /// From a connection's start, or a request line's arrival, to the end of the header section.
  public var headerTimeout: Duration = .seconds(10)
  /// From the end of the header section to the end of the body; also from an answer to its last byte sent.
  public var bodyTimeout: Duration = .seconds(30)
  /// From an answer to the next request line on the same connection.
  public var idleTimeout: Duration = .seconds(75)
  /// What request bodies are counted in, as sent and as inflated, as they arrive; beyond it 503. Its handler may count more in it.
  public var memory = MemoryBudget(limit: 512 << 20)
  /// What it proves itself with; nil: it speaks no TLS.
  public var tls: TLSIdentity?

  /// The defaults, for an address and a number of threads.
  public init(address: ListenAddress = .tcp(host: "127.0.0.1", port: 8080), reactors: Int = 1) {
    self.address = address
    self.reactors = reactors
  }
}

extension Duration {
  /// Whole nanoseconds; negative durations are 0.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    return seconds < 0 ? 0 : UInt64(seconds) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
  }
}
