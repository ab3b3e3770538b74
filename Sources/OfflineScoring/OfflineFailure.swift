import Models
package import RowFiles

/// What ended the scoring of a file.
package struct OfflineFailure: Error {
  /// One sentence: where, what, what to do.
  package let message: String
  /// Whether the system is to blame, a disk that is full, and not the rows or the model.
  package let isOfSystem: Bool

  /// - Parameter isOfSystem: a disk that is full, rather than rows or a model.
  package init(_ message: String, isOfSystem: Bool = false) {
    self.message = message
    self.isOfSystem = isOfSystem
  }

  /// Rows that cannot be read on.
  package init(_ error: RowFileError) { self.init(error.description, isOfSystem: error.reason == .system) }

  /// An output that cannot be written.
  init(_ error: ModelError) { self.init("\(error)", isOfSystem: error.reason == .system) }
}
