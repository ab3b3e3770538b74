internal import CSVCore

/// Which columns of a CSV file are a row's numbers, as its first lines and the caller say.
struct CSVLayout: Equatable, Sendable {
  let separator: UInt8
  /// Whether the first line names the columns.
  let hasHeader: Bool
  /// Of each column, if there are any names.
  let names: [String]
  /// Of each column of the first line, whether it is no number of the row.
  let omitted: [Bool]
  /// The columns whose texts are carried along, from 0.
  let carried: [Int]
  /// What a row of one column is: a line of nothing is then a missing value.
  var isOneColumn: Bool { omitted.count == 1 }

  /// What a file begins with.
  struct Start {
    /// The first line that is neither blank nor a comment, and the one behind it, if there are any.
    var first: [UInt8]
    var second: [UInt8]?
    /// The last comment before it, without its `#`.
    var comment: [UInt8]?
    var hasBlankLine = false
  }

  /// Decides from the first lines and from what the user says.
  init(_ start: Start, _ options: RowFile.Options, file: String) throws(RowFileError) {
    func invalid(_ sentence: String) -> RowFileError { RowFileError(.content, file, sentence) }
    let line = start.first
    guard !line.contains(0x0d) else {
      throw invalid(
        "its lines end with carriage returns alone, as on old Macs; convert it, such as with tr '\\r' '\\n'")
    }
    guard !line.contains(0) else { throw invalid("its first line has NUL bytes: it is no text; write it as UTF-8 CSV") }
    var separator = CSVFields.separator(of: line)
    var fields = CSVFields.split(line, separator)
    let wanted = options.skippedColumns + options.carriedColumns
    hasHeader = try Self.isHeader(fields, options.header, wanted, invalid)
    if hasHeader, let second = start.second {
      // The names may hold any separator: the values decide.
      separator = CSVFields.separator(of: second)
      fields = CSVFields.split(line, separator)
    }
    self.separator = separator
    let values = hasHeader ? start.second.map { CSVFields.split($0, separator) } ?? [] : fields
    if values.contains(where: CSVFields.hasDecimalComma) {
      throw invalid("its numbers have decimal commas, which are not read; write decimal points")
    }
    let columns = values.isEmpty ? fields.count : values.count
    guard columns > 1 || !start.hasBlankLine else {
      throw invalid(
        "begins with a blank line, which may be a missing value in a file of one column; take it out, or write NaN")
    }
    var names = hasHeader ? fields : start.comment.map { CSVFields.split($0, separator) } ?? []
    if names.count != columns || (!hasHeader && names.contains(where: CSVFields.isNoName)) { names = [] }
    // But for a line that is a comment in all but the blank, and that nobody asks for names.
    guard !hasHeader || !names.isEmpty || (wanted.isEmpty && line.first == UInt8(ascii: "#")) else {
      throw invalid(
        "its header names \(fields.count) columns, and the line behind it has \(columns); write one name a column"
          + (fields.count + 1 == columns ? ", in R with row.names = FALSE" : ""))
    }
    self.names = names
    var omitted = [Bool](repeating: false, count: columns)
    func index(_ column: String, _ flag: String) throws(RowFileError) -> Int {
      let index = try Self.index(of: column, in: names, columns, flag, invalid)
      omitted[index] = true
      return index
    }
    for column in options.skippedColumns { _ = try index(column, "`skip_columns`") }
    var carried: [Int] = []
    for column in options.keptColumns { carried.append(try index(column, "`keep`")) }
    if let column = options.labelColumn { carried.append(try index(column, "`label_column`")) }
    guard !hasHeader || fields.first?.isEmpty != true || fields.count == 1 || omitted[0] else {
      throw invalid(
        "its first column has no name, as the index that pandas writes; leave it out with `skip_columns` 1, carry it along with "
          + "`keep` 1, or give it a name")
    }
    (self.omitted, self.carried) = (omitted, carried)
  }

  /// Whether a first line may name columns, so that the line behind it is wanted too.
  static func mayBeHeader(_ line: [UInt8], _ options: RowFile.Options) -> Bool {
    let fields = CSVFields.split(line, CSVFields.separator(of: line))
    let wanted = options.skippedColumns + options.carriedColumns
    // What is refused for its first line needs no second one.
    return (try? isHeader(fields, options.header, wanted) { RowFileError(.content, "", $0) }) ?? false
  }

  /// Whether a line that looks like a comment is a row in all else: its first column is a text, and the others are `width` numbers.
  func isRow(comment line: UnsafeRawBufferPointer, width: Int) -> Bool {
    guard omitted.first == true else { return false }
    let padded = Array(line) + [UInt8](repeating: 0, count: Int(CSV_PADDING))
    var row = [Float](repeating: 0, count: width)
    var error = csv_error()
    return padded.withUnsafeBufferPointer { text in
      text.withMemoryRebound(to: CChar.self) {
        csv_read_fields(
          $0.baseAddress, line.count, CChar(bitPattern: separator), omitted, omitted.count, width, &row, &error)
      }
    } == CSV_OK
  }

  /// What a kept column is called in the output.
  func name(ofColumn index: Int) -> String {
    guard names.indices.contains(index), !names[index].isEmpty else { return "column_\(index + 1)" }
    return names[index]
  }

  /// Whether a first line names columns: no field of it is a value, but perhaps the first one is blank.
  private static func isHeader(
    _ fields: [String], _ header: RowFile.Header, _ wanted: [String], _ invalid: (String) -> RowFileError
  ) throws(RowFileError) -> Bool {
    switch header {
    case .yes: return true
    case .no: return false
    case .auto: break
    }
    let isIndexed = fields.count > 1 && fields[0].isEmpty
    let rest = isIndexed ? fields.dropFirst() : fields[...]
    if rest.elementsEqual((0..<rest.count).map(String.init)) {
      throw invalid(
        isIndexed
          ? "its first line numbers the columns behind an index, as pandas writes it; say `header` yes `skip_columns` 1"
          : "its first line is 0, 1, 2 and so on: names, as pandas writes them, or a row; say `header` yes or `header` no"
      )
    }
    // Names of columns may be numbers: what the caller names cannot be a row's.
    if wanted.contains(where: { Int($0) == nil && fields.contains($0) }) { return true }
    // Not all that is left can be signs: 1|2|3 is no line of names.
    return !rest.contains(where: CSVFields.isNoName) && rest.contains { $0.contains(where: \.isLetter) }
  }

  private static func index(
    of column: String, in names: [String], _ count: Int, _ flag: String, _ invalid: (String) -> RowFileError
  ) throws(RowFileError) -> Int {
    if let number = Int(column), (1...count).contains(number) { return number - 1 }
    guard let index = names.firstIndex(of: column) else {
      let found =
        names.isEmpty ? "there is no header line" : "the columns are \(names.prefix(6).joined(separator: ", "))…"
      throw invalid("\(flag): no column '\(column)' among \(count); \(found); name a column, or number it from 1")
    }
    guard names.lastIndex(of: column) == index else {
      throw invalid("\(flag): two columns are called '\(column)'; number it, from 1")
    }
    return index
  }
}
