import HTTPServer
import Models

/// Every model that is served, by name and version. Immutable: a change makes another catalog, so that whoever holds
/// one sees one consistent set.
final class ModelCatalog: Sendable {
  /// By name and version.
  let all: [ServedModel]
  /// What answers when a request names no model: the highest version of the default name.
  let defaultModel: ServedModel?
  /// The sentence for each version that could not be loaded; an earlier file of it may be served on.
  let failures: [ModelSource.Key: String]
  /// The answer to `GET /models`.
  let list: FixedResponse
  private let byName: [String: [Int: ServedModel]]

  /// A catalog of versions that are ready to answer.
  /// - Parameter defaultName: of the model that answers when a request names none; by default, and when nothing of that
  ///   name is served, the first name in alphabetical order.
  init(_ models: [ServedModel], defaultName: String?, failures: [ModelSource.Key: String]) {
    let all = models.sorted { $0.key < $1.key }
    let byName = Dictionary(grouping: models, by: \.key.name).mapValues { versions in
      Dictionary(uniqueKeysWithValues: versions.map { ($0.key.version, $0) })
    }
    // The name that was asked for may have no file yet.
    let name = defaultName.flatMap { byName[$0] == nil ? nil : $0 } ?? byName.keys.min()
    let defaultModel = name.flatMap { byName[$0]?.max { $0.key < $1.key }?.value }
    (self.all, self.byName, self.defaultModel) = (all, byName, defaultModel)
    self.failures = failures
    list = FixedResponse(status: 200, body: JSONDocument.text(of: ModelList(all, defaultModel, failures)))
  }

  /// The model that a request names: without a name the default model, without a version the highest.
  /// - Throws: when nothing is served, or nothing of that name, version or label.
  func served(_ reference: ModelReference) throws(APIError) -> ServedModel {
    guard let name = reference.name else {
      guard let defaultModel else { throw .noModel }
      return defaultModel
    }
    guard let versions = byName[name] else { throw .unknownModel(name, served: modelNames) }
    // A label that is not known is an error and not the default: a canary that is missing must not be the old model
    // unseen.
    if let label = reference.label, label != "stable" { throw .unknownLabel(label, of: name) }
    guard let served = (reference.version ?? versions.keys.max()).flatMap({ versions[$0] }) else {
      throw .unknownVersion(reference.version ?? 0, of: name)
    }
    return served
  }

  /// The version that a request names, or all of its model's.
  func versions(_ reference: ModelReference) throws(APIError) -> [ServedModel] {
    let served = try served(reference)
    return reference.version == nil && reference.label == nil ? versions(named: served.key.name) : [served]
  }

  /// Every version of a name, ascending; empty: nothing of that name is served.
  func versions(named name: String) -> [ServedModel] { all.filter { $0.key.name == name } }

  /// Every name, once.
  var modelNames: [String] { byName.keys.sorted() }

  /// Whether this very model is served, and not another file of the same version.
  func contains(_ model: ServedModel) -> Bool { byName[model.key.name]?[model.key.version] === model }
}

/// `GET /models`: every model and version with its state.
private struct ModelList: Encodable {
  /// A version and what has become of its files.
  struct Entry: Encodable {
    let name: String
    let version: String
    let state: String
    let `default`: Bool
    /// Why the latest file could not be loaded; an earlier one may be served on.
    let error: String?
  }

  let models: [Entry]

  /// Every version that is served or could not be loaded.
  init(_ models: [ServedModel], _ defaultModel: ServedModel?, _ failures: [ModelSource.Key: String]) {
    let served = Dictionary(uniqueKeysWithValues: models.map { ($0.key, $0) })
    self.models = Set(served.keys).union(failures.keys).sorted().map { key in
      Entry(
        name: key.name, version: String(key.version), state: served[key] == nil ? "failed" : "ready",
        default: served[key].map { $0 === defaultModel } ?? false, error: failures[key])
    }
  }
}
