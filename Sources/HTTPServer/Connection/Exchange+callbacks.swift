internal import CMicroHTTPD
import Glibc

// One request's way through libmicrohttpd's callbacks, all on the reactor's thread.

extension Exchange {
  /// MHD_OPTION_URI_LOG_CALLBACK: the request line is complete, the headers are not.
  func requestLine(_ uri: UnsafePointer<CChar>) {
    if case .lingering = stage { return }
    stage = .header
    validator = HeaderValidator()
    drained = 0
    generation &+= 1
    // Without MHD_OPTION_STRICT_FOR_CLIENT spaces in the URL pass; and the decoded path, a C string, ends at a %00.
    var at = uri
    while at.pointee != 0 {
      let byte = UInt8(bitPattern: at.pointee)
      if byte <= 0x20 || byte == 0x7f { validator.fail("a space or control byte in its request target") }
      if byte == 0x25, at[1] == 0x30, at[2] == 0x30 { validator.fail("an encoded NUL in its request target") }
      at += 1
    }
    target = (UnsafeRawPointer(uri), UnsafeRawPointer(at))
    deadlines.enter(.header, at: reactor.turnNanoseconds)
  }

  /// MHD_AccessHandlerCallback: once with the headers only, then for every part of the body, then with an empty part until
  /// a response is queued.
  func access(
    _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>,
    _ data: UnsafePointer<CChar>?, _ size: UnsafeMutablePointer<Int>
  ) -> MHD_Result {
    switch stage {
    case .header:
      setMethod(method)
      setPath(url)
      return validate(method, version)
    case .body:
      if size.pointee == 0 { return finishBody() }
      if let data { take(data, size.pointee) }
      size.pointee = 0
      return .YES
    case .draining(let rejection):
      if size.pointee == 0 { return queue(Response(rejection), rejection) }
      drained += size.pointee
      size.pointee = 0
      if drained > 2 * reactor.settings.validator.maxBodyBytes { reactor.answerRaw(self, rejection, at: Clock.now) }
      return .YES
    case .lingering:
      if size.pointee == 0 { return .NO }
      size.pointee = 0
      return .YES
    case .waiting:
      // Called again in the run of its own arrival: the handler's turn has not ended yet.
      if receivedInRun == reactor.run { return .YES }
      // Leaving it unanswered across a sleep spins the CPU. A half-closed client (SHUT_WR after its request) is dropped at
      // the resumption unless its timeout differs from the daemon's.
      stage = .suspended
      hasOwnTimeout = true
      mhd_connection_set_timeout(connection, reactor.settings.backstopSeconds + 1)
      MHD_suspend_connection(connection)
      return .YES
    case .answered(let response): return queue(response, nil)
    case .suspended, .queued, .closed: return .YES
    }
  }

  /// MHD_OPTION_NOTIFY_COMPLETED: the answer was sent, or never will be.
  func completed() {
    switch stage {
    case .waiting, .suspended, .answered: requestAbandoned()
    case .header:
      let status = Int(mhd_connection_status(connection))
      // Answered by libmicrohttpd itself: its parser refused the header section.
      if status >= 400 {
        reactor.handler?.didReject(
          ServerRejection(
            status, status == 431 ? .headerTooLarge : .malformedHeader, "libmicrohttpd refused the header section."))
      }
    case .body, .draining, .lingering, .queued, .closed: break
    }
    dropBody()
    if case .lingering = stage { return }
    stage = .header
    if deadlines.phase != .closing { deadlines.enter(.idle, at: reactor.turnNanoseconds) }
  }

  /// MHD_CONNECTION_NOTIFY_CLOSED.
  func connectionClosed() {
    if isUnanswered { requestAbandoned() }
    dropBody()
    stage = .closed
  }

  private func requestAbandoned() {
    let wasUnanswered = isUnanswered
    stage = .closed
    if wasUnanswered { reactor.handler?.didLoseClient(self) }
  }

  /// The first call: judges the header section. Queueing a response here closes the connection.
  private func validate(_ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>) -> MHD_Result {
    let now = Clock.now
    receivedNanoseconds = now
    // Method, target and version are handed out as C strings: a NUL would hide what stands behind it.
    if let target,
      target.start - UnsafeRawPointer(method + strlen(method)) != 1 || UnsafeRawPointer(version) - target.end != 1
    {
      validator.fail("a NUL or more than single spaces in its request line")
    }
    validator.begin(versionEnd: version + strlen(version))
    withUnsafeMutablePointer(to: &validator) { validator in
      _ = MHD_get_connection_values_n(
        connection, .HEADER_KIND,
        { validator, _, name, nameSize, value, valueSize in
          validator!.assumingMemoryBound(to: HeaderValidator.self).pointee.take(
            name: name.bytes(nameSize), value: value.bytes(valueSize))
          return .YES
        }, validator)
    }
    let spoken: HeaderValidator.Version =
      strcmp(version, "HTTP/1.1") == 0 ? .http11 : strcmp(version, "HTTP/1.0") == 0 ? .http10 : .other
    // The section begins with the method and lies in one piece in the connection's read buffer.
    let size = mhd_connection_header_size(connection)
    validator.end(method + size)
    switch validator.decision(version: spoken, headerBytes: size, limits: reactor.settings.validator) {
    case .accept:
      stage = .body
      deadlines.enter(.body, at: now)
      return .YES
    case .reject(let rejection, let drainable):
      // A client that waits for 100 has sent nothing yet: it sees the answer at once.
      guard drainable, !validator.expectsContinue else { return queue(Response(rejection), rejection) }
      drain(rejection, at: now)
      return .YES
    }
  }

  /// A body refused without `Expect: 100-continue` is read to its end, within bounds, so that the client sees the answer
  /// and not a reset.
  private func drain(_ rejection: ServerRejection, at now: UInt64) {
    dropBody()
    stage = .draining(rejection)
    deadlines.enter(.draining, at: now)
  }

  private func take(_ data: UnsafePointer<CChar>, _ count: Int) {
    let limit = reactor.settings.validator.maxBodyBytes
    let target = buffer ?? reactor.bodyBuffers.take()
    buffer = target
    switch target.reserve(count, expected: validator.contentLength, limit: limit, budget: reactor.budget) {
    case .fits: target.append(data, count)
    case .tooLarge: drain(.tooLarge(limit: limit), at: Clock.now)
    case .overBudget: drain(.overBudget, at: Clock.now)
    }
  }

  /// The final call, for the first time: the body is complete.
  private func finishBody() -> MHD_Result {
    if validator.coding != .identity, let compressed = buffer, compressed.count > 0 {
      if let rejection = inflate(compressed) {
        dropBody()
        return queue(Response(rejection), rejection)
      }
    }
    body = buffer?.sealed() ?? UnsafeRawBufferPointer(start: reactor.emptyBody, count: 0)
    stage = .waiting
    tag = 0
    receivedInRun = reactor.run
    deadlines.enter(.handling, at: receivedNanoseconds)
    reactor.handler?.didReceive(self)
    dropBody()
    if case .answered(let response) = stage { return queue(response, nil) }
    reactor.runAgain = true
    return .YES
  }

  private func inflate(_ compressed: BodyBuffer) -> ServerRejection? {
    let limit = reactor.settings.validator.maxBodyBytes
    let plain = reactor.bodyBuffers.take()
    let outcome = Inflater.inflate(
      compressed.sealed(), coding: validator.coding, into: plain, limit: limit, budget: reactor.budget)
    buffer = plain
    reactor.bodyBuffers.put(compressed, budget: reactor.budget)
    switch outcome {
    case .done: return nil
    case .tooLarge: return .tooLarge(limit: limit)
    case .overBudget: return .overBudget
    case .corrupt:
      return ServerRejection(
        400, .badEncoding, "The request's body is not what its Content-Encoding says; send a complete, valid stream.")
    }
  }

  private func dropBody() {
    body = UnsafeRawBufferPointer(start: nil, count: 0)
    guard let held = buffer else { return }
    buffer = nil
    reactor.bodyBuffers.put(held, budget: reactor.budget)
  }

  /// Hands the answer to libmicrohttpd; only inside its access handler.
  private func queue(_ response: Response, _ rejection: ServerRejection?) -> MHD_Result {
    stage = .queued
    if hasOwnTimeout {
      hasOwnTimeout = false
      mhd_connection_set_timeout(connection, reactor.settings.backstopSeconds)
    }
    deadlines.enter(.sending, at: reactor.turnNanoseconds)
    if let rejection { reactor.handler?.didReject(rejection) }
    let close = response.closesConnection || reactor.isDraining
    let made =
      validator.requestID.map { response.make(requestID: $0, close: close) }
      ?? reactor.requestIDs.withNext { response.make(requestID: $0, close: close) }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    return MHD_queue_response(connection, UInt32(response.status), made)
  }
}

extension ServerRejection {
  static let overBudget = ServerRejection(
    503, .bufferedBytes, "The server holds its limit of request bodies; try again later or at another replica.")
}

extension UnsafePointer<CChar>? {
  fileprivate func bytes(_ count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: self.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self) }, count: self == nil ? 0 : count)
  }
}
