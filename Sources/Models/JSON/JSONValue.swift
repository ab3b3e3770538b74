import FoundationEssentials

/// Any JSON, for a configuration of which we take only the keys that we need.
enum JSONValue: Codable, Sendable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Any JSON.
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
      // The frequent kinds first: each attempt that fails costs a thrown error.
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// As it is.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// An array of whole numbers.
  static func integers(_ values: [Int]) -> JSONValue { .array(values.map { .number(Double($0)) }) }

  var text: String? { if case .string(let value) = self { value } else { nil } }
  var flag: Bool? { if case .bool(let value) = self { value } else { nil } }
  var number: Double? { if case .number(let value) = self { value } else { nil } }
  var integer: Int? { number.flatMap { Int(exactly: $0) } }
  var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }

  /// A member of an object; nil: there is none, it is null, or this is no object.
  subscript(_ name: String) -> JSONValue? {
    guard let value = object?[name], value != .null else { return nil }
    return value
  }

  /// The numbers of an array of any depth, or the one number that this is; nil: something else is among them.
  var numbers: [Double]? {
    switch self {
    case .number(let value): return [value]
    case .array(let values):
      var all: [Double] = []
      for value in values {
        guard let numbers = value.numbers else { return nil }
        all += numbers
      }
      return all
    default: return nil
    }
  }
}

extension JSONValue {
  /// JSON text with sorted keys. Numbers must be finite.
  func text(isPretty: Bool) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      isPretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a number in \(self) is not finite") }
    return String(decoding: data, as: UTF8.self)
  }
}

extension JSONValue {
  /// A whole number.
  static func integer(_ value: Int) -> JSONValue { .number(Double(value)) }

  /// A Float32 by the digits that it needs, not by those of the nearest Float64.
  static func shortest(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }
}
