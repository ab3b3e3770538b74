public import Bytes

/// A request's whole body, taken from its exchange: it stays, and counts as memory in use, until nobody holds it.
///
/// `@unchecked Sendable`: handed over from the reactor's thread to one other at a time.
public final class ReceivedBody: @unchecked Sendable {
  private let body: BodyBuffer?
  private var inflater: BodyInflater?
  /// What the handler has said that it is counted in; nil: it was not asked, as the body was small as sent.
  public let budget: MemoryBudget?

  /// - Parameter inflater: of a body that is compressed yet.
  init(_ body: BodyBuffer?, _ inflater: BodyInflater?, _ budget: MemoryBudget?) {
    (self.body, self.inflater, self.budget) = (body, inflater, budget)
    // It has grown by what had arrived. What is being inflated must not move.
    if inflater == nil { body?.shrink() }
  }

  /// Counts from now on in a budget what is inflated.
  public func countInflated(in budget: MemoryBudget) { inflater?.budget = budget }

  /// Inflates the next piece of a compressed body: some megabytes at most, of what is read and of what comes of it.
  /// - Returns: whether it is whole.
  /// - Throws: when it is too large, is not what its Content-Encoding says, or there is no memory for it.
  public func inflatePiece() throws(ServerRejection) -> Bool {
    guard let inflater else { return true }
    guard try inflater.advance(by: Self.pieceBytes) else { return false }
    inflater.target.shrink()
    return true
  }

  private static let pieceBytes = 1 << 20

  /// The bytes, once they are whole; 64 zero bytes behind their end are readable. Valid as long as this object.
  public var bytes: UnsafeRawBufferPointer {
    (inflater?.target ?? body)?.sealed() ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }
}
