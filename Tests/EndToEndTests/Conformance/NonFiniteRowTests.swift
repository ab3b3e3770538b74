import TestSupport
import Testing

/// Rows of any bits at all are answered, and harm no neighbour.
@Suite struct NonFiniteRowTests {
  static let tokens: [(String, Float)] = [
    ("NaN", .nan), ("Infinity", .infinity), ("-Infinity", -.infinity), ("3e38", 3e38),
    ("1e-45", .leastNonzeroMagnitude),
  ]

  /// On the reactors, and on the compute queue.
  static let places = [["--inline-budget", "1000"], ["--inline-budget", "0"]]

  @Test(arguments: places)
  func `a row that is not finite leaves its neighbours' bits alone`(flags: [String]) throws {
    let radial = try Conformance(flags)
    let classes = Conformance.classes
    let (first, last) = (radial.flat(0..<1), radial.flat(2..<3))
    let expected = try radial.native(0..<3)
    func check(_ scores: [UInt32], _ distances: [UInt32], _ comment: Comment) {
      #expect(scores.count == 3 * classes && distances.count == 3 * classes, comment)
      for (found, expected) in [(scores, expected.scores), (distances, expected.distances)] {
        #expect(found.prefix(classes) == expected.prefix(classes), comment)
        #expect(found.suffix(classes) == expected.suffix(classes), comment)
      }
    }
    for (token, value) in Self.tokens {
      let row = Conformance.row(of: token)
      let json = try InferAnswer(radial.infer(InferRequest("[\(first),\(row),\(last)]", shape: Conformance.shape(3))))
      check(try json.bits("scores"), try json.bits("distances"), "\(token), JSON")
      let middle = Conformance.bytes([Float](repeating: value, count: Conformance.width))
      let bytes = radial.bytes(0..<1) + middle + radial.bytes(2..<3)
      let binary = try InferAnswer(
        radial.infer(InferRequest(bytes: bytes, shape: Conformance.shape(3), InferRequest.binaryOutput)))
      check(try binary.bits("scores"), try binary.bits("distances"), "\(token), binary")
      let predicted = try radial.post(
        Conformance.predict, #"{"signature_name":"all","inputs":[\#(first),\#(row),\#(last)]}"#)
      predicted.expectJSON()
      let outputs = Client.Answer.objectWithTokens(predicted.body)?["outputs"] as? [String: [[Any]]]
      func bits(_ name: String) throws -> [UInt32] {
        try #require(outputs?[name], predicted.excerpt).joined().map { element in
          if let token = element as? String { return try #require(Float(token)).bitPattern }
          return Float(try #require(element as? Double)).bitPattern
        }
      }
      check(try bits("scores"), try bits("distances"), "\(token), TensorFlow Serving")
    }
  }

  @Test(arguments: places)
  func `whatever the bits, classification names every class once`(flags: [String]) throws {
    let radial = try Conformance(flags)
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix(state: seed)
    let outputs = #""outputs":[{"name":"scores","parameters":{"classification":10}}]"#
    let client = try radial.connect()
    // As perf_analyzer's default input; then rows of one special value each.
    var batches = (0..<20).map { _ in
      (0..<8 * Conformance.width).map { _ in UInt32.random(in: 0...UInt32.max, using: &random) }
    }
    // Quiet and signalling NaN of either sign, infinities, the largest and the smallest, −0.
    let special: [UInt32] = [
      0x7FC0_0000, 0xFFC0_0000, 0x7F80_0001, 0xFFBF_FFFF, 0x7F80_0000, 0xFF80_0000, 0x7F7F_FFFF, 0x8000_0001,
    ]
    batches.append(special.flatMap { [UInt32](repeating: $0, count: Conformance.width) })
    for batch in batches {
      let request = InferRequest(bytes: Conformance.bytes(batch), shape: Conformance.shape(8), outputs)
      let response = try client.exchange("POST", Conformance.infer, bytes: request.body, headers: request.headers)
      let entries = try #require(try InferAnswer(response).output("scores")["data"] as? [String], response.excerpt)
      try #require(entries.count == 80, response.excerpt)
      for row in 0..<8 {
        let indices = entries[row * 10..<row * 10 + 10].map { Int($0.split(separator: ":")[1]) }
        #expect(Set(indices) == Set(0..<10), "seed \(seed): \(entries)")
      }
    }
  }

  @Test func `a distance beyond FP32 is the bare token on both protocols`() throws {
    // A linear network: nothing in it saturates.
    let server = try RunningServer(model: "example.safetensors")
    let client = try Client(port: server.port)
    let row = Conformance.list(Array(repeating: "1e30", count: 100))
    let infer = try client.exchange(
      "POST", "/v2/models/example/infer", InferRequest(row, shape: "[1,100]", #""outputs":[{"name":"distances"}]"#).json
    )
    infer.expectJSON()
    #expect(infer.body.contains("[Infinity,Infinity"), infer.excerpt)
    #expect(try InferAnswer(infer).floats("distances").allSatisfy { $0 == .infinity })
    let predict = try client.exchange(
      "POST", "/v1/models/example:predict", #"{"signature_name":"distances","instances":[\#(row)]}"#)
    predict.expectJSON()
    #expect(predict.body.contains("[Infinity,"), predict.excerpt)
  }
}
