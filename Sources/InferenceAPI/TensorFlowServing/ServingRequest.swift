import Batching
import JSON
import Models
import RadialEngine

/// A body of TensorFlow Serving's REST API: rows as a list (`instances`), as a tensor (`inputs`), or as examples to classify.
struct ServingRequest {
  /// nil: the model has no such signature.
  private(set) var signature: ServingSignature? = .servingDefault
  /// `inputs` instead of `instances`.
  private(set) var isColumnar = false
  private var hasRows = false

  static let expected: StaticString = "an object with \"instances\" or \"inputs\""

  /// Reads a body: its rows, and which signature is asked for.
  init(
    _ json: borrowing JSONCursor, _ rows: inout JSONRows, _ tensors: TensorSignature, isClassify: Bool
  ) throws(JSONError) {
    try json.beginObject(isClassify ? "an object with \"examples\"" : Self.expected, "")
    var hasSignature = false
    while let name = try json.nextMember("") {
      let offset = name.offset
      switch name {
      case "signature_name" where !hasSignature:
        hasSignature = true
        signature = try Self.signature(json)
      case "examples" where isClassify:
        try beginRows("examples", at: offset)
        try Self.readList(json, &rows, "examples", tensors, holdsObjects: true)
      case "instances" where !isClassify:
        try beginRows("instances", at: offset)
        // The first row decides for all, as in TensorFlow Serving.
        let holdsObjects = json.kindOfFirstElement == .object
        try Self.readList(json, &rows, "instances", tensors, holdsObjects: holdsObjects)
      case "inputs" where !isClassify:
        isColumnar = true
        try beginRows("inputs", at: offset)
        try Self.readColumns(json, &rows, tensors)
      default:
        try json.skip("")
      }
    }
    guard hasRows else {
      try json.finish()
      throw JSONError(
        .missing, at: 0, "",
        isClassify ? "expected \"examples\", found none" : "expected \"instances\" or \"inputs\", found neither")
    }
  }

  /// Reads what TensorFlow Serving looks at before it looks for the model: that the body is an object, and its signature's name a string.
  static func check(_ json: borrowing JSONCursor) throws(JSONError) {
    try json.beginObject(expected, "")
    while let name = try json.nextMember("") {
      if "signature_name" ~= name, json.kind != .string { throw json.mismatch("a string", "signature_name") }
      try json.skip("")
    }
  }

  private static func signature(_ json: borrowing JSONCursor) throws(JSONError) -> ServingSignature? {
    let name = try json.string("a string", "signature_name")
    // Its clients send an empty name for the default.
    return name.isEmpty ? .servingDefault : ServingSignature.allCases.first { name.equals($0.rawValue) }
  }

  private mutating func beginRows(_ path: JSONPath, at offset: Int) throws(JSONError) {
    guard !hasRows else {
      throw JSONError(
        .value, at: offset, path, "rows are given twice; send \"instances\" or \"inputs\", once")
    }
    hasRows = true
  }

  /// One element a row: all bare values, or all objects with the input alone.
  private static func readList(
    _ json: borrowing JSONCursor, _ rows: inout JSONRows, _ list: StaticString, _ tensors: TensorSignature,
    holdsObjects: Bool
  ) throws(JSONError) {
    guard holdsObjects else {
      return try rows.readList(json, JSONPath(list, nil), notObject: "an array, as the first element is")
    }
    try rows.beginList(json, JSONPath(list, nil))
    var index = 0
    while try rows.next(json, index) {
      let path = JSONPath(list, index)
      let start = try json.beginObject("an object, as the first element is", path)
      var hasInput = false
      while let name = try json.nextMember(path) {
        guard tensors.isInput(name) else {
          throw JSONError(
            .value, at: name.offset, path,
            "expected the input \(tensors.inputList) alone, found '\(name.quotation)'")
        }
        guard !hasInput else { throw secondInput(at: name.offset, path, tensors) }
        hasInput = true
        try rows.read(json, index)
      }
      guard hasInput else {
        throw JSONError(
          .missing, at: start, path, "expected the input \(tensors.inputList), found an empty object")
      }
      index += 1
    }
  }

  /// The tensor, or an object that holds it among others.
  private static func readColumns(
    _ json: borrowing JSONCursor, _ rows: inout JSONRows, _ tensors: TensorSignature
  ) throws(JSONError) {
    guard json.kind == .object else { return try rows.readList(json, "inputs") }
    let start = try json.beginObject("an object", "inputs")
    var hasInput = false
    while let name = try json.nextMember("inputs") {
      guard tensors.isInput(name) else {
        try json.skip("inputs")
        continue
      }
      guard !hasInput else { throw secondInput(at: name.offset, "inputs", tensors) }
      hasInput = true
      try rows.readList(json, "inputs")
    }
    guard hasInput else {
      throw JSONError(.missing, at: start, "inputs", "expected the input \(tensors.inputList), found none")
    }
  }

  private static func secondInput(at offset: Int, _ path: JSONPath, _ tensors: TensorSignature) -> JSONError {
    JSONError(.value, at: offset, path, "the input is given twice; send it once, as \(tensors.inputList)")
  }
}

extension RequestReader {
  /// Reads the body of a predict or classify request.
  func serving(
    _ body: UnsafeRawBufferPointer, _ served: ServedModel, into target: any RowsTarget, isClassify: Bool
  ) throws(APIError) -> DecodedRequest {
    let (decoded, rows) = try decode(
      body[...], expecting: ServingRequest.expected, takesNonFinite: true, served,
      room: room(body.count, served), into: target, refusing: { APIError($0) },
      reading: { (json, rows) throws(JSONError) in
        try ServingRequest(json, &rows, served.signature, isClassify: isClassify)
      })
    guard let signature = decoded.signature, served.hasSignature(signature) else { throw .unknownSignature(of: served) }
    if isClassify {
      guard served.model.isClassifier else { throw .cannotClassify(served.model.name) }
      guard signature == .servingDefault else { throw .unknownSignature(of: served) }
    }
    let answer = ServingAnswer(signature: signature, isColumnar: decoded.isColumnar, isClassify: isClassify)
    return DecodedRequest(answer: answer, rows: rows)
  }

  /// What TensorFlow Serving looks at before it looks for the model.
  func checkServing(_ body: UnsafeRawBufferPointer) throws(APIError) {
    do throws(JSONError) {
      try decode(body[...], expecting: ServingRequest.expected, takesNonFinite: true, ServingRequest.check)
    } catch {
      throw APIError(error)
    }
  }
}
