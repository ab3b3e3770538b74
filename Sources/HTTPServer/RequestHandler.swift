/// What a reactor serves. There is one instance per reactor, and every method runs on that reactor's thread.
public protocol RequestHandler: AnyObject {
  /// A complete request with its whole body has arrived. Call `exchange.respond` now, in `didReadSockets`, or in `didWake`.
  func didReceive(_ exchange: Exchange)
  /// Every readable socket of this turn was read.
  func didReadSockets()
  /// `ReactorHandle.wake()` was called since the last time.
  func didWake()
  /// The server answered a request by itself.
  func didReject(_ rejection: ServerRejection)
  /// The connection went away before its answer: `respond` on it does nothing until its next `didReceive`.
  func didLoseClient(_ exchange: Exchange)
  /// The answer for a request that still has none when the server stops and its grace is over (a 503).
  func responseAtShutdown(to exchange: Exchange) -> Response
}
