import Bytes
internal import CMicroHTTPD
import Glibc
import Logging
import Synchronization

// libmicrohttpd's callbacks. They capture nothing (C function pointers); `cls` is the reactor, unretained: it outlives its
// daemon. All run inside MHD_run, on the reactor's thread.

extension Reactor {
  /// Starts the daemon of this reactor; nil: it did not start.
  func startDaemon(listener: Int32) -> OpaquePointer? {
    let context = Unmanaged.passUnretained(self).toOpaque()
    func function<Callback>(_ callback: Callback) -> Int {
      unsafeBitCast(callback, to: Int.self)
    }
    let uriLog:
      @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) -> UnsafeMutableRawPointer? = {
        _, uri, connection in
        guard let uri, let connection, let exchange = Reactor.exchange(of: connection) else { return nil }
        exchange.requestLine(uri)
        return nil
      }
    let completed:
      @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
        MHD_RequestTerminationCode
      ) -> Void = {
        _, connection, _, _ in
        guard let connection, let exchange = Reactor.exchange(of: connection) else { return }
        exchange.completed()
      }
    let notify:
      @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
        MHD_ConnectionNotificationCode
      ) -> Void = {
        context, connection, socketContext, code in
        guard let context, let connection, let socketContext else { return }
        let reactor = Unmanaged<Reactor>.fromOpaque(context).takeUnretainedValue()
        if code == .CONNECTION_NOTIFY_STARTED {
          socketContext.pointee = Unmanaged.passRetained(reactor.open(connection)).toOpaque()
        } else if let held = socketContext.pointee {
          socketContext.pointee = nil
          reactor.close(Unmanaged<Exchange>.fromOpaque(held).takeRetainedValue())
        }
      }
    var options = [
      MHD_OptionItem(option: .LISTEN_SOCKET, value: Int(listener), ptr_value: nil),
      // A few more than ours, so that the one over the limit can be told.
      MHD_OptionItem(option: .CONNECTION_LIMIT, value: settings.maxConnections + 64, ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_TIMEOUT, value: Int(settings.backstopSeconds), ptr_value: nil),
      MHD_OptionItem(option: .CONNECTION_MEMORY_LIMIT, value: settings.connectionMemory, ptr_value: nil),
      MHD_OptionItem(option: .NOTIFY_COMPLETED, value: function(completed), ptr_value: context),
      MHD_OptionItem(option: .NOTIFY_CONNECTION, value: function(notify), ptr_value: context),
      MHD_OptionItem(option: .URI_LOG_CALLBACK, value: function(uriLog), ptr_value: context),
      // MSG_NOSIGNAL on every send of libmicrohttpd's, and SIGPIPE ignored by `Server.start`.
      MHD_OptionItem(option: .SIGPIPE_HANDLED_BY_APP, value: 1, ptr_value: nil),
      mhd_strictness(),
    ]
    var flags = MHD_USE_EPOLL.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue | MHD_USE_ERROR_LOG.rawValue
    if tls != nil {
      flags |= MHD_USE_TLS.rawValue
      options += Self.tlsOptions
    }
    options.append(MHD_OptionItem(option: .END, value: 0, ptr_value: nil))
    return mhd_start_daemon(
      flags,
      { context, format, arguments in
        guard let context, let format, let arguments else { return }
        let reactor = Unmanaged<Reactor>.fromOpaque(context).takeUnretainedValue()
        var text = [CChar](repeating: 0, count: 512)
        vsnprintf(&text, text.count, format, arguments)
        reactor.daemonSays(text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
      }, context,
      { _, connection, url, method, version, data, size, _ in
        guard let connection, let url, let method, let version, let size,
          let exchange = Reactor.exchange(of: connection)
        else { return .NO }
        return exchange.access(url, method, version, data, size)
      }, context, &options)
  }

  private static func exchange(of connection: OpaquePointer) -> Exchange? {
    mhd_connection_socket_context(connection).map { Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
  }

  private func open(_ connection: OpaquePointer) -> Exchange {
    let now = monotonicNanoseconds()
    let exchange = Exchange(
      connection: connection, descriptor: mhd_connection_descriptor(connection), tls: session(of: connection),
      reactor: self, now: now)
    if exchange.tls != nil { activeHandshakes.append(exchange) }
    hasSpareMemory = true
    let rejection = budget.acquireConnection()
    let hasRoom = rejection == nil || closeLongestIdle(at: now)
    exchange.listIndex = connections.count
    connections.append(exchange)
    if let rejection, !hasRoom {
      refusedConnections += 1
      interrupt(exchange, rejection, at: now)
    }
    return exchange
  }

  private func close(_ exchange: Exchange) {
    exchange.connectionClosed()
    if let session = exchange.tls { closedSessions.append(session) }
    budget.releaseConnection()
    let last = connections.removeLast()
    if last !== exchange {
      connections[exchange.listIndex] = last
      last.listIndex = exchange.listIndex
    }
  }
}
