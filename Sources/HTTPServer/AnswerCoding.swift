/// How an answer may be compressed.
public enum AnswerCoding: String, Sendable {
  case gzip
  /// In zlib's wrapper (RFC 1950), as RFC 9110 8.4.1.2 has it.
  case deflate

  /// Of an answer that is compressed: below it costs more than it saves.
  public static let leastBytes = 1024
}

extension HTTPRequest {
  /// The coding that `Accept-Encoding` prefers of those that we have: the highest weight, of equal ones the first (RFC 9110 12.5.3). `*`
  /// asks for none. Readable until the answer.
  public var acceptedCoding: AnswerCoding? {
    guard let header = header("Accept-Encoding") else { return nil }
    return AnswerCoding(preferredBy: header)
  }
}

extension AnswerCoding {
  /// - Parameter header: an `Accept-Encoding`.
  init?(preferredBy header: String) {
    var best: (coding: AnswerCoding, weight: Double)?
    for (name, weight) in weightedItems(header) where weight > best?.weight ?? 0 {
      if let coding = AnswerCoding(rawValue: name == "x-gzip" ? "gzip" : name) { best = (coding, weight) }
    }
    guard let best else { return nil }
    self = best.coding
  }
}
