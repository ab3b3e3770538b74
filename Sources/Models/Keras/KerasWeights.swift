import FileFormats

/// One variable of a layer.
struct KerasVariable {
  /// Its last name, without `:0`; nil: the file does not say it.
  let name: String?
  let dataset: HDF5Dataset
}

/// Finds a layer's variables in the file.
struct KerasWeights {
  enum Layout {
    /// `/layers/<group>/vars/0, 1, …`, in order of creation.
    case archive
    /// `/model_weights/<layer>/<weight name>`, in the order of the attribute `weight_names`.
    case legacy
  }

  let file: HDF5File
  let layout: Layout
  let path: String

  func variables(_ layer: KerasLayer) throws(ModelError) -> [KerasVariable] {
    try reading(path) { () throws(FormatError) in
      switch layout {
      case .archive: try archived(layer)
      case .legacy: try legacy(layer)
      }
    }
  }

  /// The name of something that a `.keras` file keeps for a layer besides numbered variables: of a layer within it, or a variable that
  /// the class saves by itself; nil: nothing. A legacy file has all variables in one list.
  func others(of layer: KerasLayer) throws(ModelError) -> String? {
    guard layout == .archive else { return nil }
    return try reading(path) { () throws(FormatError) in
      let parts = try file.members(of: layer.group) ?? []
      let variables = try file.members(of: layer.group + "/vars") ?? []
      return parts.first { $0 != "vars" } ?? variables.first { Int($0) == nil }
    }
  }

  private func archived(_ layer: KerasLayer) throws(FormatError) -> [KerasVariable] {
    let group = layer.group + "/vars"
    let names = try file.members(of: group) ?? []
    var variables: [KerasVariable] = []
    for number in names.compactMap(Int.init).sorted() {
      guard let dataset = try file.dataset("\(group)/\(number)") else { continue }
      variables.append(KerasVariable(name: nil, dataset: dataset))
    }
    return variables
  }

  private func legacy(_ layer: KerasLayer) throws(FormatError) -> [KerasVariable] {
    let group = "/model_weights/" + layer.outermost
    var variables: [KerasVariable] = []
    for name in try list("weight_names", of: group) {
      let parts = name.split(separator: "/")
      // A model inside the model keeps the variables of all its layers in one list; the part before the last is the layer.
      if layer.isNested, parts.dropLast().last.map(String.init) != layer.ownName { continue }
      guard let dataset = try file.dataset("\(group)/\(name)") else {
        throw FormatError(missing: "variable '\(name)' of '\(group)'")
      }
      let last = parts.last.map { String($0.prefix { $0 != ":" }) }
      variables.append(KerasVariable(name: last, dataset: dataset))
    }
    return variables
  }

  /// A list of names; one too long for an attribute is split into `name0`, `name1`, ….
  private func list(_ name: String, of group: String) throws(FormatError) -> [String] {
    if let whole = try file.strings(attribute: name, of: group) { return whole }
    var all: [String] = []
    var number = 0
    while let part = try file.strings(attribute: "\(name)\(number)", of: group) {
      all += part
      number += 1
    }
    return all
  }
}
