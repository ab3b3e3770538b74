import Bytes
import JSON
import Models
import RadialEngine

/// The JSON of an infer request: one input tensor, flat or nested in any way, or a description of the bytes behind the JSON; and what is
/// asked for. Of members given twice the first counts.
struct InferRequest {
  /// An output that is asked for.
  struct Output {
    /// In the signature's outputs.
    var tensor = 0
    var isBinary = false
    /// How many classes; 0: the tensor itself.
    var classification = 0
  }

  /// As a JSON string, quotes included; empty: none, or an empty one.
  private(set) var id: [UInt8] = []
  private(set) var input = InferInput()
  /// Empty: all that metadata lists, in the form that `isBinary` says.
  private(set) var outputs: [Output] = []
  private(set) var isBinary = false
  /// In microseconds; 0: none.
  private(set) var timeout: UInt64 = 0

  static let expected: StaticString = "an object with \"inputs\""

  /// Reads a text whose tensor, unless it is binary, becomes rows.
  init(_ json: borrowing JSONCursor, _ rows: inout JSONRows, _ signature: TensorSignature) throws(JSONError) {
    var (hasID, hasInputs, hasOutputs, hasParameters) = (false, false, false, false)
    try json.beginObject(Self.expected, "")
    while let name = try json.nextMember("") {
      switch name {
      case "id" where !hasID:
        hasID = true
        try readID(json)
      case "inputs" where !hasInputs:
        hasInputs = true
        try readInputs(json, &rows, signature)
      case "outputs" where !hasOutputs:
        hasOutputs = true
        try readOutputs(json, signature)
      case "parameters" where !hasParameters:
        hasParameters = true
        try readParameters(json)
      default:
        try json.skip("")
      }
    }
    guard hasInputs else {
      try json.finish()
      throw JSONError(
        .missing, at: 0, "", "expected \"inputs\", a list of one tensor \(signature.inputList), found none")
    }
  }

  private mutating func readID(_ json: borrowing JSONCursor) throws(JSONError) {
    guard json.kind == .string else { throw json.mismatch("a string", "id") }
    let text = try json.written("id")
    if text.count > 2 { id = text.bytes }
  }

  private mutating func readParameters(_ json: borrowing JSONCursor) throws(JSONError) {
    try json.beginObject("an object", "parameters")
    while let name = try json.nextMember("parameters") {
      let offset = name.offset
      switch name {
      case "binary_data_output": isBinary = try json.bool("parameters.binary_data_output")
      case "timeout": timeout = try json.wholeNumber("parameters.timeout")
      case "priority": _ = try json.wholeNumber("parameters.priority")
      case "sequence_id" where json.kind != .string: _ = try json.wholeNumber("parameters.sequence_id")
      case "sequence_start": _ = try json.bool("parameters.sequence_start")
      case "sequence_end": _ = try json.bool("parameters.sequence_end")
      case _ where name.hasPrefix("triton_"):
        throw JSONError(
          .value, at: offset, "parameters", "names that begin with triton_ are reserved; choose another")
      default:
        switch json.kind {
        case .array, .object, .null: throw json.mismatch("a string, a number or a boolean", "parameters")
        case .string, .other: try json.skip("parameters")
        }
      }
    }
  }

  private mutating func readInputs(
    _ json: borrowing JSONCursor, _ rows: inout JSONRows, _ signature: TensorSignature
  ) throws(JSONError) {
    let offset = try json.beginArray("a list of one tensor", "inputs")
    var count = 0
    while try json.nextElement("inputs") {
      let offset = try json.beginObject("an object", "inputs[0]")
      guard count == 0 else {
        throw JSONError(
          .value, at: offset, "inputs[1]", "expected one input, \(signature.inputList), found a second one")
      }
      count += 1
      try input.read(json, &rows, signature, offset: offset)
    }
    guard count > 0 else {
      throw JSONError(.missing, at: offset, "inputs", "expected one input, \(signature.inputList), found none")
    }
  }

  // MARK: Outputs

  private mutating func readOutputs(_ json: borrowing JSONCursor, _ signature: TensorSignature) throws(JSONError) {
    try json.beginArray("a list of outputs", "outputs")
    var index = 0
    while try json.nextElement("outputs") {
      let path = JSONPath("outputs", index)
      let offset = try json.beginObject("an object with \"name\"", path)
      let output = try Self.output(json, path, signature, offset: offset)
      guard !outputs.contains(where: { $0.tensor == output.tensor }) else {
        throw JSONError(
          .value, at: offset, path,
          "output '\(TensorSignature.shown(signature.outputs[output.tensor].name))' is asked for twice")
      }
      outputs.append(output)
      index += 1
    }
  }

  /// Reads an output whose object begins at `offset`, from its first member on.
  private static func output(
    _ json: borrowing JSONCursor, _ path: JSONPath, _ signature: TensorSignature, offset: Int
  ) throws(JSONError) -> Output {
    var output = Output()
    var (hasName, hasParameters) = (false, false)
    while let name = try json.nextMember(path) {
      switch name {
      case "name" where !hasName:
        hasName = true
        output.tensor = try tensor(json, path, signature)
      case "parameters" where !hasParameters:
        hasParameters = true
        try readParameters(of: &output, json, path)
      default:
        try json.skip(path)
      }
    }
    guard hasName else { throw JSONError(.missing, at: offset, path, "expected \"name\", found none") }
    return output
  }

  private static func tensor(
    _ json: borrowing JSONCursor, _ path: JSONPath, _ signature: TensorSignature
  ) throws(JSONError) -> Int {
    let name = try json.string("a string", path)
    for (index, output) in signature.outputs.enumerated() where output.isCalled(name) { return index }
    throw JSONError(
      .value, at: name.offset, path, "expected one of \(signature.outputList), found '\(name.quotation)'")
  }

  private static func readParameters(
    of output: inout Output, _ json: borrowing JSONCursor, _ path: JSONPath
  ) throws(JSONError) {
    try json.beginObject("an object", path)
    while let name = try json.nextMember(path) {
      let offset = name.offset
      switch name {
      case "binary_data": output.isBinary = try json.bool(path)
      case "classification": output.classification = Int(min(try json.wholeNumber(path), 1 << 20))
      case _ where name.hasPrefix("shared_memory_"):
        throw JSONError(
          .value, at: offset, path, "shared memory is not offered; take the tensor as data or as binary")
      default: try json.skip(path)
      }
    }
  }
}

extension RequestReader {
  /// The body of an infer request: JSON, behind it the bytes of a binary tensor; or, when the header says that the JSON has no bytes,
  /// one row of FP32 alone.
  func infer(
    _ content: RequestContent, _ served: ServedModel, into target: any RowsTarget
  ) throws(APIError) -> DecodedRequest {
    let body = content.body
    let jsonBytes = try Self.jsonBytes(of: content)
    let width = served.model.network.inputWidth
    // Triton's raw requests: no JSON, one row.
    guard jsonBytes > 0 else {
      guard body.count == width * NumberType.float32.size else {
        throw .tensorSize("a raw request", expected: width * NumberType.float32.size, found: body.count)
      }
      try target.read(body, as: .float32, rows: 1)
      return DecodedRequest(answer: InferAnswer(nil, of: served), rows: 1)
    }
    // A number of a flat tensor takes two bytes at least: itself and what follows it.
    let room = min(jsonBytes / (2 * width) + 1, served.signature.maxRows)
    let decoded = try decode(
      body[..<jsonBytes], expecting: InferRequest.expected, takesNonFinite: true, served, room: room,
      into: target, refusing: { APIError($0) },
      reading: { (json, rows) throws(JSONError) in try InferRequest(json, &rows, served.signature) }
    ).0
    let input = decoded.input
    let tail = UnsafeRawBufferPointer(rebasing: body[jsonBytes...])
    if let size = input.binarySize {
      let expected = input.rows * width * input.element.size
      // Told by the parameter's name, which is what the client has computed.
      guard size == expected else {
        throw .tensorSize(
          "inputs[0].parameters.binary_data_size", expected: expected, found: Int(clamping: size))
      }
    }
    let expected = Int(input.binarySize ?? 0)
    guard tail.count == expected else {
      throw .tensorSize("the body behind its \(jsonBytes) bytes of JSON", expected: expected, found: tail.count)
    }
    // After all that the JSON says was checked: bytes of another size would be read beyond their end.
    if input.binarySize != nil { try target.read(tail, as: input.element, rows: input.rows) }
    let answer = InferAnswer(decoded, of: served)
    for output in answer.outputs where output.classification > 0 {
      let named = served.signature.outputs[output.tensor]
      guard named.tensor == .scores else {
        throw .noClassification(of: named.name, scores: served.signature.outputs[0])
      }
    }
    return DecodedRequest(answer: answer, rows: input.rows, timeoutMicroseconds: decoded.timeout)
  }

  /// How much of the body is JSON: what `Inference-Header-Content-Length` says, and all of it without one.
  private static func jsonBytes(of content: RequestContent) throws(APIError) -> Int {
    guard let value = content.header else { return content.body.count }
    guard let bytes = wholeNumber(value).flatMap({ Int(exactly: $0) }), bytes <= content.body.count
    else { throw .badInferenceHeader(found: String(value.prefix(32)), body: content.body.count) }
    return bytes
  }
}
