import Synchronization

/// Bytes of memory that are shared out within a limit: those of all requests, or of one model's within them. Any thread.
///
/// What is taken is given back by whoever took it. Nobody waits for memory: what does not fit is refused, so that nothing deadlocks.
public final class MemoryBudget: Sendable {
  /// In bytes.
  public let limit: Int
  private let whole: MemoryBudget?
  private let used = Atomic<Int>(0)
  private let hasBeenMuch = Atomic<Bool>(false)
  private let hasOneOwner: Bool
  private let isTooSmall = Atomic<Bool>(false)

  /// From here on it is worth asking the allocator to give memory back to the system afterwards.
  private static let muchBytes = 8 << 20

  /// - Parameter whole: what its bytes are also taken from; nil: it is the whole.
  public init(limit: Int, within whole: MemoryBudget? = nil) {
    self.limit = limit
    self.whole = whole
    hasOneOwner = false
  }

  /// For one owner, such as a request, which may take all of it.
  /// - Parameter held: what it has of `whole` already, taken elsewhere.
  public init(ofOneWithin whole: MemoryBudget, holding held: Int = 0) {
    limit = whole.limit - held
    self.whole = whole
    hasOneOwner = true
  }

  /// Bytes that are taken now.
  public var usedBytes: Int { used.load(ordering: .relaxed) }

  /// Takes bytes, to be given back.
  /// - Returns: false, and nothing is taken, when a limit would be exceeded.
  public func take(_ bytes: Int) -> Bool {
    let sum = used.wrappingAdd(bytes, ordering: .relaxed).newValue
    if hasOneOwner { isTooSmall.store(sum > limit, ordering: .relaxed) }
    if sum <= limit, whole?.take(bytes) ?? true {
      if sum > Self.muchBytes, whole == nil { hasBeenMuch.store(true, ordering: .relaxed) }
      return true
    }
    used.wrappingSubtract(bytes, ordering: .relaxed)
    return false
  }

  /// Whether its one owner was refused, the last time, what it can never have: others' taking is not in the way. false: there are several.
  public var wasExceeded: Bool { isTooSmall.load(ordering: .relaxed) }

  /// Whether much was taken since the last time and is given back by now.
  public func hasEnded() -> Bool {
    usedBytes <= Self.muchBytes && hasBeenMuch.load(ordering: .relaxed)
      && hasBeenMuch.exchange(false, ordering: .relaxed)
  }

  /// Gives bytes back that were taken.
  public func giveBack(_ bytes: Int) {
    used.wrappingSubtract(bytes, ordering: .relaxed)
    whole?.giveBack(bytes)
  }
}

/// What one owner has taken of a budget; given back when it ends.
public struct MemoryCharge: ~Copyable, Sendable {
  private var budget: MemoryBudget?
  /// In bytes.
  public private(set) var bytes = 0

  /// A charge of nothing.
  public init() {}

  deinit { budget?.giveBack(bytes) }

  /// Makes it as large as what is held.
  /// - Parameter budget: where it is counted; nil: nowhere. Of another one than before everything is moved.
  /// - Returns: false, and it is as it was, when the budget does not have so much.
  public mutating func resize(to bytes: Int, in budget: MemoryBudget?) -> Bool {
    let counted = budget === self.budget ? self.bytes : 0
    if bytes > counted {
      guard budget?.take(bytes - counted) ?? true else { return false }
    } else {
      budget?.giveBack(counted - bytes)
    }
    if budget !== self.budget { self.budget?.giveBack(self.bytes) }
    (self.budget, self.bytes) = (budget, bytes)
    return true
  }

  /// Makes it smaller.
  public mutating func shrink(to bytes: Int) {
    guard bytes < self.bytes else { return }
    budget?.giveBack(self.bytes - bytes)
    self.bytes = bytes
  }

  /// Parts with some of it, which stays taken.
  public mutating func split(_ bytes: Int) -> MemoryCharge {
    precondition(bytes <= self.bytes, "more than was taken")
    self.bytes -= bytes
    var part = MemoryCharge()
    (part.budget, part.bytes) = (budget, bytes)
    return part
  }

  /// Gives everything back.
  public mutating func end() {
    guard let budget else { return }
    budget.giveBack(bytes)
    (self.budget, bytes) = (nil, 0)
  }
}
