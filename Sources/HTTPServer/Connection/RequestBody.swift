/// The body of one request on its way in: kept part by part, within its limits, and inflated at its end.
///
/// Used on its reactor's thread only. Every body is given back by `discard`.
package struct RequestBody {
  private let pool: BodyBufferPool
  private var buffer: BodyBuffer?

  /// - Parameter pool: where its memory comes from and goes back to.
  package init(pool: BodyBufferPool) { self.pool = pool }

  /// Keeps a part of the body.
  /// - Parameter expected: the Content-Length, if there is one.
  /// - Returns: why the body cannot be kept; nil: it is.
  package mutating func append(_ part: UnsafeRawBufferPointer, expected: Int?) -> ServerRejection? {
    let target = buffer ?? pool.take()
    buffer = target
    switch target.reserve(part.count, expected: expected, limit: pool.limit, budget: pool.budget) {
    case .fits:
      target.append(part)
      return nil
    case .tooLarge: return .bodyTooLarge(limit: pool.limit)
    case .overBudget: return .bufferedBytes
    }
  }

  /// The whole body, inflated; 64 zero bytes behind its end are readable. Valid until `discard`.
  package mutating func finish(
    coding: HeaderValidator.ContentCoding
  ) throws(ServerRejection) -> UnsafeRawBufferPointer {
    guard let received = buffer else { return pool.emptyBody }
    guard coding != .identity, received.count > 0 else { return received.sealed() }
    let plain = pool.take()
    let outcome = Inflater.inflate(
      received.sealed(), coding: coding, into: plain, limit: pool.limit, budget: pool.budget)
    buffer = plain
    pool.put(received)
    switch outcome {
    case .done: return plain.sealed()
    case .tooLarge: throw .bodyTooLarge(limit: pool.limit)
    case .overBudget: throw .bufferedBytes
    case .corrupt: throw .badEncoding
    }
  }

  /// Gives the memory back.
  package mutating func discard() {
    guard let held = buffer else { return }
    buffer = nil
    pool.put(held)
  }
}
