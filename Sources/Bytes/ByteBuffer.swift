import Glibc

/// One contiguous, growing block of bytes, such as an answer's body; taken from a pool and given back to it once sent.
///
/// One user at a time, which is the pool's too.
public final class ByteBuffer {
  /// Aligned to 64 bytes. Valid until the buffer grows.
  public private(set) var pointer: UnsafeMutableRawPointer
  /// In bytes.
  public private(set) var capacity: Int
  /// Bytes that are in use.
  public private(set) var count = 0
  private weak var pool: ByteBufferPool?

  init(capacity: Int, pool: ByteBufferPool?) {
    self.capacity = max(capacity, 256)
    self.pool = pool
    pointer = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 64)
  }

  /// A buffer of nobody's pool.
  public convenience init(capacity: Int) { self.init(capacity: capacity, pool: nil) }

  deinit { pointer.deallocate() }

  /// Makes room for `additional` bytes beyond `count`; the contents stay.
  @inline(__always)
  public func reserve(_ additional: Int) {
    if capacity - count < additional { grow(by: additional) }
  }

  private func grow(by additional: Int) { grow(to: max(capacity * 2, count + additional)) }

  /// Makes room for `capacity` bytes in all and no more, for whoever has to account for them; the contents stay.
  public func grow(to capacity: Int) {
    guard capacity > self.capacity else { return }
    let moved = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
    moved.copyMemory(from: pointer, byteCount: count)
    pointer.deallocate()
    pointer = moved
    self.capacity = capacity
  }

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
    pool?.put(self)
  }
}
