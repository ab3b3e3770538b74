import Models

/// What is served, what could not be loaded and what was unloaded on request; and what follows for them from what a
/// look at the files found. A value without files, clocks or locks.
struct ModelInventory<Source: VersionSource, Model: Sendable>: Sendable {
  typealias Key = ModelSource.Key

  /// A version that could not be loaded, and the files that it could not be loaded from.
  struct Failure: Sendable {
    let sentence: String
    let fingerprint: Source.Fingerprint?
  }

  /// What is served, and the files that it was loaded from.
  private var loaded: [Key: (model: Model, fingerprint: Source.Fingerprint?)] = [:]
  private var failures: [Key: Failure] = [:]
  /// Names that are not served, though there are files, until they are restored.
  private var unloaded: Set<String> = []

  /// Every version that is served.
  var served: [Key: Model] { loaded.mapValues(\.model) }

  /// The sentence for each version that could not be loaded. An earlier file of it may be served on.
  var sentences: [Key: String] { failures.mapValues(\.sentence) }

  /// The versions of `name` that are served.
  func servedVersions(of name: String) -> [Key] { loaded.keys.filter { $0.name == name }.sorted() }

  /// Whether `name` was unloaded and not restored since.
  func isUnloaded(_ name: String) -> Bool { unloaded.contains(name) }

  /// The versions that have to be loaded so that what is served is what the files say.
  /// - Parameters:
  ///   - sources: every version that the files have, once.
  ///   - retriesFailures: whether to load again what failed before and has not changed since.
  func versionsToLoad(of sources: [Source], retriesFailures: Bool) -> [Source] {
    sources.filter { source in
      if unloaded.contains(source.key.name) { return false }
      if let held = loaded[source.key], held.fingerprint == source.fingerprint { return false }
      guard !retriesFailures, let failure = failures[source.key] else { return true }
      return failure.fingerprint != source.fingerprint
    }
  }

  /// Takes over what was loaded, and drops what the files no longer have.
  ///
  /// A version that failed goes on being served from the files that it was loaded from before. An outcome for a name
  /// that was unloaded while it was being loaded is dropped.
  /// - Parameters:
  ///   - outcomes: of `versionsToLoad(of: sources)`.
  ///   - sources: every version that the files have, once.
  mutating func apply(_ outcomes: [Key: LoadOutcome<Model>], of sources: [Source]) -> ModelChanges {
    let before = sentences
    var changes = ModelChanges()
    let wanted = sources.filter { !unloaded.contains($0.key.name) }
    for source in wanted {
      switch outcomes[source.key] {
      case .loaded(let model):
        loaded[source.key] = (model, source.fingerprint)
        failures[source.key] = nil
        changes.loaded.append(source.key)
      case .failed(let sentence, let told):
        failures[source.key] = Failure(sentence: told, fingerprint: source.fingerprint)
        changes.failed[source.key] = sentence
      case nil:
        // The files that are served came back.
        if let held = loaded[source.key], held.fingerprint == source.fingerprint { failures[source.key] = nil }
      }
    }
    let keys = Set(wanted.map(\.key))
    changes.removed = loaded.keys.filter { !keys.contains($0) }.sorted()
    for key in changes.removed { loaded[key] = nil }
    failures = failures.filter { keys.contains($0.key) }
    changes.needPublishing = !changes.loaded.isEmpty || !changes.removed.isEmpty || sentences != before
    return changes
  }

  /// Takes every version of `name` out, and keeps it out until `restore`.
  mutating func unload(_ name: String) -> ModelChanges {
    unloaded.insert(name)
    let before = failures.count
    var changes = ModelChanges()
    changes.removed = servedVersions(of: name)
    for key in changes.removed { loaded[key] = nil }
    failures = failures.filter { $0.key.name != name }
    changes.needPublishing = !changes.removed.isEmpty || failures.count != before
    return changes
  }

  /// From now on the files decide again whether `name` is served.
  mutating func restore(_ name: String) { unloaded.remove(name) }
}
