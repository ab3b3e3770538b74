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
  ///   - memory: what it is counted in.
  ///   - bytes: what the text may take, at most.
  ///   - text: JSON.
  /// - Throws: where there is no memory for it.
  func document(in memory: MemoryBudget, atMost bytes: Int, _ text: () -> String) throws(APIError) -> Document {
    .fixed(
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
