package import Bytes

/// The body of one request on its way in: kept part by part, within its limits; a small one is inflated at its end.
///
/// Used on its reactor's thread only. Every body is given back by `discard`, or taken by `take`.
package struct RequestBody {
  private let pool: BodyBufferPool
  private var buffer: BodyBuffer?
  private var inflater: BodyInflater?
  /// What it is counted in, if not in the memory of all.
  package var budget: MemoryBudget?

  /// Larger bodies are asked for before they are kept, and inflated off the reactor's thread.
  package static let smallBytes = 64 << 10

  /// - Parameter pool: where its memory comes from and goes back to.
  package init(pool: BodyBufferPool) { self.pool = pool }

  /// Bytes so far, as sent.
  package var count: Int { buffer?.count ?? 0 }

  /// Keeps a part of the body.
  /// - Parameter expected: the Content-Length, if there is one.
  /// - Returns: why the body cannot be kept; nil: it is.
  package mutating func append(_ part: UnsafeRawBufferPointer, expected: Int?) -> ServerRejection? {
    let target = buffer ?? pool.take()
    buffer = target
    let budget = budget ?? pool.budget
    switch target.reserve(part.count, expected: expected, limit: pool.limit, budget) {
    case .fits:
      target.append(part)
      return nil
    case .tooLarge: return .bodyTooLarge(limit: pool.limit)
    case .overBudget: return .memory(of: budget)
    }
  }

  /// The whole body, inflated; 64 zero bytes behind its end are readable. Valid until `discard`. nil: it is large when inflated, and
  /// `take` gives it to whoever inflates it.
  package mutating func finish(
    coding: HeaderValidator.ContentCoding
  ) throws(ServerRejection) -> UnsafeRawBufferPointer? {
    guard coding != .unsupported else { throw .unsupportedEncoding }
    guard let received = buffer else { return pool.emptyBody }
    guard coding != .identity, received.count > 0 else { return received.sealed() }
    let inflater = try BodyInflater(
      received, coding, into: pool.take(), limit: pool.limit, budget ?? pool.budget)
    self.inflater = inflater
    return try inflater.advance(by: Self.smallBytes) ? inflater.target.sealed() : nil
  }

  /// Takes the body out, so that it outlives its request.
  package mutating func take() -> ReceivedBody {
    defer { (buffer, inflater, budget) = (nil, nil, nil) }
    return ReceivedBody(buffer, inflater, budget)
  }

  /// Gives the memory back.
  package mutating func discard() {
    if budget != nil { budget = nil }
    guard let held = buffer else { return }
    buffer = nil
    if let inflater {
      pool.put(inflater.target)
      self.inflater = nil
    }
    pool.put(held)
  }
}
