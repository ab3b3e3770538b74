import Batching

/// What one turn of a reactor may still do on its thread beside the small things, so that its sockets are read again soon.
struct TurnBudget {
  private let policy: InlinePolicy
  /// What the turn has done so far that was worth counting, in nanoseconds.
  private(set) var spentNanoseconds = 0.0

  init(_ policy: InlinePolicy) { self.policy = policy }

  /// Whether the turn may decode or encode something that takes so long: always where the way to another thread and back takes as long.
  mutating func mayTake(_ nanoseconds: Double) -> Bool {
    if nanoseconds <= 2 * InlinePolicy.hopNanoseconds { return true }
    guard spentNanoseconds + nanoseconds <= policy.budgetNanoseconds else { return false }
    spentNanoseconds += nanoseconds
    return true
  }

  /// The next turn begins.
  mutating func reset() { spentNanoseconds = 0 }
}
