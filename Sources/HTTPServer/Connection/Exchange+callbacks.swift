import Bytes
internal import CMicroHTTPD
import Glibc

// One request's way through libmicrohttpd's callbacks, all on the reactor's thread.

extension Exchange {
  /// MHD_OPTION_URI_LOG_CALLBACK: the request line is complete, the headers are not.
  func requestLine(_ uri: UnsafePointer<CChar>) {
    guard state.requestLineArrived(at: reactor.turnNanoseconds) else { return }
    let end = validator.take(target: uri)
    target = (UnsafeRawPointer(uri), UnsafeRawPointer(end))
    if end - uri >= Self.longTargetBytes { reactor.longTargets.append(self) }
  }

  /// Shorter ones have fewer arguments than the memory of any connection holds.
  private static let longTargetBytes = 400

  /// MHD_AccessHandlerCallback: once with the headers only, then for every part of the body, then with an empty part until
  /// a response is queued.
  func access(
    _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>,
    _ data: UnsafePointer<CChar>?, _ size: UnsafeMutablePointer<Int>
  ) -> MHD_Result {
    let count = size.pointee
    // "upload_data_size: set to the number of bytes not processed": every part is taken whole.
    size.pointee = 0
    // A request behind one that expects 100 and has no body: 0.9.75 offers no bytes of it as the body. The final call offers nothing.
    if count == 0 && data != nil { return .YES }
    switch access(bytes: count) {
    case .validateHeader:
      setRequestLine(method, url)
      return validate(method, version)
    case .appendBody:
      let part = UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : count)
      // Of unknown size, and large by now.
      if validator.contentLength == nil, requestBody.count <= RequestBody.smallBytes,
        requestBody.count + count > RequestBody.smallBytes, !isBodyWelcome()
      {
        return .YES
      }
      if let rejection = requestBody.append(part, expected: validator.contentLength) {
        return reject(rejection, drains: true, at: monotonicNanoseconds())
      }
      return .YES
    case .finishBody: return finishBody()
    case .discard, .wait: return .YES
    case .suspend:
      // A half-closed client (SHUT_WR after its request) is dropped at the resumption unless its timeout differs from the daemon's.
      mhd_connection_set_timeout(connection, reactor.settings.backstopSeconds + 1)
      MHD_suspend_connection(connection)
      return .YES
    case .send(let resetsTimeout):
      if resetsTimeout { mhd_connection_set_timeout(connection, reactor.settings.backstopSeconds) }
      return queue(state.takeAnswer())
    case .close: return .NO
    }
  }

  /// MHD_OPTION_NOTIFY_COMPLETED: the answer was sent, or never will be.
  func completed() {
    let action = state.requestCompleted(
      parserStatus: Int(mhd_connection_status(connection)), at: reactor.turnNanoseconds)
    perform(action)
    // What it points to is no longer there.
    validator = Exchange.newValidator
    hasHeaderSection = false
  }

  /// MHD_CONNECTION_NOTIFY_CLOSED.
  func connectionClosed() { perform(state.connectionClosed(at: reactor.turnNanoseconds)) }

  private func perform(_ action: ExchangeState<Response>.CompletionAction) {
    switch action {
    case .none: break
    case .loseClient: reactor.handler?.didLoseClient(self)
    case .report(let rejection): reactor.handler?.didReject(rejection, of: self)
    }
    discardBody()
  }

  /// The first call: judges the header section. Queueing a response here closes the connection.
  private func validate(_ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>) -> MHD_Result {
    let now = monotonicNanoseconds()
    receivedNanoseconds = now
    hasHeaderSection = true
    // Method, target and version are handed out as C strings: a NUL would hide what stands behind it.
    if let target,
      target.start - UnsafeRawPointer(method + strlen(method)) != 1 || UnsafeRawPointer(version) - target.end != 1
    {
      validator.fail("a NUL or more than single spaces in its request line")
    }
    validator.take(method: method)
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
    // The section begins with the method and lies in one piece in the connection's read buffer.
    let size = mhd_connection_header_size(connection)
    validator.end(method + size)
    switch validator.decision(
      version: HeaderValidator.Version(version), headerBytes: size, limits: reactor.settings.validator)
    {
    case .accept:
      state.headerAccepted(at: now)
      if validator.contentLength ?? 0 > RequestBody.smallBytes { _ = isBodyWelcome() }
      return .YES
    case .reject(let rejection, let drainable):
      return reject(rejection, drains: drainable, at: now)
    }
  }

  /// Asks the handler about a large body; false: its request is answered.
  private func isBodyWelcome() -> Bool {
    guard let handler = reactor.handler else { return true }
    switch handler.willReceiveBody(of: self, bytes: validator.contentLength) {
    case .accept(let budget): requestBody.budget = budget
    case .refuse(let response):
      discardBody()
      reactor.interrupt(self, with: response, at: monotonicNanoseconds())
      return false
    }
    return true
  }

  private func reject(_ rejection: ServerRejection, drains: Bool, at now: UInt64) -> MHD_Result {
    discardBody()
    state.reject(drains: drains, at: now)
    guard drains else { return queue(rejection) }
    reactor.answerRaw(self, rejection)
    return .YES
  }

  /// The final call, for the first time: the body is complete.
  private func finishBody() -> MHD_Result {
    do throws(ServerRejection) {
      body = try requestBody.finish(coding: validator.coding)
    } catch {
      return reject(error, drains: false, at: reactor.turnNanoseconds)
    }
    state.requestReceived(run: reactor.run, at: receivedNanoseconds)
    reactor.handler?.didReceive(self)
    discardBody()
    switch access(bytes: 0) {
    case .send: return queue(state.takeAnswer())
    case .close: return .NO
    default:
      // "The callback will be called again": in the next run, which ends this turn.
      reactor.runAgain = true
      return .YES
    }
  }

  private func access(bytes: Int) -> ExchangeState<Response>.AccessAction {
    state.access(
      bytes: bytes, run: reactor.run, drainLimit: reactor.settings.drainLimit, at: reactor.turnNanoseconds)
  }

  private func discardBody() {
    body = nil
    requestBody.discard()
  }

  private func queue(_ rejection: ServerRejection) -> MHD_Result {
    guard let handler = reactor.handler else { return .NO }
    handler.didReject(rejection, of: self)
    var response = handler.response(to: rejection)
    response.closesConnection = rejection.closesConnection
    return queue(response)
  }

  /// Hands the answer to libmicrohttpd; only inside its access handler.
  private func queue(_ response: Response) -> MHD_Result {
    let close = response.closesConnection || reactor.isDraining
    let made =
      if let id = validator.requestID {
        response.make(requestID: id, close: close)
      } else if let madeID {
        madeID.withCString { response.make(requestID: $0, close: close) }
      } else {
        reactor.requestIDs.withNext { response.make(requestID: $0, close: close) }
      }
    if madeID != nil { madeID = nil }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    return MHD_queue_response(connection, UInt32(response.status), made)
  }
}

extension UnsafePointer<CChar>? {
  fileprivate func bytes(_ count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: self.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self) }, count: self == nil ? 0 : count)
  }
}
