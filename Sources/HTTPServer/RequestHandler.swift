public import Bytes

/// What a reactor serves. There is one instance per reactor, and every method runs on that reactor's thread.
public protocol RequestHandler: AnyObject {
  /// A request whose header section is complete announces a large body, or has sent a large part of one of unknown size. Not asked about
  /// bodies of 64 KiB and less. `body` is not there yet.
  /// - Parameter bytes: of the body; nil: its size is unknown.
  func willReceiveBody(of request: any HTTPRequest, bytes: Int?) -> BodyDecision
  /// A complete request with its whole body has arrived. Call `respond` now, in `didReadSockets`, or in `didWake`.
  func didReceive(_ exchange: any HTTPExchange)
  /// Every readable socket of this turn was read.
  func didReadSockets()
  /// `ReactorHandle.wake()` was called since the last time.
  func didWake()
  /// The server turned a request away by itself; `response(to:)` follows unless libmicrohttpd has answered already.
  /// - Parameter request: as far as it is known: of one that was turned away before its header section was read, the client alone.
  func didReject(_ rejection: ServerRejection, of request: any HTTPRequest)
  /// The answer to a request that the server turns away, with the rejection's status and headers.
  func response(to rejection: ServerRejection) -> Response
  /// About a second has passed, while there are connections or spare memory: gives back memory that nobody needs.
  /// - Returns: whether there is spare memory left, to be asked again.
  func trimMemory() -> Bool
  /// The connection went away before its answer: `respond` on it does nothing until its next `didReceive`.
  func didLoseClient(_ exchange: any HTTPExchange)
  /// The answer for a request that still has none when the server stops and its grace is over (a 503).
  func responseAtShutdown(to exchange: any HTTPExchange) -> Response
}

/// What becomes of a large body.
public enum BodyDecision {
  /// It is read, and counted in a budget; nil: in the server's.
  case accept(MemoryBudget?)
  /// It is not wanted: the request is answered at once, what comes of its body is thrown away, and the connection closes.
  case refuse(Response)
}
