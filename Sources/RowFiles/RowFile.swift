internal import FastJSON

/// Rows of D numbers in a file or a pipe, in any of the forms, read piece by piece in constant memory.
///
/// Two steps, so that the costly one runs on several threads: `cut` takes the next rows as they lie in the file, in order; `parse`
/// reads a block's rows into numbers.
///
/// `@unchecked Sendable`: `cut` and `fraction` have one caller at a time, which the caller sees to; `parse` touches constants
/// and its block alone.
public final class RowFile: @unchecked Sendable {
  /// Whether a CSV file's first line names its columns.
  public enum Header: String, CaseIterable, Sendable { case auto, yes, no }

  public struct Options: Sendable {
    /// nil: by the contents.
    public var format: RowFormat?
    public var header = Header.auto
    /// Of a CSV file: names, or numbers from 1.
    public var skippedColumns: [String] = []

    public init() {}
  }

  /// As in errors.
  public let name: String
  public let format: RowFormat
  public let width: Int
  private let shape: fj_shape

  private enum Content {
    case json(LineCutter)
    case csv(LineCutter, CSVLayout)
    case array(ArrayLayout, next: Int)
  }

  private let stream: ByteStream
  private var content: Content
  /// `content`'s constants, for `parse`.
  private let csv: CSVLayout?
  private let layout: ArrayLayout?

  /// Opens the file, finds its form and reads its header.
  /// - Parameters:
  ///   - path: `-` is the standard input.
  ///   - shape: of a row, whose product is D: JSON rows may come nested like that.
  public init(path: String, shape: [Int], options: Options) throws(RowFileError) {
    let width = shape.reduce(1, *)
    stream = try ByteStream(path: path)
    name = stream.name
    self.width = width
    self.shape = fj_shape_of(shape, shape.count)
    while stream.window.count < 8, try stream.fill() {}
    guard !stream.window.isEmpty else {
      throw RowFileError(.content, stream.name, "is empty, expected rows of \(width) numbers")
    }
    format = options.format ?? RowFormat(detecting: stream.window)
    if format != .csv, !options.skippedColumns.isEmpty {
      throw RowFileError(
        .content, stream.name, "is read as \(format.rawValue), and --skip-columns is for csv; leave it out")
    }
    var (csv, layout): (CSVLayout?, ArrayLayout?) = (nil, nil)
    var cutter = LineCutter(width: width)
    switch format {
    case .jsonl:
      _ = try cutter.peek(stream)
      content = .json(cutter)
    case .csv:
      let first = try cutter.peek(stream) ?? []
      let found = try CSVLayout(
        firstLine: first, header: options.header, skippedColumns: options.skippedColumns, file: name)
      if found.hasHeader { try cutter.skipLine(stream) }
      csv = found
      content = .csv(cutter, found)
    case .npy, .idx:
      let found = try format == .npy ? NumpyHeader.read(stream, width: width) : IDXHeader.read(stream, width: width)
      layout = found
      content = .array(found, next: 0)
    }
    (self.csv, self.layout) = (csv, layout)
    if let layout, !stream.isGzip, let size = stream.size { try check(layout, size: size) }
  }

  /// How much of the file has been cut, from 0 to 1; nil: nobody knows, it is a pipe.
  public var fraction: Double? {
    if case .array(let layout, let next) = content { return layout.rows > 0 ? Double(next) / Double(layout.rows) : 1 }
    guard let size = stream.size else { return nil }
    return size > 0 ? min(1, Double(stream.position) / Double(size)) : 1
  }

  /// Takes the next rows into `block`, as they lie in the file; false: there are none.
  public func cut(into block: RowBlock) throws(RowFileError) -> Bool {
    switch content {
    case .json(var cutter):
      defer { content = .json(cutter) }
      return try cutter.cut(from: stream, into: block)
    case .csv(var cutter, let layout):
      defer { content = .csv(cutter, layout) }
      return try cutter.cut(from: stream, into: block)
    case .array(let layout, let next):
      let rows = min(block.capacity, layout.rows - next)
      block.begin(firstRow: next)
      guard rows > 0 else {
        let hasMore = try stream.window.isEmpty ? stream.fill() : true
        if hasMore { throw damaged(layout, "there are bytes behind the last row") }
        return false
      }
      block.reserve(rows * layout.rowBytes)
      let taken = try stream.take(rows * layout.rowBytes, into: block.bytes)
      guard taken == rows * layout.rowBytes else {
        throw damaged(layout, "it ends within rows[\(next + taken / layout.rowBytes)]")
      }
      block.cutRows = rows
      content = .array(layout, next: next + rows)
      return true
    }
  }

  /// Reads the rows of a block that `cut` filled; what is no good row becomes one of its problems. Any thread.
  public func parse(_ block: RowBlock) {
    if let layout {
      parse(block, layout)
    } else {
      for index in 0..<block.cutRows { parse(block, line: index) }
    }
  }

  private func parse(_ block: RowBlock, _ layout: ArrayLayout) {
    block.isInPlace = layout.element == .float32
    for index in 0..<block.cutRows {
      let target = block.nextRow(inPlace: block.isInPlace)
      if let bad = layout.read(block.bytes + index * layout.rowBytes, into: target) {
        let row = block.firstRow + index
        block.problems.append(
          BadRow(
            row: row, description: "\(name): rows[\(row)][\(bad.column)]: expected a finite Float32, found \(bad.found)"
          ))
      } else {
        block.accept(cut: index)
      }
    }
  }

  private func parse(_ block: RowBlock, line index: Int) {
    let place = block.places[index]
    let text = UnsafePointer((block.bytes + place.offset).assumingMemoryBound(to: CChar.self))
    var error = fj_error()
    let status: fj_status
    if let csv {
      status = fj_read_fields(
        text, place.length, CChar(bitPattern: csv.separator), csv.skipped, csv.skipped.count, width,
        block.nextRow(inPlace: false), &error)
    } else {
      status = fj_decode_row(block.jsonParser(), text, place.length, shape, block.nextRow(inPlace: false), &error)
    }
    if status == FJ_OK { return block.accept(cut: index) }
    let sentence = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    block.problems.append(
      BadRow(row: block.firstRow + index, description: "\(name): line \(place.line): \(sentence)\(hint(status, index))")
    )
  }

  /// What to do about a CSV row, where its sentence alone does not say it.
  private func hint(_ status: fj_status, _ index: Int) -> String {
    guard let csv else { return "" }
    if status == FJ_WIDTH { return "; leave columns out with --skip-columns" }
    return status == FJ_TYPE && index == 0 && !csv.hasHeader ? "; if that line names the columns, say --header yes" : ""
  }

  /// A file whose size is known is checked before the first row is read.
  private func check(_ layout: ArrayLayout, size: Int) throws(RowFileError) {
    let there = size - (stream.position - stream.window.count)
    let needed = layout.rows * layout.rowBytes
    if there != needed { throw damaged(layout, "there are \(there) bytes behind the header, expected \(needed)") }
  }

  private func damaged(_ layout: ArrayLayout, _ what: String) -> RowFileError {
    RowFileError(
      .content, name, "its header promises \(layout.rows) rows of \(layout.rowBytes) bytes, and \(what); copy it again")
  }
}
