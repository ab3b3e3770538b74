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
    let rows = AnsweredRows(served: work.served, results: results, classifications: classifications)
    // Large enough for most answers, so that a buffer grows seldom; the pool keeps it.
    let buffer = reactor.makeBuffer(
      minimumCapacity: 256 + work.served.predictions.expectedBytesPerRow() * work.rows.count)
    let head = try work.answer.write(rows, to: buffer)
    return (response(head, buffer, to: exchange), classifications)
  }

  /// The answer to an inquiry.
  func response(to document: Document, of exchange: any HTTPExchange) -> Response {
    switch document {
    case .fixed(let response): return .fixed(response)
    case .made(let contentType, let text):
      let text = text()
      let buffer = reactor.makeBuffer(minimumCapacity: text.utf8.count)
      buffer.append(text)
      return response(AnswerHead(contentType: contentType), buffer, to: exchange)
    }
  }

  /// The answer to a request that is refused.
  func response(to error: APIError) -> Response { error.response(in: reactor.makeBuffer(minimumCapacity: 512)) }

  /// An answer of status 200, compressed where its caller asks for that and it pays: below some size it costs more than it saves, and
  /// callers' libraries ask for it unasked, so that it has to be cheap.
  private func response(_ head: AnswerHead, _ body: ByteBuffer, to exchange: any HTTPExchange) -> Response {
    var headers = head.headers
    var body = body
    if body.count >= 1024, let coding = exchange.acceptedCoding {
      // Numbers in decimal pack well: seldom does it have to grow.
      let target = reactor.makeBuffer(minimumCapacity: body.count / 2)
      if target.append(deflating: body, coding == .gzip ? .gzip : .zlib) {
        headers += [("Content-Encoding", coding.rawValue), ("Vary", "Accept-Encoding")]
        body.recycle()
        body = target
      } else {
        // It did not become smaller: sent as it is.
        target.recycle()
      }
    }
    return Response(status: 200, contentType: head.contentType, body: body, headers: headers)
  }
}
