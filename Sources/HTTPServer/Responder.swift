/// The way back to the client of one request: an answer, now or in a later turn, or none.
///
/// A request that is not answered when its turn ends is suspended: its connection costs nothing until `respond` or `cancel` resumes it.
/// Used on its reactor's thread only.
public protocol Responder: AnyObject {
  /// Free for the handler, to find what it keeps of the request. The next request of the same connection finds it as it was left, so
  /// that an object can be used again.
  var context: AnyObject? { get set }
  /// Whether the handler still owes an answer; false once the client is known to be gone.
  var isUnanswered: Bool { get }
  /// What becomes readable as hung up (`POLLHUP`) when the client is gone, for a `poll` from any thread while the request is
  /// unanswered; -1, which `poll` passes over: there is nothing to ask. Never read or write it.
  var descriptor: Int32 { get }
  /// Answers the request. Once per request; does nothing once the client is gone.
  func respond(_ response: consuming Response)
  /// Gives an unanswered request up, because a `poll` of `descriptor` says that its client is gone: closes the connection without an
  /// answer, and without `RequestHandler.didLoseClient`.
  func cancel()
}

/// A request together with the way back to its client: one connection's, used again for its next request.
public protocol HTTPExchange: HTTPRequest, Responder {}
