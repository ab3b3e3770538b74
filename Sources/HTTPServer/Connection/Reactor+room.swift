/// The connections of a reactor that have been idle for longest, found in one walk over all of them for many newcomers.
struct LongestIdle {
  /// With when they became idle: who has been asked since is no longer one of them. The longest idle is last.
  private var found: [(exchange: Exchange, since: UInt64)] = []
  /// The call of MHD_run in which a walk found nobody: another one in it would find no more.
  private var fruitlessRun: UInt64?

  private static let atOnce = 64

  /// Takes the one that has been idle for longest; nil: none is.
  mutating func take(of connections: [Exchange], run: UInt64) -> Exchange? {
    if let longest = takeFound() { return longest }
    guard fruitlessRun != run else { return nil }
    let idle = connections.lazy.filter(\.state.isBetweenRequests).map { ($0, $0.state.since) }
    found = idle.sorted { $0.1 < $1.1 }.prefix(Self.atOnce).reversed()
    let longest = takeFound()
    if longest == nil { fruitlessRun = run }
    return longest
  }

  private mutating func takeFound() -> Exchange? {
    while let (exchange, since) = found.popLast() {
      // With bytes that are not read yet it is about to be asked.
      if exchange.state.isBetweenRequests, exchange.state.since == since, !exchange.reactor.hasUnreadBytes(exchange) {
        return exchange
      }
    }
    return nil
  }

  /// Lets go of them.
  mutating func removeAll() { found.removeAll() }
}

extension Reactor {
  /// Closes the connection that has been idle for longest, to make room for another one, which is not yet in the list.
  /// - Returns: false: none is idle.
  func closeLongestIdle(at now: UInt64) -> Bool {
    guard let longest = longestIdle.take(of: connections, run: run) else { return false }
    shutDown(longest, at: now)
    budget.closedIdle()
    return true
  }
}
