import Foundation
import Testing

/// An answer of an infer route, taken apart.
struct InferAnswer {
  let json: [String: Any]
  /// What follows the JSON.
  let tail: [UInt8]
  let outputs: [[String: Any]]

  /// Requires status 200.
  init(_ answer: Client.Answer, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try #require(answer.status == 200, answer.excerpt, sourceLocation: sourceLocation)
    var length = answer.bytes.count
    if let header = answer.headers["inference-header-content-length"] {
      length = try #require(Int(header), sourceLocation: sourceLocation)
      try #require(length <= answer.bytes.count, sourceLocation: sourceLocation)
    }
    json = try #require(
      Client.Answer.objectWithTokens(String(decoding: answer.bytes[..<length], as: UTF8.self)), answer.excerpt,
      sourceLocation: sourceLocation)
    tail = Array(answer.bytes[length...])
    outputs = try #require(
      json["outputs"] as? [[String: Any]], answer.excerpt, sourceLocation: sourceLocation)
  }

  var names: [String] { outputs.map { $0["name"] as? String ?? "" } }

  func output(_ name: String) throws -> [String: Any] { try #require(outputs.first { $0["name"] as? String == name }) }

  func shape(_ name: String) throws -> [Int] { try #require(try output(name)["shape"] as? [Int]) }

  func datatype(_ name: String) throws -> String { try #require(try output(name)["datatype"] as? String) }

  /// The bytes of an output that came as such.
  func bytes(_ name: String) throws -> [UInt8] {
    var start = 0
    for output in outputs {
      let size = (output["parameters"] as? [String: Any])?["binary_data_size"] as? Int
      if output["name"] as? String == name {
        let end = start + (try #require(size))
        try #require(end <= tail.count)
        return Array(tail[start..<end])
      }
      start += size ?? 0
    }
    throw Client.Failure(message: "no output \(name): \(names)")
  }

  /// An FP32 output, whichever way it came. Requires flat data.
  func floats(_ name: String) throws -> [Float] {
    if let data = try output(name)["data"] {
      return try #require(data as? [Any]).map { element in
        // The bare tokens, see `objectWithTokens`.
        if let token = element as? String { return try #require(Float(token)) }
        return Float(try #require(element as? Double))
      }
    }
    return try bytes(name).withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
    }
  }

  /// The bits, which compare NaN equal to itself.
  func bits(_ name: String) throws -> [UInt32] { try floats(name).map(\.bitPattern) }
}

extension Client.Answer {
  /// For a failed check: what came instead.
  var excerpt: Comment { "\(status) \(headers) \(body.prefix(600))" }

  /// The JSON text with its keys in order and without blanks: numbers, strings and booleans stay apart.
  var canonical: String {
    Self.canonical(try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed))
  }

  static func canonical(_ object: Any?) -> String {
    guard let object,
      let data = try? JSONSerialization.data(
        withJSONObject: object, options: [.sortedKeys, .fragmentsAllowed, .withoutEscapingSlashes])
    else { return "not JSON" }
    return String(decoding: data, as: UTF8.self)
  }

  /// A JSON object that may hold the bare tokens NaN, Infinity and -Infinity, which then are strings.
  static func objectWithTokens(_ text: String) -> [String: Any]? {
    var text = text
    for (token, string) in [("NaN", "\"nan\""), ("-Infinity", "\"-inf\""), ("Infinity", "\"inf\"")] {
      text = text.replacingOccurrences(of: token, with: string)
    }
    return (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
  }

  /// Checks for 200 with a JSON body, named exactly so.
  func expectJSON(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(status == 200, excerpt, sourceLocation: sourceLocation)
    #expect(headers["content-type"] == "application/json", excerpt, sourceLocation: sourceLocation)
    #expect(headers["content-length"] == String(bytes.count), excerpt, sourceLocation: sourceLocation)
  }

  /// The checklist's "err N": the status, `application/json`, `{"error":string}`.
  func expectError(
    _ expected: Int, mentioning part: String? = nil, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let comment: Comment = "\(what) \(excerpt)"
    #expect(status == expected, comment, sourceLocation: sourceLocation)
    #expect(headers["content-type"] == "application/json", comment, sourceLocation: sourceLocation)
    #expect((json["error"] as? String)?.isEmpty == false, comment, sourceLocation: sourceLocation)
    if let part { #expect(body.contains(part), comment, sourceLocation: sourceLocation) }
  }
}
