import Testing

extension ConformanceItem {
  /// The bits of a list of lists.
  private static func bits(_ list: Any?, _ comment: Comment) throws -> [UInt32] {
    try #require(list as? [[Double]], comment).flatMap { $0.map { Float($0).bitPattern } }
  }

  private static func refuse(
    _ radial: Conformance, _ bodies: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for body in bodies {
      try radial.post(Conformance.predict, body).expectError(
        400, "\(body.prefix(80))…\(body.suffix(40))", sourceLocation: sourceLocation)
    }
  }

  static let tensorFlow: [ConformanceItem] = [
    ConformanceItem(51, "instances are answered with predictions, one list of scores each") { radial in
      let answer = try radial.post(Conformance.predict, "{\"instances\":\(radial.nested(0..<2))}")
      answer.expectJSON()
      #expect(Array(answer.json.keys) == ["predictions"], answer.excerpt)
      #expect((answer.json["predictions"] as? [[Double]])?.map(\.count) == [10, 10], answer.excerpt)
      #expect(try bits(answer.json["predictions"], answer.excerpt) == radial.native(0..<2).scores)
      // A compressed request is inflated, and a large answer compressed for who accepts it.
      let large = "{\"signature_name\":\"all\",\"instances\":\(radial.nested(0..<8))}"
      let packed = try radial.post(
        Conformance.predict, bytes: try Deflate.compress(Array(large.utf8), as: .gzip),
        headers: ["Content-Encoding: gzip", "Accept-Encoding: gzip, deflate"])
      let plain = try radial.post(Conformance.predict, large)
      plain.expectJSON()
      #expect(plain.headers["content-encoding"] == nil && plain.bytes.count > 2048, plain.excerpt)
      #expect(packed.headers["content-encoding"] == "gzip" && packed.headers["content-type"] == "application/json")
      #expect(try Deflate.inflate(packed.bytes) == plain.bytes)
    },
    ConformanceItem(52, "instances may be objects with exactly the input's name") { radial in
      let bare = try radial.post(Conformance.predict, "{\"instances\":\(radial.nested(0..<2))}")
      let (a, b) = (radial.flat(0..<1), radial.flat(1..<2))
      let named = try radial.post(Conformance.predict, #"{"instances":[{"x":\#(a)},{"x":\#(b)}]}"#)
      #expect(named.status == 200 && named.body == bare.body, named.excerpt)
      let instances = [
        #"[{"x":\#(a),"y":1}]"#, #"[{"x":\#(a)},{"y":1,"x":\#(b)}]"#, #"[{"y":\#(a)}]"#, "[{}]",
        // The first decides the style for all.
        #"[{"x":\#(a)},\#(b)]"#, #"[\#(a),{"x":\#(b)}]"#,
      ]
      try refuse(radial, instances.map { "{\"instances\":\($0)}" })
    },
    ConformanceItem(53, "inputs are answered with outputs, and other keys of the object are ignored") { radial in
      let expected = try radial.native(0..<2).scores
      for inputs in [
        radial.nested(0..<2), #"{"x":\#(radial.nested(0..<2)),"zz":1}"#, #"{"x":\#(radial.nested(0..<2))}"#,
      ] {
        let answer = try radial.post(Conformance.predict, "{\"inputs\":\(inputs)}")
        answer.expectJSON()
        #expect(Array(answer.json.keys) == ["outputs"], answer.excerpt)
        #expect(try bits(answer.json["outputs"], answer.excerpt) == expected)
      }
      // Unlike the Open Inference Protocol: nested to its rank, no deeper and no flatter.
      let inputs = [
        radial.flat(0..<1), "[\(radial.nested(0..<1))]", #"{"zz":\#(radial.nested(0..<1))}"#, "{}", "[]", "5", "\"x\"",
        "null",
      ]
      try refuse(radial, inputs.map { "{\"inputs\":\($0)}" })
    },
    ConformanceItem(54, "signatures choose the outputs: one is a list, several are named") { radial in
      let native = try radial.native(0..<2)
      func ask(_ signature: String, _ member: String) throws -> Client.Answer {
        let answer = try radial.post(
          Conformance.predict, "{\"signature_name\":\"\(signature)\",\"\(member)\":\(radial.nested(0..<2))}")
        answer.expectJSON()
        return answer
      }
      let rows = try ask("all", "instances")
      let objects = try #require(rows.json["predictions"] as? [[String: [Double]]], rows.excerpt)
      #expect(objects.allSatisfy { Set($0.keys).isSuperset(of: ["scores", "distances"]) }, rows.excerpt)
      #expect(try bits(objects.map { $0["scores"] ?? [] }, rows.excerpt) == native.scores)
      #expect(try bits(objects.map { $0["distances"] ?? [] }, rows.excerpt) == native.distances)
      let columns = try ask("all", "inputs")
      let object = try #require(columns.json["outputs"] as? [String: Any], columns.excerpt)
      #expect(try bits(object["scores"], columns.excerpt) == native.scores)
      #expect(try bits(object["distances"], columns.excerpt) == native.distances)
      for (signature, expected) in [
        ("", native.scores), ("serving_default", native.scores), ("distances", native.distances),
      ] {
        let row = try ask(signature, "instances")
        #expect(try bits(row.json["predictions"], row.excerpt) == expected, "\(signature)")
        let column = try ask(signature, "inputs")
        #expect(try bits(column.json["outputs"], column.excerpt) == expected, "\(signature)")
      }
      let wrong = [#""foo""#, "7", "null", "[]", "true"]
      try refuse(radial, wrong.map { "{\"signature_name\":\($0),\"instances\":\(radial.nested(0..<1))}" })
    },
    ConformanceItem(55, "no rows, both keys, neither, ragged rows and no JSON are refused") { radial in
      let (row, rows) = (radial.flat(0..<1), radial.nested(0..<1))
      try refuse(
        radial,
        [
          #"{"instances":[]}"#, "{\"instances\":\(rows),\"inputs\":\(rows)}", "{}", #"{"signature_name":"all"}"#,
          "{\"instances\":[\(row),[1,2]]}", "{\"instances\":[\(row),\(rows)]}", "{\"instances\":[[1,2],\(row)]}",
          "{\"instances\":[\(Conformance.row(of: "[1]")),\(row)]}", "", #"{"instances":5}"#,
          #"{"instances":{"x":[1]}}"#,
          #"{"instances":null}"#, #"{"instances":[5]}"#, #"{"instances":[[]]}"#, "[]", "5", "{",
          "{\"inputs\":[\(row),[1,2]]}", "{\"instances\":\(radial.nested(0..<9))}",
        ])
    },
    ConformanceItem(56, "what is no number is refused, NaN is one") { radial in
      let rest = String(repeating: ",1", count: Conformance.width - 1) + "]"
      let instances = [
        #"[{"b64":"AAA="}]"#, #"["a"]"#, #"[["a"\#(rest)]"#, #"[[{"b64":"AAA="}\#(rest)]"#, "[[null\(rest)]",
        "[[true\(rest)]",
      ]
      try refuse(radial, instances.map { "{\"instances\":\($0)}" })
      for token in ["NaN", "Infinity", "-Infinity", "1e999"] {
        let answer = try radial.post(Conformance.predict, "{\"instances\":[[\(token)\(rest)]}")
        answer.expectJSON()
        let list = Client.Answer.objectWithTokens(answer.body)?["predictions"] as? [[Any]]
        #expect(list?.map(\.count) == [10], answer.excerpt)
      }
    },
    ConformanceItem(57, "whole numbers are printed with a decimal point or an exponent") { radial in
      // A linear network: so far away its scores are 0, and its distances beyond 2²⁴, where floats are whole.
      let server = try radial.transport.start(model: "example.safetensors")
      let row = Conformance.list(Array(repeating: "1000000", count: 100))
      let answer = try server.connect().exchange(
        "POST", "/v1/models/example:predict", #"{"signature_name":"all","instances":[\#(row)]}"#)
      answer.expectJSON()
      let numbers = answer.body.matches(of: /[-+.0-9eE]*[0-9][-+.0-9eE]*/).map(\.output)
      #expect(numbers.count >= 2 * Conformance.classes, answer.excerpt)
      for number in numbers {
        #expect(number.contains(/[.eE]/), "\(number) in \(answer.body)")
        let value = try #require(Float(number), answer.excerpt)
        #expect(value == value.rounded(), answer.excerpt)
      }
    },
    ConformanceItem(58, "unknown models and versions are 404, labels, broken JSON and other verbs 400") { radial in
      let body = "{\"instances\":\(radial.nested(0..<1))}"
      func post(_ path: String, _ body: String) throws -> Client.Answer { try radial.post("/v1/models/\(path)", body) }
      try post("nope:predict", body).expectError(404)
      try post("m/versions/9:predict", body).expectError(404)
      try post("m/labels/foo:predict", body).expectError(400)
      let version = try post("m/versions/1:predict", body)
      #expect(try version.status == 200 && version.body == radial.post(Conformance.predict, body).body, version.excerpt)
      // JSON before the model, the model before the signature.
      try post("nope:predict", "{broken").expectError(400)
      try post("nope:predict", #"{"signature_name":7,"instances":[[1]]}"#).expectError(400)
      try post("nope:predict", #"{"signature_name":"foo","instances":[[1]]}"#).expectError(404)
      for verb in ["regress", "explain"] { try post("m:\(verb)", body).expectError(400, verb) }
      let get = try radial.get(Conformance.predict)
      get.expectError(405)
      #expect(get.headers["allow"] == "POST", get.excerpt)
    },
    ConformanceItem(59, "the status is TensorFlow Serving's and KServe's in one") { radial in
      for path in ["/v1/models/m", "/v1/models/m/versions/1"] {
        let answer = try radial.get(path)
        answer.expectJSON()
        #expect(
          answer.canonical == """
            {"model_version_status":[{"state":"AVAILABLE","status":{"error_code":"OK","error_message":""},\
            "version":"1"}],"name":"m","ready":true}
            """, "\(path)")
      }
      for path in ["/v1/models/nope", "/v1/models/m/versions/9"] { try radial.get(path).expectError(404, path) }
      try radial.get("/v1/models/m/labels/foo").expectError(400)
    },
    ConformanceItem(60, "the metadata hold the signature twice, sizes as strings") { radial in
      for path in ["/v1/models/m/metadata", "/v1/models/m/versions/1/metadata"] {
        let answer = try radial.get(path)
        answer.expectJSON()
        #expect(
          Client.Answer.canonical(answer.json["model_spec"]) == #"{"name":"m","signature_name":"","version":"1"}"#)
        let outer = (answer.json["metadata"] as? [String: Any])?["signature_def"] as? [String: Any]
        let signatures = try #require(outer?["signature_def"] as? [String: Any], answer.excerpt)
        func tensor(_ name: String, _ size: Int) -> String {
          #"{"\#(name)":{"dtype":"DT_FLOAT","name":"\#(name):0","tensor_shape":{"dim":[{"name":"","size":"-1"},"#
            + #"{"name":"","size":"\#(size)"}],"unknown_rank":false}}}"#
        }
        #expect(
          Client.Answer.canonical(signatures["serving_default"])
            == #"{"defaults":{},"inputs":\#(tensor("x", 784)),"method_name":"tensorflow/serving/predict","#
            + #""outputs":\#(tensor("scores", 10))}"#)
      }
      for path in ["/v1/models/nope/metadata", "/v1/models/m/versions/9/metadata"] {
        try radial.get(path).expectError(404, path)
      }
    },
  ]
}
