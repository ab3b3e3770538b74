/// One subscriber's wish to be told of every new catalog; it ends with the last reference to it.
///
/// A registry holds its subscriptions weakly: a reactor refers to the registry through its handler, and must not be
/// kept alive by it.
final class CatalogSubscription: Sendable {
  private let didPublish: @Sendable () -> Void

  /// - Parameter didPublish: called on any thread after a catalog was published; it must not block.
  init(didPublish: @escaping @Sendable () -> Void) { self.didPublish = didPublish }

  /// Tells the subscriber. Any thread.
  func notify() { didPublish() }
}

/// A subscription that may have ended.
struct WeakSubscription: Sendable {
  weak let subscription: CatalogSubscription?
}
