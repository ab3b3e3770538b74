import TestSupport
import Testing

@testable import FileFormats

@Suite struct ZipTests {
  @Test func `stored and deflated members are read whole`() throws {
    let archive = try ZipArchive(ByteSlice(fixture("plain.zip")))
    #expect(archive.names == ["../outside", "stored"])
    #expect(try archive.contents("stored", limit: 5).array == Array("hello".utf8))
    #expect(try archive.contents("../outside", limit: 5000).array == Array(repeating: UInt8(ascii: "x"), count: 5000))
  }

  @Test func `a member over the limit, missing or packed in another way is refused`() throws {
    let archive = try ZipArchive(ByteSlice(fixture("plain.zip")))
    #expect(complaint { _ = try archive.contents("stored", limit: 4) }.contains("5 bytes, expected at most 4"))
    #expect(complaint { _ = try archive.contents("other", limit: 4) }.contains("no member 'other'"))
    let other = try ZipArchive(ByteSlice(fixture("bzip2.zip")))
    #expect(complaint { _ = try other.contents("packed", limit: 9999) }.contains("method 12"))
  }

  @Test func `a size that deflate cannot pack is refused before memory is taken`() throws {
    var bytes = try fixture("plain.zip")
    let entry = try #require(bytes.place(of: "PK\u{1}\u{2}", from: bytes.place(of: "PK\u{1}\u{2}")! + 1))
    bytes.set(0x7fff_ffff, at: entry + 24, bytes: 4)
    let archive = try ZipArchive(ByteSlice(bytes))
    #expect(complaint { _ = try archive.contents("../outside", limit: .max) }.contains("more than deflate can pack"))
    bytes.set(4999, at: entry + 24, bytes: 4)
    let short = try ZipArchive(ByteSlice(bytes))
    #expect(complaint { _ = try short.contents("../outside", limit: .max) }.contains("inflates to 5000 bytes"))
  }

  @Test func `a wrong checksum is refused`() throws {
    var bytes = try fixture("plain.zip")
    bytes[try #require(bytes.place(of: "hello"))] = UInt8(ascii: "j")
    let archive = try ZipArchive(ByteSlice(bytes))
    #expect(complaint { _ = try archive.contents("stored", limit: 5) }.contains("CRC"))
  }

  @Test func `two members of one name are refused`() throws {
    var bytes = try fixture("plain.zip")
    let last = try #require(bytes.place(of: "PK\u{1}\u{2}", from: bytes.place(of: "PK\u{1}\u{2}")! + 1)) + 46
    let local = try #require(bytes.place(of: "../outside"))
    // Both entries get the shorter name's text and length.
    bytes.replaceSubrange(last..<last + 10, with: Array("stored".utf8))
    bytes.set(6, at: last - 46 + 28, bytes: 2)
    bytes[local] = UInt8(ascii: "-")
    #expect(complaint { _ = try ZipArchive(ByteSlice(bytes)) }.contains("two members called 'stored'"))
  }

  @Test func `two thousand damaged archives: read or refused, never a crash`() throws {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    let whole = try fixture("plain.zip")
    var refused = 0
    for _ in 0..<2000 {
      var bytes = whole
      random.damage(&bytes)
      do {
        let archive = try ZipArchive(ByteSlice(bytes))
        for name in archive.names { #expect(try archive.contents(name, limit: 5000).count <= 5000, "seed \(seed)") }
      } catch {
        refused += 1
        #expect(error.description.count > 20, "seed \(seed)")
      }
    }
    #expect(refused > 1000, "seed \(seed)")
  }
}
