import Glibc

/// One contiguous, growing block of bytes, such as an answer's body; taken from a pool and given back to it once sent.
///
/// One user at a time, which is the pool's too.
public final class ByteBuffer {
  /// Aligned to 64 bytes, unless it grew or was shrunk. Valid until the buffer grows or shrinks.
  public private(set) var pointer: UnsafeMutableRawPointer
  /// In bytes.
  public private(set) var capacity: Int
  /// Bytes that are in use.
  public private(set) var count = 0
  private weak var pool: ByteBufferPool?
  private var charge = MemoryCharge()

  init(capacity: Int, pool: ByteBufferPool?) {
    self.capacity = max(capacity, 256)
    self.pool = pool
    pointer = Self.memory(self.capacity)
  }

  /// A buffer of nobody's pool.
  public convenience init(capacity: Int) { self.init(capacity: capacity, pool: nil) }

  /// A buffer of nobody's pool, of a size that a caller decides; nil: there is no memory for it.
  public init?(trying capacity: Int) {
    self.capacity = max(capacity, 256)
    guard let memory = Self.memory(trying: self.capacity) else { return nil }
    pointer = memory
  }

  deinit { free(pointer) }

  private static func memory(trying bytes: Int) -> UnsafeMutableRawPointer? { aligned_alloc(64, (bytes + 63) & ~63) }

  /// For sizes that no caller decides: without them nothing else would work either.
  private static func memory(_ bytes: Int) -> UnsafeMutableRawPointer {
    guard let memory = memory(trying: bytes) else { outOfMemory(bytes) }
    return memory
  }

  private static func outOfMemory(_ bytes: Int) -> Never { fatalError("out of memory: a buffer of \(bytes) bytes") }

  // MARK: Whose memory it is

  /// Counts its memory in a budget until it is recycled or freed.
  /// - Returns: false, and nothing is counted, when the budget does not have so much.
  public func charge(to budget: MemoryBudget) -> Bool { charge.resize(to: capacity, in: budget) }

  /// Takes over a charge of at least its memory, which was taken for it before.
  public func adopt(_ charge: consuming MemoryCharge) {
    self.charge = charge
    self.charge.shrink(to: capacity)
  }

  /// Gives back the room behind the contents, of a buffer that grows no more.
  /// - Parameter spare: bytes of it that stay.
  public func shrink(spare: Int = 0) {
    let kept = count + spare
    guard pool == nil, capacity - kept >= 64 << 10, let moved = realloc(pointer, max(kept, 1)) else { return }
    (pointer, capacity) = (moved, kept)
    charge.shrink(to: kept)
  }

  // MARK: Contents

  /// Makes room for `additional` bytes beyond `count`; the contents stay.
  @inline(__always)
  public func reserve(_ additional: Int) {
    if capacity - count < additional { grow(by: additional) }
  }

  private func grow(by additional: Int) { grow(to: max(capacity * 2, count + additional)) }

  /// Makes room for `capacity` bytes in all and no more, for whoever has to account for them; the contents stay.
  public func grow(to capacity: Int) {
    if !tryGrow(to: capacity) { Self.outOfMemory(capacity) }
  }

  /// The same for a size that a caller decides.
  /// - Returns: false, and nothing has changed, when there is no memory for it.
  public func tryGrow(to capacity: Int) -> Bool {
    guard capacity > self.capacity else { return true }
    // Of a large block the pages are moved, not the bytes. Small ones would grow in place where others' ends are in their way, and leave holes.
    if self.capacity >= Self.mapped {
      guard let moved = realloc(pointer, capacity) else { return false }
      pointer = moved
    } else {
      guard let memory = Self.memory(trying: capacity) else { return false }
      memory.copyMemory(from: pointer, byteCount: count)
      free(pointer)
      pointer = memory
    }
    self.capacity = capacity
    return true
  }

  /// From here on a block has pages of its own: the service sets M_MMAP_THRESHOLD so (mallopt(3)).
  public static let mapped = 1 << 20

  /// Appends a text's UTF-8.
  public func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends a text's UTF-8.
  public func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends a copy.
  public func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    reserve(bytes.count)
    (pointer + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  /// Lends at least `minimum` spare bytes to a writer; call `advance(by:)` with what it wrote.
  public func withSpare<Result>(_ minimum: Int, _ write: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    reserve(minimum)
    return try write(UnsafeMutableRawBufferPointer(start: pointer + count, count: capacity - count))
  }

  /// Counts bytes written into the spare room.
  public func advance(by written: Int) {
    precondition(written >= 0 && written <= capacity - count, "advance(by:) beyond the spare room")
    count += written
  }

  /// Forgets the contents.
  public func removeAll() { count = 0 }

  /// Gives the buffer back to its pool, or frees it if the pool is full or gone; do not touch it any more.
  public func recycle() {
    count = 0
    charge.end()
    pool?.put(self)
  }
}
