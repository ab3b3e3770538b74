import HTTPServer
import Models

/// Every model that is served, by name and version. Immutable: a change makes another catalog, so that whoever holds one sees one
/// consistent set.
final class Catalog: Sendable {
  enum Lookup: Sendable {
    case found(ServedModel)
    case unknownModel
    case unknownVersion
  }

  /// By name and version.
  let all: [ServedModel]
  /// What answers when a request names no model: the highest version of the default name.
  let defaultModel: ServedModel?
  /// The answer to `GET /models`.
  let list: FixedResponse
  private let byName: [String: [Int: ServedModel]]

  /// - Parameters:
  ///   - defaultName: by default, and when nothing of that name is served, the first name in alphabetical order.
  ///   - failures: the sentence for each version that could not be loaded; an earlier file of it may be served on.
  init(_ models: [ServedModel], defaultName: String?, failures: [ModelSource.Key: String]) {
    let all = models.sorted { $0.key < $1.key }
    let byName = Dictionary(grouping: models, by: \.key.name).mapValues { versions in
      Dictionary(uniqueKeysWithValues: versions.map { ($0.key.version, $0) })
    }
    let name = defaultName.flatMap { byName[$0] == nil ? nil : $0 } ?? byName.keys.min()
    let defaultModel = name.flatMap { byName[$0]?.max { $0.key < $1.key }?.value }
    (self.all, self.byName, self.defaultModel) = (all, byName, defaultModel)
    list = Self.list(all, defaultModel, failures)
  }

  /// - Parameter version: nil: the highest.
  func model(named name: String, version: Int?) -> Lookup {
    guard let versions = byName[name] else { return .unknownModel }
    guard let model = (version ?? versions.keys.max()).flatMap({ versions[$0] }) else { return .unknownVersion }
    return .found(model)
  }

  func contains(_ model: ServedModel) -> Bool { byName[model.key.name]?[model.key.version] === model }

  private static func list(
    _ models: [ServedModel], _ defaultModel: ServedModel?, _ failures: [ModelSource.Key: String]
  ) -> FixedResponse {
    func quoted(_ text: String) -> String { String(decoding: JSONWriter.escaped(text), as: UTF8.self) }
    let served = Dictionary(uniqueKeysWithValues: models.map { ($0.key, $0) })
    let items = Set(served.keys).union(failures.keys).sorted().map { key in
      let state = served[key] == nil ? "failed" : "ready"
      let error = failures[key].map { ",\"error\":\(quoted($0))" } ?? ""
      let isDefault = served[key].map { $0 === defaultModel } ?? false
      return
        "{\"name\":\(quoted(key.name)),\"version\":\"\(key.version)\",\"state\":\"\(state)\",\"default\":\(isDefault)\(error)}"
    }
    return FixedResponse(
      status: 200, contentType: "application/json", body: "{\"models\":[\(items.joined(separator: ","))]}")
  }
}
