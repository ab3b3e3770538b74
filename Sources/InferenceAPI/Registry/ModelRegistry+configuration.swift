extension ModelRegistry {
  /// Where the models are, and what may be done with them.
  package struct Configuration: Sendable {
    /// Files, and directories with one model, named one by one: they stay served when they vanish.
    package var files: [(path: String, name: String?)] = []
    /// A directory of models, as `ModelDirectory` describes it.
    package var directory: String?
    /// The name of the model that answers when a request names none; nil: the first in alphabetical order.
    package var defaultName: String?
    /// Whether a request may take a model out of service altogether.
    package var allowsUnload = false
    /// Rows of one request.
    package var maxRequestRows = 16_384

    /// No model at all.
    package init() {}
  }
}
