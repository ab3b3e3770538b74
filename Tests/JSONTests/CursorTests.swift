import JSON
import TestSupport
import Testing

/// Reads a text with a parser of at most 8 levels.
private func read<Result>(
  _ text: String, takesNonFinite: Bool = false, _ body: (borrowing JSONCursor) throws(JSONError) -> Result
) throws -> Result {
  try read(Array(text.utf8), takesNonFinite: takesNonFinite, body)
}

private func read<Result>(
  _ text: [UInt8], takesNonFinite: Bool = false, _ body: (borrowing JSONCursor) throws(JSONError) -> Result
) throws -> Result {
  try (text + [UInt8](repeating: 0, count: JSONParser.padding)).withUnsafeBytes { bytes in
    try JSONParser(maxDepth: 8).read(
      UnsafeRawBufferPointer(rebasing: bytes[..<text.count]), expecting: "a test", takesNonFinite: takesNonFinite, body)
  }
}

private func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "none"
  } catch {
    return (error as? JSONError)?.message ?? "another error"
  }
}

@Suite struct CursorTests {
  @Test func `members come one by one, with what their names stand for and where they stand`() throws {
    let text = #" {"a":1, "b\u0063" : [ ] ,"":null,"é":{"x":[{}]}} "#
    let found = try read(text) { (json) throws(JSONError) in
      var found: [String] = []
      try json.beginObject("an object", "")
      while let name = try json.nextMember("") {
        found.append("\(name.offset) \(name.quotation)")
        try json.skip("")
      }
      return found
    }
    #expect(found == ["2 a", "9 bc", "26 ", "34 é"])
  }

  /// It is cut, and ends with a byte that no name has; the one before it is no copy of it either.
  @Test func `a long name with escapes is nobody's, and its value is read`() throws {
    let long = String(repeating: #"\u00e9"#, count: 600)
    let found = try read(#"{"a":1,"\#(long)":2,"b":"\#(long)"}"#) { (json) throws(JSONError) in
      var found: [String] = []
      try json.beginObject("an object", "")
      while let name = try json.nextMember("") {
        found.append("\(name.count) \(name.quotation.first ?? "-") \(name.bytes.last ?? 0) \(name.isEmpty)")
        if "b" ~= name {
          let text = try json.string("a string", "b")
          found.append("\(text.count) \(text.hasPrefix("x")) \(text.equals(""))")
        } else {
          try json.skip("")
        }
      }
      return found
    }
    #expect(found == ["1 a 97 false", "1024 é 255 false", "1 b 98 false", "1024 false false"])
  }

  @Test func `elements come one by one, in arrays in arrays`() throws {
    let found = try read("[[],[7],[8,9]]") { (json) throws(JSONError) in
      var found: [[UInt64]] = []
      try json.beginArray("an array", "")
      while try json.nextElement("") {
        found.append([])
        try json.beginArray("an array", "")
        while try json.nextElement("") { found[found.count - 1].append(try json.wholeNumber("")) }
      }
      return found
    }
    #expect(found == [[], [7], [8, 9]])
  }

  @Test func `a value is given as it was written`() throws {
    let text = #"{"a" : [1, 2 ] , "b":"\n" }"#
    let found = try read(text) { (json) throws(JSONError) in
      var found: [String] = []
      try json.beginObject("an object", "")
      while try json.nextMember("") != nil {
        let value = try json.written("")
        found.append(String(decoding: value.bytes, as: UTF8.self))
      }
      return found
    }
    #expect(found == ["[1, 2 ]", #""\n""#])
  }

  @Test func `names are compared byte by byte`() throws {
    let isNamed = try read(#"{"caf\u00e9":0}"#) { (json) throws(JSONError) in
      try json.beginObject("an object", "")
      guard let name = try json.nextMember("") else { return [false] }
      let found = [
        "café" ~= name, name.equals("café"), name.hasPrefix("caf"), !name.equals("cafe"), !name.equals("cafe\u{301}"),
        !name.hasPrefix("café0"), !name.isEmpty,
      ]
      try json.skip("")
      guard try json.nextMember("") == nil else { return [] }
      return found
    }
    #expect(isNamed == [Bool](repeating: true, count: 7))
  }

  @Test func `a place is come back to`() throws {
    let found: [Int] = try read("[[1,2],[3]]") { (json) throws(JSONError) in
      var found: [Int] = []
      try json.beginArray("an array", "")
      guard try json.nextElement("") else { return [] }
      let first = json.position
      for place in [first, first] {
        json.go(to: place)
        found.append(try json.wholeNumbers("an array", "").count)
      }
      guard try json.nextElement("") else { return [] }
      found.append(try json.wholeNumbers("an array", "").count)
      guard try !json.nextElement("") else { return [] }
      return found
    }
    #expect(found == [2, 2, 1])
  }

  static let numbers: [(String, [Double?], [UInt64])] = [
    ("[1,-2,0.5]", [1, -2, 0.5], [1, 0, 0]), (#"["3",true,null]"#, [nil, nil, nil], [0, 0, 0]),
    ("[18446744073709551616,1e2,10]", [18_446_744_073_709_551_616, 100, 10], [.max, 0, 10]),
  ]

  @Test(arguments: numbers) func `numbers are counts, or real, or neither`(
    text: String, reals: [Double?], counts: [UInt64]
  ) throws {
    let found = try read(text) { (json) throws(JSONError) in
      var found: ([Double?], [UInt64], [Int]) = ([], [], [])
      try json.beginArray("an array", "")
      while try json.nextElement("") {
        let start = json.position
        let (real, offset) = try json.real("")
        json.go(to: start)
        let (count, same) = try json.count("")
        found.0.append(real.isNaN ? nil : real)
        found.1.append(count)
        if offset != same { found.2.append(offset) }
      }
      return found
    }
    #expect(found.0 == reals && found.1 == counts && found.2.isEmpty)
  }

  static let refused: [(String, String)] = [
    (#"{"a":1}"#, "expected an array, found an object, at byte 0"),
    ("[1}", "the body is not valid JSON: expected ']', found its end, at byte 3"),
    ("[true,1]", "p[0]: expected a whole number, found a boolean, at byte 1"),
    ("[1 2]", "the body is not valid JSON: expected ',' or ']', found a number, at byte 3"),
    ("[-1]", "p[0]: expected a whole number from 0 below 2^64, found -1, at byte 1"),
    (
      "[18446744073709551616]", "p[0]: expected a whole number from 0 below 2^64, found 18446744073709551616, at byte 1"
    ),
    ("[1][2]", "the body is not valid JSON: more text behind its end, at byte 3"),
    ("7", "expected a test, found a number, at byte 0"),
  ]

  @Test(arguments: refused) func `an error names its path, and its place`(text: String, sentence: String) {
    let found = message {
      _ = try read(text) { (json) throws(JSONError) in
        try json.beginArray("an array", "")
        var index = 0
        while try json.nextElement("") {
          _ = try json.wholeNumber(JSONPath("p", index))
          index += 1
        }
      }
    }
    #expect(found == sentence)
  }

  @Test func `what is skipped is bounded in depth, counted from the text's beginning`() {
    for (levels, isRead) in [(8, true), (9, false)] {
      let text = "{\"a\":" + String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1) + "}"
      let found = message {
        try read(text) { (json) throws(JSONError) in
          try json.beginObject("an object", "")
          while try json.nextMember("") != nil { try json.skip("a") }
        }
      }
      #expect(found == (isRead ? "none" : "a: nested too deep: expected at most 8 levels, at byte 12"))
    }
  }

  @Test func `a text without a value is not read, and one that is not read to its end is refused`() {
    for (text, sentence) in [
      ("", "the body is not valid JSON: it is empty, at byte 0"),
      (" \n", "the body is not valid JSON: it is empty, at byte 0"),
      ("\u{feff}", "the body is not valid JSON: it is empty, at byte 0"),
      (#"{"a":1}"#, "the body is not valid JSON: more text behind its end, at byte 1"),
    ] {
      let found = message {
        try read(text) { (json) throws(JSONError) in _ = try json.beginObject("an object", "") }
      }
      #expect(found == sentence)
    }
  }

  static let damagedTexts = [
    #"{"a":[1,2.5e3,-0],"b":{"c":"\u00e9\n","d":[true,false,null,[[[]]]]},"":"x"}"#,
    #"[[[1,2],[3,[4,5],[]],6],NaN,{"e":[1,2,3]},"\ud83d\ude00"]"#,
  ]

  /// Steps over whatever stands here by every call that may.
  private static func walk(
    _ json: borrowing JSONCursor, _ rows: inout JSONRows, _ random: inout SplitMix, depth: Int
  ) throws(JSONError) {
    switch (json.kind, random.next() % 4) {
    case (.object, 0...2) where depth < 8:
      try json.beginObject("an object", "o")
      while let name = try json.nextMember("o") {
        if name.hasPrefix("b"), name.quotation.utf8.count > 1000 { return }
        try walk(json, &rows, &random, depth: depth + 1)
      }
    case (.array, 0) where depth < 8:
      try json.beginArray("an array", "a")
      while try json.nextElement("a") { try walk(json, &rows, &random, depth: depth + 1) }
    case (.array, 1):
      let start = json.position
      _ = try rows.readNumbers(json, as: random.next() % 2 == 0 ? .float : .int16, "INT16", "n", wanted: 6)
      json.go(to: start)
      _ = try json.written("a")
    case (.array, 2): try random.next() % 2 == 0 ? rows.readList(json, "r") : rows.readSingle(json, "r")
    case (.string, 0...1): _ = try json.string("a string", "s").bytes
    case (.other, 0): _ = try json.real("x")
    case (.other, 1): _ = try json.count("x")
    default: try json.skip("")
    }
  }

  @Test func `twenty thousand damaged texts: walked to their end, or a sentence, each time`() throws {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    let values = UnsafeMutablePointer<Float>.allocate(capacity: 6)
    defer { values.deallocate() }
    var walked = 0
    for round in 0..<20_000 {
      let whole = Array(Self.damagedTexts[round % 2].utf8)
      let text = round % 5 == 0 ? whole : damaged(whole, alphabet: "[]{},:\"0e-NI\\u", using: &random)
      do {
        try read(text, takesNonFinite: round % 3 > 0) { (json) throws(JSONError) in
          var rows = JSONRows(RowShape(round % 2 == 0 ? [3] : [2, 1]), at: values, capacity: 2)
          try Self.walk(json, &rows, &random, depth: 1)
        }
        walked += 1
      } catch let error as JSONError {
        #expect(!error.message.isEmpty && error.offset <= text.count, "seed \(seed)")
      }
    }
    #expect(walked > 100, "seed \(seed)")
  }
}
