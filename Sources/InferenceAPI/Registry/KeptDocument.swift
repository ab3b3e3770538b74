import HTTPServer
import Synchronization

/// A document of a model that never changes and may be large: made when it is first asked for, then kept as long as the model, whose memory it
/// belongs to. Counted in that of the requests, it would leave these none.
final class KeptDocument: Sendable {
  private let response = Mutex<FixedResponse?>(nil)

  /// - Parameters:
  ///   - content: what it has, such as "10 prototypes of 84 numbers".
  ///   - bytes: what its text may take, at most.
  ///   - limit: of that.
  ///   - text: JSON.
  /// - Throws: 413 where it may be too large.
  func document(
    _ content: String, atMost bytes: Int, limit: Int, _ text: () -> String
  ) throws(APIError) -> Document {
    guard bytes <= limit else {
      throw APIError(
        413,
        "the answer could have \(content) in \(bytes) bytes, over the limit of \(limit) bytes; read them from the model file"
      )
    }
    return .fixed(
      response.withLock { kept in
        let response = kept ?? FixedResponse(status: 200, body: text())
        kept = response
        return response
      })
  }
}
