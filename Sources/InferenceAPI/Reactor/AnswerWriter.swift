import Batching
import Bytes
import HTTPServer
import Models
import Predictions
import RadialEngine

/// Computed rows → the answer to their request, in the protocol in which it came, compressed where its caller asks for that.
///
/// Used on one reactor's thread only.
final class AnswerWriter {
  private let reactor: any ReactorHandle
  /// Of the rows that are being answered; kept for its memory.
  private var classifications: [Classification] = []

  /// - Parameter reactor: where the buffers of answers come from.
  init(_ reactor: any ReactorHandle) { self.reactor = reactor }

  /// The answer to a request whose rows were computed, and what was decided on each of them: what is printed is what is counted,
  /// whichever route asked.
  func response(
    to work: InferenceRequest.Work, of exchange: any HTTPExchange
  ) throws(APIError) -> (response: Response, classifications: [Classification]) {
    let results = RowResults(
      model: work.served.model, results: work.batch.results(row: work.rows.lowerBound), count: work.rows.count)
    // Decided on once, for who prints it and for who counts it.
    classifications.removeAll(keepingCapacity: true)
    results.classify(
      omitsVerdict: work.answer.omitsVerdict, rate: work.answer.falseRejectRate, into: &classifications)
    let rows = AnsweredRows(
      served: work.served, results: results, classifications: classifications[...], first: 0, total: results.count,
      whole: nil)
    let buffer = try buffer(
      work.maxAnswerBytes, work.served.memory, beside: work.batch.bytes(ofRows: work.rows.count))
    var textBytes = 0
    let textSections = work.answer.textSectionCount(of: work.served)
    for section in 0..<work.answer.sectionCount(of: work.served) {
      do throws(APIError) {
        try work.answer.write(section: section, rows, to: buffer)
      } catch {
        buffer.recycle()
        throw error
      }
      if section < textSections { textBytes = buffer.count }
    }
    let head = work.answer.head(textBytes: textBytes, of: work.served)
    return (response(head, buffer, to: exchange, work.served.memory), classifications)
  }

  /// A buffer that is large enough, counted in a budget.
  /// - Parameter held: what its request has of the budget already.
  private func buffer(_ bytes: Int, _ memory: MemoryBudget, beside held: Int) throws(APIError) -> ByteBuffer {
    let buffer = bytes <= Self.pooledBytes ? reactor.makeBuffer(minimumCapacity: bytes) : ByteBuffer(trying: bytes)
    guard let buffer else { throw .noMemory }
    guard buffer.charge(to: memory) else {
      buffer.recycle()
      throw bytes + held > memory.limit ? APIError(ServerRejection.beyondMemory(limit: memory.limit)) : .noMemory
    }
    return buffer
  }

  private static let pooledBytes = 256 << 10

  /// The answer to a large request.
  func response(_ parts: [ByteBuffer], _ head: AnswerHead) -> Response {
    Response(status: 200, contentType: head.contentType, parts: parts, headers: head.headers)
  }

  /// Memory for a document, before it is known how large it will be.
  func reserve(for document: Document) throws(APIError) -> MemoryCharge {
    var charge = MemoryCharge()
    if case .made = document {
      guard charge.resize(to: documentBytes, in: reactor.memory) else { throw .noMemory }
    }
    return charge
  }

  /// As much as the largest document so far: `/metrics` has 9 KB, and 1 more for each model.
  private var documentBytes = 16 << 10

  /// The answer to an inquiry.
  /// - Parameter charge: of `reserve`.
  func response(
    to document: Document, of exchange: any HTTPExchange, _ charge: consuming MemoryCharge
  ) -> Response {
    switch document {
    case .fixed(let response): return .fixed(response)
    case .made(let contentType, let text):
      let text = text()
      let buffer = reactor.makeBuffer(minimumCapacity: text.utf8.count)
      buffer.append(text)
      if buffer.capacity > documentBytes {
        // The first so large: it is counted if there is room, and sent all the same, since it is counted as answered.
        documentBytes = buffer.capacity
        _ = buffer.charge(to: reactor.memory)
      } else {
        buffer.adopt(charge)
      }
      return response(AnswerHead(contentType: contentType), buffer, to: exchange, reactor.memory)
    }
  }

  /// The answer to a request that is refused.
  func response(to error: APIError) -> Response { error.response(in: reactor.makeBuffer(minimumCapacity: 512)) }

  /// An answer of status 200, compressed where its caller asks for that and it pays: below some size it costs more than it saves, and
  /// callers' libraries ask for it unasked, so that it has to be cheap.
  /// - Parameter memory: what the body is counted in.
  private func response(
    _ head: AnswerHead, _ body: ByteBuffer, to exchange: any HTTPExchange, _ memory: MemoryBudget
  ) -> Response {
    var headers = head.headers
    var body = body
    if body.count >= AnswerCoding.leastBytes, let coding = exchange.acceptedCoding {
      // Numbers in decimal pack well: seldom does it have to grow.
      let target = reactor.makeBuffer(minimumCapacity: body.count / 2)
      if target.append(deflating: body, coding == .gzip ? .gzip : .zlib), target.charge(to: memory) {
        headers += [("Content-Encoding", coding.rawValue), ("Vary", "Accept-Encoding")]
        body.recycle()
        body = target
      } else {
        // It did not become smaller, or has no room beside what it came from: sent as it is.
        target.recycle()
      }
    }
    return Response(status: 200, contentType: head.contentType, body: body, headers: headers)
  }
}
