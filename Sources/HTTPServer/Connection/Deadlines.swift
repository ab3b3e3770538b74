/// How long a connection may take for each of its phases, in nanoseconds.
///
/// libmicrohttpd's own connection timeout is an inactivity timer (one byte a second keeps a slow client for ever), so these are absolute.
package struct Deadlines {
  /// From the connection's start, or the request line's arrival, to the end of the header section.
  package var header: UInt64
  /// From the end of the header section to the end of the body; from an answer to its last byte.
  package var body: UInt64
  /// Between two requests.
  package var idle: UInt64
  /// For a client to close after an answer on the raw socket.
  package var drain: UInt64 = 1_000_000_000

  /// - Parameters: in nanoseconds, each from the beginning of its phase.
  package init(header: UInt64, body: UInt64, idle: UInt64) {
    (self.header, self.body, self.idle) = (header, body, idle)
  }

  /// The deadlines that a configuration asks for.
  package init(_ configuration: ServerConfiguration) {
    self.init(
      header: configuration.headerTimeout.nanoseconds, body: configuration.bodyTimeout.nanoseconds,
      idle: configuration.idleTimeout.nanoseconds)
  }
}

/// What to do about a connection that took too long.
package enum Expiry: Equatable {
  /// It did not, or its deadline is the handler's business.
  case none
  /// Shut the socket down without a word.
  case close
  /// The same, but with an answer first if a part of a request has arrived since the phase began.
  case rejectIfStarted(ServerRejection)
  /// Answer on the raw socket, then shut it down.
  case reject(ServerRejection)
}

extension ExchangeState {
  /// Whether the phase has lasted longer than it may.
  package func expiry(at now: UInt64, _ deadlines: Deadlines) -> Expiry {
    // A clock that was read before the phase began counts as no time.
    let elapsed = now > since ? now - since : 0
    switch phase {
    case .connected: return elapsed >= deadlines.header ? .rejectIfStarted(.headerTimeout) : .none
    case .readingHeader: return elapsed >= deadlines.header ? .reject(.headerTimeout) : .none
    case .readingBody: return elapsed >= deadlines.body ? .reject(.bodyTimeout) : .none
    case .lingering: return elapsed >= deadlines.drain ? .close : .none
    case .sending: return elapsed >= deadlines.body ? .close : .none
    case .idle: return elapsed >= deadlines.idle ? .rejectIfStarted(.headerTimeout) : .none
    case .handling, .suspended, .answered, .closing, .closed: return .none
    }
  }
}
