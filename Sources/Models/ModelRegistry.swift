import Synchronization

/// Every model that is served, by name and version. Readers see one consistent set.
public final class ModelRegistry: Sendable {
  public enum Lookup: Sendable {
    case found(Model)
    case unknownModel
    case unknownVersion
  }

  private struct Snapshot: Sendable {
    var byName: [String: [Int: Model]]
    var defaultModel: Model
  }

  private let snapshot: Mutex<Snapshot>

  /// - Parameter defaultName: whose highest version is the default model; nil: the first model's.
  /// - Throws: for no models, or two of the same name and version.
  public init(_ models: [Model], defaultName: String? = nil) throws(ModelError) {
    guard let first = models.first else {
      throw ModelError(.name, "models", "there is none; name at least one model file")
    }
    var byName: [String: [Int: Model]] = [:]
    for model in models {
      guard byName[model.name, default: [:]].updateValue(model, forKey: model.version) == nil else {
        throw ModelError(
          .name, model.file.path, "two models are called '\(model.name)'; give one another name with FILE=NAME")
      }
    }
    let name = defaultName ?? first.name
    guard let versions = byName[name], let highest = versions.keys.max(), let model = versions[highest] else {
      throw ModelError(.name, "models", "the default model '\(name)' is not among them")
    }
    snapshot = Mutex(Snapshot(byName: byName, defaultModel: model))
  }

  public var defaultModel: Model { snapshot.withLock { $0.defaultModel } }

  /// - Parameter version: nil: the highest.
  public func model(named name: String, version: Int?) -> Lookup {
    snapshot.withLock { snapshot in
      guard let versions = snapshot.byName[name] else { return .unknownModel }
      guard let model = (version ?? versions.keys.max()).flatMap({ versions[$0] }) else { return .unknownVersion }
      return .found(model)
    }
  }

  /// All models, by name and version.
  public var all: [Model] {
    snapshot.withLock { $0.byName.values.flatMap(\.values).sorted { ($0.name, $0.version) < ($1.name, $1.version) } }
  }
}
