internal import JSONCore

/// What is wrong with a JSON text, and where.
public struct JSONError: Error, Equatable, Sendable {
  /// The kind of a mistake, from which a protocol chooses a status.
  public enum Reason: Sendable {
    /// Not JSON.
    case syntax
    /// A value of another type than expected.
    case type
    /// A row of another width than expected.
    case width
    case noRows
    case tooManyRows
    /// A number that is not finite as Float32.
    case nonFinite
    case tooDeep
    /// What must be there is not.
    case missing
    /// A value out of its range, or given twice.
    case value
    /// The index of a large text does not fit into memory.
    case memory
  }

  /// The kind of the mistake.
  public let reason: Reason
  /// Of the byte that is wrong.
  public let offset: Int
  /// Such as `instances[3][17]`; empty: the whole text.
  public let path: String
  /// One sentence, with the path before it and the offset behind it.
  public let message: String

  /// - Parameter sentence: what was expected and what was found.
  public init(_ reason: Reason, at offset: Int, _ path: JSONPath, _ sentence: String) {
    self.reason = reason
    self.offset = offset
    self.path = path.description
    message = (path.isEmpty ? "" : "\(path): ") + "\(sentence), at byte \(offset)"
  }

  /// - Parameter path: where the failed call was; the error may know better.
  init(_ error: json_error, _ path: JSONPath) {
    reason = Reason(error.status)
    offset = error.offset
    let known = withUnsafeBytes(of: error.path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let sentence = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let isPlaced = !known.isEmpty || path.isEmpty
    self.path = isPlaced ? known : path.description
    message = isPlaced ? sentence : "\(path): \(sentence)"
  }
}

extension JSONError.Reason {
  fileprivate init(_ status: json_status) {
    switch status {
    case JSON_SYNTAX: self = .syntax
    case JSON_TYPE: self = .type
    case JSON_WIDTH: self = .width
    case JSON_NO_ROWS: self = .noRows
    case JSON_TOO_MANY_ROWS: self = .tooManyRows
    case JSON_NON_FINITE: self = .nonFinite
    case JSON_TOO_DEEP: self = .tooDeep
    case JSON_VALUE: self = .value
    case JSON_MEMORY: self = .memory
    default: preconditionFailure("a call that failed has a status")
    }
  }
}

/// Where in a text something is, as errors say it: `parameters`, or `outputs[3]`. Made at no cost; its text is made when it is needed.
public struct JSONPath: ExpressibleByStringLiteral, CustomStringConvertible, Sendable {
  @usableFromInline let name: StaticString
  @usableFromInline let index: Int?

  /// The path of a member, or of the whole text.
  @inlinable
  public init(stringLiteral name: StaticString) { self.init(name, nil) }

  /// - Parameter index: of an element of the array `name`.
  @inlinable
  public init(_ name: StaticString, _ index: Int?) {
    self.name = name
    self.index = index
  }

  /// Whether it is the whole text.
  public var isEmpty: Bool { name.utf8CodeUnitCount == 0 }

  /// As a sentence has it.
  public var description: String { index.map { "\(name)[\($0)]" } ?? "\(name)" }
}
