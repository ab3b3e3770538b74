import FileFormats

/// Which variables of a file belong to which layer, in Keras' older form: a group for each layer of the model, by its name, with a list
/// `weight_names`; and the list `layer_names` of them all, in the model's order.
///
/// Where the configuration is the file's own, the names tell; else, as Keras does it, the k-th layer takes the k-th group. A model within
/// the model has one list for all its layers.
struct KerasLegacyWeights {
  private let file: HDF5File
  private let path: String
  private let remedy: String
  /// `/model_weights`, or "" for a file of weights alone.
  private let root: String
  /// The groups of the model's own layers, by their index.
  private var groups: [Int: String] = [:]
  /// Paths of the variables, by the position of their layer.
  private var variables: [[Int]: [String]] = [:]

  /// - Parameters:
  ///   - isWhole: whether the configuration is the file's own, so that its names are those of the groups.
  ///   - remedy: what to do when configuration and weights do not fit.
  init(
    _ model: JSONValue, _ chain: KerasChain, in file: HDF5File, root: String, isWhole: Bool, path: String,
    remedy: String
  ) throws(ModelError) {
    self.file = file
    self.path = path
    self.remedy = remedy
    self.root = root
    try matchLayers(of: model, isWhole: isWhole)
    let outermost = Dictionary(grouping: chain.layers) { $0.position[0] }
    for (index, group) in groups.sorted(by: { $0.key < $1.key }) {
      let layers = outermost[index] ?? []
      let names = try list("weight_names", of: group)
      guard let first = layers.first, first.isNested else {
        if let layer = layers.first { variables[layer.position] = names.map { "\(group)/\($0)" } }
        continue
      }
      try matchVariables(names, of: layers, in: group, isWhole: isWhole)
    }
  }

  /// Whether the file has weights in this form at its root.
  static func isForm(of file: HDF5File) throws(FormatError) -> Bool {
    try file.attributes(of: "/")?.contains { $0 == "layer_names" || $0 == "layer_names0" } ?? false
  }

  /// Paths of the layer's variables, in their order.
  subscript(_ position: [Int]) -> [String] { variables[position] ?? [] }

  private mutating func matchLayers(of model: JSONValue, isWhole: Bool) throws(ModelError) {
    let entries = KerasChain.entries(model)
    let names = try list("layer_names", of: root.isEmpty ? "/" : root)
    let named = Dictionary(grouping: entries.indices) { KerasChain.name(entries[$0]) }
    let byName = names.compactMap { name in named[name].flatMap { $0.count == 1 ? $0[0] : nil } }
    if isWhole, byName.count == names.count {
      for (index, name) in zip(byName, names) { groups[index] = "\(root)/\(name)" }
      return
    }
    // A Sequential model's own list of layers leaves the InputLayer out, its configuration does not.
    var indices = Array(entries.indices)
    if KerasChain.className(model) == "Sequential" {
      indices.removeAll { KerasChain.className(entries[$0]) == "InputLayer" }
    }
    guard names.count == indices.count else {
      throw invalid("its weights are those of \(names.count) layers, its configuration has \(indices.count)")
    }
    let expected = indices.map { KerasChain.name(entries[$0]) }
    let isAnotherOrder = Set(expected.compactMap { $0 }) == Set(names)
    for (position, (index, name)) in zip(indices, names).enumerated() {
      if let expected = expected[position], expected != name, isWhole || isAnotherOrder {
        throw invalid(
          "layer \(position) is '\(expected)' in its configuration, and '\(name)' among its weights")
      }
      groups[index] = "\(root)/\(name)"
    }
  }

  /// Sorts the list of a model within the model by its layers: by their names where all are told apart by them, else by their order.
  private mutating func matchVariables(
    _ names: [String], of layers: [KerasLayer], in group: String, isWhole: Bool
  ) throws(ModelError) {
    var parents: [String] = []
    var byParent: [String: [String]] = [:]
    for name in names {
      let parent = name.split(separator: "/").dropLast().joined(separator: "/")
      if byParent[parent] == nil { parents.append(parent) }
      byParent[parent, default: []].append("\(group)/\(name)")
    }
    let named = Dictionary(grouping: layers.filter(\.isNamed), by: \.ownName)
    var matched = parents.compactMap { parent -> KerasLayer? in
      let last = parent.split(separator: "/").last.map(String.init)
      return last.flatMap { named[$0] }.flatMap { $0.count == 1 ? $0[0] : nil }
    }
    if matched.count < parents.count || Set(matched.map(\.position)).count < parents.count {
      // Keras lists what is trained first, and then what is not.
      let holding = layers.filter(\.mayHoldVariables)
      matched = holding.filter { !$0.isFrozen } + holding.filter(\.isFrozen)
      let other = zip(matched, parents).first { layer, parent in
        guard isWhole, layer.isNamed, let last = parent.split(separator: "/").last else { return false }
        return layer.ownName != last
      }
      if let (layer, parent) = other {
        throw invalid("in the place of layer '\(layer.name)' '\(group)' holds variables of '\(parent)'")
      }
    }
    guard matched.count == parents.count else {
      throw invalid(
        "'\(group)' holds variables of \(parents.count) layers, its configuration has \(matched.count) that may have any"
      )
    }
    for (layer, parent) in zip(matched, parents) { variables[layer.position] = byParent[parent] }
  }

  /// A list of names; one too long for an attribute is split into `name0`, `name1`, ….
  private func list(_ name: String, of group: String) throws(ModelError) -> [String] {
    try reading(path) { () throws(FormatError) in
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

  private func invalid(_ sentence: String) -> ModelError {
    ModelError(.architecture, path, "\(sentence); \(remedy)")
  }
}

extension KerasLayer {
  /// Keras' classes that never have variables.
  private static let withoutVariables: Set<String> = [
    "InputLayer", "MaxPooling2D", "MaxPool2D", "AveragePooling2D", "AvgPool2D", "GlobalAveragePooling2D",
    "GlobalMaxPooling2D", "ZeroPadding2D", "Flatten", "Reshape", "Rescaling", "Activation", "ReLU", "LeakyReLU", "ELU",
    "Softmax", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout",
    "GaussianNoise", "AlphaDropout", "ActivityRegularization", "Identity",
  ]

  fileprivate var mayHoldVariables: Bool {
    !Self.withoutVariables.contains(className) && !(className == "Normalization" && config["mean"] != nil)
  }

  /// Whether Keras counts none of its variables among the trained ones.
  fileprivate var isFrozen: Bool { className == "Normalization" || config["trainable"]?.flag == false }
}
