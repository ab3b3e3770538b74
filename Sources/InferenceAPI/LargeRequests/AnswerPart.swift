import Batching
import Bytes
import HTTPServer
import Models
import Predictions

/// Some rows of a section of a large answer: what one task writes.
struct AnswerPart: Sendable {
  /// Rows of one block.
  struct Piece: Sendable {
    /// Which of the request's blocks.
    let block: Int
    /// Of the block's batch.
    let rows: Range<Int>
    /// Which row of the request is the first of them.
    let first: Int
  }

  let section: Int
  /// Behind each other.
  var pieces: [Piece]
  /// An upper bound.
  var maxBytes: Int
  /// Whether nothing follows it.
  var isLast = false

  /// A part that is written: its bytes, and what they were before they were compressed.
  struct Written: @unchecked Sendable {
    // Handed over by the task that wrote it.
    let buffer: ByteBuffer
    let plainBytes: Int
    let source: DeflatedParts.Source?
  }

  /// Bytes that one task writes, so that others have their turns, unless one row has more.
  private static let partBytes = 2 << 20
  /// Parts of one answer at most, so that they are sent by one call: IOV_MAX is 1024 (limits.h).
  private static let maxParts = 512

  /// The parts of an answer, in their order.
  static func all(of answer: any RowsAnswer, _ blocks: [RowBlocks.Block], _ served: ServedModel) -> [AnswerPart] {
    let total = blocks.reduce(0) { $0 + $1.rows.count }
    let partBytes = max(Self.partBytes, answer.maxBytes(rows: total, served) / maxParts)
    var parts: [AnswerPart] = []
    for section in 0..<answer.sectionCount(of: served) {
      var part = AnswerPart(section: section, pieces: [], maxBytes: 0)
      for (index, block) in blocks.enumerated() {
        let whole = answer.maxBytes(ofSection: section, rows: block.rows.count, served)
        let rows = max(1, block.rows.count / (whole / partBytes + 1))
        for start in stride(from: 0, to: block.rows.count, by: rows) {
          let end = min(start + rows, block.rows.count)
          let bytes = answer.maxBytes(ofSection: section, rows: end - start, served)
          if part.maxBytes > 0, part.maxBytes + bytes > partBytes {
            parts.append(part)
            part = AnswerPart(section: section, pieces: [], maxBytes: 0)
          }
          part.pieces.append(
            Piece(
              block: index, rows: block.rows.lowerBound + start..<block.rows.lowerBound + end,
              first: block.first + start))
          part.maxBytes += bytes
        }
      }
      parts.append(part)
    }
    parts[parts.count - 1].isLast = true
    return parts
  }
}

extension AnswerCoding {
  /// What stands around the deflated bytes.
  var wrapping: InflateStream.Wrapping { self == .gzip ? .gzip : .zlib }
}
