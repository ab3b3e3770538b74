/// Why a text is no JSON, or not the JSON that is read here. `description` says what and where.
struct JSONError: Error, CustomStringConvertible {
  private let what: String
  private let offset: Int
  /// From the value that is wrong outwards.
  fileprivate var path: [String] = []

  fileprivate init(_ what: String, at offset: Int) {
    self.what = what
    self.offset = offset
  }

  /// Such as `layers[0]: the member 'units' is there twice, at byte 88`.
  var description: String {
    var place = ""
    for part in path.reversed() { place += part.hasPrefix("[") || place.isEmpty ? part : "." + part }
    return (place.isEmpty ? "" : "\(place): ") + "\(what), at byte \(offset)"
  }
}

/// Reads JSON (RFC 8259) into values. Unlike Foundation's decoder it refuses a member that is there twice, and its errors are sentences.
///
/// Nothing is trusted: depth and number of values are bounded.
struct JSONReader {
  private static let maximumDepth = 64
  /// A value takes a few dozen bytes of memory, whereas two bytes of text make one.
  private static let maximumValues = 1 << 22

  /// Whose JSON is read.
  enum Dialect {
    /// RFC 8259.
    case strict
    /// With NaN, Infinity and -Infinity as Python's json module writes them. They are read as texts: no rule takes them for numbers.
    case python
  }

  private let bytes: [UInt8]
  private let dialect: Dialect
  private var position = 0
  private var depth = 0
  private var values = 0

  private init(_ bytes: [UInt8], _ dialect: Dialect) { (self.bytes, self.dialect) = (bytes, dialect) }

  /// The one value that the text is.
  static func read(_ bytes: [UInt8], dialect: Dialect = .strict) throws(JSONError) -> JSONValue {
    var reader = JSONReader(bytes, dialect)
    let value = try reader.value()
    reader.skipBlanks()
    guard reader.position == bytes.count else { throw reader.error("something follows the end of the JSON") }
    return value
  }

  /// Reads a whole text of JSON.
  static func read(_ text: String) throws(JSONError) -> JSONValue { try read(Array(text.utf8)) }

  private func error(_ what: String) -> JSONError { JSONError(what, at: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || (0x09...0x0d).contains(byte), byte != 0x0b, byte != 0x0c { position += 1 }
  }

  /// Steps over a byte, if it is the next one.
  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipBlanks()
    values += 1
    guard values <= Self.maximumValues else { throw error("it has more than \(Self.maximumValues) values") }
    guard depth < Self.maximumDepth else { throw error("it is nested deeper than \(Self.maximumDepth)") }
    if dialect == .python,
      let word = ["NaN", "Infinity", "-Infinity"].first(where: { bytes[position...].starts(with: $0.utf8) })
    {
      position += word.utf8.count
      return .string(word)
    }
    switch next {
    case UInt8(ascii: "{"): return .object(try nested { (reader) throws(JSONError) in try reader.object() })
    case UInt8(ascii: "["): return .array(try nested { (reader) throws(JSONError) in try reader.array() })
    case UInt8(ascii: "\""): return .string(try string())
    case nil: throw error("the text ends where a value is expected")
    case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return .number(try number())
    default:
      for (word, value): (StaticString, JSONValue) in [("true", .bool(true)), ("false", .bool(false)), ("null", .null)]
      where bytes[position...].starts(with: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)) {
        position += word.utf8CodeUnitCount
        return value
      }
      throw error("expected a value, found what is none in JSON")
    }
  }

  /// Runs `body` behind the bracket that opens.
  private mutating func nested<Result>(
    _ body: (inout JSONReader) throws(JSONError) -> Result
  ) throws(JSONError) -> Result {
    position += 1
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  private mutating func object() throws(JSONError) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    skipBlanks()
    if skip("}") { return members }
    while true {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw error("expected a member's name between quotation marks") }
      let start = position
      let name = try string()
      guard members[name] == nil else {
        throw JSONError("the member '\(JSONValue.shortened(name))' is there twice", at: start)
      }
      skipBlanks()
      guard skip(":") else { throw error("expected ':' behind a member's name") }
      do throws(JSONError) {
        members[name] = try value()
      } catch {
        var outer = error
        outer.path.append(JSONValue.shortened(name))
        throw outer
      }
      skipBlanks()
      if skip("}") { return members }
      guard skip(",") else { throw error("expected ',' or '}'") }
    }
  }

  private mutating func array() throws(JSONError) -> [JSONValue] {
    var elements: [JSONValue] = []
    skipBlanks()
    if skip("]") { return elements }
    while true {
      do throws(JSONError) {
        elements.append(try value())
      } catch {
        var outer = error
        outer.path.append("[\(elements.count)]")
        throw outer
      }
      skipBlanks()
      if skip("]") { return elements }
      guard skip(",") else { throw error("expected ',' or ']'") }
    }
  }

  private mutating func number() throws(JSONError) -> Double {
    let start = position
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
    func digits() throws(JSONError) {
      guard isDigit(next) else { throw error("expected a digit") }
      while isDigit(next) { position += 1 }
    }
    _ = skip("-")
    let startsWithZero = next == UInt8(ascii: "0")
    if startsWithZero { position += 1 } else { try digits() }
    guard !(startsWithZero && isDigit(next)) else { throw error("a number begins with 0") }
    if skip(".") { try digits() }
    if skip("e") || skip("E") {
      _ = skip("+") || skip("-")
      try digits()
    }
    guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
      throw JSONError("a number is beyond Float64", at: start)
    }
    return value
  }

  private mutating func string() throws(JSONError) -> String {
    let opening = position
    position += 1
    var text: [UInt8] = []
    var start = position
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        text += bytes[start..<position]
        position += 1
        guard let result = String(validating: text, as: UTF8.self) else {
          throw JSONError("a text is no UTF-8", at: opening)
        }
        return result
      case UInt8(ascii: "\\"):
        text += bytes[start..<position]
        position += 1
        try escape(into: &text)
        start = position
      case 0..<0x20: throw error("a text holds a control character that is not escaped")
      default: position += 1
      }
    }
    throw JSONError("a text does not end", at: opening)
  }

  /// Behind the backslash.
  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    let plain: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5c, UInt8(ascii: "/"): 0x2f, UInt8(ascii: "b"): 0x08,
      UInt8(ascii: "f"): 0x0c, UInt8(ascii: "n"): 0x0a, UInt8(ascii: "r"): 0x0d, UInt8(ascii: "t"): 0x09,
    ]
    guard let byte = next else { throw error("a text does not end") }
    position += 1
    if let character = plain[byte] {
      text.append(character)
      return
    }
    guard byte == UInt8(ascii: "u") else { throw error("a text holds an escape that JSON does not have") }
    var code = try hexadecimal()
    if (0xd800...0xdbff).contains(code), skip("\\"), skip("u") {
      let low = try hexadecimal()
      guard (0xdc00...0xdfff).contains(low) else { throw error("a text holds half of a surrogate pair") }
      code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw error("a text holds half of a surrogate pair") }
    text += Array(String(Character(scalar)).utf8)
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    guard position + 4 <= bytes.count,
      bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw error("expected four hexadecimal digits") }
    position += 4
    return code
  }
}

extension JSONValue {
  /// A name or text for an error: without control characters, and no longer than a line takes.
  static func shortened(_ text: String) -> String {
    let start = text.unicodeScalars.prefix(65)
    let shown = start.prefix(64).map { $0.value < 0x20 || $0.value == 0x7f ? " " : String($0) }.joined()
    return start.count > 64 ? shown + "…" : shown
  }

  /// What this is, for an error: `"ten"`, `0.5`, `[1, 2]`, `an object`.
  var shown: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): Int(exactly: value).map(String.init) ?? "\(value)"
    case .string(let value): "\"\(Self.shortened(value))\""
    case .array(let values):
      values.count > 8
        ? "an array of \(values.count)"
        // What lies deeper is not unfolded: the sentence must stay one.
        : "[\(values.map { $0.array == nil ? $0.shown : "an array" }.joined(separator: ", "))]"
    case .object: "an object"
    }
  }
}
