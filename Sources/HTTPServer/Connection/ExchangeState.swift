/// Where one connection and the request on it stand, since when, and what to do next.
///
/// A pure state machine: its methods take what libmicrohttpd, the handler or the clock say and return what is to be done; `Exchange`
/// does it. Events that a state does not expect change nothing and ask for nothing: after the end of a connection, or after an answer
/// that was given on the raw socket, libmicrohttpd and the handler go on for a while without knowing. Times are nanoseconds of one
/// monotonic clock.
package struct ExchangeState<Answer> {
  /// The one thing that a connection is doing.
  package enum Phase: Equatable, Sendable {
    /// Connected; no request line yet.
    case connected
    /// Between two requests.
    case idle
    /// A request line is complete, the header section is not.
    case readingHeader
    case readingBody
    /// Answered on the raw socket: what still comes is thrown away until the client closes, or has sent too much, so that it sees the
    /// answer and not a reset.
    case lingering(discarded: Int)
    /// The handler has the request, which it was given in this call of MHD_run.
    case handling(run: UInt64)
    /// The handler has the request, and libmicrohttpd has forgotten the connection until it is resumed.
    case suspended
    /// The handler has answered; libmicrohttpd has not asked yet. The answer is kept beside the phase.
    case answered(wasSuspended: Bool)
    /// libmicrohttpd has the answer.
    case sending
    /// Shut down or given up by us: what still comes is thrown away until libmicrohttpd closes.
    case closing
    case closed
  }

  /// What a call of libmicrohttpd's access handler is answered with.
  package enum AccessAction: Equatable, Sendable {
    /// Judge the header section, then call `headerAccepted` or `reject`.
    case validateHeader
    /// Keep this part of the body; if it cannot be kept, call `reject`.
    case appendBody
    /// The body is complete: call `reject`, or `requestReceived` and give it to the handler.
    case finishBody
    /// Consume this part, if there is one, and throw it away.
    case discard
    /// Nothing yet: libmicrohttpd asks again in its next run.
    case wait
    /// Suspend the connection.
    case suspend
    /// Queue the handler's answer, which `takeAnswer` gives.
    /// - Parameter resetsTimeout: the connection was given a timeout of its own for its suspension.
    case send(resetsTimeout: Bool)
    /// Tell libmicrohttpd to close the connection.
    case close
  }

  /// How libmicrohttpd is made to ask for what the handler has decided.
  package enum WakeAction: Equatable {
    case none
    /// Its next run does; there must be one at once.
    case runAgain
    /// Resume the connection, then run at once.
    case resume
  }

  /// Who is told about a request that is over.
  package enum CompletionAction: Equatable {
    case none
    /// The handler still owed an answer: its client is gone.
    case loseClient
    /// libmicrohttpd's parser has answered by itself.
    case report(ServerRejection)
  }

  // Without the answer, phases and actions are values without references: they are copied at each of a request's events.
  /// The one thing that the connection is doing.
  package private(set) var phase = Phase.connected
  /// The handler's, from its `respond` on until it is taken.
  package private(set) var answer: Answer?
  /// When the phase began.
  package private(set) var since: UInt64

  /// A connection without a request.
  package init(connectedAt now: UInt64) { since = now }

  // MARK: A request arrives

  /// The request line is complete.
  /// - Returns: whether a request begins with it.
  package mutating func requestLineArrived(at now: UInt64) -> Bool {
    switch phase {
    case .connected, .idle, .readingHeader, .readingBody, .sending:
      enter(.readingHeader, at: now)
      return true
    case .handling, .suspended, .answered, .lingering, .closing, .closed: return false
    }
  }

  /// libmicrohttpd calls its access handler: first with the header section alone, then with each part of the body, then with nothing
  /// until it has a response.
  /// - Parameters:
  ///   - bytes: of this part of the body.
  ///   - run: the number of this call of MHD_run.
  ///   - drainLimit: as many bytes of a rejected body are read before the connection is closed.
  package mutating func access(bytes: Int, run: UInt64, drainLimit: Int, at now: UInt64) -> AccessAction {
    switch phase {
    case .connected, .idle, .readingHeader: return .validateHeader
    case .readingBody: return bytes > 0 ? .appendBody : .finishBody
    case .lingering(let discarded):
      guard bytes > 0, discarded + bytes <= drainLimit else { return .close }
      // Not entered anew: the time limit is for the whole of it.
      phase = .lingering(discarded: discarded + bytes)
      return .discard
    case .closing: return bytes > 0 ? .discard : .close
    case .handling(run): return .wait
    case .handling:
      // Left unanswered across a sleep the connection would spin the CPU.
      enter(.suspended, at: now)
      return .suspend
    case .answered(let wasSuspended):
      phase = .sending
      since = now
      return .send(resetsTimeout: wasSuspended)
    case .suspended, .sending, .closed: return .wait
    }
  }

  /// The answer that `access` wants to be sent.
  package mutating func takeAnswer() -> Answer {
    guard let answer = answer.take() else { preconditionFailure("the answer is taken once, when it is to be sent") }
    return answer
  }

  /// The header section was found in order.
  package mutating func headerAccepted(at now: UInt64) { enter(.readingBody, at: now) }

  /// The request being read is rejected.
  /// - Parameter drains: its body still follows, in a framing that can be trusted: the answer is given on the raw socket, and what follows
  ///   thrown away. Otherwise libmicrohttpd sends it.
  package mutating func reject(drains: Bool, at now: UInt64) {
    enter(drains ? .lingering(discarded: 0) : .sending, at: now)
  }

  /// The whole request is about to be given to the handler.
  package mutating func requestReceived(run: UInt64, at now: UInt64) { enter(.handling(run: run), at: now) }

  // MARK: The handler decides

  /// The handler answers.
  package mutating func respond(_ answer: consuming Answer) -> WakeAction {
    switch phase {
    case .handling:
      self.answer = answer
      phase = .answered(wasSuspended: false)
      return .runAgain
    case .suspended:
      self.answer = answer
      phase = .answered(wasSuspended: true)
      return .resume
    case .connected, .idle, .readingHeader, .readingBody, .lingering, .answered, .sending, .closing, .closed:
      return .none
    }
  }

  /// The handler gives the request up without an answer.
  package mutating func cancel(at now: UInt64) -> WakeAction {
    switch phase {
    case .handling:
      enter(.closing, at: now)
      return .runAgain
    case .suspended:
      enter(.closing, at: now)
      return .resume
    case .connected, .idle, .readingHeader, .readingBody, .lingering, .answered, .sending, .closing, .closed:
      return .none
    }
  }

  // MARK: A request or its connection ends

  /// The request is over for libmicrohttpd: its answer was sent, or never will be.
  /// - Parameter parserStatus: of the response that libmicrohttpd has queued by itself; 0: none. Asked for only in the header section.
  package mutating func requestCompleted(
    parserStatus: @autoclosure () -> Int, at now: UInt64
  ) -> CompletionAction {
    var action = CompletionAction.none
    switch phase {
    case .lingering, .closing, .closed: return .none
    case .handling, .suspended: action = .loseClient
    case .connected, .idle, .readingHeader:
      let status = parserStatus()
      if status >= 400 { action = .report(.unparsedHeader(status: status)) }
    case .readingBody, .answered, .sending: break
    }
    enter(.idle, at: now)
    return action
  }

  /// The connection is gone.
  package mutating func connectionClosed(at now: UInt64) -> CompletionAction {
    defer { enter(.closed, at: now) }
    return isUnanswered ? .loseClient : .none
  }

  // MARK: The server interrupts

  /// Answers on the raw socket instead of reading on.
  /// - Returns: false: this is no time for it, because an answer of libmicrohttpd's may be on its way or is owed.
  package mutating func interrupt(at now: UInt64) -> Bool {
    switch phase {
    case .connected, .idle, .readingHeader, .readingBody:
      enter(.lingering(discarded: 0), at: now)
      return true
    case .lingering, .handling, .suspended, .answered, .sending, .closing, .closed: return false
    }
  }

  /// Ends the connection in any phase, unless the handler has its request.
  /// - Returns: whether the socket is to be shut down.
  package mutating func shutDown(at now: UInt64) -> Bool {
    switch phase {
    case .connected, .idle, .readingHeader, .readingBody, .lingering, .answered, .sending:
      enter(.closing, at: now)
      return true
    case .handling, .suspended, .closing, .closed: return false
    }
  }

  private mutating func enter(_ phase: Phase, at now: UInt64) {
    if answer != nil { answer = nil }
    self.phase = phase
    since = now
  }
}

extension ExchangeState {
  /// Whether the handler still owes an answer.
  package var isUnanswered: Bool {
    switch phase {
    case .handling, .suspended: true
    default: false
    }
  }

  /// Whether libmicrohttpd has still to be given an answer.
  package var isOwed: Bool {
    switch phase {
    case .handling, .suspended, .answered: true
    default: false
    }
  }

  /// Whether an answer is on its way.
  package var isSending: Bool { if case .sending = phase { true } else { false } }

  /// Whether no request has begun.
  package var isBetweenRequests: Bool {
    switch phase {
    case .connected, .idle: true
    default: false
    }
  }

  /// Whether a body is arriving.
  package var isReadingBody: Bool { if case .readingBody = phase { true } else { false } }

  /// Whether a request has begun and is not yet the handler's.
  package var isReading: Bool {
    switch phase {
    case .readingHeader, .readingBody: true
    default: false
    }
  }
}

extension ExchangeState: Sendable where Answer: Sendable {}
