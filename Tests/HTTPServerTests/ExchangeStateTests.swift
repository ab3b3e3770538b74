import Testing

@testable import HTTPServer

/// The state machine of an exchange without a socket: every event in every phase.
@Suite struct ExchangeStateTests {
  typealias State = ExchangeState<String>

  /// Where a test starts: a phase and the events that lead to it, all at time 0.
  enum Start: String, CaseIterable, CustomTestStringConvertible {
    case connected, idle, readingHeader, readingBody, lingering, handling, suspended, answered,
      answeredSuspended, sending, closing, closed

    var testDescription: String { rawValue }

    /// Every start but those listed: what an event is not for.
    static func all(but exceptions: [Start]) -> [Start] { allCases.filter { !exceptions.contains($0) } }

    var state: State {
      var state = State(connectedAt: 0)
      func begin() { _ = state.requestLineArrived(at: 0) }
      func receive() {
        begin()
        state.headerAccepted(at: 0)
        state.requestReceived(run: 1, at: 0)
      }
      switch self {
      case .connected: break
      case .idle:
        begin()
        _ = state.requestCompleted(parserStatus: 0, at: 0)
      case .readingHeader: begin()
      case .readingBody:
        begin()
        state.headerAccepted(at: 0)
      case .lingering: _ = state.interrupt(at: 0)
      case .handling: receive()
      case .suspended:
        receive()
        _ = state.access(bytes: 0, run: 2, drainLimit: 10, at: 0)
      case .answered:
        receive()
        _ = state.respond("answer")
      case .answeredSuspended:
        receive()
        _ = state.access(bytes: 0, run: 2, drainLimit: 10, at: 0)
        _ = state.respond("answer")
      case .sending:
        begin()
        state.reject(drains: false, at: 0)
      case .closing: _ = state.shutDown(at: 0)
      case .closed: _ = state.connectionClosed(at: 0)
      }
      return state
    }
  }

  static let phases: [(Start, State.Phase)] = [
    (.connected, .connected), (.idle, .idle), (.readingHeader, .readingHeader), (.readingBody, .readingBody),
    (.lingering, .lingering(discarded: 0)),
    (.handling, .handling(run: 1)),
    (.suspended, .suspended), (.answered, .answered(wasSuspended: false)),
    (.answeredSuspended, .answered(wasSuspended: true)), (.sending, .sending), (.closing, .closing),
    (.closed, .closed),
  ]

  @Test(arguments: phases)
  func `the events of each start lead to its phase`(start: Start, phase: State.Phase) {
    #expect(start.state.phase == phase)
    let isAnswered = start == .answered || start == .answeredSuspended
    #expect(start.state.answer == (isAnswered ? "answer" : nil))
    #expect(Self.phases.count == Start.allCases.count)
  }

  @Test(arguments: Start.allCases)
  func `a request line begins a request unless one is owed an answer or the end has begun`(start: Start) {
    var state = start.state
    let begins: [Start] = [.connected, .idle, .readingHeader, .readingBody, .sending]
    #expect(state.requestLineArrived(at: 5) == begins.contains(start))
    #expect(state.phase == (begins.contains(start) ? .readingHeader : start.state.phase))
    #expect(state.since == (begins.contains(start) ? 5 : 0))
  }

  /// What libmicrohttpd is told in every phase: when it brings nothing in a later run, and when it brings a part of a body.
  static let accesses: [(Start, State.AccessAction, State.Phase, State.AccessAction)] = [
    (.connected, .validateHeader, .connected, .validateHeader), (.idle, .validateHeader, .idle, .validateHeader),
    (.readingHeader, .validateHeader, .readingHeader, .validateHeader),
    (.readingBody, .finishBody, .readingBody, .appendBody),
    (.lingering, .close, .lingering(discarded: 0), .discard),
    (.handling, .suspend, .suspended, .suspend), (.suspended, .wait, .suspended, .wait),
    (.answered, .send(resetsTimeout: false), .sending, .send(resetsTimeout: false)),
    (.answeredSuspended, .send(resetsTimeout: true), .sending, .send(resetsTimeout: true)),
    (.sending, .wait, .sending, .wait), (.closing, .close, .closing, .discard), (.closed, .wait, .closed, .wait),
  ]

  @Test(arguments: accesses)
  func `libmicrohttpd is told what to do in every phase`(
    start: Start, empty: State.AccessAction, next: State.Phase, part: State.AccessAction
  ) {
    var state = start.state
    #expect(state.access(bytes: 0, run: 2, drainLimit: 10, at: 5) == empty)
    #expect(state.phase == next)
    if case .send = empty {
      #expect(state.takeAnswer() == "answer" && state.answer == nil && state.since == 5)
    }
    var other = start.state
    #expect(other.access(bytes: 7, run: 2, drainLimit: 10, at: 5) == part)
    #expect(Self.accesses.count == Start.allCases.count)
  }

  @Test func `a request is suspended in the run after its arrival, not before`() {
    var state = Start.handling.state
    #expect(state.access(bytes: 0, run: 1, drainLimit: 10, at: 5) == .wait)
    #expect(state.phase == .handling(run: 1))
    #expect(state.access(bytes: 0, run: 2, drainLimit: 10, at: 6) == .suspend)
  }

  @Test func `what follows an answer on the raw socket is bounded`() {
    var state = Start.lingering.state
    #expect(state.access(bytes: 6, run: 2, drainLimit: 10, at: 5) == .discard)
    #expect(state.access(bytes: 4, run: 2, drainLimit: 10, at: 6) == .discard)
    // Its time limit is for the whole of it.
    #expect(state.since == 0)
    #expect(state.access(bytes: 1, run: 2, drainLimit: 10, at: 7) == .close)
  }

  @Test(arguments: [true, false])
  func `what follows a rejection is read, if it can be trusted`(drains: Bool) {
    var state = Start.readingHeader.state
    state.reject(drains: drains, at: 5)
    #expect(state.phase == (drains ? .lingering(discarded: 0) : .sending))
    #expect(state.since == 5)
  }

  @Test(arguments: Start.allCases)
  func `an answer counts while one is owed, and only once`(start: Start) {
    var state = start.state
    let expected: State.WakeAction = start == .handling ? .runAgain : start == .suspended ? .resume : .none
    #expect(state.respond("late") == expected)
    switch start {
    case .handling: #expect(state.phase == .answered(wasSuspended: false) && state.answer == "late")
    case .suspended: #expect(state.phase == .answered(wasSuspended: true) && state.answer == "late")
    default: #expect(state.phase == start.state.phase)
    }
    #expect(state.respond("twice") == .none)
  }

  @Test(arguments: Start.allCases)
  func `a request is cancelled while an answer is owed, and only once`(start: Start) {
    var state = start.state
    let expected: State.WakeAction = start == .handling ? .runAgain : start == .suspended ? .resume : .none
    #expect(state.cancel(at: 5) == expected)
    #expect(state.phase == (expected == .none ? start.state.phase : .closing))
    #expect(state.cancel(at: 6) == .none)
    if expected != .none { #expect(state.access(bytes: 0, run: 3, drainLimit: 10, at: 7) == .close) }
  }

  @Test(arguments: Start.allCases)
  func `the end of a request is told to the handler that owes its answer`(start: Start) {
    var state = start.state
    let loses: [Start] = [.handling, .suspended]
    #expect(state.requestCompleted(parserStatus: 0, at: 5) == (loses.contains(start) ? .loseClient : .none))
    let stays: [Start] = [.lingering, .closing, .closed]
    #expect(state.phase == (stays.contains(start) ? start.state.phase : .idle))
    #expect(state.since == (stays.contains(start) ? 0 : 5))
  }

  @Test(arguments: Start.allCases)
  func `what libmicrohttpd's parser refused is reported`(start: Start) {
    var state = start.state
    let action = state.requestCompleted(parserStatus: 431, at: 5)
    switch start {
    case .connected, .idle, .readingHeader: #expect(action == .report(.unparsedHeader(status: 431)))
    case .handling, .suspended: #expect(action == .loseClient)
    default: #expect(action == .none)
    }
  }

  @Test(arguments: Start.allCases)
  func `the end of a connection is told to the handler that owes an answer, once`(start: Start) {
    var state = start.state
    let loses: [Start] = [.handling, .suspended]
    #expect(state.connectionClosed(at: 5) == (loses.contains(start) ? .loseClient : .none))
    #expect(state.phase == .closed)
    #expect(state.connectionClosed(at: 6) == .none)
    #expect(state.respond("late") == .none)
  }

  @Test(arguments: Start.allCases)
  func `a request is interrupted while it arrives`(start: Start) {
    var state = start.state
    let reads: [Start] = [.connected, .idle, .readingHeader, .readingBody]
    #expect(state.interrupt(at: 5) == reads.contains(start))
    #expect(state.phase == (reads.contains(start) ? .lingering(discarded: 0) : start.state.phase))
  }

  @Test(arguments: Start.allCases)
  func `a connection is shut down unless the handler has its request`(start: Start) {
    var state = start.state
    let stays: [Start] = [.handling, .suspended, .closing, .closed]
    #expect(state.shutDown(at: 5) == !stays.contains(start))
    #expect(state.phase == (stays.contains(start) ? start.state.phase : .closing))
    // Nothing that arrives afterwards becomes a request.
    if !stays.contains(start) { #expect(state.requestLineArrived(at: 6) == false) }
  }

  @Test(arguments: Start.allCases)
  func `each phase is one of reading, owing, sending, between requests or over`(start: Start) {
    let state = start.state
    let claims = [state.isReading, state.isOwed, state.isSending, state.isBetweenRequests].filter(\.self).count
    #expect(claims == ([.lingering, .closing, .closed].contains(start) ? 0 : 1))
    #expect(state.isUnanswered == [.handling, .suspended].contains(start))
  }
}
