internal import CGnuTLS
internal import CMicroHTTPD
import Glibc

// While a handshake waits for its client libmicrohttpd takes the connection for ready: "the remaining time" of MHD_get_timeout is 0, and
// each MHD_run tries the handshake again. One client that has sent half of a ClientHello would keep a core busy until its deadline. So
// such connections are suspended, and resumed when their clients go on.
//
// "The only safe way to call [MHD_suspend_connection] is to call it from the MHD_AccessHandlerCallback": because another thread may be
// inside of the daemon. Here nobody is: a reactor's thread alone runs its daemon, and calls this between two runs.

extension Reactor {
  /// What libmicrohttpd is started with for TLS. Each connection is given its credentials when it is opened, so that they can change:
  /// libmicrohttpd's own have no certificate.
  static var tlsOptions: [MHD_OptionItem] {
    let noCertificate:
      @convention(c) (
        OpaquePointer?, UnsafePointer<gnutls_datum_t>?, Int32, UnsafePointer<gnutls_pk_algorithm_t>?, Int32,
        UnsafeMutablePointer<UnsafeMutablePointer<gnutls_pcert_st>?>?, UnsafeMutablePointer<UInt32>?,
        UnsafeMutablePointer<OpaquePointer?>?
      ) -> Int32 = { _, _, _, _, _, _, _, _ in -1 }
    return [
      MHD_OptionItem(
        option: .HTTPS_PRIORITIES, value: 0,
        ptr_value: UnsafeMutableRawPointer(mutating: cString(TLSIdentity.priorities))),
      MHD_OptionItem(
        option: .HTTPS_CERT_CALLBACK, value: 0,
        ptr_value: unsafeBitCast(noCertificate, to: UnsafeMutableRawPointer.self)),
    ]
  }

  /// The TLS session of a connection that has just been opened; nil: it has none.
  func session(of connection: OpaquePointer) -> TLSSession? {
    guard let tls, let session = mhd_connection_tls_session(connection) else { return nil }
    return TLSSession(OpaquePointer(session), tls.current)
  }

  /// Suspends connections whose handshakes wait for their clients.
  func setHandshakesAside() {
    guard !activeHandshakes.isEmpty, let waitingHandshakes else { return }
    for exchange in activeHandshakes {
      guard let session = exchange.tls, exchange.state.phase != .closed else { continue }
      acknowledge(exchange)
      guard !session.isEstablished, waitingHandshakes.add(exchange, session) else { continue }
      session.isWaiting = true
      MHD_suspend_connection(exchange.connection)
    }
    activeHandshakes.removeAll(keepingCapacity: true)
  }

  /// Acknowledges what has come of a handshake at once: a client that sends small parts only when the last one was acknowledged
  /// (Nagle's algorithm) would keep its next one, or its first request, back for the 40 ms by which the kernel delays acknowledgements.
  private func acknowledge(_ exchange: Exchange) {
    var on: Int32 = 1
    setsockopt(exchange.descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Resumes those whose clients have gone on, or are gone.
  func resumeHandshakes() { waitingHandshakes?.takeReady(resume) }

  /// Ends the handshakes that are left: "it is an API violation to call MHD_stop_daemon while having suspended connections".
  func endHandshakes(_ daemon: OpaquePointer) {
    var areLeft = false
    for exchange in connections where exchange.tls?.isWaiting == true {
      waitingHandshakes?.remove(exchange)
      resume(exchange)
      areLeft = true
    }
    if areLeft { MHD_run(daemon) }
    activeHandshakes.removeAll()
  }

  private func resume(_ exchange: Exchange) {
    exchange.tls?.isWaiting = false
    activeHandshakes.append(exchange)
    MHD_resume_connection(exchange.connection)
  }
}
