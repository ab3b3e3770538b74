/// What a reactor serves. There is one instance per reactor, and every method runs on that reactor's thread.
public protocol RequestHandler: AnyObject {
  /// A complete request with its whole body. Call `exchange.respond` now, in `endTurn`, or in `woken`.
  func receive(_ exchange: Exchange)
  /// Every readable socket of this turn was read.
  func endTurn()
  /// `Link.wake()` was called since the last time.
  func woken()
  /// The server answered a request by itself.
  func refused(_ refusal: Refusal)
  /// The connection went away before its answer: `respond` on it does nothing until its next `receive`.
  func abandoned(_ exchange: Exchange)
  /// The server stops and its grace is over: the answer for a request that has none (a 503).
  func unanswered(_ exchange: Exchange) -> Response
}
