import Batching
import Bytes
import HTTPServer

/// The large requests of one reactor: begun on its thread, and taken back there when they have ended.
///
/// Used on that thread only.
final class LargeRequests {
  private let service: Service
  private let ended: CompletionQueue<LargeRequest>
  private var waiting: [UInt64: InferenceRequest] = [:]
  private var nextID: UInt64 = 0

  /// - Parameter wake: makes the reactor call `takeEnded`; any thread.
  init(_ service: Service, wake: @escaping @Sendable () -> Void) {
    self.service = service
    ended = CompletionQueue(wake: wake)
  }

  /// Leaves a request whose body is undecoded to other threads.
  /// - Throws: when as much of its model waits as may.
  func begin(
    _ exchange: any HTTPExchange, _ route: Route, _ decoder: RowsDecoder, _ served: ServedModel, deadline: UInt64?
  ) throws(APIError) {
    let (bytes, isCompressed) = (exchange.bodyBytes, exchange.body == nil)
    let body = exchange.takeBody()
    let memory = body.budget ?? served.requestMemory()
    body.countInflated(in: memory)
    let large = make(exchange, served, memory, deadline: deadline)
    let source = LargeRequest.Source(
      isCompressed: isCompressed, header: decoder.header.flatMap(exchange.header), decoder: decoder, body: body)
    try large.begin(source, bodyBytes: bytes)
    wait(for: large, in: .begin(exchange, route, .large))
  }

  /// Leaves a request to other threads whose rows are decoded, and perhaps computed.
  /// - Throws: when as much of its model waits as may.
  func begin(_ request: InferenceRequest, isComputed: Bool) throws(APIError) {
    guard let exchange = request.exchange, let work = request.work else { return }
    let memory = work.served.requestMemory(holding: work.batch.bytes(ofRows: work.rows.count))
    let large = make(exchange, work.served, memory, deadline: work.deadline)
    try large.begin(work, isComputed: isComputed)
    wait(for: large, in: request)
  }

  /// Those that have ended and that somebody still waits for.
  func takeEnded() -> [(request: InferenceRequest, large: LargeRequest)] {
    ended.take().compactMap { large in waiting.removeValue(forKey: large.id).map { ($0, large) } }
  }

  private func wait(for large: LargeRequest, in request: InferenceRequest) {
    request.enlarge(large)
    // Kept by its number and not by the exchange, which may close before.
    waiting[large.id] = request
  }

  private func make(
    _ exchange: any HTTPExchange, _ served: ServedModel, _ memory: MemoryBudget, deadline: UInt64?
  ) -> LargeRequest {
    nextID += 1
    let caller = LargeRequest.Caller(
      descriptor: exchange.descriptor, coding: exchange.acceptedCoding,
      receivedNanoseconds: exchange.receivedNanoseconds, requestID: exchange.answerID)
    return LargeRequest(id: nextID, served, service, caller, memory, deadline: deadline) { [ended] in ended.put([$0]) }
  }
}
