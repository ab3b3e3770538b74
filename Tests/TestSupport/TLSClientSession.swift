internal import CGnuTLS
import Foundation

/// What a client wants of a server that speaks TLS.
public struct TLSClientSettings: Sendable {
  /// The authority that it trusts: a path.
  public var authority: String
  /// What it proves itself with.
  public var pair: TestAuthority.Pair?
  /// GnuTLS's priority string: versions and ciphers.
  public var priorities = "NORMAL"

  public init(authority: String, pair: TestAuthority.Pair? = nil) { (self.authority, self.pair) = (authority, pair) }
}

/// TLS over a connected socket, which blocks; the server must be `localhost`.
final class TLSClientSession {
  private let session: OpaquePointer
  private let credentials: OpaquePointer
  private let name = strdup("localhost")

  /// Shakes hands.
  init(_ settings: TLSClientSettings, descriptor: Int32) throws {
    var (session, credentials): (OpaquePointer?, OpaquePointer?)
    gnutls_certificate_allocate_credentials(&credentials)
    gnutls_init(&session, UInt32(GNUTLS_CLIENT.rawValue) | UInt32(GNUTLS_NO_SIGNAL.rawValue))
    guard let session, let credentials else { throw HTTPClientFailure(message: "no session") }
    (self.session, self.credentials) = (session, credentials)
    try check(gnutls_certificate_set_x509_trust_file(credentials, settings.authority, GNUTLS_X509_FMT_PEM))
    if let pair = settings.pair {
      try check(gnutls_certificate_set_x509_key_file(credentials, pair.certificate, pair.key, GNUTLS_X509_FMT_PEM))
    }
    try check(gnutls_priority_set_direct(session, settings.priorities, nil))
    try check(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(credentials)))
    // "The hostname must not be deallocated": a pointer to it is kept.
    gnutls_session_set_verify_cert(session, name, 0)
    gnutls_transport_set_int2(session, descriptor, descriptor)
    let code = gnutls_handshake(session)
    if code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR {
      var text = gnutls_datum_t()
      let status = gnutls_session_get_verify_cert_status(session)
      gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0)
      defer { gnutls_shim_free(text.data) }
      let bytes = UnsafeBufferPointer(start: text.data, count: Int(text.size))
      throw HTTPClientFailure(message: "TLS: " + String(decoding: bytes, as: UTF8.self))
    }
    try check(code)
  }

  deinit {
    gnutls_deinit(session)
    gnutls_certificate_free_credentials(credentials)
    free(name)
  }

  func send(_ bytes: UnsafeRawBufferPointer) -> Int { gnutls_record_send(session, bytes.baseAddress, bytes.count) }

  func receive(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
    gnutls_record_recv(session, bytes.baseAddress, bytes.count)
  }

  func finishSending() { gnutls_bye(session, GNUTLS_SHUT_WR) }

  private func check(_ code: Int32) throws {
    if code < 0 { throw HTTPClientFailure(message: "TLS: " + String(cString: gnutls_strerror(code))) }
  }
}
