import Batching

/// The requests to one model that arrived in one turn of a reactor.
struct Turn<Request> {
  private(set) var requests: [Request] = []
  /// Of all of them.
  private(set) var rows = 0

  var isEmpty: Bool { requests.isEmpty }

  /// Adds a request that was let in.
  mutating func append(_ request: Request, rows: Int) {
    requests.append(request)
    self.rows += rows
  }

  /// Takes the requests out; `putBack` gives their memory back.
  mutating func take() -> [Request] {
    rows = 0
    var taken: [Request] = []
    swap(&taken, &requests)
    return taken
  }

  /// Gives the memory of requests that were taken back.
  mutating func putBack(_ taken: consuming [Request]) {
    taken.removeAll(keepingCapacity: true)
    swap(&taken, &requests)
  }
}

/// Decides what becomes of the rows of a turn: which are refused, which are computed at once on the reactor's thread, which go to the
/// compute queue. A value without clocks, threads or sockets.
struct TurnScheduler: Sendable {
  /// Why a request is not part of its turn.
  enum Refusal: Equatable {
    /// As many rows as may wait do.
    case full
    /// Its caller has stopped waiting.
    case deadlinePassed
  }

  /// Where the rows of a turn are computed.
  enum Placement: Equatable {
    /// At once, on the reactor's thread.
    case inline
    /// On the compute queue's threads.
    case queue
  }

  /// Rows of a model that may wait; one request may have more, alone.
  let maxWaitingRows: Int
  let policy: InlinePolicy

  /// Whether a request may be added to a turn; nil: it may.
  /// - Parameters:
  ///   - deadline: when its caller stops waiting; nil: never. Of the same clock as `now`.
  func refusal<Request>(rows: Int, deadline: UInt64?, now: UInt64, to turn: Turn<Request>) -> Refusal? {
    // The first is taken at any size: a request larger than the queue would otherwise never be answered.
    if !turn.isEmpty, turn.rows + rows > maxWaitingRows { return .full }
    // Nobody waits for it, so that computing it would only delay the others.
    if let deadline, now >= deadline { return .deadlinePassed }
    return nil
  }

  /// Where the rows of a turn that has ended are computed.
  /// - Parameter nanoseconds: what one core needs for them.
  func placement<Request>(of turn: Turn<Request>, nanoseconds: Double) -> Placement {
    // The cost and the hops together: many small requests are cheaper here than their ways to a queue and back.
    policy.runsInline(nanoseconds: nanoseconds, requests: turn.requests.count) ? .inline : .queue
  }
}
