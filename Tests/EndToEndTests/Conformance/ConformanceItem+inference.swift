import Testing

extension ConformanceItem {
  private static func refuse(
    _ radial: Conformance, _ requests: [InferRequest], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for request in requests {
      try radial.infer(request).expectError(
        400, "\(request.json.prefix(120))…\(request.json.suffix(40))", sourceLocation: sourceLocation)
    }
  }

  static let inference: [ConformanceItem] = [
    ConformanceItem(15, "flat data of two rows is answered with flat outputs, the native route's very numbers") {
      radial in
      let native = try radial.native(0..<2)
      for path in [
        "/v2/models/m/infer", "/v2/models/m/versions/1/infer", "/v2/models/m/infer?a=b+c", "/v2/models/%6D/infer",
      ] {
        let response = try radial.infer(radial.jsonRequest(0..<2), path: path)
        response.expectJSON()
        let answer = try InferAnswer(response)
        #expect(answer.json["id"] == nil, response.excerpt)
        #expect(answer.json["model_name"] as? String == "m", response.excerpt)
        #expect(answer.json["model_version"] as? String == "1", response.excerpt)
        #expect(answer.names == ["scores", "distances"], response.excerpt)
        for output in answer.outputs {
          #expect(output["datatype"] as? String == "FP32", response.excerpt)
          #expect(output["shape"] as? [Int] == [2, Conformance.classes], response.excerpt)
          #expect(output["parameters"] == nil, "the C++ client would look for binary data")
        }
        #expect(try answer.bits("scores") == native.scores)
        #expect(try answer.bits("distances") == native.distances)
      }
    },
    ConformanceItem(16, "nested data, however arranged, gives the same answer as flat data") { radial in
      let flat = try radial.infer(radial.jsonRequest(0..<2))
      let nestings = [
        radial.nested(0..<2), "[\(radial.nested(0..<2))]", "[\(radial.nested(0..<1)),\(radial.flat(1..<2))]",
      ]
      // As deep as Triton goes.
      let deep = String(repeating: "[", count: 90) + radial.flat(0..<2) + String(repeating: "]", count: 90)
      for data in nestings + [deep] {
        let nested = try radial.infer(InferRequest(data, shape: Conformance.shape(2)))
        nested.expectJSON()
        #expect(nested.body == flat.body)
      }
    },
    ConformanceItem(17, "the id is echoed, an empty one is not") { radial in
      for (members, expected) in [
        ([#""id":"a\"\u00e9""#], "a\"é"), (["\"id\":\"日本 \\ud83d\\ude00 \\\\ \\n\""], "日本 😀 \\ \n"),
        ([#""id":"""#], nil),
        // Of equal keys the first counts.
        ([#""id":"first""#, #""id":"second""#], "first"),
      ] {
        var request = radial.jsonRequest(0..<1)
        request.members = members
        let answer = try radial.infer(request)
        #expect(try InferAnswer(answer).json["id"] as? String == expected, answer.excerpt)
      }
    },
    ConformanceItem(18, "an id that is no string is refused") { radial in
      try refuse(radial, ["7", "null", "true", "[]", "{}"].map { radial.jsonRequest(0..<1, "\"id\":\($0)") })
    },
    ConformanceItem(19, "outputs are those that are listed, or both when none is") { radial in
      let both = try InferAnswer(radial.infer(radial.jsonRequest(0..<2)))
      func ask(_ list: String) throws -> InferAnswer {
        try InferAnswer(radial.infer(radial.jsonRequest(0..<2, "\"outputs\":\(list)")))
      }
      #expect(try ask("[]").names == ["scores", "distances"])
      #expect(try ask(#"[{"name":"distances"},{"name":"scores"}]"#).names == ["scores", "distances"])
      for name in ["scores", "distances"] {
        let one = try ask("[{\"name\":\"\(name)\"}]")
        #expect(one.names == [name])
        #expect(try one.bits(name) == both.bits(name))
      }
      // What a calibrated model knows beside these is told to who asks for it.
      let verdict = try ask(#"[{"name":"known"},{"name":"p_value"}]"#)
      #expect(verdict.names.sorted() == ["known", "p_value"])
      #expect(try verdict.datatype("known") == "BOOL")
      #expect(try verdict.shape("known") == [2])
      #expect(try verdict.datatype("p_value") == "FP32")
      #expect(try verdict.shape("p_value") == [2])
      let native = try radial.post("/predict", radial.sample.body(0..<2)).json["predictions"] as? [[String: Any]]
      #expect(try verdict.output("known")["data"] as? [Bool] == native?.compactMap { $0["known"] as? Bool })
      #expect(try verdict.floats("p_value") == native?.compactMap { ($0["p_value"] as? Double).map(Float.init) })
    },
    ConformanceItem(20, "unknown and repeated outputs are refused") { radial in
      let lists = [
        #"[{"name":"zzz"}]"#, #"[{"name":"scores"},{"name":"scores"}]"#, #"[{"name":7}]"#, "[{}]", #"["scores"]"#,
        #""scores""#,
      ]
      try refuse(radial, lists.map { radial.jsonRequest(0..<1, "\"outputs\":\($0)") })
    },
    ConformanceItem(21, "integers are numbers; null, strings and booleans are not") { radial in
      let integers = try radial.infer(radial.jsonRequest(0..<1))
      integers.expectJSON()
      let fractions = Conformance.list(radial.values(0..<1)[0].map { "\($0).0" })
      #expect(try radial.infer(InferRequest(fractions, shape: Conformance.shape(1))).body == integers.body)
      let first = radial.flat(0..<1).firstIndex(of: ",")!
      try refuse(
        radial,
        ["null", "\"1\"", "true", "{}"].map {
          InferRequest("[\($0)" + radial.flat(0..<1)[first...], shape: Conformance.shape(1))
        })
      // A scalar is no array.
      try refuse(radial, [InferRequest("1", shape: Conformance.shape(1))])
    },
    ConformanceItem(22, "NaN and Infinity are taken and answered") { radial in
      let rest = String(repeating: ",1", count: Conformance.width - 2)
      for tokens in ["NaN,1", "Infinity,1", "-Infinity,1", "NaN,Infinity"] {
        let response = try radial.infer(InferRequest("[\(tokens)\(rest)]", shape: Conformance.shape(1)))
        response.expectJSON()
        let answer = try InferAnswer(response)
        #expect(try answer.floats("scores").count == Conformance.classes, response.excerpt)
        #expect(try answer.floats("distances").count == Conformance.classes, response.excerpt)
        // An infinity may saturate; of NaN nothing is known.
        #expect(try !tokens.contains("NaN") || answer.floats("distances").allSatisfy(\.isNaN), response.excerpt)
      }
      // Words that are no tokens.
      for word in ["nan", "Inf", "NaNa", "+Infinity", "--Infinity", "-NaN1"] {
        try radial.infer(InferRequest("[\(word),1\(rest)]", shape: Conformance.shape(1))).expectError(400, word)
      }
    },
    ConformanceItem(23, "one value too few or too many is refused") { radial in
      let values = radial.flat(0..<1).dropFirst().dropLast()
      let fewer = "[" + values[..<values.lastIndex(of: ",")!] + "]"
      try refuse(radial, [fewer, "[\(values),0]", "[]"].map { InferRequest($0, shape: Conformance.shape(1)) })
    },
    ConformanceItem(24, "another width or rank is refused") { radial in
      let wide = Conformance.list(Array(repeating: "0", count: Conformance.width + 1))
      let row = radial.flat(0..<1)
      try refuse(
        radial,
        [
          InferRequest(wide, shape: "[1,785]"), InferRequest(row, shape: "[784]"),
          InferRequest(row, shape: "[1,1,784]"),
          InferRequest(row, shape: "[]"), InferRequest(row, shape: "[784,1]"), InferRequest(row, shape: "[1,28,28]"),
        ])
    },
    ConformanceItem(25, "no rows, and more rows than the limit, are refused") { radial in
      #expect(try radial.infer(radial.jsonRequest(0..<8)).status == 200)
      try radial.infer(radial.jsonRequest(0..<9)).expectError(400, mentioning: "8")
      try radial.infer(radial.binaryRequest(0..<9)).expectError(400, mentioning: "8")
      try refuse(radial, [InferRequest("[]", shape: "[0,784]")])
    },
    ConformanceItem(26, "dimensions that are no counts, or whose product is none, are refused") { radial in
      let row = radial.flat(0..<1)
      let large = "[4611686018427387904,4611686018427387904]"
      // 2³² · 2³² is 0, and 2⁶¹ · 784 · 4 more than 64 bits hold.
      let shapes = [
        "[-1,784]", "[1.5,784]", "[1.0,784]", "[\"1\",784]", "[null,784]", "[true,784]", "\"784\"", "784", large,
        "[4294967296,4294967296]", "[2305843009213693952,784]", "[18446744073709551617,784]", "[1e0,784]",
      ]
      try refuse(radial, shapes.map { InferRequest(row, shape: $0) })
      try refuse(radial, [InferRequest(bytes: radial.bytes(0..<1), shape: large)])
    },
    ConformanceItem(27, "FP16 as JSON, and a datatype that is none, are refused") { radial in
      let row = radial.flat(0..<1)
      try refuse(
        radial,
        ["FP16", "BF16", "FLOAT", "fp32", ""].map { InferRequest(row, shape: Conformance.shape(1), datatype: $0) })
      let shape = "\"shape\":\(Conformance.shape(1))"
      try refuse(
        radial,
        [
          InferRequest(inputs: [#"{"name":"x",\#(shape),"data":\#(row)}"#]),
          InferRequest(inputs: [#"{"name":"x",\#(shape),"datatype":7,"data":\#(row)}"#]),
          InferRequest(inputs: [#"{"name":"x","datatype":"FP32","data":\#(row)}"#]),
          InferRequest(inputs: [#"{\#(shape),"datatype":"FP32","data":\#(row)}"#]),
        ])
    },
    ConformanceItem(28, "another input, none, and one twice are refused") { radial in
      let data = "\"data\":\(radial.flat(0..<1))"
      let x = InferRequest.input(Conformance.shape(1), data)
      let y = InferRequest.input(Conformance.shape(1), data, name: "y")
      try refuse(radial, [[y], [], [x, x], [x, y], ["7"]].map { InferRequest(inputs: $0) })
      for body in ["{}", #"{"inputs":null}"#, #"{"inputs":{}}"#, #"{"inputs":7}"#, "[\(x)]"] {
        try radial.post(Conformance.infer, body).expectError(400, body)
      }
    },
    ConformanceItem(29, "data from two places, or from none, are refused") { radial in
      let shape = Conformance.shape(1)
      let (data, size) = ("\"data\":\(radial.flat(0..<1))", InferRequest.size(4 * Conformance.width))
      try refuse(
        radial,
        [
          InferRequest(inputs: [InferRequest.input(shape, data + "," + size)], tail: radial.bytes(0..<1)),
          InferRequest(inputs: [InferRequest.input(shape, data + "," + size)]),
          InferRequest(inputs: [InferRequest.input(shape, "\"parameters\":{}")]),
          InferRequest(inputs: [
            InferRequest.input(shape, #""parameters":{"shared_memory_region":"a","shared_memory_byte_size":3136}"#)
          ]),
        ])
    },
    ConformanceItem(30, "what is not one JSON value is refused") { radial in
      let json = radial.jsonRequest(0..<1).json
      let bodies = [
        "", " ", "hello", "{", String(json.dropLast()), String(json.prefix(500)), json + "x", json + json, json + ",",
        "{'inputs':[]}", json.dropLast() + ",}", json.replacing("\"FP32\"", with: "\"FP32\"/**/"), "null", "7",
      ]
      let client = try radial.connect()
      for body in bodies {
        // On one connection: none of them may end it.
        try client.exchange("POST", Conformance.infer, body).expectError(400, "\(body.prefix(60))…\(body.suffix(20))")
      }
      let nested = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
      let deep = try client.exchange(
        "POST", Conformance.infer, InferRequest(nested, shape: Conformance.shape(1)).json)
      // Malformed data here, a body over the limit of depth on the native routes.
      deep.expectError(deep.status == 413 ? 413 : 400)
      #expect(try client.exchange("POST", Conformance.infer, json + " \r\n\t").status == 200)
    },
    ConformanceItem(31, "an unknown model is 404 before its body is read") { radial in
      try radial.post("/v2/models/nope/infer", "{malformed").expectError(404)
      try radial.post("/v2/models/m/versions/9/infer", "{malformed").expectError(404)
    },
    ConformanceItem(32, "unknown keys and parameters are ignored, wrong ones refused") { radial in
      let expected = try InferAnswer(radial.infer(radial.jsonRequest(0..<1))).bits("scores")
      let source = "\"data\":\(radial.flat(0..<1))"
      let parameters =
        #""parameters":{"unknown":"a","int":3,"double":1.5,"bool":false,"priority":1,"sequence_id":"a","#
        + #""sequence_start":true,"sequence_end":true,"timeout":10000000}"#
      var request = InferRequest(inputs: [
        InferRequest.input(Conformance.shape(1), #""parameters":{"unknown":[1]},"else":{"a":[null]},"# + source)
      ])
      request.members = [
        #""model_name":"m""#, #""else":[{"inputs":1}]"#, parameters,
        #""outputs":[{"name":"scores","else":1,"parameters":{"unknown":{}}}]"#,
      ]
      let answer = try radial.infer(request)
      answer.expectJSON()
      #expect(try InferAnswer(answer).bits("scores") == expected)
      let wrong = [
        #"{"triton_x":1}"#, #"{"timeout":"x"}"#, #"{"timeout":-1}"#, #"{"timeout":1.5}"#, #"{"priority":"x"}"#,
        #"{"sequence_start":1}"#, #"{"binary_data_output":1}"#, #"{"k":[]}"#, #"{"k":{}}"#, #"{"k":null}"#, "7",
      ]
      try refuse(radial, wrong.map { radial.jsonRequest(0..<1, "\"parameters\":\($0)") })
    },
    ConformanceItem(33, "the request's Content-Type does not matter") { radial in
      let expected = try radial.infer(radial.jsonRequest(0..<1))
      expected.expectJSON()
      for type in ["application/x-www-form-urlencoded", "application/json", "text/plain; charset=utf-16"] {
        let answer = try radial.infer(radial.jsonRequest(0..<1), headers: ["Content-Type: \(type)"])
        #expect(answer.status == 200 && answer.body == expected.body, answer.excerpt)
      }
    },
    ConformanceItem(34, "an answer's Content-Type is application/json, without a parameter") { radial in
      let answer = try radial.infer(radial.jsonRequest(0..<1), headers: ["Accept: text/html;q=0.1, */*;q=0.01"])
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "application/json")
      #expect(answer.headers["transfer-encoding"] == nil && answer.headers["content-encoding"] == nil)
    },
  ]
}
