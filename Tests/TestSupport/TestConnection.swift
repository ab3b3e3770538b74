import Foundation
package import HTTPServer

/// One connection of a `TestTransport`: what its client sends and receives, and what the handler sees of it.
package final class TestConnection: HTTPClient, HTTPExchange {
  /// How far the bytes of a request have been taken apart.
  private enum Reading {
    case head
    /// Within a body, or within a chunk of one.
    case body(remaining: Int)
    /// Before the line with the size of a chunk (RFC 9112 7.1).
    case chunkSize
    /// Before an empty line: behind a chunk, or behind the last one.
    case emptyLine(isLast: Bool)
    case complete
  }

  package private(set) var method = HTTPMethod.other
  package private(set) var path = ""
  package private(set) var body: UnsafeRawBufferPointer?
  package private(set) var receivedNanoseconds: UInt64 = 0
  package var context: AnyObject?

  /// Strong: the circle ends when the connection closes, which the transport's end makes sure of.
  private let transport: TestTransport
  private var state: ExchangeState<Response>
  private var requestBody: RequestBody
  private var head: RequestHead?
  private var reading = Reading.head
  private var input: [UInt8] = []
  private var inputHasEnded = false
  private var answers: [HTTPAnswer] = []
  private var pipe: Pipe?

  init(transport: TestTransport) {
    self.transport = transport
    requestBody = RequestBody(pool: transport.bodyBuffers)
    state = ExchangeState(connectedAt: transport.now)
  }

  // MARK: HTTPClient

  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    guard !isClosed, !inputHasEnded else { return false }
    input += bytes
    return true
  }

  package func finishSending() { inputHasEnded = true }

  package func receive(bodyFollows: Bool) throws -> HTTPAnswer {
    try transport.run { !answers.isEmpty || isClosed }
    guard !answers.isEmpty else { throw HTTPClientFailure(message: "closed before an answer") }
    return answers.removeFirst()
  }

  package func receiveIfAny() throws -> HTTPAnswer? {
    try transport.run { !answers.isEmpty || isClosed }
    return answers.isEmpty ? nil : answers.removeFirst()
  }

  package func isClosedByPeer() -> Bool {
    try? transport.run { !answers.isEmpty || isClosed }
    return answers.isEmpty && isClosed
  }

  /// Leaves without waiting for an answer. While a request is suspended this shows at its `descriptor` alone, as with libmicrohttpd.
  package func disconnect() {
    inputHasEnded = true
    clientIsGone = true
    try? pipe?.fileHandleForWriting.close()
  }
  private var clientIsGone = false

  // MARK: HTTPRequest

  package var requestID: String? { head?.requestID }

  package var answerID: String {
    let id = requestID ?? madeID ?? transport.nextRequestID()
    madeID = id
    return id
  }
  private var madeID: String?

  package var clientAddress: String? { nil }

  package var host: String? { head.flatMap { $0.authority ?? $0.value(of: "Host") } }

  package func header(_ name: StaticString) -> String? { head?.value(of: "\(name)") }

  package var bodyBytes: Int { requestBody.count }

  package func takeBody() -> ReceivedBody {
    body = nil
    return requestBody.take()
  }

  // MARK: Responder

  package var isUnanswered: Bool { state.isUnanswered }

  /// The reading end of a pipe, which hangs up when the client has closed the other one.
  package var descriptor: Int32 {
    let pipe = self.pipe ?? Pipe()
    if self.pipe == nil && clientIsGone { try? pipe.fileHandleForWriting.close() }
    self.pipe = pipe
    return pipe.fileHandleForReading.fileDescriptor
  }

  package func respond(_ response: consuming Response) { _ = state.respond(response) }

  package func cancel() { _ = state.cancel(at: transport.now) }

  // MARK: The transport's

  var isClosed: Bool { if case .closed = state.phase { true } else { false } }
  var isReading: Bool { state.isReading }

  /// Takes one step; false: it waits for bytes, for its handler, or for nothing any more.
  func advance() -> Bool {
    if case .suspended = state.phase { return false }
    if isClosed { return false }
    if clientIsGone { return close() }
    switch state.phase {
    case .closing: return close()
    case .lingering:
      input.removeAll()
      return inputHasEnded ? close() : false
    default: break
    }
    switch reading {
    case .head: return readHead()
    case .body(let remaining): return readBody(remaining)
    case .chunkSize:
      guard let line = takeLine() else { return inputHasEnded ? close() : false }
      guard let size = Int(line, radix: 16), size >= 0 else { return close() }
      reading = size == 0 ? .emptyLine(isLast: true) : .body(remaining: size)
      return true
    case .emptyLine(let isLast):
      guard let line = takeLine() else { return inputHasEnded ? close() : false }
      guard line.isEmpty else { return close() }
      reading = isLast ? .complete : .chunkSize
      return true
    case .complete: return perform(access(bytes: 0))
    }
  }

  /// Does what a reactor does to a connection that is over its deadline.
  /// - Returns: whether it is.
  func sweep() -> Bool {
    switch state.expiry(at: transport.now, transport.limits.deadlines) {
    case .none: return false
    case .close: break
    case .rejectIfStarted(let rejection): if !input.isEmpty { answer(rejection) }
    case .reject(let rejection): answer(rejection)
    }
    shutDown()
    return true
  }

  func interrupt(_ rejection: ServerRejection) { if state.interrupt(at: transport.now) { answer(rejection) } }

  func shutDown() { if state.shutDown(at: transport.now) { _ = close() } }

  // MARK: Reading

  private func readHead() -> Bool {
    guard !input.isEmpty else { return inputHasEnded ? close() : false }
    if !state.isReading, input.firstRange(of: Array("\r\n".utf8)) != nil {
      _ = state.requestLineArrived(at: transport.now)
    }
    guard let end = input.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
      return inputHasEnded ? close() : false
    }
    let head = RequestHead(input[..<end])
    self.head = head
    input.removeSubrange(..<end)
    guard case .validateHeader = access(bytes: 0) else { return close() }
    receivedNanoseconds = DispatchTime.now().uptimeNanoseconds
    (method, path) = (head.method, head.path)
    reading = head.isChunked ? .chunkSize : .body(remaining: head.validator.contentLength ?? 0)
    switch head.decision(transport.limits.validator) {
    case .accept:
      state.headerAccepted(at: transport.now)
      if head.validator.contentLength ?? 0 > RequestBody.smallBytes { askForBody() }
      return true
    case .reject(let rejection, let drainable):
      reject(rejection, drains: drainable)
      // "Queueing in the first call closes the connection."
      if !drainable { _ = close() }
      return true
    }
  }

  private func readBody(_ remaining: Int) -> Bool {
    guard remaining > 0 else {
      reading = head?.isChunked == true ? .emptyLine(isLast: false) : .complete
      return true
    }
    guard !input.isEmpty else { return inputHasEnded ? close() : false }
    let part = Array(input.prefix(remaining))
    input.removeFirst(part.count)
    reading = .body(remaining: remaining - part.count)
    switch access(bytes: part.count) {
    case .appendBody:
      if head?.validator.contentLength == nil, requestBody.count <= RequestBody.smallBytes,
        requestBody.count + part.count > RequestBody.smallBytes, !askForBody()
      {
        return true
      }
      let rejection = part.withUnsafeBytes { requestBody.append($0, expected: head?.validator.contentLength) }
      guard let rejection else { return true }
      requestBody.discard()
      reject(rejection, drains: true)
      return true
    case let action: return perform(action)
    }
  }

  /// Asks the handler about a large body; false: its request is answered.
  @discardableResult
  private func askForBody() -> Bool {
    switch transport.handler.willReceiveBody(of: self, bytes: head?.validator.contentLength) {
    case .accept(let budget):
      requestBody.budget = budget
      return true
    case .refuse(let response):
      requestBody.discard()
      if state.interrupt(at: transport.now) { deliver(response, closes: true, requestID: answerID) }
      return false
    }
  }

  /// The bytes up to the next line end, without it; nil: there is none yet.
  private func takeLine() -> String? {
    guard let end = input.firstRange(of: Array("\r\n".utf8)) else { return nil }
    defer { input.removeSubrange(..<end.upperBound) }
    return String(decoding: input[..<end.lowerBound], as: UTF8.self)
  }

  private func access(bytes: Int) -> ExchangeState<Response>.AccessAction {
    state.access(bytes: bytes, run: transport.run, drainLimit: transport.limits.drainLimit, at: transport.now)
  }

  /// - Returns: whether the connection can go on at once.
  private func perform(_ action: ExchangeState<Response>.AccessAction) -> Bool {
    switch action {
    case .finishBody: return finishBody()
    case .discard: return true
    case .wait, .suspend, .validateHeader, .appendBody: return false
    case .send: return finish(with: state.takeAnswer(), closes: false)
    case .close: return close()
    }
  }

  private func finishBody() -> Bool {
    do throws(ServerRejection) {
      body = try requestBody.finish(coding: head?.validator.coding ?? .identity)
    } catch {
      requestBody.discard()
      return reject(error, drains: false)
    }
    state.requestReceived(run: transport.run, at: transport.now)
    transport.handler.didReceive(self)
    body = nil
    requestBody.discard()
    return perform(access(bytes: 0))
  }

  /// - Returns: whether the connection can go on at once.
  @discardableResult
  private func reject(_ rejection: ServerRejection, drains: Bool) -> Bool {
    state.reject(drains: drains, at: transport.now)
    guard !drains else {
      answer(rejection)
      return true
    }
    transport.handler.didReject(rejection, of: self)
    return finish(with: transport.handler.response(to: rejection), closes: rejection.closesConnection)
  }

  // MARK: Answering

  /// The answer is sent, and its request over.
  private func finish(with response: Response, closes: Bool) -> Bool {
    let wantsClose = head?.value(of: "Connection")?.lowercased() == "close"
    let closes = closes || transport.isDraining || wantsClose
    deliver(response, closes: closes, requestID: head?.requestID ?? madeID ?? transport.nextRequestID())
    madeID = nil
    _ = state.requestCompleted(parserStatus: 0, at: transport.now)
    requestBody.discard()
    (reading, head) = (.head, nil)
    return closes ? close() : true
  }

  /// Answers on the raw socket.
  private func answer(_ rejection: ServerRejection) {
    transport.handler.didReject(rejection, of: self)
    deliver(transport.handler.response(to: rejection), closes: true, requestID: answerID)
  }

  private func deliver(_ response: Response, closes: Bool, requestID: String?) {
    let bytes = response.withBody { [UInt8]($0) }
    var headers = ["content-type": "\(response.contentType)", "content-length": String(bytes.count)]
    for (name, value) in response.headers { headers["\(name)".lowercased()] = value }
    headers["x-request-id"] = requestID
    if closes { headers["connection"] = "close" }
    answers.append(HTTPAnswer(status: response.status, headers: headers, bytes: method == .head ? [] : bytes))
  }

  private func close() -> Bool {
    guard !isClosed else { return false }
    if state.connectionClosed(at: transport.now) == .loseClient { transport.handler.didLoseClient(self) }
    requestBody.discard()
    input.removeAll()
    transport.release()
    return true
  }
}
