internal import FastJSON

/// Which columns of a CSV file are a row's numbers, as its first line and the caller say.
struct CSVLayout: Equatable, Sendable {
  let separator: UInt8
  let hasHeader: Bool
  /// Of each column of the first line, whether it is left out.
  let skipped: [Bool]

  init(
    firstLine: [UInt8], header: RowFile.Header, skippedColumns: [String], file: String
  ) throws(RowFileError) {
    separator = Self.separator(of: firstLine)
    let fields = Self.fields(of: firstLine, separator: separator)
    var skipped = [Bool](repeating: false, count: fields.count)
    var names: [String] = []
    for column in skippedColumns {
      if let number = Int(column), fields.indices.contains(number - 1) {
        skipped[number - 1] = true
      } else {
        names.append(column)
      }
    }
    switch header {
    case .yes: hasHeader = true
    case .no: hasHeader = false
    case .auto:
      // Names of columns may be numbers, but not all that is left can be words in a row of numbers.
      let named = fields.indices.filter { names.contains(fields[$0]) }
      let kept = fields.indices.filter { !skipped[$0] && !named.contains($0) }
      hasHeader = !named.isEmpty || (!kept.isEmpty && kept.allSatisfy { !Self.isNumber(fields[$0]) })
    }
    for name in names {
      guard hasHeader, let index = fields.firstIndex(of: name) else {
        let found =
          hasHeader ? "the columns are \(fields.prefix(6).joined(separator: ", "))…" : "there is no header line"
        throw RowFileError(
          .content, file,
          "--skip-columns: no column '\(name)' among \(fields.count); \(found); name a column, or number it from 1")
      }
      skipped[index] = true
    }
    self.skipped = skipped
  }

  /// The most frequent of comma, semicolon and tab.
  private static func separator(of line: [UInt8]) -> UInt8 {
    let candidates: [UInt8] = [0x2c, 0x3b, 0x09]
    let counts = candidates.map { candidate in line.count { $0 == candidate } }
    guard let most = counts.max(), most > 0, let index = counts.firstIndex(of: most) else { return 0x2c }
    return candidates[index]
  }

  /// The texts between separators, without blanks and quotes around them (RFC 4180).
  private static func fields(of line: [UInt8], separator: UInt8) -> [String] {
    var fields: [[UInt8]] = [[]]
    var isQuoted = false
    for byte in line {
      if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if byte == separator, !isQuoted {
        fields.append([])
      } else {
        fields[fields.count - 1].append(byte)
      }
    }
    return fields.map { field in
      let text = field.drop { $0 == 0x20 }
      let length = text.count - text.reversed().prefix { $0 == 0x20 }.count
      return String(decoding: text.prefix(length), as: UTF8.self)
    }
  }

  private static func isNumber(_ field: String) -> Bool {
    let bytes = field.utf8.map { CChar(bitPattern: $0) }
    let padded = bytes + [CChar](repeating: 0, count: Int(FJ_PADDING))
    var value: Float = 0
    var error = fj_error()
    let status = fj_read_fields(padded, bytes.count, CChar(bitPattern: 0x1f), nil, 0, 1, &value, &error)
    return status == FJ_OK || status == FJ_NON_FINITE
  }
}
