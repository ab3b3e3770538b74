import Bytes
import JSON
import TestSupport
import Testing

@testable import InferenceAPI

/// Of rows of three numbers, or of another shape, at most four.
func makeSignature(shape: [Int] = [3], alias: String? = nil) -> TensorSignature {
  TensorSignature(
    shape: RowShape(shape), maxRows: 4, inputNames: ["x"] + (alias.map { [$0] } ?? []),
    outputs: [OutputTensor.scores, .distances, .known, .pValue].map { TensorSignature.Output($0, name: $0.usualName) })
}

/// An infer request decoded with room for four rows.
func infer(
  _ body: [UInt8], _ signature: TensorSignature = makeSignature(), shape: [Int] = [3]
) throws -> (rows: [Float], request: InferRequest) {
  let found = try decode(body, shape: shape, room: 4, expecting: InferRequest.expected, takesNonFinite: true) {
    (json, rows) throws(JSONError) in try InferRequest(json, &rows, signature)
  }
  return (Array(found.values.prefix(signature.shape.width * found.request.input.rows)), found.request)
}

func infer(
  _ body: String, _ signature: TensorSignature = makeSignature(), shape: [Int] = [3]
) throws -> (rows: [Float], request: InferRequest) {
  try infer(Array(body.utf8), signature, shape: shape)
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
  func `tensors arrive flat or nested, in any order of members, the first of two counting`(parts: String) throws {
    #expect(try infer(Self.input(parts)).rows == [1, 2, 3, 4, 5, 6])
  }

  @Test func `bare tokens and what is beyond Float32 are numbers`() throws {
    let found = try infer(Self.input(#""shape":[1,3],"datatype":"FP32","data":[NaN,-Infinity,1e999]"#))
    #expect(found.rows[0].isNaN && found.rows[1] == -.infinity && found.rows[2] == .infinity)
  }

  @Test func `the rest of a request arrives`() throws {
    let text = #"""
      {"id":"a\"\u00e9","parameters":{"timeout":5,"priority":1,"sequence_id":"s","binary_data_output":true,"mine":1.5},"model_name":"m",
       "inputs":[{"name":"x","shape":[1,3],"datatype":"BF16","parameters":{"binary_data_size":6}}],
       "outputs":[{"name":"known"},{"name":"scores","parameters":{"binary_data":true,"classification":2}}]}
      """#
    let found = try infer(text)
    #expect(String(decoding: found.request.id, as: UTF8.self) == #""a\"\u00e9""#)
    #expect(found.request.timeout == 5 && found.request.isBinary)
    #expect(found.request.input.binarySize == 6 && found.request.input.element == .bfloat16)
    #expect(found.request.outputs.map(\.tensor) == [2, 0])
    #expect(found.request.outputs[1].isBinary && found.request.outputs[1].classification == 2)
  }

  @Test func `an id may be empty, and is as it was written`() throws {
    let input = #""inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#
    for (id, found) in [(#""""#, ""), (#""a""#, #""a""#), (#"  "\u0061 "  "#, #""\u0061 ""#)] {
      #expect(String(decoding: try infer(#"{"id":\#(id),\#(input)"#).request.id, as: UTF8.self) == found)
    }
  }

  static let refused: [(String, String)] = [
    ("", "empty"), ("[]", "found an array"), ("{}", "found none"), (#"{"inputs":[]}"#, "found none"),
    (#"{"inputs":{}}"#, "found an object"), (#"{"inputs":[1]}"#, "found a number"),
    (#"{"id":7,"inputs":[]}"#, "id: expected a string"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,2,3]"#) + "x", "more text"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,2]"#), "expected 3 numbers for 1 rows of 3, found 2"),
    (input(#""shape":[1,3],"datatype":"FP32","data":[1,2,3,4]"#), "found more"),
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
    let error = failure { _ = try infer(body) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "none")")
  }

  static let places: [(String, Int, String, String)] = [
    (
      #"{"inputs":[{"name":"y"}]}"#, 19, "inputs[0].name", "inputs[0].name: expected 'x', found 'y', at byte 19"
    ),
    (
      #"{"inputs":[{"data":[1,"a"],"name":"x","datatype":"FP32","shape":[1,3]}]}"#, 22, "inputs[0].data, number 2",
      "inputs[0].data, number 2: expected a number, found a string, at byte 22"
    ),
    // Read at last, and cut off behind it.
    (
      #"{"inputs":[{"data":[1,2,3],"name":"x","datatype":"FP32","shape":[1,3]}"#, 70, "inputs",
      "inputs: the body is not valid JSON: expected ',' or ']', found its end, at byte 70"
    ),
    (#"{"outputs":[{"name":"scores"},{}]}"#, 30, "outputs[1]", "outputs[1]: expected \"name\", found none, at byte 30"),
    (
      #"{"inputs":[{"parameters":{"binary_data_size":true}}]}"#, 45, "inputs[0].parameters.binary_data_size",
      "inputs[0].parameters.binary_data_size: expected a whole number, found a boolean, at byte 45"
    ),
  ]

  @Test(arguments: places) func `a sentence begins with its path and ends with its place`(
    body: String, offset: Int, path: String, sentence: String
  ) {
    let error = failure { _ = try infer(body) }
    #expect(error?.offset == offset && error?.path == path && error?.message == sentence, "\(error?.message ?? "none")")
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
    for source in [#""data":[1,2,3,4,5,6]"#, #""parameters":{"binary_data_size":24}"#] {
      let error = failure {
        let found = try infer(
          Self.input(#""shape":\#(shape),"datatype":"FP32",\#(source)"#), makeSignature(shape: row), shape: row)
        #expect(found.request.input.rows == 1)
      }
      #expect((error == nil) == (refusal == nil), "\(error?.message ?? "none")")
      if let refusal { #expect(error?.message.contains(refusal) == true, "\(error?.message ?? "none")") }
    }
  }

  static let aliases = ["in", "entrée", #"a"b\c"#, String(repeating: "long", count: 32), "x\0"]

  @Test(arguments: aliases) func `an input has the name that its file gives it, beside x`(alias: String) throws {
    let signature = makeSignature(alias: alias)
    // As Python writes it: every byte beyond ASCII is escaped.
    let escaped = alias.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }.joined()
    for name in [String(decoding: JSONWriter.escaped(alias), as: UTF8.self), "\"x\""]
      + (escaped.utf8.count < 600 ? ["\"\(escaped)\""] : [])
    {
      let tensor = try infer(
        #"{"inputs":[{"name":\#(name),"shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#, signature)
      #expect(tensor.rows == [1, 2, 3], "\(name)")
      for body in [
        #"{"instances":[{\#(name):[1,2,3]}]}"#, #"{"inputs":{\#(name):[[1,2,3]]}}"#,
        #"{"inputs":{"zz":1,\#(name):[[1,2,3]]}}"#,
      ] {
        #expect(try serving(Array(body.utf8), signature).rows == [1, 2, 3], "\(body)")
      }
      let examples = Array(#"{"examples":[{\#(name):[1,2,3]}]}"#.utf8)
      #expect(try serving(examples, signature, isClassify: true).rows == [1, 2, 3])
    }
  }

  @Test func `an input is sent once in a list of tensors too`() {
    let (x, alias) = (#"{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}"#, #"{"name":"in"}"#)
    for (inputs, part) in [
      ("\(x),\(alias)", "expected one input, 'x' or 'in', found a second one"),
      (x.replacing("\"x\"", with: "\"y\""), "expected 'x' or 'in', found 'y'"),
    ] {
      let error = failure { _ = try infer("{\"inputs\":[\(inputs)]}", makeSignature(alias: "in")) }
      #expect(error?.message.contains(part) == true, "\(error?.message ?? "none")")
    }
  }

  @Test func `a byte order mark is ignored, and counted in offsets`() throws {
    let text = #"{"id":"a1","inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#
    let found = try infer(byteOrderMark + Array(text.utf8))
    #expect(found.rows == [1, 2, 3] && String(decoding: found.request.id, as: UTF8.self) == #""a1""#)
    let error = failure { _ = try infer(byteOrderMark + Array(text.replacing("1,2,3", with: "1,null,3").utf8)) }
    #expect(error?.offset == 3 + text.utf8.count - 7, "\(error?.message ?? "none")")
  }

  @Test func `twenty thousand damaged bodies: rows or a sentence, each time`() {
    let seed = UInt64.random(in: 0..<UInt64.max)
    var random = SplitMix(state: seed)
    let wholes = [
      #"{"id":"\#(longName)","inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[[1.5,-2e-3,NaN],[4,5,6]]}],"#
        + #""outputs":[{"name":"known"}]}"#,
      #"{"parameters":{"timeout":1,"\#(longName)":2},"inputs":[{"data":[1,2,3],"name":"x","shape":[1,3],"datatype":"INT32"}]}"#,
      #"{"signature_name":"all","instances":[{"x":[1,2,3]},{"x":[4,5,Infinity]}]}"#,
      #"{"inputs":{"x":[[1,2,3]],"\#(longName)":{"\#(longName)":[null]}}}"#,
    ].map { Array($0.utf8) }
    for round in 0..<20_000 {
      let body = damaged(wholes[round % 4], alphabet: "[]{},:\"0e-NI", using: &random)
      let error = failure {
        let rows = try round % 4 < 2 ? infer(body).request.input.rows : serving(body).rows.count / 3
        #expect((1...4).contains(rows), "seed \(seed)")
      }
      if let error { #expect(!error.message.isEmpty && error.offset <= body.count, "seed \(seed)") }
    }
  }
}
