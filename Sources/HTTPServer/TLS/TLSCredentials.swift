import Bytes
internal import CGnuTLS

/// GnuTLS's credentials: a certificate, its key and the authorities for clients, as the files had them at one time.
///
/// `@unchecked Sendable`: nothing is changed after `init`, and "the credentials structures can be shared between threads" that only
/// read them (GnuTLS manual, "Thread safety").
final class TLSCredentials: @unchecked Sendable {
  private let pointer: OpaquePointer
  /// Whether a client needs a certificate.
  let asksClients: Bool
  /// When the certificate expires, in seconds since the epoch.
  let expirySeconds: Int

  /// Bytes of a file at most.
  private static let limit = 1 << 20

  /// Reads the files.
  init(_ files: TLSFiles) throws(TLSProblem) {
    let certificate = try Self.read(files.certificate, "a certificate")
    let key = try Self.read(files.key, "a private key")
    let authorities: [UInt8]? =
      if let path = files.clientAuthority { try Self.read(path, "certificates of authorities") } else { nil }
    expirySeconds = try Self.expiry(of: certificate, files.certificate)
    var made: OpaquePointer?
    let code = gnutls_certificate_allocate_credentials(&made)
    guard let made else { throw TLSProblem(description: "no credentials could be made: \(Self.sentence(code))") }
    pointer = made
    asksClients = authorities != nil
    try take(certificate, key, files)
    if let authorities, let path = files.clientAuthority { try take(authorities, path) }
  }

  deinit { gnutls_certificate_free_credentials(pointer) }

  /// Makes a session of libmicrohttpd's use these credentials; they must outlive it.
  /// - Returns: false: GnuTLS refused, and the handshake will fail.
  func apply(to session: OpaquePointer) -> Bool {
    if asksClients { gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE) }
    return gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(pointer)) >= 0
  }

  private func take(_ certificate: [UInt8], _ key: [UInt8], _ files: TLSFiles) throws(TLSProblem) {
    let code = Self.withDatum(certificate) { certificate in
      Self.withDatum(key) { key in
        gnutls_certificate_set_x509_key_mem(pointer, &certificate, &key, GNUTLS_X509_FMT_PEM)
      }
    }
    guard code < 0 else { return }
    throw TLSProblem(
      description: code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH
        ? "\(files.key): expected the key of the certificate in \(files.certificate), found another"
        : "\(files.key): expected a private key in PEM that is not encrypted (\(Self.sentence(code)))")
  }

  private func take(_ authorities: [UInt8], _ path: String) throws(TLSProblem) {
    let count = Self.withDatum(authorities) {
      gnutls_certificate_set_x509_trust_mem(pointer, &$0, GNUTLS_X509_FMT_PEM)
    }
    guard count > 0 else {
      throw TLSProblem(
        description: "\(path): expected certificates of authorities in PEM"
          + (count < 0 ? " (\(Self.sentence(count)))" : ""))
    }
    // Called within the handshake, which fails if this does.
    gnutls_certificate_set_verify_function(pointer) { session in
      var status: UInt32 = 0
      let code = "\(GNUTLS_KP_TLS_WWW_CLIENT)".withCString { purpose in
        var wanted = gnutls_typed_vdata_st()
        wanted.type = GNUTLS_DT_KEY_PURPOSE_OID
        wanted.data = UnsafeMutableRawPointer(mutating: purpose).assumingMemoryBound(to: UInt8.self)
        return gnutls_certificate_verify_peers(session, &wanted, 1, &status)
      }
      return code == 0 && status == 0 ? 0 : GNUTLS_E_CERTIFICATE_ERROR
    }
  }

  /// When the first certificate of a file expires.
  private static func expiry(of file: [UInt8], _ path: String) throws(TLSProblem) -> Int {
    var list: UnsafeMutablePointer<gnutls_x509_crt_t?>?
    var count: UInt32 = 0
    let code = withDatum(file) {
      gnutls_x509_crt_list_import2(
        &list, &count, &$0, GNUTLS_X509_FMT_PEM, UInt32(GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED.rawValue))
    }
    guard code >= 0, let list, count > 0 else {
      throw TLSProblem(
        description: "\(path): expected a certificate in PEM, then those that it was signed with (\(sentence(code)))")
    }
    defer {
      for index in 0..<Int(count) { gnutls_x509_crt_deinit(list[index]) }
      gnutls_shim_free(list)
    }
    return Int(gnutls_x509_crt_get_expiration_time(list[0]))
  }

  private static func read(_ path: String, _ what: String) throws(TLSProblem) -> [UInt8] {
    do throws(SmallFile.Failure) {
      return try SmallFile.contents(of: path, limit: limit)
    } catch {
      switch error {
      case .system(let reason): throw TLSProblem(description: "\(path): expected \(what) in PEM, found none: \(reason)")
      case .tooLarge:
        throw TLSProblem(description: "\(path): expected \(what) in PEM of at most \(limit) bytes, found more")
      }
    }
  }

  private static func withDatum(_ bytes: [UInt8], _ body: (inout gnutls_datum_t) -> Int32) -> Int32 {
    bytes.withUnsafeBufferPointer { bytes in
      // GnuTLS only reads what it is given here; its type does not say so.
      var datum = gnutls_datum_t(data: UnsafeMutablePointer(mutating: bytes.baseAddress), size: UInt32(bytes.count))
      return body(&datum)
    }
  }

  private static func sentence(_ code: Int32) -> String { String(cString: gnutls_strerror(code)) }
}
