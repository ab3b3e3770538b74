/// One connection's clock: what it is doing, since when, and what to do about it when that takes too long.
///
/// libmicrohttpd's own connection timeout is an inactivity timer (one byte a second keeps a slow client for ever), so these
/// are absolute. A pure state machine: times in nanoseconds of one monotonic clock.
struct Deadlines: Equatable {
  enum Phase: Equatable {
    /// Connected, no request line yet.
    case fresh
    /// A request line arrived, the header section is not complete.
    case header
    case body
    /// A refused body is read and thrown away before the answer.
    case draining
    /// Answered on the raw socket; waiting for the client to close.
    case lingering
    /// The handler has it: its deadline is the handler's business.
    case handling
    /// The answer is on its way.
    case sending
    /// Between two requests.
    case idle
    /// Shut down by us; libmicrohttpd will close it.
    case closing
  }

  struct Limits {
    var header: UInt64
    var body: UInt64
    var idle: UInt64
    /// For draining and lingering.
    var drain: UInt64 = 1_000_000_000
  }

  enum Action: Equatable {
    case none
    /// Shut the socket down without a word.
    case close
    /// 408 and close, if a part of a request has arrived since the phase began; else only close.
    case timeOutIfStarted
    /// 408 and close.
    case timeOut(ServerRejection.Reason)
    /// Give the rejection on the raw socket, then linger.
    case answerDrained
  }

  private(set) var phase = Phase.fresh
  private(set) var since: UInt64

  init(connectedAt now: UInt64) { since = now }

  mutating func enter(_ phase: Phase, at now: UInt64) {
    self.phase = phase
    since = now
  }

  func action(at now: UInt64, limits: Limits) -> Action {
    let elapsed = now > since ? now - since : 0
    switch phase {
    case .fresh: return elapsed >= limits.header ? .timeOutIfStarted : .none
    case .header: return elapsed >= limits.header ? .timeOut(.headerTimeout) : .none
    case .body: return elapsed >= limits.body ? .timeOut(.bodyTimeout) : .none
    case .draining: return elapsed >= limits.drain ? .answerDrained : .none
    case .lingering: return elapsed >= limits.drain ? .close : .none
    case .sending: return elapsed >= limits.body ? .close : .none
    case .idle: return elapsed >= limits.idle ? .timeOutIfStarted : .none
    case .handling, .closing: return .none
    }
  }
}
