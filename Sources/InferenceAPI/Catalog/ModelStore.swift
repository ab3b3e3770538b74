import CMalloc
import Logging
package import Models
import Synchronization

/// Keeps what is served equal to what the files say: loads what is new, tests and warms it up off the serving threads, and only then swaps
/// it in. What cannot be loaded is reported, and whatever was served under its name and version goes on being served.
package final class ModelStore: Sendable {
  package typealias Load = @Sendable (ModelSource) throws(ModelError) -> Model

  /// What one look at the files changed.
  package struct Changes: Sendable {
    package var loaded: [ModelSource.Key] = []
    package var removed: [ModelSource.Key] = []
    package var failed: [ModelSource.Key: String] = [:]
  }

  /// What came of a request to load or unload a model.
  enum RepositoryOutcome: Sendable {
    case done
    /// Neither a file nor a served model has that name.
    case unknown(served: [String])
    case failed(String)
    /// It would have taken the last version that can be served.
    case refused
  }

  private struct State {
    var served: [ModelSource.Key: (model: ServedModel, source: ModelSource)] = [:]
    var failures: [ModelSource.Key: (sentence: String, fingerprint: ModelSource.Fingerprint?)] = [:]
    /// Names that are not to be served, whatever the files say, until they are loaded again.
    var unloaded: Set<String> = []
    /// What each of the files and directories named one by one stood for when it last stood for anything.
    var named: [String: [ModelSource]] = [:]
    /// What was said of those that stand for nothing; once is enough.
    var complaints: [String: String] = [:]
    /// In the look before.
    var hasChanged = false
  }

  private let service: Service
  /// Files, and directories with one model, named one by one: they stay served when they vanish.
  private let files: [(path: String, name: String?)]
  private let directory: String?
  private let defaultName: String?
  private let allowsUnload: Bool
  private let load: Load
  /// One look at a time; held while models are loaded.
  private let state = Mutex(State())

  /// - Parameters:
  ///   - files: models named one by one.
  ///   - defaultName: of the model that answers when a request names none.
  ///   - allowsUnload: whether a model may be taken out of service altogether, on request.
  ///   - load: reads a file into a model, with the caller's options.
  package init(
    _ service: Service, files: [(path: String, name: String?)], directory: String?, defaultName: String?,
    allowsUnload: Bool = false, load: @escaping Load
  ) {
    self.service = service
    self.files = files
    self.directory = directory
    self.defaultName = defaultName
    self.allowsUnload = allowsUnload
    self.load = load
  }

  /// Looks at the files now and swaps in what has changed. Any thread; it waits for a look that is under way.
  /// - Parameters:
  ///   - retriesFailures: also what failed before and has not changed since.
  ///   - logsFailures: false: whoever asks reports them.
  @discardableResult
  package func rescan(retriesFailures: Bool, logsFailures: Bool = true) -> Changes {
    state.withLock { state in
      var changes = Changes()
      // By now the reactors have let go of what the look before replaced: what loading and dropping left free goes back.
      if state.hasChanged { malloc_trim(0) }
      var sources = files.flatMap { namedSources($0.path, name: $0.name, &state) }
      if let directory {
        let named = Set(sources.map(\.key))
        do throws(ModelError) {
          sources += try ModelDirectory.scan(directory).filter { !named.contains($0.key) }
        } catch {
          service.logger.error("\(error)")
          // A directory that cannot be read says nothing about its models.
          sources += state.served.filter { !named.contains($0.key) }.map(\.value.source.lookedAtAgain)
        }
      }
      sources.removeAll { state.unloaded.contains($0.key.name) }
      for source in sources { refresh(source, &state, retriesFailures, &changes) }
      if logsFailures { for (key, sentence) in changes.failed { log(failure: sentence, of: key) } }
      let keys = Set(sources.map(\.key))
      for key in state.served.keys where !keys.contains(key) {
        state.served[key] = nil
        changes.removed.append(key)
        service.logger.notice("model removed", metadata: ["model": "\(key.name)", "version": "\(key.version)"])
      }
      state.failures = state.failures.filter { keys.contains($0.key) }
      service.publish(
        Catalog(
          state.served.values.map(\.model), defaultName: defaultName, failures: state.failures.mapValues(\.sentence)))
      state.hasChanged = !changes.loaded.isEmpty || !changes.removed.isEmpty || !changes.failed.isEmpty
      return changes
    }
  }

  /// Looks at the files, also at those of a model that was unloaded or could not be loaded. Any thread.
  func load(_ name: String) -> RepositoryOutcome {
    state.withLock { _ = $0.unloaded.remove(name) }
    rescan(retriesFailures: true)
    let catalog = service.catalog
    if let sentence = catalog.failures.filter({ $0.key.name == name }).min(by: { $0.key < $1.key })?.value {
      return .failed(sentence)
    }
    return catalog.versions(named: name).isEmpty ? .unknown(served: catalog.modelNames) : .done
  }

  /// Takes all versions of a model out of service until it is loaded again. Any thread.
  func unload(_ name: String) -> RepositoryOutcome {
    let catalog = service.catalog
    guard !catalog.versions(named: name).isEmpty else { return .unknown(served: catalog.modelNames) }
    guard allowsUnload else { return .refused }
    state.withLock { _ = $0.unloaded.insert(name) }
    rescan(retriesFailures: false)
    return .done
  }

  /// What a path of the command line stands for at this look. When nothing is there any more it stands for what it did before, which is
  /// then reported as not loaded, once, and served on.
  private func namedSources(_ path: String, name: String?, _ state: inout State) -> [ModelSource] {
    var sources: [ModelSource] = []
    do throws(ModelError) {
      sources = try ModelDirectory.sources(of: path, name: name)
      state.complaints[path] = nil
    } catch {
      if state.complaints.updateValue("\(error)", forKey: path) != "\(error)" { service.logger.error("\(error)") }
    }
    if sources.contains(where: { $0.fingerprint != nil }) { state.named[path] = sources }
    // Looked at again: the files may have gone with their directory.
    return (state.named[path] ?? sources).map(\.lookedAtAgain)
  }

  private func refresh(_ source: ModelSource, _ state: inout State, _ retriesFailures: Bool, _ changes: inout Changes) {
    let key = source.key
    if let served = state.served[key], served.source.fingerprint == source.fingerprint {
      state.failures[key] = nil
      return
    }
    if !retriesFailures, let failure = state.failures[key], failure.fingerprint == source.fingerprint { return }
    let about: Logger.Metadata = ["model": "\(key.name)", "version": "\(key.version)"]
    do throws(ModelError) {
      let model = try load(source)
      try model.selfTest()
      state.served[key] = (service.prepare(model), source)
      state.failures[key] = nil
      changes.loaded.append(key)
      service.count(load: key, succeeded: true)
      service.logger.notice("model loaded", metadata: about)
    } catch {
      state.failures[key] = ("\(error)", source.fingerprint)
      changes.failed[key] = "\(error)"
      service.count(load: key, succeeded: false)
    }
  }

  /// Reports what could not be loaded.
  package func log(failure sentence: String, of key: ModelSource.Key) {
    service.logger.error(
      "model not loaded: \(sentence)", metadata: ["model": "\(key.name)", "version": "\(key.version)"])
  }
}
