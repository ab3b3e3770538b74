import Testing

/// Inputs of other datatypes than the model's: the same values give the same scores, bit for bit.
@Suite(.conformanceServer) struct ConversionTests {
  struct Datatype: Sendable, CustomTestStringConvertible {
    let name: String
    /// The smallest of the values that are sent: 0 or −128, and 255 more at most.
    let lowest: Int
    let encode: @Sendable ([Int]) -> [UInt8]

    init(_ name: String, lowest: Int = -128, encode: @escaping @Sendable ([Int]) -> [UInt8]) {
      self.name = name
      self.lowest = lowest
      self.encode = encode
    }

    init<Value: FixedWidthInteger & SendableMetatype>(_ name: String, _: Value.Type) {
      self.init(name, lowest: Value.isSigned ? -128 : 0) { Conformance.bytes($0.map { Value($0) }) }
    }

    var testDescription: String { name }

    static let integers = [
      Datatype("INT8", Int8.self), Datatype("INT16", Int16.self), Datatype("INT32", Int32.self),
      Datatype("INT64", Int64.self), Datatype("UINT8", UInt8.self), Datatype("UINT16", UInt16.self),
      Datatype("UINT32", UInt32.self), Datatype("UINT64", UInt64.self),
    ]

    static let floats = [
      Datatype("FP64") { Conformance.bytes($0.map(Double.init)) },
      Datatype("FP16") { Conformance.bytes($0.map { Float16($0) }) },
      // The upper half of an FP32, which holds eight bits exactly.
      Datatype("BF16") { Conformance.bytes($0.map { UInt16(Float($0).bitPattern >> 16) }) },
    ]
  }

  func radial() throws -> Conformance { try #require(ConformanceServer.current).over(.socket) }

  /// Pixels of three digits, moved to what the datatype holds.
  func values(for datatype: Datatype) throws -> [Int] {
    try radial().values(0..<3).joined().map { $0 + datatype.lowest }
  }

  /// Scores and distances of FP32 values.
  func expected(_ values: [Float]) throws -> Client.Answer {
    let rows = values.count / Conformance.width
    let answer = try radial().infer(InferRequest(bytes: Conformance.bytes(values), shape: Conformance.shape(rows)))
    #expect(answer.status == 200, answer.excerpt)
    return answer
  }

  @Test(arguments: Datatype.integers + Datatype.floats)
  func `bytes of another datatype score as their values do as FP32`(datatype: Datatype) throws {
    let values = try values(for: datatype)
    let bytes = datatype.encode(values)
    let answer = try radial().infer(
      InferRequest(bytes: bytes, shape: Conformance.shape(3), datatype: datatype.name))
    #expect(try answer.body == expected(values.map(Float.init)).body)
    // The size follows the datatype that the request declares.
    for wrong in [Array(bytes.dropLast()), bytes + [0], bytes + bytes] {
      try radial().infer(InferRequest(bytes: wrong, shape: Conformance.shape(3), datatype: datatype.name))
        .expectError(400, "\(wrong.count) bytes")
    }
  }

  @Test(arguments: Datatype.integers + [Datatype.floats[0]])
  func `JSON integers are taken for integer types and FP64`(datatype: Datatype) throws {
    let values = try values(for: datatype)
    let data = Conformance.list(values.map(String.init))
    let answer = try radial().infer(InferRequest(data, shape: Conformance.shape(3), datatype: datatype.name))
    #expect(try answer.body == expected(values.map(Float.init)).body)
  }

  @Test func `values that FP32 does not hold are rounded to the nearest`() throws {
    let pixels = try radial().values(0..<1)[0]
    func check(_ name: String, _ bytes: [UInt8], _ floats: [Float]) throws {
      let answer = try radial().infer(InferRequest(bytes: bytes, shape: Conformance.shape(1), datatype: name))
      #expect(try answer.body == expected(floats).body, "\(name)")
    }
    let doubles = pixels.map { Double($0) * 0.1 + 1e-12 }
    try check("FP64", Conformance.bytes(doubles), doubles.map(Float.init))
    let integers = pixels.map { Int64($0) << 20 + 0x1000001 }
    try check("INT64", Conformance.bytes(integers), integers.map(Float.init))
    try check("INT32", Conformance.bytes(integers.map(Int32.init)), integers.map { Float(Int32($0)) })
    let unsigned = pixels.map { UInt64.max - UInt64($0) << 38 }
    try check("UINT64", Conformance.bytes(unsigned), unsigned.map(Float.init))
    let halves = pixels.map { Float16($0) / 7 }
    try check("FP16", Conformance.bytes(halves), halves.map(Float.init))
    // Subnormal ones.
    let small = pixels.map { Float16(bitPattern: UInt16($0)) }
    try check("FP16", Conformance.bytes(small), small.map(Float.init))
  }

  /// Datatype, the first value, and whether it is one of that type.
  static let edges: [(String, String, Bool)] = [
    ("UINT8", "255", true), ("UINT8", "256", false), ("UINT8", "300", false), ("UINT8", "-1", false),
    ("UINT8", "1.0", false), ("INT8", "127", true), ("INT8", "128", false),
    ("INT8", "-128", true), ("INT8", "-129", false), ("UINT16", "65535", true), ("UINT16", "65536", false),
    ("INT16", "32768", false), ("INT16", "-32769", false), ("UINT32", "4294967295", true),
    ("UINT32", "4294967296", false), ("INT32", "2147483647", true), ("INT32", "2147483648", false),
    ("INT32", "1.0", false), ("INT32", "1e3", false), ("INT64", "9223372036854775807", true),
    ("INT64", "-9223372036854775808", true), ("INT64", "9223372036854775808", false), ("INT64", "1.5", false),
    ("UINT64", "18446744073709551615", true), ("UINT64", "18446744073709551616", false), ("UINT64", "-1", false),
    ("INT64", "NaN", false), ("INT32", "null", false), ("INT32", "\"1\"", false), ("INT32", "true", false),
    ("FP64", "1.5", true), ("FP64", "1e300", true), ("FP64", "NaN", true), ("FP64", "null", false),
    ("FP64", "\"1\"", false), ("FP64", "true", false),
  ]

  @Test(arguments: edges)
  func `JSON values are of their datatype or refused, never cut down to it`(
    datatype: String, value: String, isOne: Bool
  ) throws {
    let rest = Array(repeating: "0", count: Conformance.width - 1)
    let answer = try radial().infer(
      InferRequest(Conformance.list([value] + rest), shape: Conformance.shape(1), datatype: datatype))
    guard isOne else { return answer.expectError(400) }
    let float = Float(try #require(Double(value)))
    #expect(try answer.body == expected([float] + rest.map { _ in 0 }).body, answer.excerpt)
  }

  @Test func `BOOL and BYTES are no numbers`() throws {
    let shape = Conformance.shape(1)
    for (datatype, value) in [("BOOL", "true"), ("BOOL", "1"), ("BYTES", "\"1\""), ("BYTES", "1")] {
      try radial().infer(InferRequest(Conformance.row(of: value), shape: shape, datatype: datatype))
        .expectError(400, "\(datatype) \(value)")
    }
    let bytes = [UInt8](repeating: 1, count: Conformance.width)
    try radial().infer(InferRequest(bytes: bytes, shape: shape, datatype: "BOOL")).expectError(400)
    let strings = Conformance.bytes([UInt32](repeating: 0, count: Conformance.width))
    try radial().infer(InferRequest(bytes: strings, shape: shape, datatype: "BYTES")).expectError(400)
  }
}
