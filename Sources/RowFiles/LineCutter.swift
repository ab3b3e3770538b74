import Glibc

/// Cuts a stream of text into lines. Blank lines are no rows, and count as lines.
struct LineCutter {
  /// The last line that was cut, from 1.
  private(set) var line = 0
  /// Rows that were cut.
  private(set) var rows = 0
  /// A longer line is not what it claims to be: it would take all memory.
  let longest: Int

  /// - Parameter width: numbers of a row; 64 bytes each are enough for any way of writing them.
  init(width: Int) { longest = (1 << 20) + 64 * width }

  /// Fills `block` with lines, as far as it goes without waiting for a writer; false: there are no more.
  mutating func cut(from stream: ByteStream, into block: RowBlock) throws(RowFileError) -> Bool {
    block.begin(firstRow: rows)
    while block.cutRows < block.capacity, block.byteCount < RowBlock.textBytes {
      guard let length = try nextLine(of: stream, unlessItWaits: block.cutRows > 0) else { break }
      block.append(line: Self.text(stream, length), number: line)
      rows += 1
      stream.consume(min(length + 1, stream.window.count))
    }
    block.pad()
    return block.cutRows > 0
  }

  /// The first line's text, which stays in the stream; nil: there is none.
  mutating func peek(_ stream: ByteStream) throws(RowFileError) -> [UInt8]? {
    while stream.window.count < byteOrderMark.count, try stream.fill() {}
    if stream.window.starts(with: byteOrderMark) { stream.consume(byteOrderMark.count) }
    guard let length = try nextLine(of: stream, unlessItWaits: false) else { return nil }
    line -= 1
    return Array(Self.text(stream, length))
  }

  /// Leaves out the line that `peek` saw.
  mutating func skipLine(_ stream: ByteStream) throws(RowFileError) {
    guard let length = try nextLine(of: stream, unlessItWaits: false) else { return }
    stream.consume(min(length + 1, stream.window.count))
  }

  /// Consumes blank lines, then finds the length of the line at the window's start, and counts it.
  private mutating func nextLine(of stream: ByteStream, unlessItWaits: Bool) throws(RowFileError) -> Int? {
    var scanned = 0
    while true {
      let window = stream.window
      guard let found = Self.lineEnd(in: window, from: scanned) else {
        scanned = window.count
        guard scanned <= longest else {
          throw RowFileError(
            .content, stream.name,
            "line \(line + 1) is longer than \(longest) bytes; give each row a line of its own, or name the form with --input-format"
          )
        }
        if unlessItWaits, stream.wouldWait { return nil }
        if try stream.fill() { continue }
        guard scanned > 0 else { return nil }
        line += 1
        guard Self.isBlank(Self.text(stream, scanned)) else { return scanned }
        stream.consume(scanned)
        return nil
      }
      line += 1
      guard Self.isBlank(Self.text(stream, found)) else { return found }
      stream.consume(found + 1)
      scanned = 0
    }
  }

  private static func lineEnd(in window: UnsafeRawBufferPointer, from offset: Int) -> Int? {
    guard offset < window.count, let base = window.baseAddress,
      let found = memchr(base + offset, 0x0a, window.count - offset)
    else { return nil }
    return UnsafeRawPointer(found) - base
  }

  /// Without the carriage return that some systems put before a line's end.
  private static func text(_ stream: ByteStream, _ length: Int) -> UnsafeRawBufferPointer {
    let hasReturn = length > 0 && stream.window[length - 1] == 0x0d
    return UnsafeRawBufferPointer(rebasing: stream.window[..<(hasReturn ? length - 1 : length)])
  }

  private static func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
    line.allSatisfy { $0 == 0x20 || $0 == 0x09 }
  }
}
