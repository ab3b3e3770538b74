import HTTPServer

/// Where the request of an exchange waits for its answer.
enum RequestPlace {
  /// Nothing is owed.
  case none
  /// Its rows are in the turn's batch.
  case turn
  /// It loads or unloads a model.
  case repository
  /// Its rows are in the compute queue.
  case queue(job: UInt64)
}

/// The context of an exchange: one object a connection, used again for its next request.
private final class PlaceContext {
  var place: RequestPlace
  init(_ place: RequestPlace) { self.place = place }
}

extension Responder {
  /// Set before the request is handed on, and back to `none` with its answer.
  var place: RequestPlace {
    get { (context as? PlaceContext)?.place ?? .none }
    set {
      if let held = context as? PlaceContext { held.place = newValue } else { context = PlaceContext(newValue) }
    }
  }
}
