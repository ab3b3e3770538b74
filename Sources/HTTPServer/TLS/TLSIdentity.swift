internal import CGnuTLS
import Synchronization

/// What a server proves itself with, and what it asks of clients; the files may be read again while connections are open.
public final class TLSIdentity: Sendable {
  /// TLS 1.2 and 1.3; ciphers that authenticate what they encrypt, and keys that are forgotten after the connection (RFC 9325 4.2).
  static let priorities: StaticString = """
    NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-KX-ALL:+ECDHE-ECDSA\
    :+ECDHE-RSA:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE
    """

  private let files: TLSFiles
  private let latest: Mutex<TLSCredentials>

  /// Reads the files.
  public init(_ files: TLSFiles) throws(TLSProblem) {
    self.files = files
    latest = Mutex(try TLSCredentials(files))
  }

  /// Reads the files again, for the connections that begin from now on; open ones go on as they are. When something is wrong with a
  /// file, everything stays as it was.
  public func reload() throws(TLSProblem) {
    let read = try TLSCredentials(files)
    latest.withLock { $0 = read }
  }

  /// When the certificate expires, in seconds since the epoch.
  public var expirySeconds: Int { current.expirySeconds }

  /// What a new connection uses.
  var current: TLSCredentials { latest.withLock { $0 } }
}
