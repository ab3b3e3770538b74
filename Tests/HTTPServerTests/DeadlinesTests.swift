import Testing

@testable import HTTPServer

@Suite struct DeadlinesTests {
  typealias Start = ExchangeStateTests.Start

  /// Header 10, body 30, idle 75, drain 1.
  static let deadlines: Deadlines = {
    var deadlines = Deadlines(header: 10, body: 30, idle: 75)
    deadlines.drain = 1
    return deadlines
  }()

  static let expiries: [(Start, UInt64, Expiry)] = [
    (.connected, 10, .rejectIfStarted(.headerTimeout)), (.readingHeader, 10, .reject(.headerTimeout)),
    (.readingBody, 30, .reject(.bodyTimeout)),
    (.lingering, 1, .close), (.sending, 30, .close), (.idle, 75, .rejectIfStarted(.headerTimeout)),
  ]

  @Test(arguments: expiries)
  func `a phase expires exactly at its limit`(start: Start, limit: UInt64, expiry: Expiry) {
    #expect(start.state.expiry(at: limit - 1, Self.deadlines) == .none)
    #expect(start.state.expiry(at: limit, Self.deadlines) == expiry)
  }

  @Test(arguments: Start.all(but: expiries.map(\.0)))
  func `a phase that is the handler's business or over never expires`(start: Start) {
    #expect(start.state.expiry(at: .max, Self.deadlines) == .none)
  }

  @Test func `a clock that was read before the phase began counts as no time`() {
    var state = Start.connected.state
    _ = state.requestLineArrived(at: 1000)
    #expect(state.expiry(at: 0, Self.deadlines) == .none)
    #expect(state.expiry(at: 1009, Self.deadlines) == .none)
    #expect(state.expiry(at: 1010, Self.deadlines) == .reject(.headerTimeout))
  }
}
