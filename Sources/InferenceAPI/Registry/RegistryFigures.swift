import Models

/// What `/metrics` says of models beside their counters: whose each counter is, and how many loads there were.
struct RegistryFigures: Sendable {
  /// Loads that are counted together.
  struct Load: Hashable, Sendable {
    /// Of the model.
    let name: String
    let succeeded: Bool
  }

  /// The models that this process has ever served, by `ServedModel.metricsIndex`, with the labels of the file loaded
  /// last: counters outlive their model.
  private(set) var owners: [(key: ModelSource.Key, labels: [String]?)] = []
  /// Files that were loaded, and files that could not be, since the process began.
  private(set) var loads: [Load: UInt64] = [:]

  /// The index of a version's counters, the same for every file of it.
  mutating func index(of model: Model) -> Int {
    let key = ModelSource.Key(name: model.name, version: model.version)
    // Found once a load, among few.
    if let index = owners.firstIndex(where: { $0.key == key }) {
      owners[index].labels = model.labels
      return index
    }
    owners.append((key, model.labels))
    return owners.count - 1
  }

  /// Counts one attempt to load a version of `name`.
  mutating func count(loadOf name: String, succeeded: Bool) {
    loads[Load(name: name, succeeded: succeeded), default: 0] += 1
  }
}
