import FastJSON
import TestSupport
import Testing

/// Rows of three numbers, at most four. `nonisolated(unsafe)`: never written again, and its pointers lead to static text.
nonisolated(unsafe) private let signature: fj_signature = {
  func text(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }
  var signature = fj_signature()
  signature.shape = fj_shape_of([3], 1)
  signature.max_rows = 4
  signature.input = text("x")
  signature.outputs = (text("scores"), text("distances"), text("known"), text("p_value"))
  signature.output_count = 4
  return signature
}()

private func padded(_ body: [UInt8]) -> [CChar] {
  (body + [UInt8](repeating: 0, count: Int(FJ_PADDING))).map { CChar(bitPattern: $0) }
}

private func message(_ error: fj_error) -> String {
  withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

private func infer(_ body: [UInt8]) -> (
  status: fj_status, rows: [Float], request: fj_infer_request, error: fj_error
) {
  let parser = fj_parser_create(16)
  defer { fj_parser_destroy(parser) }
  var request = fj_infer_request()
  var error = fj_error()
  var rows = [Float](repeating: -1, count: 12)
  let status = withUnsafePointer(to: signature) {
    fj_decode_infer(parser, padded(body), body.count, $0, 4, &rows, &request, &error)
  }
  return (status, Array(rows.prefix(3 * request.rows)), request, error)
}

private func infer(_ text: String) -> (status: fj_status, rows: [Float], request: fj_infer_request, error: fj_error) {
  infer(Array(text.utf8))
}

private func serving(_ body: [UInt8], isClassify: Bool = false) -> (
  status: fj_status, rows: [Float], request: fj_serving_request, error: fj_error
) {
  let parser = fj_parser_create(16)
  defer { fj_parser_destroy(parser) }
  var request = fj_serving_request()
  var error = fj_error()
  var rows = [Float](repeating: -1, count: 12)
  let status = withUnsafePointer(to: signature) {
    fj_decode_serving(parser, padded(body), body.count, $0, isClassify, 4, &rows, &request, &error)
  }
  return (status, Array(rows.prefix(3 * request.rows)), request, error)
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
    #expect(found.status == FJ_OK, "\(message(found.error))")
    #expect(found.rows == [1, 2, 3, 4, 5, 6])
  }

  @Test func `bare tokens and what is beyond Float32 are numbers`() {
    let found = infer(Self.input(#""shape":[1,3],"datatype":"FP32","data":[NaN,-Infinity,1e999]"#))
    #expect(found.status == FJ_OK)
    #expect(found.rows[0].isNaN && found.rows[1] == -.infinity && found.rows[2] == .infinity)
  }

  @Test func `the rest of a request arrives`() {
    let text = #"""
      {"id":"a\"\u00e9","parameters":{"timeout":5,"priority":1,"sequence_id":"s","binary_data_output":true,"mine":1.5},"model_name":"m",
       "inputs":[{"name":"x","shape":[1,3],"datatype":"BF16","parameters":{"binary_data_size":6}}],
       "outputs":[{"name":"known"},{"name":"scores","parameters":{"binary_data":true,"classification":2}}]}
      """#
    let found = infer(text)
    #expect(found.status == FJ_OK, "\(message(found.error))")
    let id = Array(text.utf8)[found.request.id_offset..<found.request.id_offset + found.request.id_length]
    #expect(String(decoding: id, as: UTF8.self) == #""a\"\u00e9""#)
    #expect(found.request.timeout == 5 && found.request.binary_data_output)
    #expect(found.request.is_binary && found.request.binary_size == 6 && found.request.datatype == FJ_BF16)
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
    #expect(found.status != FJ_OK && message(found.error).contains(part), "\(message(found.error))")
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
    #expect(found.status == FJ_OK, "\(message(found.error))")
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
    #expect(found.status != FJ_OK && message(found.error).contains(part), "\(message(found.error))")
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
      let (status, rows, error): (fj_status, Int, fj_error)
      if round % 4 < 2 {
        let found = infer(body)
        (status, rows, error) = (found.status, found.request.rows, found.error)
      } else {
        let found = serving(body)
        (status, rows, error) = (found.status, found.request.rows, found.error)
      }
      if status == FJ_OK {
        #expect((1...4).contains(rows), "seed \(seed)")
      } else {
        #expect(!message(error).isEmpty && error.offset <= body.count, "seed \(seed)")
      }
    }
  }
}
