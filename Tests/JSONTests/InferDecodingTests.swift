import JSONCore
import TestSupport
import Testing

/// Of rows of three numbers, or of another shape, at most four.
private func makeSignature(shape: [Int] = [3], alias: String = "") -> json_signature {
  func text(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }
  var signature = json_signature()
  signature.shape = json_shape_of(shape, shape.count)
  signature.max_rows = 4
  signature.input = text("x")
  signature.outputs = (text("scores"), text("distances"), text("known"), text("p_value"))
  signature.output_count = 4
  withUnsafeMutableBytes(of: &signature.input_alias) { $0.copyBytes(from: alias.utf8) }
  signature.input_alias_length = alias.utf8.count
  return signature
}

private func padded(_ body: [UInt8]) -> [CChar] {
  (body + [UInt8](repeating: 0, count: Int(JSON_PADDING))).map { CChar(bitPattern: $0) }
}

private func message(_ error: json_error) -> String {
  withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

private func infer(_ body: [UInt8], _ signature: json_signature = makeSignature()) -> (
  status: json_status, rows: [Float], request: json_infer_request, error: json_error
) {
  let parser = json_parser_create(16)
  defer { json_parser_destroy(parser) }
  var request = json_infer_request()
  var error = json_error()
  let width = signature.shape.rank == 1 ? 3 : 6
  var rows = [Float](repeating: -1, count: 4 * width)
  let status = withUnsafePointer(to: signature) {
    json_decode_infer(parser, padded(body), body.count, $0, 4, &rows, &request, &error)
  }
  return (status, Array(rows.prefix(width * request.rows)), request, error)
}

private func infer(
  _ text: String, _ signature: json_signature = makeSignature()
) -> (status: json_status, rows: [Float], request: json_infer_request, error: json_error) {
  infer(Array(text.utf8), signature)
}

private func serving(
  _ body: [UInt8], isClassify: Bool = false, _ signature: json_signature = makeSignature()
) -> (
  status: json_status, rows: [Float], request: json_serving_request, error: json_error
) {
  let parser = json_parser_create(16)
  defer { json_parser_destroy(parser) }
  var request = json_serving_request()
  var error = json_error()
  let width = signature.shape.rank == 1 ? 3 : 6
  var rows = [Float](repeating: -1, count: 4 * width)
  let status = withUnsafePointer(to: signature) {
    json_decode_serving(parser, padded(body), body.count, $0, isClassify, 4, &rows, &request, &error)
  }
  return (status, Array(rows.prefix(width * request.rows)), request, error)
}

@Suite struct InferDecodingTests {
  /// An input whose parts are `parts`.
  static func input(_ parts: String) -> String { #"{"inputs":[{"name":"x",\#(parts)}]}"# }

  @Test(arguments: [
    #""shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6]"#,
    #""shape":[2,3],"datatype":"FP64","data":[[1,2,3],[4,5,6]]"#,
    #""data":[[[1,2]],[3,[4,5],[]],6],"datatype":"INT64","shape":[2,3]"#,
    #""datatype":"UINT8","shape" : [ 2 , 3 ] ,"data" : [ 1 , 2 , 3 , 4 , 5 , 6 ] ,"unknown":{"a":NaN}"#,
    #""shape":[2,3],"shape":[9],"datatype":"FP32","datatype":"X","data":[1,2,3,4,5,6],"data":"again""#,
  ])
  func `tensors arrive flat or nested, in any order of members, the first of two counting`(parts: String) {
    let found = infer(Self.input(parts))
    #expect(found.status == JSON_OK, "\(message(found.error))")
    #expect(found.rows == [1, 2, 3, 4, 5, 6])
  }

  @Test func `bare tokens and what is beyond Float32 are numbers`() {
    let found = infer(Self.input(#""shape":[1,3],"datatype":"FP32","data":[NaN,-Infinity,1e999]"#))
    #expect(found.status == JSON_OK)
    #expect(found.rows[0].isNaN && found.rows[1] == -.infinity && found.rows[2] == .infinity)
  }

  @Test func `the rest of a request arrives`() {
    let text = #"""
      {"id":"a\"\u00e9","parameters":{"timeout":5,"priority":1,"sequence_id":"s","binary_data_output":true,"mine":1.5},"model_name":"m",
       "inputs":[{"name":"x","shape":[1,3],"datatype":"BF16","parameters":{"binary_data_size":6}}],
       "outputs":[{"name":"known"},{"name":"scores","parameters":{"binary_data":true,"classification":2}}]}
      """#
    let found = infer(text)
    #expect(found.status == JSON_OK, "\(message(found.error))")
    let id = Array(text.utf8)[found.request.id_offset..<found.request.id_offset + found.request.id_length]
    #expect(String(decoding: id, as: UTF8.self) == #""a\"\u00e9""#)
    #expect(found.request.timeout == 5 && found.request.binary_data_output)
    #expect(found.request.is_binary && found.request.binary_size == 6 && found.request.datatype == JSON_BF16)
    #expect(found.request.output_count == 2 && found.request.outputs.0.tensor == 2)
    #expect(found.request.outputs.1.is_binary && found.request.outputs.1.classification == 2)
  }

  static let refused: [(String, String)] = [
    ("", "empty"), ("[]", "found an array"), ("{}", "found none"), (#"{"inputs":[]}"#, "found none"),
    (#"{"inputs":{}}"#, "found an object"), (#"{"inputs":[1]}"#, "found a number"),
    (#"{"id":7,"inputs":[]}"#, "id: expected a string"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,2,3]"#) + "x", "more text"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,2]"#), "expected 3 numbers for 1 rows of 3, found 2"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,2,3,4]"#), "found 4"),
    (input(#""shape":[1,4],"datatype":"FP32","data":[1,2,3,4]"#), "expected [-1,3], found [1,4]"),
    (input(#""shape":[3],"datatype":"FP32","data":[1,2,3]"#), "found [3]"),
    (input(#""shape":[0,3],"datatype":"FP32","data":[]"#), "at least one row"),
    (input(#""shape":[5,3],"datatype":"FP32","data":[]"#), "must be at most 4"),
    (input(#""shape":[-1,3],"datatype":"FP32","data":[]"#), "found -1"),
    (input(#""shape":[1.0,3],"datatype":"FP32","data":[]"#), "found 1.0"),
    (input(#""shape":["1",3],"datatype":"FP32","data":[]"#), "found a string"),
    (input(#""shape":[4611686018427387904,4611686018427387904],"datatype":"FP32","data":[]"#), "found [46"),
    (input(#""shape":[99999999999999999999,3],"datatype":"FP32","data":[]"#), "below 2^64"),
    (input(#""shape":[1,3],"datatype":"FLOAT","data":[1,2,3]"#), "found 'FLOAT'"),
    (input(#""shape":[1,3],"datatype":"BOOL","data":[true,true,true]"#), "found 'BOOL'"),
    (input(#""shape":[1,3],"datatype":"FP16","data":[1,2,3]"#), "no form in JSON"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,null,3]"#), "number 2: expected a number, found null"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,"2",3]"#), "found a string"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,true,3]"#), "found a boolean"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,,3]"#), "expected a number, found ','"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,2,3,]"#), "found ']'"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[01,2,3]"#), "malformed"),
    (input(#""shape":[1,3],"datatype":"INT8","data":[01,2,3]"#), "malformed"),
    (input(#""shape":[1,3],"datatype":"FP32","data":1"#), "found a number"),
    (input(#""shape":[1,3],"datatype":"UINT8","data":[1,300,3]"#), "in the range of UINT8, found 300"),
    (input(#""shape":[1,3],"datatype":"INT64","data":[1,1.0,3]"#), "found 1.0"),
    (input(#""shape":[1,3],"datatype":"UINT32","data":[1,-1,3]"#), "found -1"),
    (input(#""shape":[1,3],"datatype":"INT16","data":[1,NaN,3]"#), "found NaN"),
    (input(#""shape":[1,3],"datatype":"FP32""#), "found neither"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,2,3],"parameters":{"binary_data_size":12}"#), "found both"),
    (input(#""shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":-1}"#), "found -1"),
    (input(#""shape":[1,3],"datatype":"FP32","parameters":{"shared_memory_region":"r"}"#), "shared memory"),
    (input(#""datatype":"FP32","data":[1,2,3]"#), "found no \"shape\""),
    (#"{"inputs":[{"name":"y","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#, "expected 'x', found 'y'"),
    (#"{"parameters":{"timeout":"x"}}"#, "timeout"), (#"{"parameters":{"triton_x":1}}"#, "reserved"),
    (#"{"parameters":{"a":[1]}}"#, "found an array"), (#"{"parameters":{"a":null}}"#, "found null"),
    (#"{"outputs":[{"name":"zzz"}]}"#, "found 'zzz'"),
    (#"{"outputs":[{"name":"scores"},{"name":"scores"}]}"#, "asked for twice"), (#"{"outputs":[{}]}"#, "found none"),
    (input(#""shape":[1,3],"datatype":"FP32","data":"# + String(repeating: "[", count: 200)), "nested too deep"),
  ]

  @Test(arguments: refused) func `every mistake has its sentence`(body: String, part: String) {
    let found = infer(body)
    #expect(found.status != JSON_OK && message(found.error).contains(part), "\(message(found.error))")
  }

  static let shapes: [(shape: String, row: [Int], refusal: String?)] = [
    ("[1,6]", [3, 2, 1], nil), ("[1,3,2]", [3, 2, 1], nil), ("[1,3,2,1]", [3, 2, 1], nil), ("[1,6]", [3, 2], nil),
    ("[1,3,2]", [3, 2], nil), ("[1,3,2,1]", [3, 2], nil), ("[1,6,1]", [6, 1], nil), ("[1,6]", [6, 1], nil),
    ("[1,6,1,1]", [6, 1], nil), ("[1,3,1,2]", [3, 1, 2], nil),
    ("[3,2]", [3, 2, 1], "expected [-1,6], [-1,3,2] or [-1,3,2,1], found [3,2]"),
    ("[3,2,1]", [3, 2, 1], "found [3,2,1]"), ("[6]", [3, 2, 1], "found [6]"), ("[]", [3, 2, 1], "found []"),
    ("[1,2,3]", [3, 2, 1], "found [1,2,3]"), ("[1,1,3,2]", [3, 2, 1], "found [1,1,3,2]"),
    ("[1,6,1]", [3, 2, 1], "found [1,6,1]"), ("[1,3,2,1,1]", [3, 2, 1], "found [1,3,2,1,...]"),
    ("[1,2,3]", [3, 2], "expected [-1,6], [-1,3,2] or [-1,3,2,1], found [1,2,3]"),
    ("[1,3,2]", [3, 1, 2], "expected [-1,6] or [-1,3,1,2], found [1,3,2]"), ("[1,6,1]", [6], "expected [-1,6], found"),
    ("[1,3,2]", [6], "expected [-1,6], found [1,3,2]"),
  ]

  @Test(arguments: shapes)
  func `of an image a last dimension of 1 may be missing or added, and nothing else`(
    shape: String, row: [Int], refusal: String?
  ) {
    let signature = makeSignature(shape: row)
    for source in [#""data":[1,2,3,4,5,6]"#, #""parameters":{"binary_data_size":24}"#] {
      let found = infer(Self.input(#""shape":\#(shape),"datatype":"FP32",\#(source)"#), signature)
      #expect((found.status == JSON_OK) == (refusal == nil), "\(message(found.error))")
      #expect(refusal.map { message(found.error).contains($0) } ?? (found.request.rows == 1), "\(message(found.error))")
    }
  }

  static let aliases = ["in", "entrée", #"a"b\c"#, String(repeating: "long", count: 32), "x\0"]

  @Test(arguments: aliases) func `an input has the name that its file gives it, beside x`(alias: String) {
    let signature = makeSignature(alias: alias)
    var buffer = [CChar](repeating: 0, count: 1024)
    let text = alias.utf8.map { CChar(bitPattern: $0) }
    let count = json_write_string(&buffer, text, text.count)
    let plain = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // As Python writes it: every byte beyond ASCII is escaped.
    let escaped = alias.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }.joined()
    for name in [plain, "\"x\""] + (escaped.utf8.count < 600 ? ["\"\(escaped)\""] : []) {
      let tensor = infer(
        #"{"inputs":[{"name":\#(name),"shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#, signature)
      #expect(tensor.status == JSON_OK && tensor.rows == [1, 2, 3], "\(name): \(message(tensor.error))")
      for body in [
        #"{"instances":[{\#(name):[1,2,3]}]}"#, #"{"inputs":{\#(name):[[1,2,3]]}}"#,
        #"{"inputs":{"zz":1,\#(name):[[1,2,3]]}}"#,
      ] {
        let found = serving(Array(body.utf8), signature)
        #expect(found.status == JSON_OK && found.rows == [1, 2, 3], "\(body): \(message(found.error))")
      }
      let found = serving(Array(#"{"examples":[{\#(name):[1,2,3]}]}"#.utf8), isClassify: true, signature)
      #expect(found.status == JSON_OK && found.rows == [1, 2, 3], "\(message(found.error))")
    }
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
    let found = serving(Array(body.utf8), makeSignature(alias: "in"))
    #expect(found.status != JSON_OK && message(found.error).contains(part), "\(message(found.error))")
  }

  @Test func `an input is sent once in a list of tensors too`() {
    let (x, alias) = (#"{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}"#, #"{"name":"in"}"#)
    for (inputs, part) in [
      ("\(x),\(alias)", "expected one input, 'x' or 'in', found a second one"),
      (x.replacing("\"x\"", with: "\"y\""), "expected 'x' or 'in', found 'y'"),
    ] {
      let found = infer("{\"inputs\":[\(inputs)]}", makeSignature(alias: "in"))
      #expect(found.status != JSON_OK && message(found.error).contains(part), "\(message(found.error))")
    }
  }

  @Test func `a byte order mark is ignored, and what lies in the body is found behind it`() {
    let text = #"{"id":"a1","inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#
    let body = [0xef, 0xbb, 0xbf] + Array(text.utf8)
    let found = infer(body)
    #expect(found.status == JSON_OK && found.rows == [1, 2, 3])
    #expect(
      String(decoding: body[found.request.id_offset..<found.request.id_offset + found.request.id_length], as: UTF8.self)
        == #""a1""#)
    let wrong = infer([0xef, 0xbb, 0xbf] + Array(text.replacing("1,2,3", with: "1,null,3").utf8))
    #expect(wrong.error.offset == 3 + text.utf8.count - 7, "\(message(wrong.error))")
    #expect(serving([0xef, 0xbb, 0xbf] + Array(#"{"instances":[[1,2,3]]}"#.utf8)).rows == [1, 2, 3])
    let parser = json_parser_create(16)
    defer { json_parser_destroy(parser) }
    for text in ["", "{}", #"{"ready":true}"#] {
      var (request, error) = (json_repository_request(), json_error())
      let body = padded([0xef, 0xbb, 0xbf] + Array(text.utf8))
      #expect(
        json_decode_repository(parser, body, 3 + text.utf8.count, &request, &error) == JSON_OK, "\(message(error))")
      #expect(request.only_ready == text.contains("ready"))
    }
  }

  static let servingBodies: [(String, [Float], Bool)] = [
    (#"{"instances":[[1,2,3],[4,5,6]]}"#, [1, 2, 3, 4, 5, 6], false),
    (#"{"instances":[{"x":[1,2,3]},{"x":[4,5,6]}],"u":NaN}"#, [1, 2, 3, 4, 5, 6], false),
    (#"{"signature_name":"","inputs":[[1,2,3]]}"#, [1, 2, 3], true),
    (#"{"inputs":{"zz":1,"x":[[1,2,3]]}}"#, [1, 2, 3], true),
  ]

  @Test(arguments: servingBodies)
  func `rows of TensorFlow Serving's arrive in both forms`(body: String, rows: [Float], isColumnar: Bool) {
    let found = serving(Array(body.utf8))
    #expect(found.status == JSON_OK, "\(message(found.error))")
    #expect(found.rows == rows && found.request.is_columnar == isColumnar)
  }

  static let servingRefused: [(String, String)] = [
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

  @Test(arguments: servingRefused) func `every mistake of theirs has its sentence`(body: String, part: String) {
    let found = serving(Array(body.utf8))
    #expect(found.status != JSON_OK && message(found.error).contains(part), "\(message(found.error))")
  }

  @Test func `twenty thousand damaged bodies: rows or a sentence, each time`() {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    let wholes = [
      #"{"id":"\u00e9","inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[[1.5,-2e-3,NaN],[4,5,6]]}],"outputs":[{"name":"known"}]}"#,
      #"{"parameters":{"timeout":1},"inputs":[{"data":[1,2,3],"name":"x","shape":[1,3],"datatype":"INT32"}]}"#,
      #"{"signature_name":"all","instances":[{"x":[1,2,3]},{"x":[4,5,Infinity]}]}"#,
      #"{"inputs":{"x":[[1,2,3]],"y":{"z":[null]}}}"#,
    ].map { Array($0.utf8) }
    for round in 0..<20_000 {
      let body = damaged(wholes[round % 4], alphabet: "[]{},:\"0e-NI", using: &random)
      let (status, rows, error): (json_status, Int, json_error)
      if round % 4 < 2 {
        let found = infer(body)
        (status, rows, error) = (found.status, found.request.rows, found.error)
      } else {
        let found = serving(body)
        (status, rows, error) = (found.status, found.request.rows, found.error)
      }
      if status == JSON_OK {
        #expect((1...4).contains(rows), "seed \(seed)")
      } else {
        #expect(!message(error).isEmpty && error.offset <= body.count, "seed \(seed)")
      }
    }
  }
}
