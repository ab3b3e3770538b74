import Testing

@testable import HTTPServer

@Suite struct DeadlinesTests {
  static let limits = Deadlines.Limits(header: 10, body: 30, idle: 75, drain: 1)

  fileprivate static let expiries: [(Deadlines.Phase, UInt64, Deadlines.Action)] = [
    (Deadlines.Phase.fresh, UInt64(10), Deadlines.Action.timeOutIfStarted), (.header, 10, .timeOut(.headerTimeout)),
    (.body, 30, .timeOut(.bodyTimeout)), (.draining, 1, .answerDrained), (.lingering, 1, .close),
    (.sending, 30, .close),
    (.idle, 75, .timeOutIfStarted),
  ]

  @Test(arguments: expiries)
  func expiresExactlyAtItsLimit(phase: Deadlines.Phase, limit: UInt64, action: Deadlines.Action) {
    var deadlines = Deadlines(connectedAt: 0)
    deadlines.enter(phase, at: 1000)
    #expect(deadlines.action(at: 1000 + limit - 1, limits: Self.limits) == .none)
    #expect(deadlines.action(at: 1000 + limit, limits: Self.limits) == action)
    // A clock read before the phase began counts as no time.
    #expect(deadlines.action(at: 0, limits: Self.limits) == .none)
  }

  @Test(arguments: [Deadlines.Phase.handling, .closing])
  func neverExpires(phase: Deadlines.Phase) {
    var deadlines = Deadlines(connectedAt: 0)
    deadlines.enter(phase, at: 0)
    #expect(deadlines.action(at: .max, limits: Self.limits) == .none)
  }
}
