import JSON
import Testing

@testable import InferenceAPI

/// A body of TensorFlow Serving's decoded with room for four rows.
func serving(
  _ body: [UInt8], _ signature: TensorSignature = makeSignature(), isClassify: Bool = false
) throws -> (rows: [Float], request: ServingRequest) {
  let found = try decode(body, shape: [3], room: 4, expecting: ServingRequest.expected, takesNonFinite: true) {
    (json, rows) throws(JSONError) in try ServingRequest(json, &rows, signature, isClassify: isClassify)
  }
  return (found.rows, found.request)
}

@Suite struct ServingDecodingTests {
  static let bodies: [(String, [Float], Bool)] = [
    (#"{"instances":[[1,2,3],[4,5,6]]}"#, [1, 2, 3, 4, 5, 6], false),
    (#"{"instances":[{"x":[1,2,3]},{"x":[4,5,6]}],"u":NaN}"#, [1, 2, 3, 4, 5, 6], false),
    (#"{"signature_name":"","inputs":[[1,2,3]]}"#, [1, 2, 3], true),
    (#"{"inputs":{"zz":1,"x":[[1,2,3]]}}"#, [1, 2, 3], true),
  ]

  @Test(arguments: bodies) func `rows arrive in both forms`(body: String, rows: [Float], isColumnar: Bool) throws {
    let found = try serving(Array(body.utf8))
    #expect(found.rows == rows && found.request.isColumnar == isColumnar)
  }

  @Test func `a signature has its name, or none`() throws {
    for (name, signature) in [
      ("", ServingSignature.servingDefault), ("serving_default", .servingDefault), ("distances", .distances),
      ("all", .all), ("predict", nil), (longName, nil),
    ] {
      let body = "{\"signature_name\":\"\(name)\",\"signature_name\":\"all\",\"instances\":[[1,2,3]]}"
      #expect(try serving(Array(body.utf8)).request.signature == signature)
    }
  }

  static let refused: [(String, String)] = [
    ("", "empty"), ("[]", "found an array"), ("{}", "found neither"), (#"{"instances":5}"#, "found a number"),
    (#"{"instances":[]}"#, "at least one row"), (#"{"instances":[1,2,3]}"#, "found a number"),
    (#"{"instances":[[1,2,3],[1,2]]}"#, "instances[1]: expected 3 numbers, found 2"),
    (#"{"instances":[{"x":[1,2,3],"y":1}]}"#, "found 'y'"), (#"{"instances":[{}]}"#, "found an empty object"),
    (#"{"instances":[{"x":[1,2,3]},[1,2,3]]}"#, "as the first element is"),
    (#"{"instances":[[1,2,3],{"x":[1,2,3]}]}"#, "as the first element is"),
    (#"{"instances":[{"b64":"AAA="}]}"#, "found 'b64'"), (#"{"instances":["a"]}"#, "found a string"),
    (#"{"instances":[[1,2,3]],"inputs":[[1,2,3]]}"#, "given twice"), (#"{"inputs":{"y":1}}"#, "found none"),
    (#"{"inputs":[1,2,3]}"#, "found a number"), (#"{"signature_name":7}"#, "signature_name: expected a string"),
    (#"{"instances":[[1,2,3],[1,2,3],[1,2,3],[1,2,3],[1,2,3]]}"#, "at most 4 rows"),
    (#"{"instances":[{"x":[1,2,3]},{"x":[1,2,3]},{"x":[1,2,3]},{"x":[1,2,3]},{"x":[1,2,3]}]}"#, "at most 4 rows"),
  ]

  @Test(arguments: refused) func `every mistake has its sentence`(body: String, part: String) {
    let error = failure { _ = try serving(Array(body.utf8)) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "none")")
  }

  static let places: [(String, Bool, String)] = [
    ("[1]", true, "expected an object with \"examples\", found an array, at byte 0"),
    ("7", true, "expected an object with \"instances\" or \"inputs\", found a number, at byte 0"),
    ("{}", true, "expected \"examples\", found none, at byte 0"),
    (
      #"{"examples":[[1,2,3]]}"#, true,
      "examples[0]: expected an object, as the first element is, found an array, at byte 13"
    ),
    (#"{"examples":[]}"#, true, "examples: expected at least one row, found none, at byte 12"),
    (#"{"examples":7}"#, true, "examples: expected an array of rows of 3 numbers, found a number, at byte 12"),
    (
      #"{"examples":[{"x":[1,2,3]} 7]}"#, true,
      "examples: the body is not valid JSON: expected ',' or ']', found a number, at byte 27"
    ),
    (
      #"{"instances":[[1,2,3],{"x":[1,2,3]}]}"#, false,
      "instances[1]: expected an array, as the first element is, found an object, at byte 22"
    ),
    (
      #"{"instances":[{"x":[1,2,3]},{"x":[1,2]}]}"#, false, "instances[1]: expected 3 numbers, found 2, at byte 33"
    ),
  ]

  @Test(arguments: places) func `a sentence begins with its path and ends with its place`(
    body: String, isClassify: Bool, sentence: String
  ) {
    let error = failure { _ = try serving(Array(body.utf8), isClassify: isClassify) }
    #expect(error?.message == sentence)
  }

  static let twice: [(String, String)] = [
    (
      #"{"instances":[{"x":[1,2,3],"in":[1,2,3]}]}"#,
      "instances[0]: the input is given twice; send it once, as 'x' or 'in'"
    ),
    (#"{"instances":[{"in":[1,2,3],"in":[1,2,3]}]}"#, "given twice"),
    (#"{"inputs":{"x":[[1,2,3]],"in":[[1,2,3]]}}"#, "inputs: the input is given twice"),
    (#"{"inputs":{"in":[[1,2,3]],"x":[[1,2,3]]}}"#, "inputs: the input is given twice"),
    (#"{"inputs":{"x":[[1,2,3]],"x":[[4,5,6]]}}"#, "inputs: the input is given twice"),
    (#"{"instances":[{"y":[1,2,3]}]}"#, "expected the input 'x' or 'in' alone, found 'y'"),
    (#"{"instances":[{"":[1,2,3]}]}"#, "expected the input 'x' or 'in' alone, found ''"),
    (#"{"inputs":{"i":[[1,2,3]]}}"#, "expected the input 'x' or 'in', found none"),
  ]

  @Test(arguments: twice) func `an input is sent once, under a name that it has`(body: String, part: String) {
    let error = failure { _ = try serving(Array(body.utf8), makeSignature(alias: "in")) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "none")")
  }

  @Test func `a byte order mark is ignored`() throws {
    #expect(try serving(byteOrderMark + Array(#"{"instances":[[1,2,3]]}"#.utf8)).rows == [1, 2, 3])
  }
}

@Suite struct RepositoryDecodingTests {
  private func repository(_ body: String) throws -> RepositoryParameters {
    try decode(Array(body.utf8), shape: [1], room: 1, expecting: RepositoryParameters.expected, takesNonFinite: false) {
      (json, _) throws(JSONError) in try RepositoryParameters(json)
    }.request
  }

  static let bodies: [(String, Bool, Bool)] = [
    ("{}", false, false), (#"{"ready":true}"#, true, false), (#"{"parameters":{"config":"{}"}}"#, false, true),
    (#"{"parameters":{"file:1/model.safetensors":"AAA="},"ready":false}"#, false, true),
    (#"{"parameters":{"unload_dependents":true},"x":[{}]}"#, false, false),
  ]

  @Test(arguments: bodies) func `what is asked of a repository arrives`(
    body: String, isOnlyReady: Bool, hasOverride: Bool
  ) throws {
    for text in [body, "\u{feff}" + body] {
      let found = try repository(text)
      #expect(found.isOnlyReady == isOnlyReady && found.hasOverride == hasOverride)
    }
  }

  @Test(arguments: [
    ("[]", "expected an object, found an array, at byte 0"),
    (#"{"ready":1}"#, "ready: expected true or false, found a number, at byte 9"),
    (#"{"parameters":[]}"#, "parameters: expected an object, found an array, at byte 14"),
    (
      #"{"parameters":{"unload_dependents":"x"}}"#,
      "parameters.unload_dependents: expected true or false, found a string, at byte 35"
    ),
  ])
  func `every mistake has its sentence`(body: String, sentence: String) {
    #expect(failure { _ = try repository(body) }?.message == sentence)
  }

  @Test func `a body of nothing but a byte order mark is empty`() {
    for (body, isEmpty) in [([], true), (byteOrderMark, true), ([0xef, 0xbb], false), (byteOrderMark + [0x20], false)] {
      #expect(body.withUnsafeBytes { JSONParser.isEmpty($0) } == isEmpty)
    }
  }
}
