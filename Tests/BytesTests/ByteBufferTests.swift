import Bytes
import Testing

@Suite struct ByteBufferTests {
  @Test func `a buffer grows, keeps its contents, and goes back to its pool`() {
    let pool = ByteBufferPool()
    let buffer = pool.take(minimumCapacity: 10)
    let identity = ObjectIdentifier(buffer)
    for index in 0..<2000 { buffer.append("\(index),") }
    let text = String(decoding: UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.count), as: UTF8.self)
    #expect(text == (0..<2000).map { "\($0)," }.joined() && buffer.capacity >= buffer.count)
    buffer.recycle()
    let again = pool.take(minimumCapacity: 1)
    #expect(ObjectIdentifier(again) == identity && again.count == 0)
    #expect(ObjectIdentifier(pool.take(minimumCapacity: 1)) != identity)
  }

  /// By copying, from where blocks have pages of their own by moving those.
  @Test func `a buffer of any size keeps its contents when it grows, and what it has no room for changes nothing`() {
    let buffer = ByteBuffer(capacity: 1)
    let part = Array((0..<100_003).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    for _ in 0..<40 { part.withUnsafeBytes { buffer.append($0) } }
    func isWhole() -> Bool {
      let bytes = UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.count)
      return bytes.count == 40 * part.count
        && (0..<40).allSatisfy { bytes[$0 * part.count..<($0 + 1) * part.count].elementsEqual(part) }
    }
    #expect(buffer.capacity > 2 * ByteBuffer.mapped && isWhole())
    let capacity = buffer.capacity
    #expect(!buffer.tryGrow(to: 1 << 60) && buffer.capacity == capacity && isWhole())
  }

  @Test func `a giant buffer is not kept`() {
    let pool = ByteBufferPool()
    pool.take(minimumCapacity: 1 << 20).recycle()
    #expect(pool.take(minimumCapacity: 1).capacity < 1 << 20)
  }

  @Test func `spare room is written and counted`() {
    let buffer = ByteBuffer(capacity: 1)
    buffer.append("a")
    buffer.withSpare(1000) { spare in
      #expect(spare.count >= 1000)
      spare.storeBytes(of: UInt8(ascii: "b"), as: UInt8.self)
    }
    buffer.advance(by: 1)
    #expect(Array(UnsafeRawBufferPointer(start: buffer.pointer, count: buffer.count)) == Array("ab".utf8))
    buffer.removeAll()
    #expect(buffer.count == 0)
  }
}
