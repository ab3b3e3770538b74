import Batching
import Bytes
import HTTPServer
import JSON
import Models
import Predictions

/// What a request wants to be told of its rows, in its protocol's form. Behind the batch this is all that is known of a protocol.
///
/// An answer is written in sections, one behind the other; each is a list over all rows, whose parts may be written by several threads.
protocol RowsAnswer: Sendable {
  /// Whether the rows are to get no verdict.
  var omitsVerdict: Bool { get }
  /// The false-reject rate of their verdicts; nil: the calibration's.
  var falseRejectRate: Double? { get }
  /// How many sections there are.
  func sectionCount(of served: ServedModel) -> Int
  /// How many of them, the first ones, are JSON; the others are bytes of tensors.
  func textSectionCount(of served: ServedModel) -> Int
  /// An upper bound of a section's bytes for so many of the rows.
  func maxBytes(ofSection section: Int, rows: Int, _ served: ServedModel) -> Int
  /// What it takes to write an answer for so many rows: as many bytes of numbers take as long.
  func writingBytes(rows: Int, _ served: ServedModel) -> Int
  /// Writes a section's part for some rows: with what stands before its first row and behind its last one.
  /// - Throws: for rows that have no answer.
  func write(section: Int, _ rows: AnsweredRows, to buffer: ByteBuffer) throws(APIError)
  /// What the answer has beside its body.
  /// - Parameter textBytes: of the sections that are JSON.
  func head(textBytes: Int, of served: ServedModel) -> AnswerHead
}

extension RowsAnswer {
  var omitsVerdict: Bool { false }
  var falseRejectRate: Double? { nil }
  func sectionCount(of served: ServedModel) -> Int { 1 }
  func textSectionCount(of served: ServedModel) -> Int { sectionCount(of: served) }
  func head(textBytes: Int, of served: ServedModel) -> AnswerHead { .json }

  func writingBytes(rows: Int, _ served: ServedModel) -> Int { maxBytes(rows: rows, served) }

  /// An upper bound of the bytes of an answer for so many rows.
  func maxBytes(rows: Int, _ served: ServedModel) -> Int {
    var sum = 0
    for section in 0..<sectionCount(of: served) {
      sum = sum.saturatingAdd(maxBytes(ofSection: section, rows: rows, served))
    }
    return sum
  }
}

extension Int {
  /// The sum, or the largest number where that is beyond it: rows times widths may be.
  func saturatingAdd(_ other: Int) -> Int {
    let (sum, isBeyond) = addingReportingOverflow(other)
    return isBeyond ? .max : sum
  }

  /// The product, or the largest number where that is beyond it.
  func saturatingMultiply(by other: Int) -> Int {
    let (product, isBeyond) = multipliedReportingOverflow(by: other)
    return isBeyond ? .max : product
  }
}

/// Some rows of one request, computed.
struct AnsweredRows {
  let served: ServedModel
  let results: RowResults
  /// Of each row; none of a regressor's.
  let classifications: ArraySlice<Classification>
  /// Which row of the request is the first of these.
  let first: Int
  /// How many rows the request has.
  let total: Int
  /// The request, if these are not all of its rows.
  let whole: LargeRequest?

  /// All rows of the request, in parts.
  var all: [RowResults] { whole?.allResults ?? [results] }

  /// Whether the request's first row is one of these.
  var isFirst: Bool { first == 0 }
  /// Whether its last row is.
  var isLast: Bool { first + results.count == total }

  /// What was decided on a row; nil of a regressor's.
  func classification(_ row: Int) -> Classification? {
    classifications.isEmpty ? nil : classifications[classifications.startIndex + row]
  }
}

/// What an answer of status 200 has beside its body.
struct AnswerHead {
  var contentType: StaticString = "application/json"
  var headers: [(StaticString, String)] = []

  /// JSON.
  static let json = AnswerHead()
}

/// A body whose rows are where they were to go.
struct DecodedRequest {
  /// What is wanted of the rows.
  let answer: any RowsAnswer
  /// How many they are.
  let rows: Int
  /// How long its caller waits from its arrival on, in microseconds; 0: it does not say.
  var timeoutMicroseconds: UInt64 = 0
}

/// What is read of a request whose rows are decoded, on whatever thread.
struct RequestContent {
  /// Inflated; readable beyond its end, as parsers want it.
  let body: UnsafeRawBufferPointer
  /// The value of the header that its decoder asks for.
  var header: String?
}

/// How a protocol reads the bodies of one operation on rows.
struct RowsDecoder: Sendable {
  typealias Decode =
    @Sendable (RequestReader, RequestContent, ServedModel, any RowsTarget) throws(APIError) -> DecodedRequest
  typealias Check = @Sendable (RequestReader, UnsafeRawBufferPointer) throws(APIError) -> Void

  /// The header that it wants to know.
  var header: StaticString?
  /// Reads the rows.
  let decode: Decode
  /// Refuses what is wrong with a body for any model, where that model is not there.
  // TensorFlow Serving reads a body before it looks for the model, and its clients tell the two errors apart.
  var check: Check?

  /// What it reads of a request whose whole body is there.
  func content(of request: any HTTPRequest, _ body: UnsafeRawBufferPointer) -> RequestContent {
    RequestContent(body: body, header: header.flatMap(request.header))
  }
}
