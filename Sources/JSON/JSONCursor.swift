internal import JSONCore

/// A walk over one JSON text (RFC 8259), lent by `JSONParser.read`: it stands at a value, a member or an element, and each call steps over
/// what it names, or throws what is wrong there.
///
/// What is skipped is checked as strictly as what is read. After an error nothing more is read. The texts that it gives cannot outlive its
/// lending, and mean what they say until its next call.
public struct JSONCursor: ~Copyable {
  private let cursor: OpaquePointer

  init(_ cursor: OpaquePointer) { self.cursor = cursor }

  // MARK: Objects and arrays

  /// Steps into the object that begins here, to read its members by `nextMember`.
  /// - Parameters:
  ///   - expected: what stands here, as in a sentence.
  ///   - path: what it is called in errors.
  /// - Returns: where it begins.
  @discardableResult
  public func beginObject(_ expected: StaticString, _ path: JSONPath) throws(JSONError) -> Int {
    var offset = 0
    guard json_begin_object(cursor, expected.cString, &offset) else { throw failure(path) }
    return offset
  }

  /// Steps to the value of the object's next member; nil: over the object's end.
  @inlinable
  @_lifetime(borrow self)
  public func nextMember(_ path: JSONPath) throws(JSONError) -> JSONText? {
    var name = Piece()
    // Inlined, so that a path costs nothing unless something is wrong there.
    guard let isThere = stepToMember(&name) else { throw failure(path) }
    return isThere ? text(name) : nil
  }

  /// Where a piece of text lies.
  @usableFromInline
  struct Piece {
    @usableFromInline var start: UnsafePointer<CChar>?
    @usableFromInline var count = 0
    @usableFromInline var offset = 0

    @usableFromInline
    init() {}

    init(_ span: json_span) { (start, count, offset) = (span.start, span.length, span.offset) }
  }

  /// nil: something is wrong; false: it was the object's end.
  @usableFromInline
  func stepToMember(_ name: inout Piece) -> Bool? {
    var span = json_span()
    switch json_next_member(cursor, &span) {
    case JSON_NEXT:
      name = Piece(span)
      return true
    case JSON_END: return false
    default: return nil
    }
  }

  /// Steps into the array that begins here, to read its elements by `nextElement`.
  /// - Returns: where it begins.
  @discardableResult
  public func beginArray(_ expected: StaticString, _ path: JSONPath) throws(JSONError) -> Int {
    var offset = 0
    guard json_begin_array(cursor, expected.cString, &offset) else { throw failure(path) }
    return offset
  }

  /// Steps to the array's next element; false: over the array's end.
  public func nextElement(_ path: JSONPath) throws(JSONError) -> Bool {
    switch json_next_element(cursor) {
    case JSON_NEXT: return true
    case JSON_END: return false
    default: throw failure(path)
    }
  }

  // MARK: Values

  /// What may begin here, by its first byte.
  public enum Kind: Sendable { case object, array, string, null, other }

  /// What begins here.
  public var kind: Kind { Kind(json_peek(cursor, 0)) }

  /// What the first element of the array that begins here is; `other` where no array begins.
  public var kindOfFirstElement: Kind { kind == .array ? Kind(json_peek(cursor, 1)) : .other }

  /// Steps over any value.
  public func skip(_ path: JSONPath) throws(JSONError) {
    guard json_skip(cursor, nil) else { throw failure(path) }
  }

  /// Steps over any value and gives it as it is written.
  @_lifetime(borrow self)
  public func written(_ path: JSONPath) throws(JSONError) -> JSONText {
    var span = json_span()
    guard json_skip(cursor, &span) else { throw failure(path) }
    return text(Piece(span))
  }

  /// What the string here stands for; of one with escapes and more than 1,024 bytes the beginning, with a byte behind it that no name has.
  @_lifetime(borrow self)
  public func string(_ expected: StaticString, _ path: JSONPath) throws(JSONError) -> JSONText {
    var span = json_span()
    guard json_read_string(cursor, expected.cString, &span) else { throw failure(path) }
    return text(Piece(span))
  }

  /// `true` or `false`.
  public func bool(_ path: JSONPath) throws(JSONError) -> Bool {
    var value = false
    guard json_read_bool(cursor, &value) else { throw failure(path) }
    return value
  }

  /// A whole number from 0 below 2^64, without sign, point or exponent.
  public func wholeNumber(_ path: JSONPath) throws(JSONError) -> UInt64 {
    var value: UInt64 = 0
    guard json_read_whole(cursor, &value) else { throw failure(path) }
    return value
  }

  /// A whole number from 1, at most `UInt64.max` for what is beyond; 0 for any other number, string or literal.
  public func count(_ path: JSONPath) throws(JSONError) -> (value: UInt64, offset: Int) {
    var (value, offset): (UInt64, Int) = (0, 0)
    guard json_read_count(cursor, &value, &offset) else { throw failure(path) }
    return (value, offset)
  }

  /// A number; NaN for a string or a literal.
  public func real(_ path: JSONPath) throws(JSONError) -> (value: Double, offset: Int) {
    var (value, offset) = (0.0, 0)
    guard json_read_real(cursor, &value, &offset) else { throw failure(path) }
    return (value, offset)
  }

  // MARK: Arrays of numbers

  /// An array of whole numbers, such as a shape.
  public struct WholeNumbers: Sendable {
    /// How many there are; `values` holds the first of them.
    public internal(set) var count = 0
    /// The first four of them.
    public internal(set) var values = InlineArray<4, UInt64>(repeating: 0)
    /// Where the array begins.
    public internal(set) var offset = 0

    /// No numbers.
    public init() {}

    /// The values that are held.
    public var listed: [UInt64] { (0..<min(count, values.count)).map { values[$0] } }
  }

  /// Reads an array of whole numbers from 0.
  public func wholeNumbers(_ expected: StaticString, _ path: JSONPath) throws(JSONError) -> WholeNumbers {
    var numbers = WholeNumbers()
    let isRead = withUnsafeMutableBytes(of: &numbers.values) {
      json_read_wholes(
        cursor, expected.cString, $0.baseAddress?.assumingMemoryBound(to: UInt64.self), 4, &numbers.count,
        &numbers.offset)
    }
    guard isRead else { throw failure(path) }
    return numbers
  }

  // MARK: Errors and ways back

  /// Refuses what follows the text's value, which has been stepped over. `JSONParser.read` does it too; to be called before something
  /// is said to be missing, since what is not JSON is refused as that.
  public func finish() throws(JSONError) {
    guard json_finish(cursor) else { throw failure("") }
  }

  /// Refuses the type of what begins here, or its syntax when it is no value.
  public func mismatch(_ expected: StaticString, _ path: JSONPath) -> JSONError {
    _ = json_fail_type(cursor, expected.cString)
    return failure(path)
  }

  /// Where the cursor stands.
  public struct Position: Sendable {
    fileprivate let mark: Int
  }

  /// Where the cursor stands, to go back to.
  public var position: Position { Position(mark: json_position(cursor)) }

  /// Goes to where it has stood before, in the same object or array.
  public func go(to position: Position) { json_go_back(cursor, position.mark) }

  /// Of the call that failed last.
  @usableFromInline
  func failure(_ path: JSONPath) -> JSONError { JSONError(json_failure(cursor).pointee, path) }

  /// Lends the cursor to the fence's other files.
  func withCursor<Result>(_ body: (OpaquePointer) -> Result) -> Result { body(cursor) }

  @inlinable
  @_lifetime(borrow self)
  func text(_ piece: Piece) -> JSONText {
    // All that was found has an address.
    let text = JSONText(unowned: piece.start.unsafelyUnwrapped, count: piece.count, offset: piece.offset)
    return overrideLifetime(text, to: self)
  }
}

extension JSONCursor.Kind {
  fileprivate init(_ first: CChar) {
    switch UInt8(bitPattern: first) {
    case UInt8(ascii: "{"): self = .object
    case UInt8(ascii: "["): self = .array
    case UInt8(ascii: "\""): self = .string
    case UInt8(ascii: "n"): self = .null
    default: self = .other
    }
  }
}

/// Ties a piece of a text to the lending of its cursor.
@_unsafeNonescapableResult
@_transparent
@_lifetime(borrow owner)
@usableFromInline
func overrideLifetime<Owner: ~Copyable>(_ text: consuming JSONText, to owner: borrowing Owner) -> JSONText {
  text
}
