import Batching
import HTTPServer

/// A request whose rows a model computes, or that loads one: from its decoding to its answer. The context of its exchange, and used again
/// for the exchange's next request.
///
/// Used on its reactor's thread only.
final class InferenceRequest {
  /// Where it is.
  enum State: Equatable {
    /// It has an answer, or there is no request yet.
    case answered
    /// Its rows are in the batch of this turn.
    case gathered
    /// Its rows are in the compute queue.
    case queued
    /// It is large, and decoded, computed and encoded on other threads.
    case large
    /// Its model is being loaded.
    case loading
    /// The client has left, or was answered by the server's end; what was begun goes on, and nobody is told.
    case abandoned
  }

  /// What is computed for it.
  struct Work {
    let served: ServedModel
    let answer: any RowsAnswer
    let batch: RowBatch
    /// Its own rows of `batch`.
    let rows: Range<Int>
    /// When the caller stops waiting, in monotonic nanoseconds; nil: never.
    let deadline: UInt64?
    /// When its body had been decoded, in monotonic nanoseconds.
    let decodedAt: UInt64
    /// How long that took.
    let decodeNanoseconds: UInt64
    /// An upper bound of its answer.
    let maxAnswerBytes: Int
    /// What writing it takes, in nanoseconds.
    let encodeNanoseconds: Double
  }

  private(set) var state = State.answered
  /// The way back to the client; nil: there is none, or nothing is owed.
  private(set) var exchange: (any HTTPExchange)?
  private(set) var route: Route
  /// nil: it computes nothing.
  private(set) var work: Work?
  /// nil: it is not large.
  private(set) var large: LargeRequest?

  private init(_ route: Route) { self.route = route }

  /// The request that an exchange has become, in the object that the exchange's last request has left.
  static func begin(_ exchange: any HTTPExchange, _ route: Route, _ state: State, _ work: Work? = nil)
    -> InferenceRequest
  {
    let request: InferenceRequest
    // One object a connection and not one a request.
    if let context = exchange.context as? InferenceRequest {
      request = context
      request.route = route
    } else {
      request = InferenceRequest(route)
      exchange.context = request
    }
    request.exchange = exchange
    request.work = work
    request.state = state
    return request
  }

  /// The request that waits in an exchange; nil: nothing is owed.
  static func waiting(in exchange: any HTTPExchange) -> InferenceRequest? {
    guard let request = exchange.context as? InferenceRequest, request.exchange != nil else { return nil }
    return request
  }

  /// What writing its answer takes, in nanoseconds; nil: nobody is told.
  var encodeNanoseconds: Double? { exchange == nil ? nil : work?.encodeNanoseconds }

  /// Its rows are in the compute queue from now on.
  func enqueue() { state = .queued }

  /// It is done on other threads from now on.
  func enlarge(_ large: LargeRequest) {
    (self.large, work) = (large, nil)
    state = .large
  }

  /// Ends its wait.
  /// - Returns: where its answer goes, and what was computed for it; nil: nobody is told.
  func finish() -> (exchange: any HTTPExchange, work: Work?)? {
    // Moved out, so that an idle connection holds no model and no batch.
    let work = work.take()
    large = nil
    guard let exchange = exchange.take() else { return nil }
    state = .answered
    return (exchange, work)
  }

  /// Parts it from its exchange, whose next request is another object's: this one may still be waited for.
  func abandon() {
    // The connection may bring another request while this one is still in the queue.
    exchange?.context = nil
    large?.abandon()
    large = nil
    exchange = nil
    state = .abandoned
  }
}
