internal import CSVCore

// Rows of CSV: what their fields are, and what to do where they are no row.
extension RowFile {
  /// Reads a line into the block's next place, and what it carries along.
  func parse(
    _ block: RowBlock, _ line: UnsafeRawBufferPointer, _ csv: CSVLayout, _ index: Int
  ) throws(LineError) {
    // The cutter lets no other comment through.
    guard csv.omitted.first != true || !LineCutter.isComment(line) else {
      throw LineError(
        sentence:
          "is a row that begins with '#' as comments do; put its first field into quotes if it is one, else take it out"
      )
    }
    let text = line.baseAddress?.assumingMemoryBound(to: CChar.self)
    var error = csv_error()
    let status = csv_read_fields(
      text, line.count, CChar(bitPattern: csv.separator), csv.omitted, csv.omitted.count, width,
      block.nextRow(inPlace: false), &error)
    guard status == CSV_OK else {
      let sentence = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      throw LineError(
        sentence: csv.place(ofColumn: error.column) + sentence + hint(status, sentence, line, csv, isFirst: index == 0),
        endsFile: status == CSV_OPEN_QUOTE)
    }
    if !carried.isEmpty { try carryFields(block, line, csv) }
  }

  /// Takes the fields that the row carries along out of its line.
  private func carryFields(
    _ block: RowBlock, _ line: UnsafeRawBufferPointer, _ csv: CSVLayout
  ) throws(LineError) {
    var found = [csv_field](repeating: csv_field(), count: carried.count)
    _ = csv_find_fields(
      line.baseAddress?.assumingMemoryBound(to: CChar.self), line.count, CChar(bitPattern: csv.separator), csv.carried,
      csv.carried.count, &found)
    for (index, field) in found.enumerated() {
      let value = CSVFields.text(field)
      guard field.text != nil, String(validating: value, as: UTF8.self) != nil else {
        block.carriedTexts.removeLast(index)
        throw LineError(
          sentence: "column \(csv.carried[index] + 1) ('\(carried[index])'): "
            + (field.text == nil ? "expected a text, found the line's end" : "is no UTF-8; write the file as UTF-8"))
      }
      block.carriedTexts.append(value, isJSON: false)
    }
  }

  /// What to do about a row, where its sentence alone does not say it.
  private func hint(
    _ status: csv_status, _ sentence: String, _ line: UnsafeRawBufferPointer, _ csv: CSVLayout, isFirst: Bool
  ) -> String {
    let count = csv_find_fields(
      line.baseAddress?.assumingMemoryBound(to: CChar.self), line.count, CChar(bitPattern: csv.separator), nil, 0, nil)
    let numbers = count - csv.omitted.count(where: \.self)
    if status == CSV_WIDTH {
      if numbers == 2 * width, csv.separator == UInt8(ascii: ",") {
        return "; if it has decimal commas, write decimal points, else leave columns out with `skip_columns`"
      }
      return numbers > width ? "; leave columns out with `skip_columns`" : ""
    }
    guard status == CSV_NO_NUMBER else { return "" }
    if line.last == csv.separator, csv.separator != CSVFields.blanks, count == csv.omitted.count, numbers == width + 1 {
      return "; if each line ends with a separator, say `skip_columns` \(count)"
    }
    if count == 1, width > 1 { return "; write the numbers between commas, semicolons, tabs or blanks" }
    let isValue = sentence.hasSuffix("nothing") || sentence.hasSuffix("a missing value") || sentence.hasSuffix("points")
    if isValue { return "" }
    let header = isFirst && !csv.hasHeader ? "; if that line names the columns, say `header` yes" : ""
    return header + (numbers > width ? "; leave columns that are no inputs out with `skip_columns`" : "")
  }
}

extension CSVLayout {
  /// A column as a sentence begins with it, by its number, from 1, and its name; nothing for 0.
  fileprivate func place(ofColumn number: Int) -> String {
    guard number > 0 else { return "" }
    guard names.indices.contains(number - 1), !names[number - 1].isEmpty else { return "column \(number): " }
    return "column \(number) ('" + names[number - 1].printable + "'): "
  }
}
