import Batching
import Testing

@testable import InferenceAPI

@Suite struct TurnSchedulerTests {
  private static let scheduler = TurnScheduler(
    maxWaitingRows: 10, policy: InlinePolicy(budgetNanoseconds: 1_000_000))

  /// The refusals of requests of so many rows, one after another, and the turn that they make.
  private func gather(_ rows: [Int]) -> (refusals: [TurnScheduler.Refusal?], turn: Turn<Int>) {
    var turn = Turn<Int>()
    let refusals = rows.enumerated().map { index, rows in
      Self.scheduler.append(index, rows: rows, deadline: nil, now: 0, to: &turn)
    }
    return (refusals, turn)
  }

  @Test func `rows are taken until as many wait as may, and smaller requests behind a larger one still are`() {
    let (refusals, turn) = gather([4, 6, 1])
    #expect(refusals == [nil, nil, .full] && turn.requests == [0, 1] && turn.rows == 10)
    let (others, rest) = gather([4, 7, 6])
    #expect(others == [nil, .full, nil] && rest.requests == [0, 2] && rest.rows == 10)
  }

  @Test func `a request of more rows than may wait is taken alone`() {
    let (refusals, turn) = gather([11, 1])
    #expect(refusals == [nil, .full] && turn.requests == [0] && turn.rows == 11)
  }

  @Test func `a deadline that has passed is refused, and what is refused is never made`() {
    var turn = Turn<Int>()
    for (deadline, now, refusal) in [
      (5, 4, nil), (5, 5, TurnScheduler.Refusal.deadlinePassed), (5, 6, .deadlinePassed),
    ] {
      var isMade = false
      func request() -> Int {
        isMade = true
        return 0
      }
      let found = Self.scheduler.append(request(), rows: 1, deadline: UInt64(deadline), now: UInt64(now), to: &turn)
      #expect(found == refusal && isMade == (refusal == nil))
    }
    #expect(turn.requests.count == 1)
  }

  @Test func `a turn runs inline within the budget, or where the hops of its requests would cost more`() {
    let few = gather([1]).turn
    #expect(Self.scheduler.placement(of: few, nanoseconds: 1_000_000) == .inline)
    #expect(Self.scheduler.placement(of: few, nanoseconds: 1_000_001) == .queue)
    var many = Turn<Int>()
    let wide = TurnScheduler(maxWaitingRows: 1000, policy: InlinePolicy(budgetNanoseconds: 1_000_000))
    for index in 0..<100 { #expect(wide.append(index, rows: 1, deadline: nil, now: 0, to: &many) == nil) }
    #expect(wide.placement(of: many, nanoseconds: 100 * InlinePolicy.hopNanoseconds) == .inline)
    #expect(wide.placement(of: many, nanoseconds: 101 * InlinePolicy.hopNanoseconds) == .queue)
  }

  @Test func `what is taken out of a turn is no longer in it, and its memory comes back`() {
    var turn = gather([1, 2]).turn
    let taken = turn.take()
    #expect(taken == [0, 1] && turn.isEmpty && turn.rows == 0)
    turn.putBack(taken)
    #expect(turn.isEmpty)
    #expect(Self.scheduler.append(7, rows: 3, deadline: nil, now: 0, to: &turn) == nil)
    #expect(turn.requests == [7] && turn.rows == 3)
  }
}

extension TurnScheduler {
  /// Adds a request to a turn, or says why not, as a reactor's handler does.
  fileprivate func append<Request>(
    _ request: @autoclosure () -> Request, rows: Int, deadline: UInt64?, now: UInt64, to turn: inout Turn<Request>
  ) -> Refusal? {
    let refusal = refusal(rows: rows, deadline: deadline, now: now, to: turn)
    if refusal == nil { turn.append(request(), rows: rows) }
    return refusal
  }
}
