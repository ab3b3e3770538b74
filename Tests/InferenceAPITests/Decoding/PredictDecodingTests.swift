import JSON
import Predictions
import TestSupport
import Testing

@testable import InferenceAPI

/// A body decoded with rows of three numbers, at most two rows.
private func predict(
  _ body: [UInt8], shape: [Int] = [3], room: Int = 2
) throws -> (rows: [Float], request: PredictRequest) {
  let found = try decode(body, shape: shape, room: room, expecting: PredictRequest.expected, takesNonFinite: false) {
    (json, rows) throws(JSONError) in try PredictRequest(json, &rows)
  }
  return (found.rows, found.request)
}

private func predict(
  _ body: String, shape: [Int] = [3], room: Int = 2
) throws -> (rows: [Float], request: PredictRequest) {
  try predict(Array(body.utf8), shape: shape, room: room)
}

@Suite struct PredictDecodingTests {
  @Test func `rows and options arrive`() throws {
    let found = try predict(
      #"{"u":{"a":[1,null,true,"x",{}]},"top_k":2,"instances":[[1,-2.5e1,0.125],[4,5,6]],"#
        + #""outputs":["scores","embedding"],"reject":"off","false_reject_rate":0.25}"#)
    #expect(found.rows == [1, -25, 0.125, 4, 5, 6])
    #expect(
      found.request.options.outputs == PredictOutputs([.scores, .embedding]) && found.request.options.needsEmbeddings)
    #expect(
      found.request.options.topK == 2 && found.request.options.reject == .off
        && found.request.options.falseRejectRate == 0.25)
    let single = try predict(#"{"instance":[1,2,3]}"#)
    #expect(single.request.isSingle && single.rows == [1, 2, 3])
  }

  @Test func `what is not asked for is as it is documented`() throws {
    let usual = try predict(#"{"instances":[[1,2,3]]}"#).request
    #expect(
      usual.options.outputs == nil && !usual.options.needsEmbeddings
        && !usual.isSingle)
    #expect(usual.options.topK == 0 && usual.options.reject == .flag && usual.options.falseRejectRate == nil)
    #expect(try predict(#"{"outputs":[],"instances":[[1,2,3]]}"#).request.options.outputs == PredictOutputs([]))
    #expect(try predict(#"{"top_k":99999999999999999999999,"instances":[[1,2,3]]}"#).request.options.topK == 1 << 20)
  }

  @Test(arguments: PredictOutput.allCases) func `each output is asked for by its name`(output: PredictOutput) throws {
    let found = try predict("{\"outputs\":[\"\(output)\"],\"instances\":[[1,2,3]]}")
    #expect(found.request.options.outputs == PredictOutputs([output]))
  }

  static let refused: [(String, JSONError.Reason, Int, String)] = [
    ("", .syntax, 0, "empty"),
    ("hello", .syntax, 0, "not valid JSON"),
    ("[1]", .type, 0, "found an array"),
    ("{}", .missing, 0, "found neither"),
    (#"{"instances":5}"#, .type, 13, "found a number"),
    (#"{"instances":[]}"#, .noRows, 13, "at least one row"),
    (#"{"instances":[[1,2]]}"#, .width, 14, "instances[0]: expected 3 numbers, found 2"),
    (#"{"instances":[[1,2,3],[1,2,3,4]]}"#, .width, 22, "instances[1]: expected 3 numbers, found more"),
    (#"{"instances":[[1,2,3],[1,2,3],[1,2,3]]}"#, .tooManyRows, 30, "at most 2 rows"),
    (#"{"instances":[[1,"2",3]]}"#, .type, 17, "instances[0][1]: expected a number, found a string"),
    (#"{"instances":[[1,null,3]]}"#, .type, 17, "found null"),
    (#"{"instances":[[1,[2],3]]}"#, .type, 17, "found an array"),
    (#"{"instances":[1,2,3]}"#, .type, 14, "expected an array of 3 numbers, found a number"),
    (#"{"instances":[[1,1e999,3]]}"#, .nonFinite, 17, "found 1e999"),
    (#"{"instances":[[1,3.5e38,3]]}"#, .nonFinite, 17, "found 3.5e38"),
    (#"{"instances":[[1,NaN,3]]}"#, .nonFinite, 17, "found NaN"),
    (#"{"instances":[[1,-Infinity,3]]}"#, .nonFinite, 17, "found -Infinity"),
    (#"{"instances":[[1,01,3]]}"#, .syntax, 17, "malformed number"),
    (#"{"instances":[[1,.5,3]]}"#, .syntax, 17, "expected a number"),
    (#"{"instances":[[1,1.,3]]}"#, .syntax, 17, "malformed number"),
    (#"{"instances":[[1,+1,3]]}"#, .syntax, 17, "expected a number"),
    (#"{"instances":[[1,0x10,3]]}"#, .syntax, 17, "malformed number"),
    (#"{"instances":[[1,2e,3]]}"#, .syntax, 17, "malformed number"),
    (#"{"instances":[[1,2,3]],"instances":[[1,2,3]]}"#, .value, 23, "given twice"),
    (#"{"instance":[1,2,3],"instances":[[1,2,3]]}"#, .value, 20, "given twice"),
    (#"{"instances":[[1,2,3]]} x"#, .syntax, 24, "more text behind its end"),
    (#"{"instances":[[1,2,3]]}{}"#, .syntax, 23, "more text behind its end"),
    (#"{"instances":[[1,2,3]],}"#, .syntax, 23, "expected a member's name, found '}'"),
    (#"{"instances":[[1,2,3]"#, .syntax, 21, "expected '}', found its end"),
    (#"{"instances":[[1,2 3]]}"#, .syntax, 19, "expected ',' or ']', found a number"),
    (#"{"instances":[[1,2,3,]]}"#, .syntax, 21, "expected a number, found ']'"),
    (#"{"instances":[[1,2,3}"#, .syntax, 20, "expected ',' or ']', found '}'"),
    (#"{"instances":[[1,2,3"x]]}"#, .syntax, 0, "a string is not closed"),
    (#"{"x":[1,],"instances":[[1,2,3]]}"#, .syntax, 8, "expected a value, found ']'"),
    (#"{"x":tru,"instances":[[1,2,3]]}"#, .syntax, 5, "a malformed literal"),
    (#"{"x":01,"instances":[[1,2,3]]}"#, .syntax, 5, "a malformed number"),
    (#"{"x":"\q","instances":[[1,2,3]]}"#, .syntax, 6, "an invalid escape"),
    (#"{"x":{"y" 1},"instances":[[1,2,3]]}"#, .syntax, 10, "expected ':', found a number"),
    (#"{"top_k":1,"top_k":2,"instances":[[1,2,3]]}"#, .value, 11, "expected this member once"),
    (#"{"false_reject_rate":1e-400,"instances":[[1,2,3]]}"#, .value, 21, "between 0 and 1"),
    (
      #"{"outputs":["x"],"instances":[[1,2,3]]}"#, .value, 12,
      "expected scores, distances, contributions, embedding, limits or softmax, found 'x'"
    ),
    (#"{"outputs":["scores",7],"instances":[[1,2,3]]}"#, .type, 21, "expected names in quotes, found a number"),
    (#"{"outputs":7,"instances":[[1,2,3]]}"#, .type, 11, "found a number"),
    (#"{"top_k":0,"instances":[[1,2,3]]}"#, .value, 9, "top_k"),
    (#"{"top_k":[1],"instances":[[1,2,3]]}"#, .type, 9, "expected a whole number, found an array"),
    (#"{"false_reject_rate":{},"instances":[[1,2,3]]}"#, .type, 21, "expected a number, found an object"),
    (#"{"reject":"maybe","instances":[[1,2,3]]}"#, .value, 10, "found 'maybe'"),
    (#"{"false_reject_rate":1,"instances":[[1,2,3]]}"#, .value, 21, "between 0 and 1"),
    (#"{"x":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]],"instances":[[1,2,3]]}"#, .tooDeep, 20, "too deep"),
  ]

  @Test func `every mistake has its reason, its place and its sentence`() {
    for (body, reason, offset, part) in Self.refused {
      let error = failure { _ = try predict(body) }
      #expect(error?.reason == reason, "\(body): \(error?.message ?? "none")")
      #expect(error?.offset == offset, "\(body): \(error?.message ?? "none")")
      #expect(error?.message.contains(part) == true, "\(body): \(error?.message ?? "none")")
    }
  }

  static let whole: [(String, String, String)] = [
    (#"{"top_k":0,"instances":[[1,2,3]]}"#, "top_k", "expected a whole number of classes from 1, at byte 9"),
    (#"{"outputs":7,"instances":[[1,2,3]]}"#, "outputs", "expected an array of names, found a number, at byte 11"),
    (#"{"instances":[[1,"2",3]]}"#, "instances[0][1]", "expected a number, found a string, at byte 17"),
    ("{}", "", #"expected "instances" (or "instance"), found neither, at byte 0"#),
    (#"{"instances":[[1,2,3]]}{}"#, "", "the body is not valid JSON: more text behind its end, at byte 23"),
    // What is missing is said of JSON alone.
    ("{}{}", "", "the body is not valid JSON: more text behind its end, at byte 2"),
  ]

  @Test(arguments: whole) func `a sentence begins with its path and ends with its place`(
    body: String, path: String, sentence: String
  ) {
    let error = failure { _ = try predict(body) }
    #expect(error?.path == path)
    #expect(error?.message == (path.isEmpty ? "" : "\(path): ") + sentence)
  }

  static let nested: [(String, JSONError.Reason?, String)] = [
    (#"{"instances":[[[1,2],[3,4],[5,6]]]}"#, nil, ""),
    (#"{"instances":[[1,2,3,4,5,6]]}"#, nil, ""),
    (#"{"instance":[[1,2],[3,4],[5,6]]}"#, nil, ""),
    (#"{"instances":[[[1,2],[3,4]]]}"#, .width, "instances[0]: expected 3 arrays, found 2"),
    (#"{"instances":[[[1,2],[3,4,5],[6]]]}"#, .width, "instances[0][1]: expected 2 numbers, found more"),
    (#"{"instances":[[[1,2],3,[5,6]]]}"#, .type, "instances[0][1]: expected an array of 2, found a number"),
    (#"{"instances":[[[1,2],[3,"4"],[5,6]]]}"#, .type, "instances[0][1][1]: expected a number, found a string"),
    (#"{"instances":[[[1,2],[3,[4]],[5,6]]]}"#, .type, "instances[0][1][1]: expected a number, found an array"),
    (
      #"{"instances":[[[1,2],[3,NaN],[5,6]]]}"#, .nonFinite,
      "instances[0][1][1]: expected a finite Float32, found NaN"
    ),
    (#"{"instances":[[1,2,3,4,[5],6]]}"#, .type, "instances[0][4]: expected a number, found an array"),
    (#"{"instances":[[1,2,3,4,5]]}"#, .width, "instances[0]: expected 6 numbers, found 5"),
  ]

  @Test func `rows come flat or nested as the model's input is`() throws {
    for (body, reason, part) in Self.nested {
      let error = failure { () throws in #expect(try predict(body, shape: [3, 2]).rows == [1, 2, 3, 4, 5, 6]) }
      #expect(
        error?.reason == reason && error?.message.hasPrefix(part) != false, "\(body): \(error?.message ?? "none")")
    }
    #expect(try predict(#"{"instances":[[[[1],[2]],[[3],[4]]]]}"#, shape: [2, 2, 1]).rows == [1, 2, 3, 4])
  }

  static let images: [(String, [Int], JSONError.Reason?, String)] = [
    ("[1,2,3,4]", [2, 2, 1], nil, ""), ("[[1,2],[3,4]]", [2, 2, 1], nil, ""),
    ("[[[1],[2]],[[3],[4]]]", [2, 2, 1], nil, ""), ("[[1,2],[3,4]]", [2, 2], nil, ""),
    ("[[[1],[2]],[[3],[4]]]", [2, 2], nil, ""), ("[[1],[2],[3],[4]]", [4, 1], nil, ""),
    ("[[[1]],[[2]],[[3]],[[4]]]", [4, 1], nil, ""), ("[[1,2,3,4]]", [1, 4], nil, ""),
    // Channels first, and transposed.
    (
      "[[[1,2],[3,4]]]", [2, 2, 1], .width,
      "instance[0][0]: expected 1 number, found more; a row is 4 numbers, [4], [2][2] or [2][2][1]"
    ),
    ("[[1,2,3],[4,5,6]]", [3, 2, 1], .width, "instance[0]: expected 2 numbers, found more"),
    (
      "[[1,2,3],[4,5,6]]", [3, 2], .width,
      "instance[0]: expected 2 numbers, found more; a row is 6 numbers, [6], [3][2] or [3][2][1]"
    ),
    (
      "[[1,2],[3,4]]", [2, 1, 2], .type,
      "instance[0][0]: expected an array of 2, found a number; a row is 4 numbers, [4] or [2][1][2]"
    ),
    ("[[[[1],[2]],[[3],[4]]]]", [2, 2, 1], .type, "instance[0][0][0]: expected a number, found an array"),
    ("[[[[1]],[[2]]],[[[3]],[[4]]]]", [2, 2, 1], .type, "instance[0][0][0]: expected a number, found an array"),
    ("[[[1,2],[3,4]]]", [4], .type, "instance[0]: expected a number, found an array"),
    ("[[1],[2],[3],[4]]", [4], .type, "instance[0]: expected a number, found an array"),
    ("[[1,2],[3]]", [2, 2, 1], .width, "instance[1]: expected 2 numbers, found 1"),
    (
      "[1,2,3]", [2, 2, 1], .width,
      "instance: expected 4 numbers, found 3; a row is 4 numbers, [4], [2][2] or [2][2][1]"
    ),
    ("7", [2, 2, 1], .type, "instance: expected an array of 4 numbers, found a number; a row is 4 numbers"),
    ("[[[[[[[[1]]]]]]]]", [2, 2, 1], .type, "instance[0][0][0]: expected a number"),
  ]

  @Test(arguments: images)
  func `of an image a last dimension of 1 may be missing or added, and nothing else`(
    row: String, shape: [Int], reason: JSONError.Reason?, part: String
  ) {
    let error = failure { () throws in #expect(try predict("{\"instance\":\(row)}", shape: shape).rows == [1, 2, 3, 4])
    }
    #expect(error?.reason == reason && error?.message.hasPrefix(part) != false, "\(error?.message ?? "none")")
  }

  @Test func `a byte order mark is ignored, and counted in offsets`() throws {
    let body = Array(#"{"instances":[[1,-2.5e1,0.125],[4,5,6]]}"#.utf8)
    #expect(try predict(byteOrderMark + body).rows == [1, -25, 0.125, 4, 5, 6])
    for (body, reason, offset, part) in Self.refused {
      let error = failure { _ = try predict(byteOrderMark + Array(body.utf8)) }
      #expect(error?.reason == reason, "\(body): \(error?.message ?? "none")")
      // What is wrong with the whole body is at its beginning, with the mark or behind it.
      #expect(offset == 0 ? [0, 3].contains(error?.offset) : error?.offset == offset + 3, "\(body)")
      #expect(error?.message.contains(part) == true, "\(body): \(error?.message ?? "none")")
    }
    // One mark, at the beginning, and of UTF-8.
    for wrong in [
      byteOrderMark + byteOrderMark + body, body + byteOrderMark, [0xfe, 0xff] + body, [0xef, 0xbb],
    ] {
      #expect(failure { _ = try predict(wrong) }?.reason == .syntax)
    }
  }

  @Test func `twenty thousand damaged bodies: rows or a sentence, each time`() {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    let whole = Array(
      #"{"\#(longName)":{"y":["\u00e9",1e5,null]},"instances":[[1.5,-2e-3,3],[4,5,6]],"outputs":["scores"],"top_k":3}"#
        .utf8)
    for round in 0..<20_000 {
      let body = damaged(round % 4 == 0 ? byteOrderMark + whole : whole, alphabet: "[]{},:\"0e-", using: &random)
      let error = failure { () throws in #expect(try predict(body).rows.allSatisfy { $0.isFinite }, "seed \(seed)") }
      if let error { #expect(!error.message.isEmpty && error.offset <= body.count, "seed \(seed)") }
    }
  }
}
