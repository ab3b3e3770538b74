import CMalloc
import Dispatch
package import Logging
package import Models
import Synchronization

/// Every model that can be served: keeps the catalog equal to what the files say and to what was asked for by request.
///
/// What is new is loaded, tested and warmed up on one serial queue, one look at the files at a time, and only then
/// swapped in. What cannot be loaded is reported, and what was served under its name and version goes on being
/// served. A catalog is published only when it differs from the one before, and subscribers are told then and at no
/// other time.
///
/// Any thread may call anything; only `loadAll` and the completion of `load` wait for a load that is under way.
package final class ModelRegistry: Sendable {
  /// What came of a request to load or unload a model.
  enum RequestOutcome: Sendable, Equatable {
    case done
    /// Neither a file nor a served model has that name.
    case unknown(served: [String])
    case failed(String)
    /// Models may not be unloaded; with what to do about it.
    case refused(advice: String)
  }

  /// Why the files are looked at.
  private enum Occasion {
    /// The process begins: whoever asks reports the failures.
    case start
    /// The files have changed.
    case change
    /// SIGHUP.
    case signal
    /// A request to load a model.
    case request
  }

  private struct State {
    var inventory = ModelInventory<ModelSource, ServedModel>()
    /// What the look before found.
    var snapshot: SourceSnapshot<ModelSource>
    var catalog = ModelCatalog([], defaultName: nil, failures: [:])
    var subscriptions: [WeakSubscription] = []
    /// A change of the files was noticed, and the look that takes it over has not begun.
    var isLookWaiting = false
    /// Requests to load whose look has not begun, and who is told what came of them.
    var waitingLoads: [(name: String, completion: @Sendable (RequestOutcome) -> Void)] = []
    /// Changes of the files are ignored.
    var isFrozen = false
    /// Models were loaded or dropped since memory was last given back.
    var hasFreedMemory = false
  }

  /// Differs for every catalog, so that noticing another one costs a load.
  let generation = Atomic<UInt64>(0)
  private let configuration: Configuration
  private let logger: Logger
  private let places: ModelPlaces
  private let loader: ModelLoader
  /// Looks at the files and loads, one at a time.
  private let queue = DispatchQueue(label: "radial.registry")
  /// Held for as long as it takes to compare and to copy; never while files are read, or a model is loaded or measured.
  private let state: Mutex<State>

  /// A registry that serves nothing until `loadAll`.
  /// - Parameter read: reads one version's files into a model; called on the registry's queue.
  package init(_ configuration: Configuration, logger: Logger, read: @escaping ModelLoader.Read) {
    self.configuration = configuration
    self.logger = logger
    places = ModelPlaces(files: configuration.files, directory: configuration.directory)
    loader = ModelLoader(
      maxRequestRows: configuration.maxRequestRows, memory: configuration.memory,
      proofAdvice: configuration.proofAdvice, logger: logger, read: read)
    state = Mutex(State(snapshot: places.snapshotBeforeFirstLook))
  }

  // MARK: What is served

  /// What is served now.
  var catalog: ModelCatalog { state.withLock { $0.catalog } }

  /// Every version that is served, by name and version.
  package var models: [Model] { catalog.all.map(\.model) }

  /// Whose counters are whose, and how many loads there were.
  var figures: RegistryFigures { loader.figures }

  /// From now on `didPublish` is called after every publication, for as long as the subscription lives.
  func subscribe(didPublish: @escaping @Sendable () -> Void) -> CatalogSubscription {
    let subscription = CatalogSubscription(didPublish: didPublish)
    state.withLock { $0.subscriptions.append(WeakSubscription(subscription: subscription)) }
    return subscription
  }

  /// Reports a version that could not be loaded.
  package func log(failure sentence: String, of key: ModelSource.Key) { loader.log(failure: sentence, of: key) }

  // MARK: Looks at the files

  /// Loads everything that the files have, and returns when it is done. Failures are returned and not logged.
  package func loadAll() -> ModelChanges { queue.sync { look(.start) } }

  /// Takes over what has changed in the files since the look before. Loads nothing on the calling thread.
  ///
  /// Files that have not changed cost a few system calls here, and wake no other thread.
  package func lookForChanges() {
    giveMemoryBack()
    let known = state.withLock { $0.snapshot }
    guard places.look(after: known) != known else { return }
    let isFirst = state.withLock { state in
      defer { state.isLookWaiting = true }
      return !state.isLookWaiting
    }
    // One look that waits is enough, however long the load before it takes.
    if isFirst { queue.async { [self] in _ = look(.change) } }
  }

  /// Looks at the files, and tries again what failed before, in the background.
  package func lookAgain() { queue.async { [self] in _ = look(.signal) } }

  /// From now on neither changes of the files nor `lookAgain` change what is served. Requests do.
  package func freeze() { state.withLock { $0.isFrozen = true } }

  private func look(_ occasion: Occasion) -> ModelChanges {
    giveMemoryBack()
    let known = state.withLock { state in
      state.isLookWaiting = false
      return state.snapshot
    }
    let found = places.look(after: known)
    // A directory that stays unreadable is reported once, and again to whoever asks.
    for complaint in found.complaints where occasion != .change || !known.complaints.contains(complaint) {
      logger.error("\(complaint)")
    }
    for sentence in found.overlooked where occasion != .change || !known.overlooked.contains(sentence) {
      logger.warning("\(sentence)")
    }
    let sources = found.sources
    let missing = state.withLock { state in
      state.snapshot = found
      return state.inventory.versionsToLoad(of: sources, retriesFailures: occasion != .change)
    }
    var outcomes: [ModelSource.Key: LoadOutcome<ServedModel>] = [:]
    for source in missing { outcomes[source.key] = loader.load(source) }
    let changes = update { state in
      // What is in flight while a server drains is answered by the models that it began with.
      let isIgnored = state.isFrozen && occasion != .request
      return isIgnored ? ModelChanges() : state.inventory.apply(outcomes, of: sources)
    }
    if occasion != .start {
      for (key, sentence) in changes.failed.sorted(by: { $0.key < $1.key }) { loader.log(failure: sentence, of: key) }
    }
    return changes
  }

  // MARK: Requests

  /// Looks at the files, also at those of a model that was unloaded or could not be loaded, and then says what came of
  /// `name`. Requests that come while a look is under way share the next one: however many ask, others wait for two.
  /// - Parameter completion: called on the registry's queue, once what can be loaded is served.
  func load(_ name: String, completion: @escaping @Sendable (RequestOutcome) -> Void) {
    let isFirst = state.withLock { state in
      state.waitingLoads.append((name, completion))
      return state.waitingLoads.count == 1
    }
    if isFirst { queue.async { self.answerLoads() } }
  }

  private func answerLoads() {
    let loads = state.withLock { state in
      for load in state.waitingLoads { state.inventory.restore(load.name) }
      defer { state.waitingLoads = [] }
      return state.waitingLoads
    }
    _ = look(.request)
    for load in loads { load.completion(state.withLock { Self.outcome(of: load.name, $0) }) }
  }

  private static func outcome(of name: String, _ state: State) -> RequestOutcome {
    // Unloaded by another request since: it was loaded all the same.
    if state.inventory.isUnloaded(name) { return .done }
    if let failure = state.catalog.failures.filter({ $0.key.name == name }).min(by: { $0.key < $1.key }) {
      return .failed(failure.value)
    }
    let isServed = !state.inventory.servedVersions(of: name).isEmpty
    return isServed ? .done : .unknown(served: state.catalog.modelNames)
  }

  /// Takes all versions of a model out of service until it is loaded again. At once, also while models are loaded.
  func unload(_ name: String) -> RequestOutcome {
    var outcome = RequestOutcome.done
    _ = update { state in
      if state.inventory.servedVersions(of: name).isEmpty {
        outcome = .unknown(served: state.catalog.modelNames)
      } else if case .refused(let advice) = configuration.unloading {
        outcome = .refused(advice: advice)
      } else {
        return state.inventory.unload(name)
      }
      return ModelChanges()
    }
    return outcome
  }

  // MARK: Publication

  /// Changes the inventory, and publishes a catalog if callers can see the difference. Requests in flight finish on the
  /// models that they began with.
  private func update(_ body: (inout State) -> ModelChanges) -> ModelChanges {
    let (changes, subscriptions, replaced, published) = state.withLock { state in
      let changes = body(&state)
      // The last reference to a model may be the replaced catalog's: it is let go of outside the lock.
      let replaced = state.catalog
      if changes != ModelChanges() { state.hasFreedMemory = true }
      guard changes.needPublishing else { return (changes, [WeakSubscription](), replaced, replaced) }
      let served = Array(state.inventory.served.values)
      state.catalog = ModelCatalog(
        served, defaultName: configuration.defaultName, failures: state.inventory.sentences)
      generation.wrappingAdd(1, ordering: .releasing)
      state.subscriptions.removeAll { $0.subscription == nil }
      return (changes, state.subscriptions, replaced, state.catalog)
    }
    for key in changes.removed { loader.log(removalOf: key) }
    if let before = replaced.defaultModel?.key.name, let now = published.defaultModel?.key.name, before != now {
      logger.notice(
        "another model answers requests that name none",
        metadata: ["model": "\(now)", "before": "\(before)"])
    }
    withExtendedLifetime(replaced) { for entry in subscriptions { entry.subscription?.notify() } }
    return changes
  }

  /// Gives back to the system what loading and dropping models left free, once the reactors have let go of what was
  /// replaced: at the look after the one that changed something.
  private func giveMemoryBack() {
    let isDue = state.withLock { state in
      defer { state.hasFreedMemory = false }
      return state.hasFreedMemory
    }
    if isDue { malloc_trim(0) }
  }
}
