package import Models

/// What came of loading one version.
enum LoadOutcome<Model: Sendable>: Sendable {
  case loaded(Model)
  /// With the sentence that says why, for the log, and for callers, who learn no more of the file's path than its name.
  case failed(String, told: String)
}

/// What one look at the files, or one request, changed.
package struct ModelChanges: Sendable, Equatable {
  /// Versions that are served now, newly or from other files than before.
  package var loaded: [ModelSource.Key] = []
  /// Versions that are no longer served.
  package var removed: [ModelSource.Key] = []
  /// Versions that could not be loaded, each with the sentence that says why.
  package var failed: [ModelSource.Key: String] = [:]
  /// Whether anything that callers can see is different: a version that failed again for the same reason is not.
  package var needPublishing = false
}
