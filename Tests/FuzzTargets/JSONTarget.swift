import JSON

/// The JSON core: walks over a text, and the rows in it.
enum JSONTarget {
  private static let maxDepth = 16

  static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
    let parser = JSONParser(maxDepth: maxDepth)
    return withPadding(bytes) { text in
      let skipped = outcome(text.count) { () throws(JSONError) in
        try parser.read(text, expecting: "a document") { (json) throws(JSONError) in try json.skip("") }
      }
      let walked = outcome(text.count) { () throws(JSONError) in
        try parser.read(text, expecting: "a document") { (json) throws(JSONError) in
          try walk(json, depth: 0)
        }
      }
      // "What is skipped is checked as strictly as what is read."
      require(skipped == walked, "skipped: \(skipped); walked: \(walked)")
      for takesNonFinite in [false, true] {
        for shape in [[1], [4], [2, 2], [2, 2, 1]] { readRows(text, parser, RowShape(shape), takesNonFinite) }
        for type in [JSONNumberType.float, .uint8, .int64] { readNumbers(text, parser, type, takesNonFinite) }
      }
      return skipped
    }
  }

  /// Steps over a value by stepping into it, as deep as skipping goes.
  /// - Parameter depth: of the containers that it is in.
  private static func walk(_ json: borrowing JSONCursor, depth: Int) throws(JSONError) {
    guard depth < maxDepth else { return try json.skip("") }
    switch json.kind {
    case .object:
      try json.beginObject("an object", "")
      while let name = try json.nextMember("") {
        touch(name.bytes)
        try walk(json, depth: depth + 1)
      }
    case .array:
      try json.beginArray("an array", "")
      while try json.nextElement("") { try walk(json, depth: depth + 1) }
    case .string: touch(try json.string("a string", "").bytes)
    case .null: touch(try json.written("").bytes)
    case .other: _ = try json.real("")
    }
  }

  /// The text as a list of rows, and as an object with such a list in a member.
  private static func readRows(
    _ text: UnsafeRawBufferPointer, _ parser: JSONParser, _ shape: RowShape, _ takesNonFinite: Bool
  ) {
    let places = Places(width: shape.width)
    let first = places.morePlaces()!
    var rows = JSONRows(shape, at: first.baseAddress!, capacity: first.count / shape.width, then: places)
    let result = outcome(text.count) { () throws(JSONError) in
      try parser.read(text, expecting: "rows", takesNonFinite: takesNonFinite) { (json) throws(JSONError) in
        guard json.kind == .object else { return try rows.readList(json, "rows") }
        try json.beginObject("an object", "")
        while let name = try json.nextMember("") {
          if "rows" ~= name, rows.count == 0 { try rows.readList(json, "rows") } else { try json.skip("") }
        }
      }
    }
    require(rows.count <= places.rows, "\(rows.count) rows in \(places.rows) places")
    require(rows.count <= shape.maxRows(inBytes: text.count) + 1, "more rows than the text's length allows")
    if result == .read, !takesNonFinite {
      require(places.floats.prefix(rows.count * shape.width).allSatisfy(\.isFinite), "a row that is not finite")
    }
  }

  /// The text as an array of numbers, nested in any way, into a row of eight.
  private static func readNumbers(
    _ text: UnsafeRawBufferPointer, _ parser: JSONParser, _ type: JSONNumberType, _ takesNonFinite: Bool
  ) {
    let values = UnsafeMutablePointer<Float>.allocate(capacity: 8)
    defer { values.deallocate() }
    var rows = JSONRows(RowShape([4]), at: values, capacity: 2)
    _ = outcome(text.count) { () throws(JSONError) in
      try parser.read(text, expecting: "numbers", takesNonFinite: takesNonFinite) { (json) throws(JSONError) in
        _ = try rows.readNumbers(json, as: type, "a number", "numbers", wanted: 8)
      }
    }
  }

  private static func outcome(_ count: Int, _ read: () throws(JSONError) -> Void) -> FuzzTarget.Outcome {
    do throws(JSONError) {
      try read()
      return .read
    } catch {
      require((0...count).contains(error.offset), "byte \(error.offset) of \(count)")
      return .refused(error.message)
    }
  }

  /// Reads every byte, so that a sanitizer sees what lies outside.
  private static func touch(_ bytes: [UInt8]) { _ = bytes.reduce(0, &+) }

  /// Lends the bytes with nothing but the padding behind them.
  private static func withPadding<Result>(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + JSONParser.padding, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    // "What they are does not matter."
    memory[bytes.count...].copyBytes(from: repeatElement(0x5d, count: JSONParser.padding))
    return body(UnsafeRawBufferPointer(rebasing: memory[..<bytes.count]))
  }
}

/// Places for rows, a few at a time, each in memory of its own.
private final class Places: JSONRowPlaces {
  private static let rowsEach = 3
  private let width: Int
  private var blocks: [UnsafeMutableBufferPointer<Float>] = []

  init(width: Int) { self.width = width }

  deinit { for block in blocks { block.deallocate() } }

  var rows: Int { blocks.count * Self.rowsEach }

  var floats: [Float] { blocks.flatMap(Array.init) }

  func morePlaces() -> UnsafeMutableBufferPointer<Float>? {
    guard blocks.count < 50 else { return nil }
    let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: width * Self.rowsEach)
    block.initialize(repeating: .nan)
    blocks.append(block)
    return block
  }
}
