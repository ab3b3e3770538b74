package import Bytes

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
    package var unloading = Unloading.refused(advice: "unload it by taking its files away")
    /// Rows of one request.
    package var maxRequestRows = 16_384
    /// What all requests may take.
    package var memory = MemoryBudget(limit: 512 << 20)

    /// What is said behind a formula that was inferred and that nothing proves: how to prove it.
    package var proofAdvice = "no file can say more; compare its answers with its framework's"

    /// What becomes of requests to unload a model.
    package enum Unloading: Sendable {
      case allowed
      /// With what their callers are told to do instead.
      case refused(advice: String)
    }

    /// No model at all.
    package init() {}
  }
}
