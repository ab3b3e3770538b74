internal import CSVCore

/// The fields of a CSV file's first lines, as they decide how the file is read. Rows are read by `csv_read_fields`, by the same rules.
enum CSVFields {
  /// Any run of blanks and tabs.
  static let blanks = UInt8(ascii: " ")

  /// The texts between separators, without blanks and quotes around them (RFC 4180).
  static func split(_ line: [UInt8], _ separator: UInt8) -> [String] {
    let padded = line.map { CChar(bitPattern: $0) } + [CChar](repeating: 0, count: Int(CSV_PADDING))
    return padded.withUnsafeBufferPointer { line in
      let length = line.count - Int(CSV_PADDING)
      let count = csv_find_fields(line.baseAddress, length, CChar(bitPattern: separator), nil, 0, nil)
      let columns = Array(0..<count)
      var found = [csv_field](repeating: csv_field(), count: count)
      _ = csv_find_fields(line.baseAddress, length, CChar(bitPattern: separator), columns, count, &found)
      return found.map { String(decoding: text($0), as: UTF8.self) }
    }
  }

  /// What a field's text stands for.
  static func text(_ field: csv_field) -> [UInt8] {
    let bytes = [UInt8](UnsafeRawBufferPointer(start: field.text, count: field.length))
    guard field.is_quoted, bytes.contains(UInt8(ascii: "\"")) else { return bytes }
    var text: [UInt8] = []
    var isSecond = false
    for byte in bytes {
      // Of two quotes one is meant.
      isSecond = byte == UInt8(ascii: "\"") && !isSecond
      if !isSecond || byte != UInt8(ascii: "\"") { text.append(byte) }
    }
    return text
  }

  /// Whether it can be no column's name: a value, or a number in another notation.
  static func isNoName(_ field: String) -> Bool { isValue(field) || beginsAsNumber(field) }

  /// Whether it is a number of any kind, also one with a decimal comma, or a word for a missing value.
  static func isValue(_ field: String) -> Bool {
    var field = field
    let isWord = field.withUTF8 { utf8 in
      utf8.withMemoryRebound(to: CChar.self) {
        csv_is_missing_value($0.baseAddress, $0.count) || csv_has_decimal_comma($0.baseAddress, $0.count)
      }
    }
    return isWord || isNumber(field) || ["true", "false"].contains(field.lowercased()) || isHexadecimal(field)
  }

  static func hasDecimalComma(_ field: String) -> Bool {
    var field = field
    return field.withUTF8 { utf8 in
      utf8.withMemoryRebound(to: CChar.self) { csv_has_decimal_comma($0.baseAddress, $0.count) }
    }
  }

  /// The separator of a line: that which makes all fields values, else that which makes the most, else the most frequent.
  static func separator(of line: [UInt8]) -> UInt8 {
    var candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].map { ($0, split(line, $0)) }
      .filter { $0.1.count > 1 }
    // Blanks may stand within texts: where there is another separator, they are one only between values alone.
    let words = split(line, blanks)
    if words.count > 1, candidates.isEmpty || words.allSatisfy(isValue) { candidates.append((blanks, words)) }
    var best = (separator: UInt8(ascii: ","), all: 0, values: -1, fields: 0)
    for (separator, fields) in candidates {
      let values = fields.count(where: isValue)
      let all = values == fields.count ? 1 : 0
      if (all, values, fields.count) > (best.all, best.values, best.fields) {
        best = (separator, all, values, fields.count)
      }
    }
    return best.separator
  }

  private static func isNumber(_ field: String) -> Bool {
    let bytes = field.utf8.map { CChar(bitPattern: $0) }
    let padded = bytes + [CChar](repeating: 0, count: Int(CSV_PADDING))
    var value: Float = 0
    var error = csv_error()
    let status = csv_read_fields(padded, bytes.count, CChar(bitPattern: 0x1f), nil, 0, 1, &value, &error)
    return status == CSV_OK || status == CSV_NON_FINITE
  }

  /// A number as other languages write it, or one with its unit: a sign before it or a digit behind its point, or Fortran's `1d0`. What
  /// begins with a whole number may be a name, such as 1x1 or 2nd.
  private static func beginsAsNumber(_ field: String) -> Bool {
    let hasSign = field.hasPrefix("-") || field.hasPrefix("+")
    let whole = field.drop { $0 == "-" || $0 == "+" }
    let rest = whole.drop(while: isDigit)
    let fraction = rest.first == "." ? rest.dropFirst().first.map { isDigit($0) || $0 == "#" } ?? false : false
    let exponent = rest.dropFirst().drop { $0 == "-" || $0 == "+" }
    let isFortran =
      rest.count < whole.count && rest.first?.lowercased() == "d" && !exponent.isEmpty
      && exponent.allSatisfy(isDigit)
    return fraction || isFortran || (hasSign && rest.count < whole.count)
  }

  private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }

  private static func isHexadecimal(_ field: String) -> Bool {
    let digits = field.lowercased().drop { $0 == "-" || $0 == "+" }
    return digits.count > 2 && digits.hasPrefix("0x")
      && digits.dropFirst(2).allSatisfy { $0.isHexDigit || [".", "p", "-", "+"].contains($0) }
  }
}
