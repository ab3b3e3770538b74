internal import CGnuTLS

/// The TLS session of one connection, which libmicrohttpd owns: what is done with it beside libmicrohttpd, on the reactor's thread.
final class TLSSession {
  private let pointer: OpaquePointer
  /// Strong: "the credentials must not be deallocated" while the session uses them.
  let credentials: TLSCredentials
  /// Whether the client has finished its part of the handshake: from then on what is sent is encrypted.
  private(set) var isEstablished = false
  /// Whether libmicrohttpd has suspended the connection until its client goes on with the handshake.
  var isWaiting = false

  /// - Parameter pointer: a session that has not begun its handshake.
  init(_ pointer: OpaquePointer, _ credentials: TLSCredentials) {
    self.pointer = pointer
    self.credentials = credentials
    // Should it fail, the session has libmicrohttpd's credentials, which are empty: the handshake fails.
    _ = credentials.apply(to: pointer)
    // libmicrohttpd's own pointer there is for pre-shared keys, which are not offered.
    gnutls_session_set_ptr(pointer, Unmanaged.passUnretained(self).toOpaque())
    gnutls_handshake_set_hook_function(pointer, UInt32(GNUTLS_HANDSHAKE_FINISHED.rawValue), GNUTLS_HOOK_POST) {
      session, _, _, isIncoming, _ in
      if isIncoming != 0, let held = gnutls_session_get_ptr(session) {
        Unmanaged<TLSSession>.fromOpaque(held).takeUnretainedValue().isEstablished = true
      }
      return 0
    }
  }

  /// Whether the handshake waits for room to send, not for bytes of the client.
  var waitsToSend: Bool { gnutls_record_get_direction(pointer) != 0 }

  /// Sends without waiting, as much as there is room for. Before the end of the handshake nothing: "buggy applications" are kept from
  /// sending in plain text (GNUTLS_E_UNAVAILABLE_DURING_HANDSHAKE).
  func send(_ bytes: UnsafeRawBufferPointer) {
    guard isEstablished else { return }
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = gnutls_record_send(pointer, part.baseAddress, part.count)
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Says that nothing more is sent (the close_notify alert): without it clients take the end for an attack.
  func finishSending() {
    if isEstablished { _ = gnutls_bye(pointer, GNUTLS_SHUT_WR) }
  }

  /// Whether a record of the client's has come behind its handshake.
  var hasReceivedRecords: Bool {
    guard isEstablished else { return false }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8) { number in
      guard gnutls_record_get_state(pointer, 1, nil, nil, nil, number.baseAddress) >= 0 else { return false }
      // The number of the next record, big-endian. In TLS 1.2 the first one is the handshake's last message (RFC 5246 7.4.9); in 1.3
      // the numbers begin anew with the keys for what follows (RFC 8446 5.3).
      let next = number.reduce(0) { $0 << 8 | UInt64($1) }
      return next > (gnutls_protocol_get_version(pointer) == GNUTLS_TLS1_3 ? 0 : 1)
    }
  }
}
