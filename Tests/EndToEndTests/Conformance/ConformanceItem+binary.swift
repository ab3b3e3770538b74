import Testing

extension ConformanceItem {
  static let header = "inference-header-content-length"

  /// Checks the framing of an answer with binary outputs, and takes it apart.
  private static func framed(
    _ response: Client.Answer, tail: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> InferAnswer {
    let answer = try InferAnswer(response, sourceLocation: sourceLocation)
    #expect(
      response.headers["content-type"] == "application/octet-stream", response.excerpt, sourceLocation: sourceLocation)
    #expect(
      response.headers[header] == String(response.bytes.count - tail), response.excerpt, sourceLocation: sourceLocation)
    #expect(
      response.headers["content-length"] == String(response.bytes.count), response.excerpt,
      sourceLocation: sourceLocation)
    #expect(answer.tail.count == tail, response.excerpt, sourceLocation: sourceLocation)
    return answer
  }

  static let binary: [ConformanceItem] = framing + compression + rest

  private static let framing: [ConformanceItem] = [
    ConformanceItem(35, "binary input alone is answered with JSON") { radial in
      let answer = try radial.infer(radial.binaryRequest(0..<2))
      answer.expectJSON()
      #expect(answer.headers[header] == nil)
      #expect(try answer.body == radial.infer(radial.jsonRequest(0..<2)).body)
    },
    ConformanceItem(36, "binary_data_output asks for every output as bytes") { radial in
      let response = try radial.infer(radial.binaryRequest(0..<3, InferRequest.binaryOutput))
      let size = 3 * Conformance.classes * 4
      let answer = try framed(response, tail: 2 * size)
      #expect(answer.names == ["scores", "distances"])
      for output in answer.outputs {
        #expect(Client.Answer.canonical(output["parameters"]) == "{\"binary_data_size\":\(size)}", response.excerpt)
        #expect(output["data"] == nil, response.excerpt)
        #expect(output["shape"] as? [Int] == [3, Conformance.classes] && output["datatype"] as? String == "FP32")
      }
      let native = try radial.native(0..<3)
      #expect(try answer.bits("scores") == native.scores)
      #expect(try answer.bits("distances") == native.distances)
      // Bytes are counted, not characters, on the way in and out.
      let named = try radial.infer(radial.binaryRequest(0..<3, "\"id\":\"日本\"", InferRequest.binaryOutput))
      let unicode = try framed(named, tail: 2 * size)
      #expect(unicode.json["id"] as? String == "日本" && unicode.tail == answer.tail, named.excerpt)
      // JSON in, bytes out.
      let mixed = try radial.infer(radial.jsonRequest(0..<3, InferRequest.binaryOutput))
      #expect(mixed.bytes == response.bytes)
      // As perf_analyzer sends it: the inference header although no bytes follow, an empty id.
      let explicit = radial.jsonRequest(
        0..<3, #""id":"""#,
        #""outputs":[{"name":"scores","parameters":{"binary_data":true}},{"name":"distances","parameters":{"binary_data":true}}]"#
      )
      let length = "Inference-Header-Content-Length: \(explicit.json.utf8.count)"
      #expect(try radial.infer(explicit, headers: [length]).bytes == response.bytes)
    },
    ConformanceItem(37, "bytes and JSON mix, as each output asks") { radial in
      let outputs =
        #""outputs":[{"name":"scores","parameters":{"binary_data":true}},"#
        + #"{"name":"distances","parameters":{"binary_data":false}}]"#
      // What an output says wins over what the request says.
      for members in [[outputs], [outputs, InferRequest.binaryOutput]] {
        var request = radial.binaryRequest(0..<2)
        request.members = members
        let response = try radial.infer(request)
        let answer = try framed(response, tail: 2 * Conformance.classes * 4)
        let distances = try answer.output("distances")
        #expect((distances["data"] as? [Any])?.count == 2 * Conformance.classes, response.excerpt)
        #expect(distances["parameters"] == nil, response.excerpt)
        #expect(try answer.output("scores")["data"] == nil, response.excerpt)
        let native = try radial.native(0..<2)
        #expect(try answer.bits("scores") == native.scores)
        #expect(try answer.bits("distances") == native.distances)
      }
      // One byte an element of BOOL, wherever it lies in the tail. The middle row is no digit.
      func ask(_ parameters: String) throws -> Client.Answer {
        let list = ["known", "p_value", "scores"].map { #"{"name":"\#($0)"\#(parameters)}"# }
        let bytes = radial.bytes(0..<1) + Conformance.bytes([Float](repeating: 255, count: Conformance.width))
        return try radial.infer(
          InferRequest(
            bytes: bytes + radial.bytes(1..<2), shape: Conformance.shape(3), "\"outputs\":\(Conformance.list(list))"))
      }
      let json = try InferAnswer(ask(""))
      let response = try ask(#","parameters":{"binary_data":true}"#)
      let answer = try framed(response, tail: 3 + 3 * 4 + 3 * Conformance.classes * 4)
      #expect(try json.output("known")["data"] as? [Bool] == [true, false, true], "\(json.json)")
      #expect(try answer.bytes("known") == [1, 0, 1], response.excerpt)
      #expect(try answer.bits("p_value") == json.bits("p_value"), response.excerpt)
      #expect(try answer.bits("scores") == json.bits("scores"), response.excerpt)
    },
    ConformanceItem(38, "a listed output without binary_data is JSON whatever binary_data_output says") { radial in
      let answer = try radial.infer(
        radial.binaryRequest(0..<2, InferRequest.binaryOutput, #""outputs":[{"name":"scores"}]"#))
      answer.expectJSON()
      #expect(answer.headers[header] == nil)
      let taken = try InferAnswer(answer)
      #expect(taken.names == ["scores"])
      #expect(try (taken.output("scores")["data"] as? [Any])?.count == 2 * Conformance.classes)
      #expect(try taken.output("scores")["parameters"] == nil)
    },
    ConformanceItem(39, "JSON numbers read back as the very floats, in as few digits as that takes") { radial in
      for name in ["scores", "distances"] {
        let list = "\"outputs\":[{\"name\":\"\(name)\"}]"
        let text = try radial.infer(radial.binaryRequest(0..<8, InferRequest.binaryOutput, list)).body
        let binary = try InferAnswer(radial.infer(radial.binaryRequest(0..<8, InferRequest.binaryOutput)))
        let data = try #require(text.firstMatch(of: /"data": *\[([^\]]*)\]/)).1
        let tokens = data.split(separator: ",").map { $0.trimmingPrefix(" ") }
        let floats = try binary.floats(name)
        #expect(tokens.map { Float($0)?.bitPattern } == floats.map(\.bitPattern))
        // Of the shortest decimals Swift prints one.
        func digits(_ number: some StringProtocol) -> Int {
          let mantissa = number.prefix { $0 != "e" && $0 != "E" }.filter(\.isNumber)
          return mantissa.drop { $0 == "0" }.reversed().drop { $0 == "0" }.count
        }
        #expect(tokens.map(digits) == floats.map { digits($0.description) })
      }
    },
    ConformanceItem(40, "a header length that is the body's length means JSON alone") { radial in
      let request = radial.jsonRequest(0..<2)
      let answer = try radial.infer(
        request, headers: ["Inference-Header-Content-Length: \(request.json.utf8.count)"])
      answer.expectJSON()
      #expect(try answer.body == radial.infer(request).body)
    },
    ConformanceItem(41, "the header's name is found in any case") { radial in
      let request = radial.binaryRequest(0..<1)
      let expected = try radial.infer(request).body
      for name in ["inference-header-content-length", "INFERENCE-HEADER-CONTENT-LENGTH"] {
        let answer = try radial.post(
          Conformance.infer, bytes: request.body, headers: ["\(name): \(request.json.utf8.count)"])
        #expect(answer.status == 200 && answer.body == expected, answer.excerpt)
      }
    },
    ConformanceItem(42, "a header length that is no length within the body is refused") { radial in
      let request = radial.binaryRequest(0..<1)
      let length = request.json.utf8.count
      let client = try radial.connect()
      for value in [
        "abc", "-1", String(request.body.count + 1), "+\(length)", "\(length).0", "\(length)x", "0x10", "\(length) 1",
        "18446744073709551616", "9223372036854775808", String(UInt64(1) << 32 | UInt64(length)),
      ] {
        let answer = try client.exchange(
          "POST", Conformance.infer, bytes: request.body, headers: ["Inference-Header-Content-Length: \(value)"])
        answer.expectError(400, value)
      }
      // None of them has ended the connection.
      let good = try client.exchange("POST", Conformance.infer, bytes: request.body, headers: request.headers)
      #expect(good.status == 200, good.excerpt)
    },
    ConformanceItem(43, "a size that fits neither shape nor body is refused") { radial in
      let bytes = radial.bytes(0..<1)
      let client = try radial.connect()
      func refuse(_ size: String, _ tail: [UInt8]) throws {
        let request = InferRequest(
          inputs: [InferRequest.input(Conformance.shape(1), "\"parameters\":{\"binary_data_size\":\(size)}")],
          tail: tail)
        try client.exchange("POST", Conformance.infer, bytes: request.body, headers: request.headers)
          .expectError(400, "binary_data_size \(size), \(tail.count) bytes")
      }
      // Too small or too big for the shape, and as many bytes as it says.
      try refuse("3132", Array(bytes.dropLast(4)))
      try refuse("3140", bytes + [0, 0, 0, 0])
      try refuse("3135", Array(bytes.dropLast()))
      try refuse("3132", bytes)
      try refuse("3140", bytes)
      // As big as the shape wants, a byte short and a byte long.
      try refuse("3136", Array(bytes.dropLast()))
      try refuse("3136", bytes + [0])
      for size in ["-1", "0", "3136.0", "\"3136\"", "null", "true", "18446744073709554752"] { try refuse(size, bytes) }
      let good = radial.binaryRequest(0..<1)
      #expect(
        try client.exchange("POST", Conformance.infer, bytes: good.body, headers: good.headers).status == 200)
    },
    ConformanceItem(44, "a tensor may begin at any byte") { radial in
      var request = radial.binaryRequest(0..<2, InferRequest.binaryOutput)
      let expected = try radial.infer(request)
      #expect(expected.status == 200, expected.excerpt)
      for padding in 1...8 {
        request.padding = padding
        #expect(try radial.infer(request).bytes == expected.bytes, "\(padding) blanks")
      }
    },
    ConformanceItem(45, "a header length of 0 is one row of raw bytes, answered with bytes") { radial in
      let raw = ["Inference-Header-Content-Length: 0"]
      let response = try radial.post(Conformance.infer, bytes: radial.bytes(0..<1), headers: raw)
      let answer = try framed(response, tail: 2 * Conformance.classes * 4)
      #expect(try answer.shape("scores") == [1, Conformance.classes])
      #expect(answer.json["id"] == nil)
      let native = try radial.native(0..<1)
      #expect(try answer.bits("scores") == native.scores)
      #expect(try answer.bits("distances") == native.distances)
      for bytes in [Array(radial.bytes(0..<1).dropLast()), radial.bytes(0..<1) + [0], radial.bytes(0..<2), []] {
        try radial.post(Conformance.infer, bytes: bytes, headers: raw).expectError(400, "\(bytes.count) bytes")
      }
      // 0 is raw, not absent.
      try radial.post(Conformance.infer, radial.jsonRequest(0..<1).json, headers: raw).expectError(400)
    },
  ]

  private static let compression: [ConformanceItem] = [
    ConformanceItem(46, "gzip and deflate requests count the header's length uncompressed") { radial in
      let binary = radial.binaryRequest(0..<2, InferRequest.binaryOutput)
      let json = radial.jsonRequest(0..<2)
      for (wrapper, encoding) in [(Deflate.Wrapper.gzip, "gzip"), (.zlib, "deflate")] {
        for request in [binary, json] {
          let answer = try radial.post(
            Conformance.infer, bytes: try Deflate.compress(request.body, as: wrapper),
            headers: request.headers + ["Content-Encoding: \(encoding)"])
          let expected = try radial.infer(request)
          #expect(answer.status == 200 && answer.bytes == expected.bytes, answer.excerpt)
        }
      }
      let identity = try radial.infer(json, headers: ["Content-Encoding: identity"])
      #expect(identity.status == 200, identity.excerpt)
    },
    ConformanceItem(47, "other encodings, damaged ones and bombs are refused") { radial in
      let request = radial.binaryRequest(0..<1)
      for encoding in ["br", "gzip, deflate", "zstd"] {
        let answer = try radial.infer(request, headers: ["Content-Encoding: \(encoding)"])
        answer.expectError(415, encoding)
        #expect(answer.headers["accept-encoding"] == "gzip, deflate", answer.excerpt)
      }
      let gzip = request.headers + ["Content-Encoding: gzip"]
      let packed = try Deflate.compress(request.body, as: .gzip)
      var flipped = packed
      flipped[packed.count / 2] ^= 0xFF
      var checksum = packed
      checksum[packed.count - 8] ^= 1
      let damaged = [Array("not gzip".utf8), flipped, checksum, Array(packed.dropLast()), Array(packed.prefix(20)), []]
      let client = try radial.connect()
      for bytes in damaged {
        try client.exchange("POST", Conformance.infer, bytes: bytes, headers: gzip)
          .expectError(400, "\(bytes.count) of \(packed.count) bytes")
      }
      #expect(try client.exchange("POST", Conformance.infer, bytes: packed, headers: gzip).status == 200)
      let bomb = try Deflate.compress([UInt8](repeating: UInt8(ascii: " "), count: 32 << 20), as: .gzip)
      try client.exchange("POST", Conformance.infer, bytes: bomb, headers: ["Content-Encoding: gzip"])
        .expectError(413, "\(bomb.count) bytes that inflate to 32 MiB")
      // It survives, or is closed cleanly: no half answer, no silence.
      let next = radial.jsonRequest(0..<1)
      client.send(Client.request("POST", Conformance.infer, bytes: next.body))
      if let answer = try client.receiveIfAny() { #expect(answer.status == 200, answer.excerpt) }
    },
    ConformanceItem(48, "a large answer is compressed for who accepts it, its header counts uncompressed") { radial in
      // The id makes it large: the tensors of 8 rows are hardly 1 KiB.
      let id = "\"id\":\"\(String(repeating: "0123456789abcdef", count: 256))\""
      let request = radial.binaryRequest(0..<8, id, InferRequest.binaryOutput)
      let plain = try radial.infer(request)
      let tail = 2 * 8 * Conformance.classes * 4
      let expected = try framed(plain, tail: tail)
      #expect(plain.headers["content-encoding"] == nil, plain.excerpt)
      for (accept, encoding) in [
        ("gzip", "gzip"), ("deflate", "deflate"), ("gzip, deflate, br", "gzip"), ("deflate, gzip", "deflate"),
        ("br, gzip;q=0.5, deflate;q=0.9", "deflate"), ("gzip;q=0.1, deflate;q=0", "gzip"),
      ] {
        let packed = try radial.infer(request, headers: ["Accept-Encoding: \(accept)"])
        #expect(packed.status == 200, packed.excerpt)
        #expect(packed.headers["content-encoding"] == encoding, "\(accept): \(packed.headers)")
        #expect(packed.headers["content-type"] == "application/octet-stream")
        #expect(packed.headers[header] == plain.headers[header], "\(packed.headers)")
        #expect(packed.headers["vary"]?.lowercased().contains("accept-encoding") == true, "\(packed.headers)")
        #expect(packed.bytes.count < plain.bytes.count)
        let wrapper: [UInt8] = encoding == "gzip" ? [0x1F, 0x8B] : [0x78]
        #expect(packed.bytes.starts(with: wrapper))
        #expect(try Deflate.inflate(packed.bytes) == plain.bytes)
      }
      for accept in ["br", "*", "identity", "gzip;q=0", "gzip;q=0.0, deflate;q=0.000"] {
        let answer = try radial.infer(request, headers: ["Accept-Encoding: \(accept)"])
        #expect(answer.headers["content-encoding"] == nil, "\(accept): \(answer.headers)")
        #expect(answer.bytes == plain.bytes, "\(accept)")
      }
      // JSON is as large, and compressed as well. Errors and metadata never are.
      let json = radial.jsonRequest(0..<8, id)
      let packed = try radial.infer(json, headers: ["Accept-Encoding: gzip"])
      #expect(packed.headers["content-encoding"] == "gzip" && packed.headers["content-type"] == "application/json")
      #expect(packed.headers[header] == nil)
      #expect(try Deflate.inflate(packed.bytes) == radial.infer(json).bytes)
      #expect(try expected.json["id"] as? String == InferAnswer(plain).json["id"] as? String)
      let refused = try radial.infer(
        radial.jsonRequest(0..<1, id, #""outputs":[{"name":"zzz"}]"#), headers: ["Accept-Encoding: gzip"])
      refused.expectError(400)
      #expect(refused.headers["content-encoding"] == nil)
    },
  ]

  private static let rest: [ConformanceItem] = [
    ConformanceItem(49, "classification names the largest scores, their classes and labels") { radial in
      func output(_ k: Int, _ name: String = "scores", _ parameters: String = "") -> String {
        #""outputs":[{"name":"\#(name)","parameters":{"classification":\#(k)\#(parameters)}}]"#
      }
      let scores = try InferAnswer(radial.infer(radial.jsonRequest(0..<3))).floats("scores")
      for (asked, given) in [(1, 1), (2, 2), (10, 10), (99, 10)] {
        let response = try radial.infer(radial.jsonRequest(0..<3, output(asked)))
        response.expectJSON()
        let answer = try InferAnswer(response)
        #expect(try answer.datatype("scores") == "BYTES", response.excerpt)
        #expect(try answer.shape("scores") == [3, given], response.excerpt)
        #expect(try answer.output("scores")["parameters"] == nil, response.excerpt)
        let entries = try #require(try answer.output("scores")["data"] as? [String], response.excerpt)
        try #require(entries.count == 3 * given, response.excerpt)
        for row in 0..<3 {
          let values = Array(scores[row * Conformance.classes..<(row + 1) * Conformance.classes])
          let ranking = values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }
          for rank in 0..<given {
            let parts = entries[row * given + rank].split(separator: ":")
            try #require(parts.count == 3, response.excerpt)
            let index = try #require(Int(parts[1]), response.excerpt)
            #expect(index == ranking[rank], response.excerpt)
            #expect(parts[2] == String(index), "the labels of the digits")
            #expect(parts[0].wholeMatch(of: /[0-9]+\.[0-9]{6}/) != nil, response.excerpt)
            let value = try #require(Double(parts[0]))
            // Six decimals: half of the last one, and what a Double adds.
            #expect(abs(value - Double(values[index])) <= 0.5000001e-6, response.excerpt)
          }
        }
        // As bytes: each element behind its length.
        let packed = try radial.infer(radial.jsonRequest(0..<3, output(asked, "scores", #","binary_data":true"#)))
        let elements = entries.map { Conformance.bytes([UInt32($0.utf8.count)]) + Array($0.utf8) }
        let framedAnswer = try framed(packed, tail: elements.joined().count)
        #expect(framedAnswer.tail == Array(elements.joined()))
        #expect(try framedAnswer.datatype("scores") == "BYTES" && framedAnswer.shape("scores") == [3, given])
      }
      // The largest distance is the wrong end.
      try radial.infer(radial.jsonRequest(0..<1, output(2, "distances"))).expectError(400)
      try radial.infer(radial.jsonRequest(0..<1, output(-1))).expectError(400)
    },
    ConformanceItem(50, "chunked uploads; a bad request leaves the next on its connection alone") { radial in
      let request = radial.binaryRequest(0..<2)
      let expected = try radial.infer(request).body
      let client = try radial.connect()
      let head = ["Host: localhost", "Transfer-Encoding: chunked"] + request.headers
      client.send("POST \(Conformance.infer) HTTP/1.1\r\n" + head.map { $0 + "\r\n" }.joined() + "\r\n")
      var rest = request.body[...]
      for size in [1, request.json.utf8.count, 1000, rest.count] where !rest.isEmpty {
        let chunk = rest.prefix(size)
        client.send(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8))
        rest = rest.dropFirst(size)
      }
      client.send("0\r\n\r\n")
      let chunked = try client.receive()
      #expect(chunked.status == 200 && chunked.body == expected, chunked.excerpt)

      client.send(
        Client.request(
          "POST", Conformance.infer, bytes: request.body, headers: request.headers + ["Expect: 100-continue"]))
      #expect(try client.receive().body == expected)

      let bad = radial.jsonRequest(0..<1, #""id":7"#)
      let good = Client.request("POST", Conformance.infer, bytes: request.body, headers: request.headers)
      // One after the other, then as one piece.
      try client.exchange("POST", Conformance.infer, bad.json).expectError(400)
      client.send(good)
      #expect(try client.receive().body == expected)
      client.send(Client.request("POST", Conformance.infer, bytes: bad.body) + good + good)
      try client.receive().expectError(400)
      #expect(try client.receive().body == expected)
      #expect(try client.receive().body == expected)
    },
  ]
}
