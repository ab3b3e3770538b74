internal import JSONCore

/// The memory for reading JSON texts, one after another: an index of up to 1 MiB stays, that of a longer text lives as long as its reading.
///
/// Used on one thread at a time.
public final class JSONParser {
  /// A text must be readable for this number of bytes past its end; what they are does not matter.
  public static let padding = Int(JSON_PADDING)

  private let cursor: OpaquePointer

  /// - Parameter maxDepth: values nested deeper are refused.
  public init(maxDepth: Int) {
    // A few hundred bytes at the start of a thread: without them nothing else would work either.
    guard let cursor = json_create(maxDepth) else { fatalError("out of memory: no JSON parser") }
    self.cursor = cursor
  }

  deinit { json_destroy(cursor) }

  /// Reads one text from its beginning to its end. A byte order mark (RFC 8259, section 8.1) is ignored, and counted in offsets.
  /// - Parameters:
  ///   - text: UTF-8, readable for `padding` bytes past its end; its value must be an object or an array.
  ///   - expected: what it should be, as in a sentence.
  ///   - takesNonFinite: whether NaN, Infinity and -Infinity are numbers, as Python writes them, and those beyond Float32 infinite.
  ///   - body: must step over the one value, at which the cursor stands.
  @inlinable
  public func read<Result>(
    _ text: UnsafeRawBufferPointer, expecting expected: StaticString, takesNonFinite: Bool = false,
    _ body: (borrowing JSONCursor) throws(JSONError) -> Result
  ) throws(JSONError) -> Result {
    let json = try open(text, expected, takesNonFinite)
    let result = try body(json)
    try json.finish()
    return result
  }

  @usableFromInline
  func open(
    _ text: UnsafeRawBufferPointer, _ expected: StaticString, _ takesNonFinite: Bool
  ) throws(JSONError) -> JSONCursor {
    let json = JSONCursor(cursor)
    // A null pointer is that of an empty text.
    let start = text.baseAddress?.assumingMemoryBound(to: CChar.self)
    guard json_open(cursor, start, text.count, takesNonFinite, expected.cString) else { throw json.failure("") }
    return json
  }

  /// Whether a text has nothing but perhaps a byte order mark.
  public static func isEmpty(_ text: UnsafeRawBufferPointer) -> Bool {
    text.isEmpty || text.elementsEqual([0xef, 0xbb, 0xbf])
  }
}

extension StaticString {
  /// A StaticString's bytes end in NUL ("utf8Start: a pointer to a null-terminated sequence of UTF-8 code units").
  var cString: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}
