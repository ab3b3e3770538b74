import Batching
import Bytes
import HTTPServer
import Models
import Predictions

/// What a request wants to be told of its rows, in its protocol's form. Behind the batch this is all that is known of a protocol.
protocol RowsAnswer: Sendable {
  /// Whether the rows are to get no verdict.
  var omitsVerdict: Bool { get }
  /// The false-reject rate of their verdicts; nil: the calibration's.
  var falseRejectRate: Double? { get }

  /// Writes the body of the answer.
  /// - Throws: for rows that have no answer.
  func write(_ rows: AnsweredRows, to buffer: ByteBuffer) throws(APIError) -> AnswerHead
}

extension RowsAnswer {
  var omitsVerdict: Bool { false }
  var falseRejectRate: Double? { nil }
}

/// The rows of one request, computed.
struct AnsweredRows {
  let served: ServedModel
  let results: RowResults
  /// Of each row; none of a regressor's.
  let classifications: [Classification]
}

/// What an answer of status 200 has beside its body.
struct AnswerHead {
  var contentType: StaticString = "application/json"
  var headers: [(StaticString, String)] = []

  /// JSON.
  static let json = AnswerHead()
}

/// A body whose rows are in a batch's reserve.
struct DecodedRequest {
  /// What is wanted of the rows.
  let answer: any RowsAnswer
  /// How many they are.
  let rows: Int
  /// How long its caller waits from its arrival on, in microseconds; 0: it does not say.
  var timeoutMicroseconds: UInt64 = 0
}

/// How a protocol reads the bodies of one operation on rows.
struct RowsDecoder: Sendable {
  typealias Decode =
    @Sendable (RequestReader, any HTTPRequest, ServedModel, RowBatch) throws(APIError) -> DecodedRequest
  typealias Check = @Sendable (RequestReader, any HTTPRequest) throws(APIError) -> Void

  /// Reads the rows into the batch's reserve.
  let decode: Decode
  /// Refuses what is wrong with a request to any model, where that model is not there.
  // TensorFlow Serving reads a body before it looks for the model, and its clients tell the two errors apart.
  var check: Check?
}
