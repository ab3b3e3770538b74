/// Which model a request names: none is the default model, no version is the highest.
struct ModelReference: Equatable, Sendable {
  var name: String?
  var version: Int?
  /// Of a version, as TensorFlow Serving has them.
  var label: String?
}
