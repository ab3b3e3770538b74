import Bytes
import TestSupport
import Testing

/// Bytes that deflate packs, among others that it does not.
private func content(_ count: Int, seed: UInt64) -> [UInt8] {
  var random = SplitMix(state: seed)
  return (0..<count).map { index in index % 7 < 5 ? UInt8(index / 50 & 0xff) : UInt8.random(in: 0...255, using: &random)
  }
}

private func buffer(_ bytes: [UInt8]) -> ByteBuffer {
  let buffer = ByteBuffer(capacity: bytes.count)
  bytes.withUnsafeBytes { buffer.append($0) }
  return buffer
}

private func packed(_ bytes: [UInt8], _ wrapping: InflateStream.Wrapping) -> [UInt8] {
  let target = ByteBuffer(capacity: 1)
  #expect(target.append(deflating: buffer(bytes), wrapping))
  return [UInt8](UnsafeRawBufferPointer(start: target.pointer, count: target.count))
}

@Suite struct InflateTests {
  /// Inflates `packed` in pieces of `input` bytes, into rooms of `output` bytes.
  private static func inflate(
    _ packed: [UInt8], _ wrapping: InflateStream.Wrapping, input: Int = .max, output: Int = 4096,
    stream: InflateStream? = nil
  ) -> (bytes: [UInt8], state: InflateStream.State, left: Int) {
    let stream = stream ?? InflateStream(wrapping)!
    var (found, state, offset) = ([UInt8](), InflateStream.State.unfinished, 0)
    var room = [UInt8](repeating: 0, count: output)
    packed.withUnsafeBytes { packed in
      while state == .unfinished {
        var piece = UnsafeRawBufferPointer(rebasing: packed[offset..<offset + min(input, packed.count - offset)])
        let before = piece.count
        let (written, next) = room.withUnsafeMutableBytes { stream.inflate(&piece, into: $0) }
        found += room.prefix(written)
        offset += before - piece.count
        state = next
        if written == 0, before == piece.count { break }
      }
    }
    return (found, state, packed.count - offset)
  }

  @Test(arguments: [InflateStream.Wrapping.gzip, .zlib, .none])
  func `what was deflated inflates to the same, in pieces of any size`(wrapping: InflateStream.Wrapping) {
    for count in [0, 1, 255, 256, 4095, 70_000] {
      let whole = content(count, seed: UInt64(count))
      let packed = packed(whole, wrapping)
      for (input, output) in [(1, 4096), (3, 1), (7, 13), (.max, 4096), (.max, 1 << 20)] {
        let found = Self.inflate(packed + [1, 2, 3], wrapping, input: input, output: output)
        #expect(found.bytes == whole && found.state == .ended, "\(count) bytes, \(input) into \(output)")
        #expect(found.left == 3)
      }
    }
  }

  @Test(arguments: [InflateStream.Wrapping.gzip, .zlib, .none])
  func `what is cut short never ends, and what is damaged gives no more than its bytes`(
    wrapping: InflateStream.Wrapping
  ) {
    let whole = content(5000, seed: 5)
    let packed = packed(whole, wrapping)
    for length in stride(from: 0, to: packed.count, by: 7) {
      let found = Self.inflate(Array(packed.prefix(length)), wrapping)
      #expect(found.state == .unfinished && whole.starts(with: found.bytes))
    }
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    for _ in 0..<2000 {
      let found = Self.inflate(damaged(packed, alphabet: "\0", using: &random), wrapping)
      #expect(found.bytes.count <= packed.count * 1032, "seed \(seed)")
    }
  }

  @Test func `another wrapping is no such stream`() {
    let whole = content(500, seed: 6)
    #expect(Self.inflate(packed(whole, .zlib), .gzip).state == .corrupt)
    #expect(Self.inflate(packed(whole, .gzip), .zlib).state == .corrupt)
  }

  @Test func `a stream begins again with the next member`() {
    let (first, second) = (content(300, seed: 7), content(900, seed: 8))
    let members = packed(first, .gzip) + packed(second, .gzip)
    let stream = InflateStream(.gzip)!
    let one = Self.inflate(members, .gzip, stream: stream)
    #expect(one.bytes == first && one.state == .ended)
    #expect(stream.beginAgain())
    let two = Self.inflate(Array(members.suffix(one.left)), .gzip, stream: stream)
    #expect(two.bytes == second && two.state == .ended && two.left == 0)
  }

  /// RFC 1952's checksum of "123456789", as every description of it has it.
  @Test func `the checksum is CRC-32, of pieces as of the whole`() {
    var whole = CRC32()
    var pieces = CRC32()
    let text = Array("123456789".utf8)
    text.withUnsafeBytes { whole.update($0) }
    for byte in text { withUnsafeBytes(of: byte) { pieces.update($0) } }
    #expect(whole.value == 0xcbf4_3926 && pieces.value == whole.value)
  }
}
