import HTTPServer
import JSONCore
import Models
import RadialEngine

/// Bodies → rows of a batch and what is to be done with them. Each protocol's part is in its folder.
///
/// Used on one reactor's thread only.
final class RequestReader {
  let parser: OpaquePointer
  /// Of one request.
  let maxRows: Int

  /// JSON nested deeper than this is refused: requests are a few levels deep, and Triton stops there too.
  private static let maxDepth = 100

  init(maxRows: Int) {
    self.maxRows = maxRows
    // A few hundred bytes at the start of a thread: without them nothing else would work either.
    guard let parser = json_parser_create(Self.maxDepth) else { fatalError("out of memory: no JSON parser") }
    self.parser = parser
  }

  deinit { json_parser_destroy(parser) }

  /// How many rows there is to be room for, when a body of lists of rows has so many bytes.
  func room(_ bodyBytes: Int, _ served: ServedModel) -> Int {
    min(max(1, json_max_rows(bodyBytes, served.model.network.inputWidth)), maxRows)
  }
}

/// A header's value as a whole number from 0, of digits alone; blanks behind a value are not part of it (RFC 9110 5.5).
func wholeNumber(_ value: String) -> UInt64? {
  let digits = value.utf8.prefix { (0x30...0x39).contains($0) }
  guard value.utf8.dropFirst(digits.count).allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return nil }
  return UInt64(Substring(digits))
}
