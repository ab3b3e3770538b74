import Foundation
import JSONCore
import TestSupport
import Testing

/// A body decoded with rows of three numbers, at most two rows.
private func decode(
  _ body: [UInt8], shape: [Int] = [3], capacity: Int = 2
) -> (status: json_status, rows: [Float], request: json_predict_request, error: json_error) {
  let parser = json_parser_create(16)
  defer { json_parser_destroy(parser) }
  var request = json_predict_request()
  var error = json_error()
  let width = shape.reduce(1, *)
  var rows = [Float](repeating: .nan, count: width * capacity)
  let padded = (body + [UInt8](repeating: 0, count: Int(JSON_PADDING))).map { CChar(bitPattern: $0) }
  let status = json_decode_predict(
    parser, padded, body.count, json_shape_of(shape, shape.count), capacity, &rows, &request, &error)
  return (status, Array(rows.prefix(width * request.rows)), request, error)
}

private func message(_ error: json_error) -> String {
  withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

@Suite struct DecodingTests {
  @Test func `rows and options arrive`() {
    let found = decode(
      Array(
        #"{"u":{"a":[1,null,true,"x",{}]},"top_k":2,"instances":[[1,-2.5e1,0.125],[4,5,6]],"outputs":["scores","embedding"],"reject":"off","false_reject_rate":0.25}"#
          .utf8))
    #expect(found.status == JSON_OK)
    #expect(found.rows == [1, -25, 0.125, 4, 5, 6])
    #expect(found.request.outputs == UInt32(JSON_SCORES | JSON_EMBEDDING))
    #expect(found.request.top_k == 2 && found.request.reject == JSON_REJECT_OFF)
    #expect(found.request.false_reject_rate == 0.25)
    let single = decode(Array(#"{"instance":[1,2,3]}"#.utf8))
    #expect(single.status == JSON_OK && single.request.single && single.rows == [1, 2, 3])
  }

  static let refused: [(String, json_status, Int, String)] = [
    ("", JSON_SYNTAX, 0, "empty"),
    ("hello", JSON_SYNTAX, 0, "not valid JSON"),
    ("[1]", JSON_TYPE, 0, "found an array"),
    ("{}", JSON_MISSING, 0, "found neither"),
    (#"{"instances":5}"#, JSON_TYPE, 13, "found a number"),
    (#"{"instances":[]}"#, JSON_NO_ROWS, 13, "at least one row"),
    (#"{"instances":[[1,2]]}"#, JSON_WIDTH, 14, "instances[0]: expected 3 numbers, found 2"),
    (#"{"instances":[[1,2,3],[1,2,3,4]]}"#, JSON_WIDTH, 22, "instances[1]: expected 3 numbers, found 4"),
    (#"{"instances":[[1,2,3],[1,2,3],[1,2,3]]}"#, JSON_TOO_MANY_ROWS, 30, "at most 2 rows"),
    (#"{"instances":[[1,"2",3]]}"#, JSON_TYPE, 17, "instances[0][1]: expected a number, found a string"),
    (#"{"instances":[[1,null,3]]}"#, JSON_TYPE, 17, "found null"),
    (#"{"instances":[[1,[2],3]]}"#, JSON_TYPE, 17, "found an array"),
    (#"{"instances":[1,2,3]}"#, JSON_TYPE, 14, "expected an array of 3 numbers, found a number"),
    (#"{"instances":[[1,1e999,3]]}"#, JSON_NON_FINITE, 17, "found 1e999"),
    (#"{"instances":[[1,3.5e38,3]]}"#, JSON_NON_FINITE, 17, "found 3.5e38"),
    (#"{"instances":[[1,NaN,3]]}"#, JSON_NON_FINITE, 17, "found NaN"),
    (#"{"instances":[[1,-Infinity,3]]}"#, JSON_NON_FINITE, 17, "found -Infinity"),
    (#"{"instances":[[1,01,3]]}"#, JSON_SYNTAX, 17, "malformed number"),
    (#"{"instances":[[1,.5,3]]}"#, JSON_SYNTAX, 17, "expected a number"),
    (#"{"instances":[[1,1.,3]]}"#, JSON_SYNTAX, 17, "malformed number"),
    (#"{"instances":[[1,+1,3]]}"#, JSON_SYNTAX, 17, "expected a number"),
    (#"{"instances":[[1,0x10,3]]}"#, JSON_SYNTAX, 17, "malformed number"),
    (#"{"instances":[[1,2e,3]]}"#, JSON_SYNTAX, 17, "malformed number"),
    (#"{"instances":[[1,2,3]],"instances":[[1,2,3]]}"#, JSON_VALUE, 23, "given twice"),
    (#"{"instance":[1,2,3],"instances":[[1,2,3]]}"#, JSON_VALUE, 20, "given twice"),
    (#"{"instances":[[1,2,3]]} x"#, JSON_SYNTAX, 24, "more text behind its end"),
    (#"{"instances":[[1,2,3]]}{}"#, JSON_SYNTAX, 23, "more text behind its end"),
    (#"{"instances":[[1,2,3]],}"#, JSON_SYNTAX, 23, "expected a member's name, found '}'"),
    (#"{"instances":[[1,2,3]"#, JSON_SYNTAX, 21, "expected '}', found its end"),
    (#"{"instances":[[1,2 3]]}"#, JSON_SYNTAX, 19, "expected ',' or ']', found a number"),
    (#"{"instances":[[1,2,3,]]}"#, JSON_SYNTAX, 21, "expected a number, found ']'"),
    (#"{"instances":[[1,2,3}"#, JSON_SYNTAX, 20, "expected ',' or ']', found '}'"),
    (#"{"instances":[[1,2,3"x]]}"#, JSON_SYNTAX, 0, "a string is not closed"),
    (#"{"x":[1,],"instances":[[1,2,3]]}"#, JSON_SYNTAX, 8, "expected a value, found ']'"),
    (#"{"x":tru,"instances":[[1,2,3]]}"#, JSON_SYNTAX, 5, "a malformed literal"),
    (#"{"x":01,"instances":[[1,2,3]]}"#, JSON_SYNTAX, 5, "a malformed number"),
    (#"{"x":"\q","instances":[[1,2,3]]}"#, JSON_SYNTAX, 6, "an invalid escape"),
    (#"{"x":{"y" 1},"instances":[[1,2,3]]}"#, JSON_SYNTAX, 10, "expected ':', found a number"),
    (#"{"top_k":1,"top_k":2,"instances":[[1,2,3]]}"#, JSON_VALUE, 11, "expected this member once"),
    (#"{"false_reject_rate":1e-400,"instances":[[1,2,3]]}"#, JSON_VALUE, 21, "between 0 and 1"),
    (#"{"outputs":["x"],"instances":[[1,2,3]]}"#, JSON_UNKNOWN_OUTPUT, 12, "found 'x'"),
    (#"{"outputs":7,"instances":[[1,2,3]]}"#, JSON_TYPE, 11, "found a number"),
    (#"{"top_k":0,"instances":[[1,2,3]]}"#, JSON_VALUE, 9, "top_k"),
    (#"{"reject":"maybe","instances":[[1,2,3]]}"#, JSON_VALUE, 10, "found 'maybe'"),
    (#"{"false_reject_rate":1,"instances":[[1,2,3]]}"#, JSON_VALUE, 21, "between 0 and 1"),
    (#"{"x":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]],"instances":[[1,2,3]]}"#, JSON_TOO_DEEP, 20, "too deep"),
  ]

  @Test func `every mistake has its status, its place and its sentence`() {
    for (body, status, offset, part) in Self.refused {
      let found = decode(Array(body.utf8))
      #expect(found.status == status, "\(body): \(message(found.error))")
      #expect(found.error.offset == offset, "\(body): \(message(found.error))")
      #expect(message(found.error).contains(part), "\(body): \(message(found.error))")
    }
  }

  static let nested: [(String, json_status, String)] = [
    (#"{"instances":[[[1,2],[3,4],[5,6]]]}"#, JSON_OK, ""),
    (#"{"instances":[[1,2,3,4,5,6]]}"#, JSON_OK, ""),
    (#"{"instance":[[1,2],[3,4],[5,6]]}"#, JSON_OK, ""),
    (#"{"instances":[[[1,2],[3,4]]]}"#, JSON_WIDTH, "instances[0]: expected 3 arrays, found 2"),
    (#"{"instances":[[[1,2],[3,4,5],[6]]]}"#, JSON_WIDTH, "instances[0][1]: expected 2 numbers, found 3"),
    (#"{"instances":[[[1,2],3,[5,6]]]}"#, JSON_TYPE, "instances[0][1]: expected an array of 2, found a number"),
    (#"{"instances":[[[1,2],[3,"4"],[5,6]]]}"#, JSON_TYPE, "instances[0][1][1]: expected a number, found a string"),
    (#"{"instances":[[[1,2],[3,[4]],[5,6]]]}"#, JSON_TYPE, "instances[0][1][1]: expected a number, found an array"),
    (
      #"{"instances":[[[1,2],[3,NaN],[5,6]]]}"#, JSON_NON_FINITE,
      "instances[0][1][1]: expected a finite Float32, found NaN"
    ),
    (#"{"instances":[[1,2,3,4,[5],6]]}"#, JSON_TYPE, "instances[0][4]: expected a number, found an array"),
    (#"{"instances":[[1,2,3,4,5]]}"#, JSON_WIDTH, "instances[0]: expected 6 numbers, found 5"),
  ]

  @Test func `rows come flat or nested as the model's input is`() {
    for (body, status, part) in Self.nested {
      let found = decode(Array(body.utf8), shape: [3, 2])
      #expect(found.status == status, "\(body): \(message(found.error))")
      #expect(message(found.error).hasPrefix(part), "\(body): \(message(found.error))")
      if status == JSON_OK { #expect(found.rows == [1, 2, 3, 4, 5, 6]) }
    }
    let deep = decode(Array(#"{"instances":[[[[1],[2]],[[3],[4]]]]}"#.utf8), shape: [2, 2, 1])
    #expect(deep.status == JSON_OK && deep.rows == [1, 2, 3, 4])
  }

  static let images: [(String, [Int], json_status, String)] = [
    ("[1,2,3,4]", [2, 2, 1], JSON_OK, ""), ("[[1,2],[3,4]]", [2, 2, 1], JSON_OK, ""),
    ("[[[1],[2]],[[3],[4]]]", [2, 2, 1], JSON_OK, ""), ("[[1,2],[3,4]]", [2, 2], JSON_OK, ""),
    ("[[[1],[2]],[[3],[4]]]", [2, 2], JSON_OK, ""), ("[[1],[2],[3],[4]]", [4, 1], JSON_OK, ""),
    ("[[[1]],[[2]],[[3]],[[4]]]", [4, 1], JSON_OK, ""), ("[[1,2,3,4]]", [1, 4], JSON_OK, ""),
    // Channels first, and transposed.
    (
      "[[[1,2],[3,4]]]", [2, 2, 1], JSON_WIDTH,
      "instance[0][0]: expected 1 number, found 2; a row is 4 numbers, [4], [2][2] or [2][2][1]"
    ),
    ("[[1,2,3],[4,5,6]]", [3, 2, 1], JSON_WIDTH, "instance[0]: expected 2 numbers, found 3"),
    (
      "[[1,2,3],[4,5,6]]", [3, 2], JSON_WIDTH,
      "instance[0]: expected 2 numbers, found 3; a row is 6 numbers, [6], [3][2] or [3][2][1]"
    ),
    (
      "[[1,2],[3,4]]", [2, 1, 2], JSON_TYPE,
      "instance[0][0]: expected an array of 2, found a number; a row is 4 numbers, [4] or [2][1][2]"
    ),
    ("[[[[1],[2]],[[3],[4]]]]", [2, 2, 1], JSON_TYPE, "instance[0][0][0]: expected a number, found an array"),
    ("[[[[1]],[[2]]],[[[3]],[[4]]]]", [2, 2, 1], JSON_TYPE, "instance[0][0][0]: expected a number, found an array"),
    ("[[[1,2],[3,4]]]", [4], JSON_TYPE, "instance[0]: expected a number, found an array"),
    ("[[1],[2],[3],[4]]", [4], JSON_TYPE, "instance[0]: expected a number, found an array"),
    ("[[1,2],[3]]", [2, 2, 1], JSON_WIDTH, "instance[1]: expected 2 numbers, found 1"),
    (
      "[1,2,3]", [2, 2, 1], JSON_WIDTH,
      "instance: expected 4 numbers, found 3; a row is 4 numbers, [4], [2][2] or [2][2][1]"
    ),
    ("7", [2, 2, 1], JSON_TYPE, "instance: expected an array of 4 numbers, found a number; a row is 4 numbers"),
    ("[[[[[[[[1]]]]]]]]", [2, 2, 1], JSON_TYPE, "instance[0][0][0]: expected a number"),
  ]

  @Test(arguments: images)
  func `of an image a last dimension of 1 may be missing or added, and nothing else`(
    row: String, shape: [Int], status: json_status, part: String
  ) {
    let found = decode(Array("{\"instance\":\(row)}".utf8), shape: shape)
    #expect(found.status == status, "\(message(found.error))")
    #expect(message(found.error).hasPrefix(part), "\(message(found.error))")
    if status == JSON_OK { #expect(found.rows == [1, 2, 3, 4]) }
    // A line of a file of rows is read alike.
    let parser = json_parser_create(16)
    defer { json_parser_destroy(parser) }
    var error = json_error()
    var values = [Float](repeating: .nan, count: shape.reduce(1, *))
    let text = (Array(row.utf8) + [UInt8](repeating: 0, count: Int(JSON_PADDING))).map { CChar(bitPattern: $0) }
    let read = json_decode_row(parser, text, row.utf8.count, json_shape_of(shape, shape.count), &values, &error)
    #expect((read == JSON_OK) == (status == JSON_OK), "\(message(error))")
    if read == JSON_OK { #expect(values == [1, 2, 3, 4]) }
  }

  static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

  @Test func `a byte order mark is ignored, and counted in offsets`() {
    let body = Array(#"{"instances":[[1,-2.5e1,0.125],[4,5,6]]}"#.utf8)
    let found = decode(Self.byteOrderMark + body)
    #expect(found.status == JSON_OK && found.rows == [1, -25, 0.125, 4, 5, 6])
    for (body, status, offset, part) in Self.refused {
      let found = decode(Self.byteOrderMark + Array(body.utf8))
      #expect(found.status == status, "\(body): \(message(found.error))")
      // What is wrong with the whole body is at its beginning, with the mark or behind it.
      #expect(offset == 0 ? [0, 3].contains(found.error.offset) : found.error.offset == offset + 3, "\(body)")
      #expect(message(found.error).contains(part), "\(body): \(message(found.error))")
    }
    // One mark, at the beginning, and of UTF-8.
    for wrong in [
      Self.byteOrderMark + Self.byteOrderMark + body, body + Self.byteOrderMark, [0xfe, 0xff] + body, [0xef, 0xbb],
    ] {
      #expect(decode(wrong).status == JSON_SYNTAX)
    }
  }

  @Test func `numbers are correctly rounded, between floats, with many digits, and among the denormals`() {
    var random = SystemRandomNumberGenerator()
    var texts = [
      "0.71625462174415588378906251", "0.71625462174415588378906249", "123456789012345678901234567890", "1e-45", "-0",
      "7.006492321624085e-46", "7.006492321624086e-46", "1e-400", "-1e-400",
      "0." + String(repeating: "0", count: 330) + "1", "-0." + String(repeating: "0", count: 5000) + "12e-3",
      "0." + String(repeating: "0", count: 60) + "1e61", "1" + String(repeating: "0", count: 400) + "e-400",
      "3.4028235677973366e38",
      "1.1754943508e-38",
    ]
    for index in 0..<20_000 {
      let value = Float(bitPattern: UInt32.random(in: 0..<0x7f00_0000, using: &random))
      let middle = (Double(value) + Double(value.nextUp)) / 2
      switch index % 4 {
      case 0: texts.append("\(value)")
      case 1: texts.append(String(format: "%.60g", middle))
      case 2: texts.append(String(format: "%.60e", middle.nextUp))
      default: texts.append(String(format: "%.7g", value))
      }
    }
    for text in texts where strtof(text, nil).isFinite {
      let found = decode(Array("{\"instance\":[\(text)]}".utf8), shape: [1])
      #expect(found.status == JSON_OK, "\(text): \(message(found.error))")
      #expect(found.rows.first?.bitPattern == strtof(text, nil).bitPattern, "\(text)")
    }
  }

  @Test func `twenty thousand damaged bodies: rows or a sentence, each time`() {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    let whole = Array(
      #"{"x":{"y":["\u00e9",1e5,null]},"instances":[[1.5,-2e-3,3],[4,5,6]],"outputs":["scores"],"top_k":3}"#.utf8)
    for round in 0..<20_000 {
      let body = damaged(round % 4 == 0 ? Self.byteOrderMark + whole : whole, alphabet: "[]{},:\"0e-", using: &random)
      let found = decode(body)
      if found.status == JSON_OK {
        #expect(found.rows.allSatisfy { $0.isFinite }, "seed \(seed)")
      } else {
        #expect(!message(found.error).isEmpty && found.error.offset <= body.count, "seed \(seed)")
      }
    }
  }
}

@Suite struct WritingTests {
  @Test func `floats are written as the shortest text that reads back`() {
    var buffer = [CChar](repeating: 0, count: 64)
    func text(_ value: Float) -> String {
      let count = json_write_float(&buffer, value)
      return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    #expect(text(0.1) == "0.1")
    #expect(text(0) == "0" && text(-0.0) == "-0")
    #expect(text(16_777_216) == "16777216")
    for value in [Float.leastNonzeroMagnitude, .greatestFiniteMagnitude, -.leastNormalMagnitude, 1 / 3, -1e-10] {
      #expect(Float(text(value)) == value)
      #expect(text(value).utf8.count <= 16)
    }
    let list: [Float] = [1, 2.5, -3]
    let count = json_write_floats(&buffer, list, 3)
    #expect(String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) == "[1,2.5,-3]")
  }

  @Test func `strings are escaped`() throws {
    let original = "a\"b\\c\n\u{1}é\u{7f}😀"
    var buffer = [CChar](repeating: 0, count: 128)
    let utf8 = original.utf8.map { CChar(bitPattern: $0) }
    let count = json_write_string(&buffer, utf8, utf8.count)
    let data = Data(buffer.prefix(count).map { UInt8(bitPattern: $0) })
    #expect(try JSONDecoder().decode([String].self, from: Data("[".utf8) + data + Data("]".utf8)) == [original])
  }
}
