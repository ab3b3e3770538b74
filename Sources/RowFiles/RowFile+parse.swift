internal import JSONCore

extension RowFile {
  /// Reads the rows of a block that `cut` filled; what is no good row becomes one of its problems. Any thread.
  public func parse(_ block: RowBlock) {
    block.carriedTexts.columns = carried.count
    if let layout {
      parse(block, layout)
    } else {
      for index in 0..<block.cutRows {
        parse(block, line: index)
        if block.problems.last?.endsFile == true { break }
      }
    }
  }

  private func parse(_ block: RowBlock, _ layout: ArrayLayout) {
    guard layout.columns != nil else {
      block.isInPlace = layout.element.isNative
      for index in 0..<block.cutRows { parse(block, layout, index, block.bytes + index * layout.rowBytes) }
      return
    }
    withUnsafeTemporaryAllocation(byteCount: max(1, layout.rowBytes), alignment: 8) { row in
      guard let row = row.baseAddress else { return }
      for index in 0..<block.cutRows {
        layout.gather(row: index, of: block.bytes, count: block.cutRows, into: row)
        parse(block, layout, index, row)
      }
    }
  }

  private func parse(_ block: RowBlock, _ layout: ArrayLayout, _ index: Int, _ source: UnsafeRawPointer) {
    let (bad, rounded, first) = layout.read(source, into: block.nextRow(inPlace: block.isInPlace))
    let row = block.firstRow + index
    if let bad {
      block.problems.append(
        BadRow(
          row: row, description: "\(name): rows[\(row)][\(bad.column)]: expected a finite Float32, found \(bad.found)"))
      return
    }
    if rounded > 0 {
      if block.rounded.count == 0 { block.rounded.first = first.map { "rows[\(row)][\($0.column)], \($0.found)" } }
      block.rounded.count += rounded
    }
    block.accept(cut: index)
  }

  private func parse(_ block: RowBlock, line index: Int) {
    let place = block.places[index]
    let text = UnsafePointer((block.bytes + place.offset).assumingMemoryBound(to: CChar.self))
    var error = json_error()
    let status: json_status
    if let csv {
      status = json_read_fields(
        text, place.length, CChar(bitPattern: csv.separator), csv.omitted, csv.omitted.count, width,
        block.nextRow(inPlace: false), &error)
    } else {
      status = json_decode_row(block.jsonParser(), text, place.length, shape, block.nextRow(inPlace: false), &error)
    }
    if status == JSON_OK {
      do throws(Sentence) {
        if !carried.isEmpty { try carry(block, text, place.length) }
        block.accept(cut: index)
      } catch {
        block.problems.append(problem(block, index, error.text))
      }
      return
    }
    let sentence = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let path = withUnsafeBytes(of: error.path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    block.problems.append(
      problem(
        block, index,
        named(sentence, path) + hint(status, sentence, index, UnsafeRawBufferPointer(start: text, count: place.length)),
        endsFile: csv != nil && status == JSON_SYNTAX))
  }

  private struct Sentence: Error { let text: String }

  private func problem(_ block: RowBlock, _ index: Int, _ sentence: String, endsFile: Bool = false) -> BadRow {
    BadRow(
      row: block.firstRow + index, description: "\(name): \(block.place(ofCut: index)): \(sentence)", endsFile: endsFile
    )
  }

  /// Takes what the row carries along out of its text.
  private func carry(_ block: RowBlock, _ text: UnsafePointer<CChar>, _ length: Int) throws(Sentence) {
    guard let csv else { return try carryMembers(block, text, length) }
    var found = [json_text](repeating: json_text(), count: carried.count)
    _ = json_find_fields(text, length, CChar(bitPattern: csv.separator), csv.carried, csv.carried.count, &found)
    for (index, field) in found.enumerated() {
      let value = CSVFields.text(field)
      guard field.text != nil, String(validating: value, as: UTF8.self) != nil else {
        block.carriedTexts.removeLast(index)
        throw Sentence(
          text: "column \(csv.carried[index] + 1) ('\(carried[index])'): "
            + (field.text == nil ? "expected a text, found the line's end" : "is no UTF-8; write the file as UTF-8"))
      }
      block.carriedTexts.append(value, isJSON: false)
    }
  }

  private func carryMembers(_ block: RowBlock, _ text: UnsafePointer<CChar>, _ length: Int) throws(Sentence) {
    var found = [json_text](repeating: json_text(), count: carried.count)
    var error = json_error()
    // The names' bytes stay where they are while they are looked for.
    let names = carried.map { Array($0.utf8CString) }
    let status = withPointers(names) { names in
      json_find_members(block.jsonParser(), text, length, names, names.count, &found, &error)
    }
    guard status == JSON_OK else {
      let sentence = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      throw Sentence(
        text: status == JSON_MISSING ? "expected an object with '\(carried[0])', found an array" : sentence)
    }
    for (index, value) in found.enumerated() {
      guard value.text != nil else {
        block.carriedTexts.removeLast(index)
        throw Sentence(text: "expected the member '\(carried[index])', found none")
      }
      block.carriedTexts.append(UnsafeRawBufferPointer(start: value.text, count: value.length), isJSON: true)
    }
  }

  private func withPointers<Result>(_ names: [[CChar]], _ body: ([json_text]) -> Result) -> Result {
    func next(_ index: Int, _ found: [json_text]) -> Result {
      guard index < names.count else { return body(found) }
      return names[index].withUnsafeBufferPointer {
        next(index + 1, found + [json_text(text: $0.baseAddress, length: $0.count - 1, is_quoted: false)])
      }
    }
    return next(0, [])
  }

  /// The sentence with the column's name behind its number.
  private func named(_ sentence: String, _ path: String) -> String {
    guard let csv, path.hasPrefix("column "), let number = Int(path.dropFirst(7)),
      csv.names.indices.contains(number - 1), !csv.names[number - 1].isEmpty, sentence.hasPrefix(path)
    else { return sentence }
    return path + " ('" + csv.names[number - 1].printable + "')" + sentence.dropFirst(path.count)
  }

  /// What to do about a row, where its sentence alone does not say it.
  private func hint(
    _ status: json_status, _ sentence: String, _ index: Int, _ line: UnsafeRawBufferPointer
  ) -> String {
    guard let csv else {
      return status == JSON_SYNTAX && layout == nil && !isClosed(line) ? "; give each row a line of its own" : ""
    }
    let count = json_find_fields(
      line.bindMemory(to: CChar.self).baseAddress, line.count, CChar(bitPattern: csv.separator), nil, 0, nil)
    if status == JSON_WIDTH {
      let numbers = count - csv.omitted.count(where: \.self)
      if numbers == 2 * width, csv.separator == UInt8(ascii: ",") {
        return "; if it has decimal commas, write decimal points, else leave columns out with --skip-columns"
      }
      return numbers > width ? "; leave columns out with --skip-columns" : ""
    }
    guard status == JSON_TYPE else { return "" }
    if line.last == csv.separator, csv.separator != CSVFields.blanks, count == csv.omitted.count,
      count - csv.omitted.count(where: \.self) == width + 1
    {
      return "; if each line ends with a separator, say --skip-columns \(count)"
    }
    if count == 1, width > 1 { return "; write the numbers between commas, semicolons, tabs or blanks" }
    let isValue = sentence.hasSuffix("nothing") || sentence.hasSuffix("a missing value") || sentence.hasSuffix("points")
    return index == 0 && !csv.hasHeader && !isValue ? "; if that line names the columns, say --header yes" : ""
  }

  /// Whether a JSON text has as many closing brackets as opening ones.
  private func isClosed(_ text: UnsafeRawBufferPointer) -> Bool {
    text.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
      == text.count { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: "}") }
  }
}
