/// The files of a listener that speaks TLS, all in PEM.
public struct TLSFiles: Sendable, Equatable {
  /// The certificate, then those of the authorities between it and a root.
  public var certificate: String
  /// Its private key, not encrypted.
  public var key: String
  /// Authorities, one of which must have signed a client's certificate; nil: clients are not asked for one.
  public var clientAuthority: String?

  /// - Parameters: paths.
  public init(certificate: String, key: String, clientAuthority: String? = nil) {
    (self.certificate, self.key, self.clientAuthority) = (certificate, key, clientAuthority)
  }
}

/// What is wrong with the files of a listener that speaks TLS. `description` is the sentence.
public struct TLSProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// Which file, what was expected and what was found.
  public let description: String
}
