/// Why a file of rows cannot be read on. `description` is the sentence: where, what, expected, found, what to do.
public struct RowFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Who is to blame.
  public enum Reason: Sendable {
    /// The system refused to open or to read it.
    case system
    /// Its contents are not what the format, or the network, needs.
    case content
  }

  /// Who is to blame.
  public let reason: Reason
  /// The sentence. Options are named in backquotes, as `skip_columns`.
  public let description: String

  /// - Parameter file: its name, with which the sentence begins.
  init(_ reason: Reason, _ file: String, _ sentence: String) {
    self.reason = reason
    // Names out of a file may hold what a terminal would obey.
    description = "\(file): " + sentence.withoutControls
  }
}

/// One row that is not what the network needs; the rows behind it can be read all the same, unless it ends the file.
public struct BadRow: Error, Sendable, Equatable, CustomStringConvertible {
  /// Counted from 0, over good and bad rows.
  public let row: Int
  /// File, line or row, expected, found.
  public let description: String
  /// Whether nobody knows where the next row begins, so that it cannot be left out.
  public let endsFile: Bool

  /// A row that is left out, or ends the run.
  public init(row: Int, description: String, endsFile: Bool = false) {
    self.row = row
    // Fields out of a file may hold what a terminal would obey.
    self.description = description.withoutControls
    self.endsFile = endsFile
  }
}

extension String {
  /// As a terminal may show it.
  var withoutControls: String {
    // In UTF-8 those of Latin 1 begin with 0xc2. Most sentences have none, and a file may have many bad rows.
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7f || $0 == 0xc2 }) else { return self }
    return String(
      map { character in
        character.unicodeScalars.contains { $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) } ? "?" : character
      })
  }

  /// A text out of a file as a sentence quotes it: its beginning, as a terminal may show it.
  public var printable: String { String(prefix(40)).withoutControls }
}
