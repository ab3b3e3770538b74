internal import JSON

// Rows of JSON: `[…D numbers…]`, flat or nested, or `{"instance":[…]}`, whose other members are skipped or carried along.
extension RowFile {
  /// Reads a row into the block's next place, and what it carries along.
  func parseJSON(_ block: RowBlock, _ line: UnsafeRawBufferPointer) throws(LineError) {
    var rows = JSONRows(shape, at: block.nextRow(inPlace: false), capacity: 1)
    do throws(JSONError) {
      try block.parser.read(line, expecting: Self.expected) { (json) throws(JSONError) in try Self.read(json, &rows) }
    } catch {
      let isCut = error.reason == .syntax && !Self.isClosed(line)
      throw LineError(sentence: error.message + (isCut ? "; give each row a line of its own" : ""))
    }
    if !carried.isEmpty { try carryMembers(block, line) }
  }

  private static let expected: StaticString = "an array of numbers or an object with \"instance\""

  private static func read(_ json: borrowing JSONCursor, _ rows: inout JSONRows) throws(JSONError) {
    guard json.kind != .array else { return try rows.readSingle(json, "instance") }
    try json.beginObject(expected, "")
    var (hasRow, hasList) = (false, false)
    while let name = try json.nextMember("") {
      let (isRow, isList) = ("instance" ~= name, "instances" ~= name)
      // A list of rows beside the row is one that nobody would read.
      guard !(isRow && (hasRow || hasList)), !(isList && hasRow) else {
        throw JSONError(
          .value, at: name.offset, isList ? "instances" : "instance",
          "rows are given twice; give one \"instance\" a row")
      }
      guard isRow else {
        hasList = hasList || isList
        try json.skip("")
        continue
      }
      hasRow = true
      try rows.readSingle(json, "instance")
    }
    guard hasRow else {
      try json.finish()
      throw JSONError(.missing, at: 0, "", "expected an array of numbers or \"instance\", found neither")
    }
  }

  /// Takes the members that the row carries along out of its text, as they are written.
  private func carryMembers(_ block: RowBlock, _ line: UnsafeRawBufferPointer) throws(LineError) {
    let found: [Range<Int>?]?
    do throws(JSONError) {
      found = try block.parser.read(line, expecting: "an object") { (json) throws(JSONError) in try members(json) }
    } catch {
      throw LineError(sentence: error.message)
    }
    guard let found else { throw LineError(sentence: "expected an object with '\(carried[0])', found an array") }
    for (index, range) in found.enumerated() {
      guard let range else {
        block.carriedTexts.removeLast(index)
        throw LineError(sentence: "expected the member '\(carried[index])', found none")
      }
      block.carriedTexts.append(line[range], isJSON: true)
    }
  }

  /// Where the values of the carried members stand; nil: they stand in no object.
  private func members(_ json: borrowing JSONCursor) throws(JSONError) -> [Range<Int>?]? {
    guard json.kind == .object else {
      try json.skip("")
      return nil
    }
    var found = [Range<Int>?](repeating: nil, count: carried.count)
    try json.beginObject("an object", "")
    while let name = try json.nextMember("") {
      let (index, offset) = (carried.firstIndex { name.equals($0) }, name.offset)
      let value = try json.written("")
      guard let index else { continue }
      guard found[index] == nil else {
        let quotation = String(decoding: carried[index].utf8.prefix(32), as: UTF8.self)
        throw JSONError(.value, at: offset, "", "expected the member '\(quotation)' once, found a second one")
      }
      // A member may be kept and be the label too.
      for same in carried.indices where carried[same] == carried[index] {
        found[same] = value.offset..<value.offset + value.count
      }
    }
    return found
  }

  /// Whether a text has as many closing brackets as opening ones.
  private static func isClosed(_ text: UnsafeRawBufferPointer) -> Bool {
    text.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
      == text.count { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: "}") }
  }
}
