/// What a reactor serves. There is one instance per reactor, and every method runs on that reactor's thread.
public protocol RequestHandler: AnyObject {
  /// A complete request with its whole body has arrived. Call `respond` now, in `didReadSockets`, or in `didWake`.
  func didReceive(_ exchange: any HTTPExchange)
  /// Every readable socket of this turn was read.
  func didReadSockets()
  /// `ReactorHandle.wake()` was called since the last time.
  func didWake()
  /// The server turned a request away by itself; `response(to:)` follows unless libmicrohttpd has answered already.
  func didReject(_ rejection: ServerRejection)
  /// The answer to a request that the server turns away, with the rejection's status and headers.
  func response(to rejection: ServerRejection) -> Response
  /// The connection went away before its answer: `respond` on it does nothing until its next `didReceive`.
  func didLoseClient(_ exchange: any HTTPExchange)
  /// The answer for a request that still has none when the server stops and its grace is over (a 503).
  func responseAtShutdown(to exchange: any HTTPExchange) -> Response
}
