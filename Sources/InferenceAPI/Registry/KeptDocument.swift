import Bytes
import HTTPServer
import Synchronization

/// A document of a model that never changes and may be large: made when it is first asked for, then kept, and counted, as long as the model.
final class KeptDocument: Sendable {
  private struct State: ~Copyable {
    var response: FixedResponse?
    var charge = MemoryCharge()
  }

  private let state = Mutex(State())

  /// - Parameters:
  ///   - content: what it has, such as "10 prototypes of 84 numbers".
  ///   - bytes: what its text may take, at most.
  ///   - limit: of that.
  ///   - memory: what it is counted in.
  ///   - text: JSON.
  /// - Throws: 413 where it may be too large for the limit or for the whole of the memory, 503 where there is no memory for it now.
  func document(
    _ content: String, atMost bytes: Int, limit: Int, in memory: MemoryBudget, _ text: () -> String
  ) throws(APIError) -> Document {
    let limit = min(limit, memory.limit)
    guard bytes <= limit else {
      throw APIError(
        413,
        "the answer could have \(content) in \(bytes) bytes, over the limit of \(limit) bytes; read them from the model file"
      )
    }
    return .fixed(
      try state.withLock { (state) throws(APIError) in
        if let response = state.response { return response }
        guard state.charge.resize(to: bytes, in: memory) else { throw .noMemory }
        let response = FixedResponse(status: 200, body: text())
        state.charge.shrink(to: response.byteCount)
        state.response = response
        return response
      })
  }
}
