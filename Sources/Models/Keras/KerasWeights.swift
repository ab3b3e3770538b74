import FileFormats

/// One variable of a layer.
struct KerasVariable {
  /// Its last name, without `:0`; nil: the file does not say it.
  let name: String?
  let dataset: HDF5Dataset
}

/// Finds a layer's variables in the file.
struct KerasWeights {
  /// Where a file keeps its variables.
  enum Places {
    /// `<group>/vars/0, 1, …`, in order of creation.
    case groups(KerasGroups)
    case legacy(KerasLegacyWeights)
  }

  let file: HDF5File
  let places: Places
  /// Whether the configuration is the file's own.
  let isWhole: Bool
  let path: String

  /// What to say of variables that no layer of the configuration has; nil: each has its layer.
  var unclaimed: ModelError? { if case .groups(let groups) = places { groups.unclaimed } else { nil } }

  /// The variables of a layer, in the order of their creation.
  func variables(_ layer: KerasLayer) throws(ModelError) -> [KerasVariable] {
    switch places {
    case .groups(let groups):
      guard let group = groups[layer.position] else { return [] }
      try checkName(of: group, layer)
      return try reading(path) { () throws(FormatError) in try variables(in: group) }
    case .legacy(let legacy):
      return try reading(path) { () throws(FormatError) in try variables(legacy[layer.position]) }
    }
  }

  /// The name of something that a `.keras` file keeps for a layer besides numbered variables: of a layer within it, or a variable that
  /// the class saves by itself; nil: nothing. A legacy file has all variables in one list.
  func others(of layer: KerasLayer) throws(ModelError) -> String? {
    guard case .groups(let groups) = places, let group = groups[layer.position] else { return nil }
    if let part = try groups.parts(of: layer.position).min() { return part }
    return try reading(path) { () throws(FormatError) in
      try file.members(of: group + "/vars")?.first { Int($0) == nil }
    }
  }

  private func variables(in group: String) throws(FormatError) -> [KerasVariable] {
    var variables: [KerasVariable] = []
    for number in try file.members(of: group + "/vars")?.compactMap(Int.init).sorted() ?? [] {
      guard let dataset = try file.dataset("\(group)/vars/\(number)") else { continue }
      variables.append(KerasVariable(name: nil, dataset: dataset))
    }
    return variables
  }

  private func variables(_ paths: [String]) throws(FormatError) -> [KerasVariable] {
    var variables: [KerasVariable] = []
    for place in paths {
      guard let dataset = try file.dataset(place) else { throw FormatError(missing: "variable '\(place)'") }
      let last = place.split(separator: "/").last.map { String($0.prefix { $0 != ":" }) }
      variables.append(KerasVariable(name: last, dataset: dataset))
    }
    return variables
  }

  /// Later versions of Keras 3 write each layer's name beside its variables.
  private func checkName(of group: String, _ layer: KerasLayer) throws(ModelError) {
    let name = try reading(path) { () throws(FormatError) in
      try file.strings(attribute: "name", of: group + "/vars")?.first
    }
    guard isWhole, layer.isNamed, let name, name != layer.ownName else { return }
    throw ModelError(
      .architecture, path,
      "layer '\(layer.name)' (\(layer.className)): the variables in its place, '\(group)', are those of a layer '\(name)'; configuration and weights do not belong together, save the model again"
    )
  }
}
