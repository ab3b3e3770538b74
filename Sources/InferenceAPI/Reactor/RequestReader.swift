import Batching
import Bytes
import HTTPServer
import JSON
import Models
import RadialEngine

/// Bodies → rows of a batch and what is to be done with them. Each protocol's part is in its folder.
///
/// One user at a time: a reactor, or a large request.
final class RequestReader {
  private let parser: JSONParser
  /// Of one request.
  let maxRows: Int
  /// How long a caller waits who does not say; nil: for ever.
  private let defaultNanoseconds: UInt64?

  private static let smallTextBytes = 64 << 10

  /// JSON nested deeper than this is refused: requests are a few levels deep, and Triton stops there too.
  private static let maxDepth = 100

  /// - Parameters:
  ///   - maxRows: of one request.
  ///   - timeout: how long a caller waits who does not say; nil: for ever.
  init(maxRows: Int, timeout: Duration? = nil) {
    self.maxRows = maxRows
    defaultNanoseconds = timeout.map { UInt64($0 / .nanoseconds(1)) }
    parser = JSONParser(maxDepth: Self.maxDepth)
  }

  /// How many rows there is to be room for, by the bytes of a body of lists of rows.
  func room(_ bodyBytes: Int, _ served: ServedModel) -> Int {
    // No more than the limit: what comes beyond it is refused before it is stored.
    min(max(1, served.signature.shape.maxRows(inBytes: bodyBytes)), maxRows)
  }

  /// Decodes a text of JSON whose rows go straight to where they are to be.
  /// - Parameters:
  ///   - text: all of a request's body, or its beginning: the body is readable beyond its end.
  ///   - expected: what the text should be, as in a sentence.
  ///   - refusal: the protocol's answer to what is wrong.
  ///   - room: how many rows may come, at least 1.
  ///   - target: the rows' place.
  /// - Returns: what `body` made of the text, and how many rows it has read.
  func decode<Request>(
    _ text: Slice<UnsafeRawBufferPointer>, expecting expected: StaticString, takesNonFinite: Bool = false,
    _ served: ServedModel, room: Int, into target: any RowsTarget, refusing refusal: (JSONError) -> APIError,
    reading body: (borrowing JSONCursor, inout JSONRows) throws(JSONError) -> Request
  ) throws(APIError) -> (Request, rows: Int) {
    // The index of a text has at most four bytes for each of the text's; that of a small one is kept anyway.
    var index = MemoryCharge()
    guard text.count <= Self.smallTextBytes || index.resize(to: 4 * text.count, in: target.budget) else {
      throw .memory(of: target.budget)
    }
    var rows = try target.rows(served.signature.shape, room: room)
    do throws(JSONError) {
      let request = try decode(text, expecting: expected, takesNonFinite: takesNonFinite) {
        (json) throws(JSONError) in try body(json, &rows)
      }
      return (request, rows.count)
    } catch {
      // What the caller has sent is not wrong: there is no room for it now.
      throw error.reason == .memory ? .memory(of: target.budget) : refusal(error)
    }
  }

  /// Decodes a text of JSON without rows.
  func decode<Request>(
    _ text: Slice<UnsafeRawBufferPointer>, expecting expected: StaticString, takesNonFinite: Bool = false,
    _ body: (borrowing JSONCursor) throws(JSONError) -> Request
  ) throws(JSONError) -> Request {
    try parser.read(
      UnsafeRawBufferPointer(rebasing: text), expecting: expected, takesNonFinite: takesNonFinite, body)
  }

  /// When the caller stops waiting, by the header `X-Request-Timeout-Ms` or as a caller who does not say, in monotonic nanoseconds; nil:
  /// never.
  func deadline(of request: any HTTPRequest) throws(APIError) -> UInt64? {
    let longest = defaultNanoseconds.map { request.receivedNanoseconds &+ $0 }
    guard let value = request.header("X-Request-Timeout-Ms") else { return longest }
    // A day at most: what is longer is a mistake of units.
    guard let milliseconds = wholeNumber(value), (1...86_400_000).contains(milliseconds) else {
      throw .badTimeout(String(value.prefix(32)))
    }
    return min(longest ?? .max, request.receivedNanoseconds + milliseconds * 1_000_000)
  }
}

/// The earlier of two deadlines in monotonic nanoseconds: one that is given, and one some microseconds after the arrival; 0 is none.
func earlier(_ deadline: UInt64?, _ microseconds: UInt64, from arrival: UInt64) -> UInt64? {
  guard microseconds > 0 else { return deadline }
  return min(deadline ?? .max, arrival &+ min(microseconds, 1 << 50) * 1000)
}

/// A header's value as a whole number from 0, of digits alone; blanks behind a value are not part of it (RFC 9110 5.5).
func wholeNumber(_ value: String) -> UInt64? {
  let digits = value.utf8.prefix { (0x30...0x39).contains($0) }
  guard value.utf8.dropFirst(digits.count).allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return nil }
  return UInt64(Substring(digits))
}
