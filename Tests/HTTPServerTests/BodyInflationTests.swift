import Bytes
import Testing

@testable import HTTPServer

/// Inflating is bounded by what is read as well as by what comes of it.
@Suite struct BodyInflationTests {
  /// `gzip -n` of nothing.
  static let emptyMember: [UInt8] = [31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]

  @Test func manyEmptyGzipMembersAreInflatedInPieces() throws {
    let members = 200_000
    let budget = MemoryBudget(limit: 64 << 20)
    let pool = BodyBufferPool(limit: 8 << 20, budget: budget)
    var body = RequestBody(pool: pool)
    let part = [[UInt8]](repeating: Self.emptyMember, count: 1000).flatMap { $0 }
    for _ in 0..<members / 1000 {
      #expect(part.withUnsafeBytes { body.append($0, expected: nil) } == nil)
    }
    #expect(try body.finish(coding: .gzip) == nil)
    let taken = body.take()
    var pieces = 1
    while try !taken.inflatePiece() { pieces += 1 }
    #expect((3...5).contains(pieces))
    #expect(taken.bytes.isEmpty)
  }

  /// `gzip -n` of a thousand times `a`.
  static let thousand: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 76, 28, 5, 163, 96, 20, 12, 119, 0, 0, 3, 218, 56, 154, 232, 3, 0, 0,
  ]

  @Test func `what a body inflates to is counted where its request is`() throws {
    let (all, own) = (MemoryBudget(limit: 64 << 20), MemoryBudget(limit: 900_000))
    var body = RequestBody(pool: BodyBufferPool(limit: 8 << 20, budget: all))
    for _ in 0..<1000 { #expect(Self.thousand.withUnsafeBytes { body.append($0, expected: nil) } == nil) }
    #expect(try body.finish(coding: .gzip) == nil)
    let taken = body.take()
    taken.countInflated(in: own)
    #expect(throws: ServerRejection.memory) { while try !taken.inflatePiece() {} }
    #expect((100_000...900_000).contains(own.usedBytes) && all.usedBytes < 64 << 10)
  }

  @Test func aFewEmptyGzipMembersAreOneEmptyBody() throws {
    let pool = BodyBufferPool(limit: 8 << 20, budget: MemoryBudget(limit: 64 << 20))
    var body = RequestBody(pool: pool)
    let part = Self.emptyMember + Self.emptyMember
    #expect(part.withUnsafeBytes { body.append($0, expected: nil) } == nil)
    #expect(try body.finish(coding: .gzip)?.isEmpty == true)
    body.discard()
  }
}
