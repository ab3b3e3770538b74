import Bytes
import JSON

/// The input tensor of an infer request, as its JSON describes it.
struct InferInput {
  private(set) var rows = 0
  private(set) var element = NumberType.float32
  /// How many bytes the tensor has behind the JSON; nil: it is in the JSON.
  private(set) var binarySize: UInt64?

  // What the input says of itself, in any order.
  private var shape: JSONCursor.WholeNumbers?
  private var hasElement = false
  private var data: (offset: Int, position: JSONCursor.Position)?
  /// Whether the data has been read.
  private var hasNumbers = false

  /// Reads an input whose object begins at `offset`, from its first member on.
  mutating func read(
    _ json: borrowing JSONCursor, _ rows: inout JSONRows, _ signature: TensorSignature, offset: Int
  ) throws(JSONError) {
    var (hasName, hasParameters) = (false, false)
    while let name = try json.nextMember("inputs[0]") {
      let offset = name.offset
      switch name {
      case "name" where !hasName:
        hasName = true
        try Self.checkName(json, signature)
      case "datatype" where !hasElement:
        hasElement = true
        element = try Self.element(json)
      case "shape" where shape == nil:
        shape = try json.wholeNumbers("a list of whole numbers", "inputs[0].shape")
      case "parameters" where !hasParameters:
        hasParameters = true
        try readParameters(json)
      case "data" where data == nil:
        guard json.kind == .array else { throw json.mismatch("an array of numbers", "inputs[0].data") }
        data = (offset, json.position)
        // At once where datatype and shape are known, which is the usual order of members; otherwise when they are.
        if hasElement, let shape {
          try readNumbers(json, &rows, dataAt: offset, try Self.rows(of: shape, signature), signature)
          hasNumbers = true
        } else {
          try json.skip("inputs[0].data")
        }
      default:
        try json.skip("inputs[0]")
      }
    }
    let missing = !hasName ? "name" : shape == nil ? "shape" : hasElement ? nil : "datatype"
    guard let shape, missing == nil else {
      throw JSONError(
        .missing, at: offset, "inputs[0]",
        "expected \"name\", \"shape\" and \"datatype\", found no \"\(missing ?? "")\"")
    }
    guard (data == nil) != (binarySize == nil) else {
      throw JSONError(
        .value, at: offset, "inputs[0]",
        "expected either \"data\" or the parameter \"binary_data_size\", found \(data == nil ? "neither" : "both")")
    }
    self.rows = try Self.rows(of: shape, signature)
    guard let data, !hasNumbers else { return }
    // Seldom: what the numbers are stood behind them.
    let end = json.position
    json.go(to: data.position)
    try readNumbers(json, &rows, dataAt: data.offset, self.rows, signature)
    json.go(to: end)
  }

  private static func checkName(_ json: borrowing JSONCursor, _ signature: TensorSignature) throws(JSONError) {
    let name = try json.string("a string", "inputs[0].name")
    guard signature.isInput(name) else {
      throw JSONError(
        .value, at: name.offset, "inputs[0].name", "expected \(signature.inputList), found '\(name.quotation)'")
    }
  }

  private static func element(_ json: borrowing JSONCursor) throws(JSONError) -> NumberType {
    let name = try json.string("a string", "inputs[0].datatype")
    guard let element = NumberType(name) else {
      throw JSONError(
        .value, at: name.offset, "inputs[0].datatype", "expected \(NumberType.names), found '\(name.quotation)'")
    }
    return element
  }

  private mutating func readParameters(_ json: borrowing JSONCursor) throws(JSONError) {
    try json.beginObject("an object", "inputs[0].parameters")
    while let name = try json.nextMember("inputs[0].parameters") {
      let offset = name.offset
      switch name {
      case "binary_data_size": binarySize = try json.wholeNumber("inputs[0].parameters.binary_data_size")
      case _ where name.hasPrefix("shared_memory_"):
        throw JSONError(
          .value, at: offset, "inputs[0].parameters",
          "shared memory is not offered; send the tensor as data or as binary")
      default: try json.skip("inputs[0].parameters")
      }
    }
  }

  // MARK: Data

  /// Reads the numbers, which must be as many as the shape says.
  private func readNumbers(
    _ json: borrowing JSONCursor, _ rows: inout JSONRows, dataAt offset: Int, _ count: Int, _ signature: TensorSignature
  ) throws(JSONError) {
    let (name, type) = element.written
    guard let type else {
      throw JSONError(
        .value, at: offset, "inputs[0].data", "\(name) has no form in JSON; send it as binary, or as FP32")
    }
    let wanted = count * signature.shape.width
    let found = try rows.readNumbers(json, as: type, name, "inputs[0].data", wanted: wanted)
    guard found == wanted else {
      throw JSONError(
        .width, at: offset, "inputs[0].data",
        "expected \(wanted) numbers for \(count) rows of \(signature.shape.width), "
          + (found > wanted ? "found more" : "found \(found)"))
    }
  }

  /// [N, D] of any model, or [N, …] with the dimensions of another form of its rows.
  private static func rows(
    of shape: JSONCursor.WholeNumbers, _ signature: TensorSignature
  ) throws(JSONError) -> Int {
    guard signature.shape.takes(shape) else {
      let listed = shape.listed
      let found = listed.map(String.init).joined(separator: ",") + (shape.count > listed.count ? ",..." : "")
      throw JSONError(
        .width, at: shape.offset, "inputs[0].shape", "expected \(signature.shape.tensorForms), found [\(found)]")
    }
    let rows = shape.values[0]
    guard rows > 0 else {
      throw JSONError(.noRows, at: shape.offset, "inputs[0].shape", "expected at least one row, found none")
    }
    guard rows <= UInt64(signature.maxRows) else {
      throw JSONError(
        .tooManyRows, at: shape.offset, "inputs[0].shape",
        "the batch size must be at most \(signature.maxRows), found \(rows)")
    }
    return Int(rows)
  }
}
