/// What a path stands for: an operation, and the model that it names. Immutable, so that the requests to a path share it.
final class Route: Sendable {
  let endpoint: Endpoint
  /// The value of the metric label `route`.
  let label: RouteLabel
  let reference: ModelReference

  /// What a path was found to be.
  init(_ endpoint: Endpoint, _ label: RouteLabel, _ reference: ModelReference) {
    self.endpoint = endpoint
    self.label = label
    self.reference = reference
  }
}
