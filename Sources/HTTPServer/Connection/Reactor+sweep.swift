import Bytes
internal import CMicroHTTPD
import Glibc
import Logging
import Synchronization

/// How far a stopping reactor has come.
enum Ending {
  case serving
  /// Answering what is in flight; idle connections are gone.
  case finishing
  /// The grace is over: everything was answered, and has until then to leave.
  case flushing(until: UInt64)
  /// Every socket was shut down; libmicrohttpd notices in its next runs.
  case closing(runs: Int)

  static func == (left: Ending, right: Ending) -> Bool {
    switch (left, right) {
    case (.serving, .serving): true
    default: false
    }
  }
}

extension Reactor {
  /// Once a second: whoever is over a deadline is told so, if that makes sense, and shut down.
  func sweep(at now: UInt64) {
    closedSessions.removeAll(keepingCapacity: true)
    longestIdle.removeAll()
    for exchange in connections {
      switch exchange.state.expiry(at: now, settings.deadlines) {
      case .none:
        // The end of a stream that came together with the last bytes is one edge for epoll, and libmicrohttpd does not read on
        // after it: without this look the connection would stay until its limit, and a request that broke off as well.
        // What a TLS session has taken from the socket may still be in it: only between requests is there nothing.
        let mayHaveEnded = exchange.state.isBetweenRequests || exchange.tls == nil && exchange.state.isReading
        if mayHaveEnded && hasEnded(exchange) { shutDown(exchange, at: now) }
        if isStalled(exchange) { interrupt(exchange, .chunkSizeTooLong, at: now) }
      case .close: shutDown(exchange, at: now)
      case .rejectIfStarted(let rejection):
        if hasPartOfRequest(exchange, at: now) { sendRaw(exchange, rejection) }
        shutDown(exchange, at: now)
      case .reject(let rejection):
        sendRaw(exchange, rejection)
        shutDown(exchange, at: now)
      }
    }
  }

  /// Takes the next step of stopping; true when the daemon may be stopped.
  func advance(_ ending: inout Ending) -> Bool {
    if connections.isEmpty { return true }
    let now = monotonicNanoseconds()
    switch ending {
    case .serving:
      ending = .finishing
      closeIdle(at: now)
    case .finishing:
      guard now >= control.graceEnd.load(ordering: .acquiring) else {
        // An answer queued before the end began says nothing of closing: its connection comes back idle.
        closeIdle(at: now)
        return false
      }
      answerUnanswered()
      for exchange in connections where exchange.state.isReading { interrupt(exchange, .stopping, at: now) }
      ending = .flushing(until: now + 1_000_000_000)
    case .flushing(let until):
      answerUnanswered()
      let unsent = connections.count { $0.state.isSending || $0.state.isOwed }
      guard now >= until || unsent == 0 else { return false }
      if unsent > 0 {
        logger.warning(
          "connections closed before their answers had left: the time to drain is over",
          metadata: ["connections": .stringConvertible(unsent)])
      }
      for exchange in connections { shutDown(exchange, at: now) }
      ending = .closing(runs: 0)
    case .closing(let runs):
      // A few runs are enough for libmicrohttpd to notice; MHD_stop_daemon closes what is left.
      if runs >= 8 && !connections.contains(where: \.state.isOwed) { return true }
      ending = .closing(runs: runs + 1)
      runAgain = true
    }
    return false
  }

  private static let quietNanoseconds: UInt64 = 500_000_000

  private func closeIdle(at now: UInt64) {
    // An answer that left before draining began did not say that the connection would close, and the client's next request may
    // be on its way: only connections that have been quiet for a while are closed.
    for exchange in connections
    where exchange.state.isBetweenRequests && now >= exchange.state.since + Self.quietNanoseconds
      && !hasUnreadBytes(exchange)
    {
      shutDown(exchange, at: now)
    }
  }

  /// MHD_stop_daemon aborts the process when a connection is still suspended: answering resumes every one of them.
  private func answerUnanswered() {
    for exchange in connections where exchange.isUnanswered {
      if let response = handler?.responseAtShutdown(to: exchange) { exchange.respond(response) }
    }
  }

  /// Answers requests whose arguments libmicrohttpd's memory did not hold: 0.9.75 queues its own answer while it takes the request line
  /// apart, then goes on as if it had not, and would never send it.
  func answerUnsent() {
    for exchange in longTargets where exchange.state.isReading && mhd_connection_status(exchange.connection) >= 400 {
      interrupt(exchange, .tooManyFields, at: turnNanoseconds)
    }
    longTargets.removeAll(keepingCapacity: true)
  }

  /// Answers a request that is still arriving, and lingers.
  func interrupt(_ exchange: Exchange, _ rejection: ServerRejection, at now: UInt64) {
    guard exchange.state.interrupt(at: now) else { return }
    answerRaw(exchange, rejection)
    // Within its handshake nothing can be said to a client.
    if exchange.tls?.isEstablished == false { shutDown(exchange, at: now) }
  }

  /// The same with an answer of the handler's.
  func interrupt(_ exchange: Exchange, with response: Response, at now: UInt64) {
    guard exchange.state.interrupt(at: now) else { return }
    sendRaw(exchange, response)
    finishSending(exchange)
  }

  /// Writes an answer past libmicrohttpd, and says that nothing follows. Reading goes on, so that the client can see it: closing with
  /// unread bytes would reset the connection and take the answer along.
  func answerRaw(_ exchange: Exchange, _ rejection: ServerRejection) {
    sendRaw(exchange, rejection)
    finishSending(exchange)
  }

  private func finishSending(_ exchange: Exchange) {
    exchange.tls?.finishSending()
    shutdown(exchange.descriptor, Int32(SHUT_WR))
  }

  /// Libmicrohttpd sees the end of the stream in its next run and closes the connection.
  func shutDown(_ exchange: Exchange, at now: UInt64) {
    if exchange.state.isBetweenRequests { exchange.tls?.finishSending() }
    if exchange.state.shutDown(at: now) { shutdown(exchange.descriptor, Int32(SHUT_RDWR)) }
  }

  /// Safe only where no response of libmicrohttpd's is in progress on the connection.
  private func sendRaw(_ exchange: Exchange, _ rejection: ServerRejection) {
    guard let handler else { return }
    handler.didReject(rejection, of: exchange)
    sendRaw(exchange, handler.response(to: rejection))
  }

  private func sendRaw(_ exchange: Exchange, _ response: Response) {
    // Before its header section is complete, the method is the last request's.
    let hasBody = !(exchange.hasHeaderSection && exchange.method == .head)
    response.withRawBytes(requestID: exchange.answerID, hasBody: hasBody) {
      if let session = exchange.tls { return session.send($0) }
      _ = send(exchange.descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }
  }

  /// Whether bytes have come since the phase began: the client is in the middle of a request line.
  ///
  /// Offsets in the kernel's `struct tcp_info` (linux/tcp.h): tcpi_last_data_recv (milliseconds ago) at 52,
  /// tcpi_bytes_received at 128. glibc's own declaration ends before the latter. A Unix socket has none: not told.
  private func hasPartOfRequest(_ exchange: Exchange, at now: UInt64) -> Bool {
    if case .connected = exchange.state.phase, let session = exchange.tls { return session.hasReceivedRecords }
    return withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { info in
      var length = socklen_t(info.count)
      guard getsockopt(exchange.descriptor, Int32(IPPROTO_TCP), TCP_INFO, info.baseAddress, &length) == 0, length >= 136
      else { return false }
      if case .connected = exchange.state.phase { return info.load(fromByteOffset: 128, as: UInt64.self) > 0 }
      let elapsed = (now - min(now, exchange.state.since)) / 1_000_000
      // One tick of the kernel's clock (10 ms) of doubt in favour of silence.
      return UInt64(info.load(fromByteOffset: 52, as: UInt32.self)) + 10 < elapsed
    }
  }

  /// Whether a body has bytes that libmicrohttpd leaves unread, as at the last sweep: a line with the size of a chunk has filled its buffer.
  private func isStalled(_ exchange: Exchange) -> Bool {
    guard exchange.state.isReadingBody else { return false }
    let isWaiting = hasUnreadBytes(exchange)
    let last = exchange.stall
    exchange.stall = isWaiting ? (exchange.state.since, exchange.bodyBytes) : nil
    // Of the same request: the phase of each begins at another time.
    return isWaiting && last?.since == exchange.state.since && last?.bytes == exchange.bodyBytes
  }

  /// Whether the client has said that nothing more comes, or is gone.
  private func hasEnded(_ exchange: Exchange) -> Bool {
    var byte: UInt8 = 0
    let count = recv(exchange.descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
  }

  func hasUnreadBytes(_ exchange: Exchange) -> Bool {
    var byte: UInt8 = 0
    return recv(exchange.descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
  }
}
