import Glibc

/// Cuts a stream of text into lines. Blank lines are no rows, and neither are comments in CSV; both count as lines.
struct LineCutter {
  /// The last line that was cut, from 1.
  private(set) var line = 0
  /// Rows that were cut.
  private(set) var rows = 0
  /// A longer line is not what it claims to be: it would take all memory.
  let longest: Int
  /// Whether a line that begins with `# ` is none, as numpy.savetxt writes headers and footers.
  let hasComments: Bool
  /// What decides whether a line that looks like a comment is a row in all else, which then becomes a bad one; nil: nothing does.
  var layout: CSVLayout?
  private let width: Int
  /// Whether a line of tabs is one of missing values.
  var tabsSeparate = false
  /// Whether a line of nothing, with others behind it, is a missing value.
  var blankLinesAreRows = false
  /// Bytes that were taken from the stream, and where behind them is more than blanks, by the last look; .max: nowhere.
  private var (consumed, textPlace) = (0, 0)

  /// - Parameter width: numbers of a row; 64 bytes each are enough for any way of writing them.
  init(width: Int, hasComments: Bool) {
    longest = (1 << 20) + 64 * width
    self.width = width
    self.hasComments = hasComments
  }

  /// Fills `block` with lines, as far as it goes without waiting for a writer; false: there are no more.
  mutating func cut(from stream: ByteStream, into block: RowBlock) throws(RowFileError) -> Bool {
    block.begin(firstRow: rows)
    while block.cutRows < block.capacity, block.byteCount < RowBlock.textBytes {
      guard let length = try nextLine(of: stream, unlessItWaits: block.cutRows > 0) else { break }
      block.append(line: Self.text(stream.window, 0, length), number: line)
      rows += 1
      consume(length, of: stream)
    }
    block.pad()
    return block.cutRows > 0
  }

  /// Looks at what a CSV file begins with, and leaves it in the stream; nil: there is no line.
  /// - Parameter wantsSecond: whether the line behind the first one is looked at, which may have to be waited for.
  func peek(
    _ stream: ByteStream, wantsSecond: ([UInt8]) -> Bool
  ) throws(RowFileError) -> CSVLayout.Start? {
    var start: CSVLayout.Start?
    var (comment, hasBlankLine): ([UInt8]?, Bool) = (nil, false)
    var offset = 0
    while let length = try lineLength(of: stream, from: offset) {
      // All of it stays in the stream's window.
      guard offset <= longest else {
        throw RowFileError(
          .content, stream.name,
          "begins with more than \(longest) bytes of comments and blank lines, expected rows; take them out")
      }
      let text = Self.text(stream.window, offset, length)
      offset = min(offset + length + 1, stream.window.count)
      if text.allSatisfy({ $0 == 0x20 }) {
        if start == nil { hasBlankLine = true }
      } else if Self.isComment(text) {
        comment = Array(text.dropFirst())
      } else if start == nil {
        let first = CSVLayout.Start(first: Array(text), comment: comment, hasBlankLine: hasBlankLine)
        guard wantsSecond(first.first) else { return first }
        start = first
      } else {
        start?.second = Array(text)
        break
      }
    }
    return start
  }

  /// Leaves out the first line, which names the columns.
  mutating func skipLine(_ stream: ByteStream) throws(RowFileError) {
    guard let length = try nextLine(of: stream, unlessItWaits: false) else { return }
    consume(length, of: stream)
  }

  /// A line and its end.
  private mutating func consume(_ length: Int, of stream: ByteStream) {
    let count = min(length + 1, stream.window.count)
    stream.consume(count)
    consumed += count
  }

  /// Consumes blank lines and comments, then finds the length of the line at the window's start, and counts it.
  private mutating func nextLine(of stream: ByteStream, unlessItWaits: Bool) throws(RowFileError) -> Int? {
    var scanned = 0
    while true {
      let window = stream.window
      var end = Self.lineEnd(in: window, from: scanned)
      if end == nil {
        scanned = window.count
        try checkLength(scanned, stream)
        if unlessItWaits, stream.wouldWait { return nil }
        if try stream.fill() { continue }
        guard scanned > 0 else { return nil }
        end = scanned
      }
      guard let end else { continue }
      let text = Self.text(stream.window, 0, end)
      if !isBlank(text) {
        guard hasComments, Self.isComment(text), layout?.isRow(comment: text, width: width) != true else {
          line += 1
          return end
        }
      } else if blankLinesAreRows {
        if unlessItWaits, stream.wouldWait { return nil }
        if try hasText(stream, behind: end) {
          line += 1
          return end
        }
      }
      line += 1
      consume(end, of: stream)
      scanned = 0
    }
  }

  /// The length of the line that begins at an offset of the window; nil: there is none.
  private func lineLength(of stream: ByteStream, from offset: Int) throws(RowFileError) -> Int? {
    var scanned = offset
    while true {
      if let end = Self.lineEnd(in: stream.window, from: scanned) { return end - offset }
      scanned = stream.window.count
      try checkLength(scanned - offset, stream)
      if try !stream.fill() { return scanned > offset ? scanned - offset : nil }
    }
  }

  private func checkLength(_ length: Int, _ stream: ByteStream) throws(RowFileError) {
    guard length > longest else { return }
    throw RowFileError(
      .content, stream.name,
      "line \(line + 1) is longer than \(longest) bytes; give each row a line of its own, or name the form with `input_format`"
    )
  }

  /// Whether there is anything but blank lines behind an offset; as far as a line may be long.
  private mutating func hasText(_ stream: ByteStream, behind offset: Int) throws(RowFileError) -> Bool {
    // Known from the blank line before: each is looked at once.
    if textPlace > consumed + offset { return textPlace < .max }
    var scanned = offset
    while true {
      if let place = stream.window[scanned...].firstIndex(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) {
        textPlace = consumed + place
        return true
      }
      scanned = stream.window.count
      if scanned - offset > longest {
        textPlace = consumed + scanned
        return true
      }
      if try !stream.fill() {
        textPlace = .max
        return false
      }
    }
  }

  private static func lineEnd(in window: UnsafeRawBufferPointer, from offset: Int) -> Int? {
    guard offset < window.count, let base = window.baseAddress,
      let found = memchr(base + offset, 0x0a, window.count - offset)
    else { return nil }
    return UnsafeRawPointer(found) - base
  }

  /// Without the carriage return that some systems put before a line's end.
  private static func text(
    _ window: UnsafeRawBufferPointer, _ offset: Int, _ length: Int
  ) -> UnsafeRawBufferPointer {
    let hasReturn = length > 0 && window[offset + length - 1] == 0x0d
    return UnsafeRawBufferPointer(rebasing: window[offset..<offset + (hasReturn ? length - 1 : length)])
  }

  private func isBlank(_ line: UnsafeRawBufferPointer) -> Bool {
    line.allSatisfy { $0 == 0x20 || ($0 == 0x09 && !tabsSeparate) }
  }

  static func isComment(_ line: UnsafeRawBufferPointer) -> Bool {
    guard line.first == UInt8(ascii: "#") else { return false }
    return line.count == 1 || line[1] == 0x20 || line[1] == 0x09
  }
}
