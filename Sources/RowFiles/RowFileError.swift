/// Why a file of rows cannot be read on. `description` is the sentence: where, what, expected, found, what to do.
public struct RowFileError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: Sendable {
    /// The system refused to open or to read it.
    case system
    /// Its contents are not what the format, or the network, needs.
    case content
  }

  public let reason: Reason
  public let description: String

  init(_ reason: Reason, _ file: String, _ sentence: String) {
    self.reason = reason
    description = "\(file): \(sentence)"
  }
}

/// One row that is not what the network needs; the rows behind it can be read all the same.
public struct BadRow: Error, Sendable, Equatable, CustomStringConvertible {
  /// Counted from 0, over good and bad rows.
  public let row: Int
  /// File, line or row, expected, found.
  public let description: String

  public init(row: Int, description: String) {
    self.row = row
    self.description = description
  }
}
