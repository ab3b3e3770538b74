internal import CGnuTLS
import Foundation
import Synchronization

/// An authority of a test's own, and the certificates that it signs, as PEM files in a folder that goes with it.
///
/// `@unchecked Sendable`: `serial` has its lock; the pointers are only read once `init` is over.
public final class TestAuthority: @unchecked Sendable {
  /// A certificate and its key: paths.
  public struct Pair: Sendable {
    public let certificate: String
    public let key: String
  }

  /// What a certificate is for.
  public enum Purpose: Sendable {
    case server, client

    fileprivate var identifier: String {
      switch self {
      case .server: GNUTLS_KP_TLS_WWW_SERVER
      case .client: GNUTLS_KP_TLS_WWW_CLIENT
      }
    }
  }

  /// Where the files are.
  private let folder: URL
  /// Its own certificate: a path.
  public let path: String
  private let certificate: OpaquePointer
  private let key: OpaquePointer
  private let serials = Mutex<UInt64>(1)

  /// - Parameter name: of the authority.
  public init(_ name: String = "Test Authority") throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("certificates-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    (certificate, key) = try Self.unsigned(name, serial: 0, validDays: -1...30)
    gnutls_x509_crt_set_basic_constraints(certificate, 1, -1)
    gnutls_x509_crt_set_key_usage(certificate, UInt32(GNUTLS_KEY_KEY_CERT_SIGN))
    try Self.check(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0))
    path = folder.appendingPathComponent("authority.pem").path
    try Self.pem { gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &$0) }.write(
      toFile: path, atomically: true, encoding: .utf8)
  }

  deinit {
    gnutls_x509_crt_deinit(certificate)
    gnutls_x509_privkey_deinit(key)
    try? FileManager.default.removeItem(at: folder)
  }

  /// Signs a certificate for a key of its own.
  /// - Parameters:
  ///   - file: of the two files, without their endings; files of that name are replaced.
  ///   - isRSA: of the key, instead of an elliptic curve's.
  ///   - hosts: the names that it is for; 127.0.0.1 is an address.
  ///   - validDays: from and until when, in days from now.
  @discardableResult
  public func issue(
    _ file: String, _ purpose: Purpose = .server, hosts: [String] = ["localhost", "127.0.0.1"],
    validDays: ClosedRange<Double> = -1...30, isRSA: Bool = false
  ) throws -> Pair {
    let serial = serials.withLock { serial in
      serial += 1
      return serial
    }
    let (made, madeKey) = try Self.unsigned(file, serial: serial, validDays: validDays, isRSA: isRSA)
    defer {
      gnutls_x509_crt_deinit(made)
      gnutls_x509_privkey_deinit(madeKey)
    }
    try Self.check(gnutls_x509_crt_set_key_purpose_oid(made, purpose.identifier, 0))
    if isRSA {
      // Also for the key exchange that no server should offer, so that its refusal is the server's.
      let usage = GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT
      try Self.check(gnutls_x509_crt_set_key_usage(made, UInt32(usage)))
    }
    for host in hosts {
      var address: [UInt8] = [127, 0, 0, 1]
      try Self.check(
        host == "127.0.0.1"
          ? gnutls_x509_crt_set_subject_alt_name(made, GNUTLS_SAN_IPADDRESS, &address, 4, UInt32(GNUTLS_FSAN_APPEND))
          : gnutls_x509_crt_set_subject_alt_name(
            made, GNUTLS_SAN_DNSNAME, host, UInt32(host.utf8.count), UInt32(GNUTLS_FSAN_APPEND)))
    }
    try Self.check(gnutls_x509_crt_sign2(made, certificate, key, GNUTLS_DIG_SHA256, 0))
    let pair = Pair(
      certificate: folder.appendingPathComponent(file + ".pem").path,
      key: folder.appendingPathComponent(file + ".key").path)
    try Self.pem { gnutls_x509_crt_export2(made, GNUTLS_X509_FMT_PEM, &$0) }
      .write(toFile: pair.certificate, atomically: true, encoding: .utf8)
    try Self.pem { gnutls_x509_privkey_export2(madeKey, GNUTLS_X509_FMT_PEM, &$0) }
      .write(toFile: pair.key, atomically: true, encoding: .utf8)
    return pair
  }

  private static func unsigned(
    _ name: String, serial: UInt64, validDays: ClosedRange<Double>, isRSA: Bool = false
  ) throws -> (OpaquePointer, OpaquePointer) {
    var (certificate, key): (OpaquePointer?, OpaquePointer?)
    try check(gnutls_x509_crt_init(&certificate))
    try check(gnutls_x509_privkey_init(&key))
    // GNUTLS_CURVE_TO_BITS, a macro that Swift does not see.
    let curve = UInt32(1) << 31 | UInt32(GNUTLS_ECC_CURVE_SECP256R1.rawValue)
    try check(gnutls_x509_privkey_generate(key, isRSA ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA, isRSA ? 2048 : curve, 0))
    try check(gnutls_x509_crt_set_version(certificate, 3))
    var number = (serial + 1).bigEndian
    try check(gnutls_x509_crt_set_serial(certificate, &number, 8))
    try check(gnutls_x509_crt_set_dn(certificate, "CN=\(name)", nil))
    let now = Date().timeIntervalSince1970
    try check(gnutls_x509_crt_set_activation_time(certificate, Int(now + validDays.lowerBound * 86_400)))
    try check(gnutls_x509_crt_set_expiration_time(certificate, Int(now + validDays.upperBound * 86_400)))
    try check(gnutls_x509_crt_set_key(certificate, key))
    return (certificate!, key!)
  }

  private static func pem(_ export: (inout gnutls_datum_t) -> Int32) throws -> String {
    var datum = gnutls_datum_t()
    try check(export(&datum))
    defer { gnutls_shim_free(datum.data) }
    return String(decoding: UnsafeBufferPointer(start: datum.data, count: Int(datum.size)), as: UTF8.self)
  }

  private static func check(_ code: Int32) throws {
    if code < 0 { throw HTTPClientFailure(message: String(cString: gnutls_strerror(code))) }
  }
}
