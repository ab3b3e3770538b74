/// What an operation is for, from which follows who may ask for it and where. The only place that says so: the documentation's table is held
/// against it.
enum Purpose: String, CaseIterable, Sendable {
  /// Whether the process lives, and whether requests are welcome.
  case health
  /// The page for browsers, which says nothing of the models by itself.
  case page
  case metrics
  /// What the models are.
  case models
  case inference
  /// What is in the repository of models.
  case repository
  /// Changes of the repository.
  case repositoryChange = "repository change"

  /// What a caller must have, where keys are asked for.
  enum Need: String, Sendable {
    case nothing
    case key = "a key"
    case adminKey = "an admin's key"
  }

  var need: Need {
    switch self {
    case .health, .page: .nothing
    case .metrics, .models, .inference, .repository: .key
    case .repositoryChange: .adminKey
    }
  }

  /// Whether it is there on a listener.
  func isOffered(on listener: Listener) -> Bool {
    switch (listener, self) {
    case (.only, _), (_, .health), (_, .metrics): true
    case (.admin, .repository), (.admin, .repositoryChange): true
    case (.admin, .page), (.admin, .models), (.admin, .inference): false
    case (.publicBesideAdmin, .repository), (.publicBesideAdmin, .repositoryChange): false
    case (.publicBesideAdmin, .page), (.publicBesideAdmin, .models), (.publicBesideAdmin, .inference): true
    }
  }
}

/// Where requests come in.
package enum Listener: Sendable {
  /// There is no other.
  case only
  case publicBesideAdmin
  /// For health, metrics and the repository, with connections of its own.
  case admin
}
