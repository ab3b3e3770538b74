import Batching
import HTTPServer
import JSON
import Models
import RadialEngine

/// Bodies → rows of a batch and what is to be done with them. Each protocol's part is in its folder.
///
/// Used on one reactor's thread only.
final class RequestReader {
  private let parser: JSONParser
  /// Of one request.
  let maxRows: Int

  /// JSON nested deeper than this is refused: requests are a few levels deep, and Triton stops there too.
  private static let maxDepth = 100

  /// - Parameter maxRows: of one request.
  init(maxRows: Int) {
    self.maxRows = maxRows
    parser = JSONParser(maxDepth: Self.maxDepth)
  }

  /// How many rows there is to be room for, by the bytes of a body of lists of rows.
  func room(_ bodyBytes: Int, _ served: ServedModel) -> Int {
    // No more than the limit: what comes beyond it is refused before it is stored.
    min(max(1, served.signature.shape.maxRows(inBytes: bodyBytes)), maxRows)
  }

  /// Decodes a text of JSON whose rows go straight into what `batch` keeps in reserve.
  /// - Parameters:
  ///   - text: all of a request's body, or its beginning: the body is readable beyond its end.
  ///   - expected: what the text should be, as in a sentence.
  ///   - room: how many rows may come, at least 1.
  /// - Returns: what `body` made of the text, and how many rows it has read.
  func decode<Request>(
    _ text: Slice<UnsafeRawBufferPointer>, expecting expected: StaticString, takesNonFinite: Bool = false,
    _ shape: RowShape, room: Int, into batch: RowBatch,
    _ body: (borrowing JSONCursor, inout JSONRows) throws(JSONError) -> Request
  ) throws(JSONError) -> (Request, rows: Int) {
    var rows = JSONRows(shape, at: batch.reserve(room), capacity: room)
    let request = try decode(text, expecting: expected, takesNonFinite: takesNonFinite) { (json) throws(JSONError) in
      try body(json, &rows)
    }
    return (request, rows.count)
  }

  /// Decodes a text of JSON without rows.
  func decode<Request>(
    _ text: Slice<UnsafeRawBufferPointer>, expecting expected: StaticString, takesNonFinite: Bool = false,
    _ body: (borrowing JSONCursor) throws(JSONError) -> Request
  ) throws(JSONError) -> Request {
    try parser.read(
      UnsafeRawBufferPointer(rebasing: text), expecting: expected, takesNonFinite: takesNonFinite, body)
  }

  /// When the caller stops waiting, by the header `X-Request-Timeout-Ms`, in monotonic nanoseconds; nil: it does not say.
  func deadline(of request: any HTTPRequest) throws(APIError) -> UInt64? {
    guard let value = request.header("X-Request-Timeout-Ms") else { return nil }
    // A day at most: what is longer is a mistake of units.
    guard let milliseconds = wholeNumber(value), (1...86_400_000).contains(milliseconds) else {
      throw .badTimeout(String(value.prefix(32)))
    }
    return request.receivedNanoseconds + milliseconds * 1_000_000
  }
}

/// A header's value as a whole number from 0, of digits alone; blanks behind a value are not part of it (RFC 9110 5.5).
func wholeNumber(_ value: String) -> UInt64? {
  let digits = value.utf8.prefix { (0x30...0x39).contains($0) }
  guard value.utf8.dropFirst(digits.count).allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return nil }
  return UInt64(Substring(digits))
}
