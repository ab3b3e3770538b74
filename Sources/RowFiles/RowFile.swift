internal import JSON

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

  /// What is said of the rows beside their file.
  public struct Options: Sendable {
    /// nil: by the contents.
    public var format: RowFormat?
    /// Whether the first line of CSV names its columns.
    public var header = Header.auto
    /// Of a CSV file: names, or numbers from 1.
    public var skippedColumns: [String] = []
    /// The columns of a CSV file, as above, or the members of JSON rows, that are carried along.
    public var keptColumns: [String] = []
    /// The same for the label.
    public var labelColumn: String?
    /// Of an archive of arrays.
    public var array: String?

    /// Nothing is said: contents decide.
    public init() {}

    var carriedColumns: [String] { keptColumns + (labelColumn.map { [$0] } ?? []) }
  }

  /// As in errors.
  public let name: String
  /// What the file is.
  public let format: RowFormat
  /// D: numbers of a row.
  public let width: Int
  /// What the rows carry along: `keptColumns` by their names, then the label.
  public let carried: [String]
  let shape: RowShape

  private enum Content {
    case json(LineCutter)
    case list(JSONListCutter)
    case csv(LineCutter)
    case array(ArrayLayout, next: Int)
    case fortran(FortranArray, ArrayLayout, next: Int)
  }

  private let stream: ByteStream
  private var content: Content
  /// Why nothing more can be read.
  private var failure: RowFileError?
  /// `content`'s constants, for `parse`.
  let csv: CSVLayout?
  let layout: ArrayLayout?

  /// Opens the file, finds its form and reads its header.
  /// - Parameters:
  ///   - path: `-` is the standard input.
  ///   - shape: of a row, whose product is D: JSON rows may come nested like that.
  public init(path: String, shape: [Int], options: Options) throws(RowFileError) {
    let width = shape.reduce(1, *)
    stream = try ByteStream(path: path)
    self.width = width
    self.shape = RowShape(shape)
    while stream.window.count < 8, try stream.fill() {}
    guard !stream.window.isEmpty else {
      throw RowFileError(.content, stream.name, "is empty, expected rows of \(width) numbers")
    }
    if options.format == nil, let refusal = ForeignForm.refusal(stream.window), !RowFormat.isKnown(stream.window) {
      throw RowFileError(.content, stream.name, refusal)
    }
    format = options.format ?? RowFormat(detecting: stream.window)
    try Self.check(options, format, file: stream.name)
    if format == .npz { try NumpyArchive.enter(stream, array: options.array) }
    name = stream.name
    var (csv, layout): (CSVLayout?, ArrayLayout?) = (nil, nil)
    switch format {
    case .jsonl: content = try Self.openJSON(stream, shape)
    case .csv:
      let (cutter, found) = try Self.openCSV(stream, width, options)
      csv = found
      content = .csv(cutter)
    case .npy, .npz, .idx:
      let found = try format == .idx ? IDXHeader.read(stream, input: shape) : NumpyHeader.read(stream, input: shape)
      layout = found
      content = .array(found, next: 0)
    }
    (self.csv, self.layout) = (csv, layout)
    carried = csv.map { csv in csv.carried.map(csv.name(ofColumn:)) } ?? options.carriedColumns
    guard let layout else { return }
    if !stream.isPacked, let size = stream.size { try check(layout, size: size) }
    if layout.columns != nil { content = .fortran(try FortranArray(layout, stream), layout, next: 0) }
  }

  /// How much of the file has been cut, from 0 to 1; nil: nobody knows, it is a pipe.
  public var fraction: Double? {
    switch content {
    case .array(let layout, let next), .fortran(_, let layout, let next):
      return layout.rows > 0 ? Double(next) / Double(layout.rows) : 1
    default:
      guard let size = stream.size else { return nil }
      return size > 0 ? min(1, Double(stream.position) / Double(size)) : 1
    }
  }

  /// Takes the next rows into `block`, as they lie in the file; false: there are none. Where the file cannot be read on, those before come
  /// first, and the next call throws.
  public func cut(into block: RowBlock) throws(RowFileError) -> Bool {
    if let failure { throw failure }
    do throws(RowFileError) {
      return try cutNext(into: block)
    } catch {
      guard block.cutRows > 0 else { throw error }
      if layout == nil { block.pad() }
      failure = error
      return true
    }
  }

  private func cutNext(into block: RowBlock) throws(RowFileError) -> Bool {
    switch content {
    case .json(var cutter):
      defer { content = .json(cutter) }
      if try cutter.cut(from: stream, into: block) { return true }
      return try hasEnded(behind: cutter.rows)
    case .csv(var cutter):
      defer { content = .csv(cutter) }
      if try cutter.cut(from: stream, into: block) { return true }
      return try hasEnded(behind: cutter.rows)
    case .list(var cutter):
      defer { content = .list(cutter) }
      if try cutter.cut(from: stream, into: block) { return true }
      return try hasEnded(behind: cutter.rows)
    case .array(let layout, let next):
      let rows = min(block.capacity, layout.rows - next)
      block.begin(firstRow: next)
      guard rows > 0 else { return try hasEnded(layout) }
      block.reserve(rows * layout.rowBytes)
      let taken = try stream.take(rows * layout.rowBytes, into: block.bytes)
      block.cutRows = taken / layout.rowBytes
      content = .array(layout, next: next + block.cutRows)
      guard block.cutRows == rows else {
        throw layout.damaged(name, "it ends within rows[\(next + block.cutRows)]")
      }
      return true
    case .fortran(let array, let layout, let next):
      let rows = min(block.capacity, layout.rows - next)
      block.begin(firstRow: next)
      guard rows > 0 else {
        if stream.size == nil || stream.isPacked { return try hasEnded(layout) }
        // The numbers were taken from all over the file: what has a checksum is read once more, for that.
        if stream.hasChecksum { try stream.drain() }
        return false
      }
      block.reserve(rows * layout.rowBytes)
      try array.copy(next..<next + rows, into: block.bytes)
      block.cutRows = rows
      content = .fortran(array, layout, next: next + rows)
      return true
    }
  }

  /// Always false: there are no more rows. A file of text without any is refused: its one line may have been meant as a row.
  private func hasEnded(behind rows: Int) throws(RowFileError) -> Bool {
    guard rows == 0 else { return false }
    throw RowFileError(
      .content, name,
      csv?.hasHeader == true
        ? "has a header line and no rows; if that line is a row, say `header` no"
        : "has no rows, expected rows of \(width) numbers"
    )
  }

  /// Always false; throws when there is more than the header says.
  private func hasEnded(_ layout: ArrayLayout) throws(RowFileError) -> Bool {
    let hasMore = try stream.window.isEmpty ? stream.fill() : true
    if hasMore { throw layout.damaged(name, "there are bytes behind the last row") }
    return false
  }

  /// A file whose size is known is checked before the first row is read.
  private func check(_ layout: ArrayLayout, size: Int) throws(RowFileError) {
    let there = size - (stream.position - stream.window.count)
    let needed = layout.rows * layout.rowBytes
    if there != needed {
      throw layout.damaged(name, "there are \(there) bytes behind the header, expected \(needed)")
    }
  }

  /// Whether the options make sense for the form.
  private static func check(_ options: Options, _ format: RowFormat, file: String) throws(RowFileError) {
    func invalid(_ flag: String, _ forms: String) -> RowFileError {
      RowFileError(.content, file, "is read as \(format.rawValue), and \(flag) is for \(forms); leave it out")
    }
    if format != .csv, !options.skippedColumns.isEmpty { throw invalid("`skip_columns`", "csv") }
    if format != .npz, options.array != nil { throw invalid("`array`", "npz") }
    guard format != .csv, format != .jsonl else { return }
    if !options.keptColumns.isEmpty { throw invalid("`keep`", "csv and jsonl") }
    if options.labelColumn != nil { throw invalid("`label_column`", "csv and jsonl") }
  }

  private static func openJSON(_ stream: ByteStream, _ shape: [Int]) throws(RowFileError) -> Content {
    let cutter = LineCutter(width: shape.reduce(1, *), hasComments: false)
    try skipByteOrderMark(stream)
    var form = JSONListCutter.detect(stream.window, shape: shape)
    while form == .undecided, stream.window.count <= cutter.longest, try stream.fill() {
      form = JSONListCutter.detect(stream.window, shape: shape)
    }
    guard form == .list || form == .body else { return .json(cutter) }
    return .list(try JSONListCutter(form, stream, width: shape.reduce(1, *)))
  }

  private static func openCSV(
    _ stream: ByteStream, _ width: Int, _ options: Options
  ) throws(RowFileError) -> (LineCutter, CSVLayout) {
    var cutter = LineCutter(width: width, hasComments: true)
    try skipByteOrderMark(stream)
    let start = try cutter.peek(stream) { CSVLayout.mayBeHeader($0, options) }
    guard let start else {
      throw RowFileError(.content, stream.name, "has no rows, expected rows of \(width) numbers")
    }
    let layout = try CSVLayout(start, options, file: stream.name)
    cutter.tabsSeparate = layout.separator == UInt8(ascii: "\t")
    if layout.hasHeader { try cutter.skipLine(stream) }
    cutter.blankLinesAreRows = layout.isOneColumn
    cutter.layout = layout
    return (cutter, layout)
  }

  private static func skipByteOrderMark(_ stream: ByteStream) throws(RowFileError) {
    while stream.window.count < byteOrderMark.count, try stream.fill() {}
    if stream.window.starts(with: byteOrderMark) { stream.consume(byteOrderMark.count) }
  }
}
