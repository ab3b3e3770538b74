import Glibc
import HTTPServer
import Logging

/// What the flags say of TLS.
extension Serve {
  /// What the server proves itself with; nil: it speaks no TLS.
  func tlsIdentity() throws -> TLSIdentity? {
    guard let certificate = options.address.tlsCert, let key = options.tlsKey else {
      if let flag = options.address.tlsCert != nil
        ? "cert" : options.tlsKey != nil ? "key" : options.tlsClientCA != nil ? "client-ca" : nil
      {
        throw Failure.usage("--tls-\(flag): expected both --tls-cert and --tls-key; give the other as well")
      }
      return nil
    }
    do throws(TLSProblem) {
      return try TLSIdentity(TLSFiles(certificate: certificate, key: key, clientAuthority: options.tlsClientCA))
    } catch {
      throw Failure.usage("\(error)")
    }
  }

  /// Reads the files again; open connections stay.
  func reload(_ identity: TLSIdentity, _ logger: Logger) {
    do throws(TLSProblem) {
      try identity.reload()
      logger.notice("certificate read", metadata: ["expires": .stringConvertible(identity.expirySeconds)])
      warnOfExpiry(of: identity, logger)
    } catch {
      logger.error("the certificate stays as it was: \(error)")
    }
  }

  /// A certificate that has expired is served all the same: whether it counts is the client's to say.
  func warnOfExpiry(of identity: TLSIdentity, _ logger: Logger) {
    guard identity.expirySeconds <= time(nil) else { return }
    logger.warning(
      "the certificate has expired; clients will refuse it",
      metadata: ["expired": .stringConvertible(identity.expirySeconds)])
  }
}
