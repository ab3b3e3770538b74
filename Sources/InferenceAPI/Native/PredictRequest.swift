import Batching
import JSON
import Predictions

/// The body of `/predict` or `/distances`: what is asked of its rows.
struct PredictRequest {
  private(set) var options = PredictOptions()
  /// `instance` instead of `instances`: the answer is one `prediction`.
  private(set) var isSingle = false

  /// What a body should be, as errors say it.
  static let expected: StaticString = "an object with \"instances\""

  /// The largest number of classes that anything is listed of.
  private static let maxClasses: UInt64 = 1 << 20

  /// Reads a body: its rows, and what is asked of them. Unknown members are skipped.
  init(_ json: borrowing JSONCursor, _ rows: inout JSONRows) throws(JSONError) {
    var seen = SeenMembers()
    try json.beginObject(Self.expected, "")
    while let name = try json.nextMember("") {
      let offset = name.offset
      switch name {
      case "instances":
        try seen.add(.rows, "instances", at: offset)
        try rows.readList(json, "instances")
      case "instance":
        try seen.add(.rows, "instance", at: offset)
        isSingle = true
        try rows.readSingle(json, "instance")
      case "outputs":
        try seen.add(.outputs, "outputs", at: offset)
        options.outputs = try Self.outputs(json)
      case "top_k":
        try seen.add(.topK, "top_k", at: offset)
        options.topK = try Self.topK(json)
      case "reject":
        try seen.add(.reject, "reject", at: offset)
        options.reject = try Self.reject(json)
      case "false_reject_rate":
        try seen.add(.falseRejectRate, "false_reject_rate", at: offset)
        options.falseRejectRate = try Self.falseRejectRate(json)
      // Members of other protocols, and of versions to come.
      default:
        try json.skip("")
      }
    }
    // The rest of the text first: a syntax error behind the members is told before a member that is missing.
    guard seen.contains(.rows) else {
      try json.finish()
      throw JSONError(.missing, at: 0, "", "expected \"instances\" (or \"instance\"), found neither")
    }
  }

  private static func outputs(_ json: borrowing JSONCursor) throws(JSONError) -> PredictOutputs {
    var outputs = PredictOutputs([])
    try json.beginArray("an array of names", "outputs")
    while try json.nextElement("outputs") {
      let name = try json.string("names in quotes", "outputs")
      guard let output = PredictOutput.allCases.first(where: { name.equals($0.name) }) else {
        throw JSONError(
          .value, at: name.offset, "outputs", "expected \(PredictOutput.list("or")), found '\(name.quotation)'")
      }
      outputs.insert(output)
    }
    return outputs
  }

  private static func topK(_ json: borrowing JSONCursor) throws(JSONError) -> Int32 {
    let (count, offset) = try json.count("top_k")
    guard count > 0 else {
      throw JSONError(.value, at: offset, "top_k", "expected a whole number of classes from 1")
    }
    // More classes than there are is all of them.
    return Int32(min(count, maxClasses))
  }

  private static func reject(_ json: borrowing JSONCursor) throws(JSONError) -> PredictOptions.Reject {
    let name = try json.string("\"flag\", \"error\" or \"off\"", "reject")
    switch name {
    case "flag": return .flag
    case "error": return .error
    case "off": return .off
    default:
      throw JSONError(
        .value, at: name.offset, "reject", "expected \"flag\", \"error\" or \"off\", found '\(name.quotation)'")
    }
  }

  private static func falseRejectRate(_ json: borrowing JSONCursor) throws(JSONError) -> Double {
    let (rate, offset) = try json.real("false_reject_rate")
    guard rate > 0, rate < 1 else {
      throw JSONError(.value, at: offset, "false_reject_rate", "expected a number between 0 and 1")
    }
    return rate
  }
}

/// The members that a body has had so far: each may be there once.
private struct SeenMembers: OptionSet {
  let rawValue: UInt8

  /// Under either name.
  static let rows = SeenMembers(rawValue: 1)
  static let outputs = SeenMembers(rawValue: 2)
  static let topK = SeenMembers(rawValue: 4)
  static let reject = SeenMembers(rawValue: 8)
  static let falseRejectRate = SeenMembers(rawValue: 16)

  /// Notes a member.
  /// - Throws: when it was there before.
  mutating func add(_ member: SeenMembers, _ path: JSONPath, at offset: Int) throws(JSONError) {
    guard contains(member) else {
      insert(member)
      return
    }
    throw JSONError(
      .value, at: offset, path,
      member == .rows
        ? "rows are given twice; send \"instances\" or \"instance\", once"
        : "expected this member once, found a second one")
  }
}

extension RequestReader {
  /// Reads the body of `/predict` or `/distances`.
  func native(
    _ body: UnsafeRawBufferPointer, _ served: ServedModel, into target: any RowsTarget
  ) throws(APIError) -> (body: PredictRequest, rows: Int) {
    guard !body.isEmpty else {
      throw APIError(400, "the body is empty, expected JSON such as {\"instances\":[[…numbers…]]}")
    }
    return try decode(
      body[...], expecting: PredictRequest.expected, served, room: room(body.count, served),
      into: target, refusing: { APIError(native: $0, maxRows: maxRows) },
      reading: { (json, rows) throws(JSONError) in try PredictRequest(json, &rows) })
  }
}
