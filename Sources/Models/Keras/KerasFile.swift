import FileFormats
import RadialEngine

/// A model as Keras saved it, `.keras` or legacy `.h5`, or its weights beside its configuration, read without Python: the configuration
/// becomes an architecture, the variables the tensors that this names.
///
/// Only the keys that are needed are taken, so that files of every Keras from 2.13 on open alike. Nothing in a file is executed.
struct KerasFile: TensorSource {
  /// A configuration takes about a kilobyte a layer.
  private static let maximumConfigurationBytes = 16 << 20
  private static let maximumWeightsBytes = Int(UInt32.max) - 1
  /// Trained numbers hardly pack. Weights beyond `freelyUnpackedBytes` may take this many times the bytes that they are packed in.
  private static let maximumPacking = 32
  private static let freelyUnpackedBytes = 64 << 20

  /// For sentences: the file's, and that of a configuration beside it.
  let path: String
  let form: ModelForm
  let file: FileContents
  let metadata: [String: String] = [:]
  private let network: Architecture
  private let scaling: Preprocessing?
  let tensors: [String: Tensor]
  let notes: [String]

  /// Opens a file, whose first bytes say which form it has, and translates the whole network.
  init(_ file: FileContents, path: String, _ options: LoadOptions) throws(ModelError) {
    self.file = file
    let content =
      try ZipArchive.isArchive(ByteSlice(file))
      ? Self.openArchive(file, path, options) : Self.openHDF5(file, path, options)
    form = content.form
    // Every sentence about a network in two files names both.
    let source = content.configurationPath
    let path = source.map { "\(path) with `config` \($0)" } ?? path
    self.path = path
    let chain = try KerasChain(content.configuration, path: path)
    let weights = try content.weights(chain, path)
    if source != nil, let unclaimed = weights.unclaimed { throw unclaimed }
    var translator = KerasTranslator(path: path, options: options, version: content.version, weights: weights)
    try translator.translate(chain)
    if let unclaimed = weights.unclaimed { throw unclaimed }
    if let gamma = options.gamma, !translator.usesGamma, !options.ignoresOtherForms {
      throw ModelError(
        .architecture, path,
        "`gamma` \(gamma) is taken by no layer: each has its gamma or sigma among its weights, or computes without one; leave it out"
      )
    }
    network = try translator.architecture
    scaling = translator.preprocessing
    tensors = translator.tensors
    notes = translator.precisionNote.map { [$0] } ?? []
  }

  /// The network, translated.
  func architecture() -> Architecture { network }
  /// What a Rescaling layer at the beginning does.
  func preprocessing() -> Preprocessing? { scaling }

  private struct Content {
    let form: ModelForm
    let version: KerasVersion
    let configuration: JSONValue
    let file: HDF5File
    /// Where the variables of the older form lie; nil: they are in the groups of the newer one.
    let legacyRoot: String?
    /// nil: the configuration is the file's own.
    let configurationPath: String?

    func weights(_ chain: KerasChain, _ path: String) throws(ModelError) -> KerasWeights {
      let isWhole = configurationPath == nil
      let remedy =
        "configuration and weights do not belong together, "
        + (isWhole ? "save the model again" : "give what this very network's to_json() returned")
      let places: KerasWeights.Places =
        if let legacyRoot {
          .legacy(
            try KerasLegacyWeights(
              configuration, chain, in: file, root: legacyRoot, isWhole: isWhole, path: path, remedy: remedy))
        } else {
          .groups(try KerasGroups(configuration, in: file, path: path, remedy: remedy))
        }
      return KerasWeights(file: file, places: places, isWhole: isWhole, path: path)
    }
  }

  /// A zip of `metadata.json`, `config.json` and `model.weights.h5`.
  private static func openArchive(
    _ file: FileContents, _ path: String, _ options: LoadOptions
  ) throws(ModelError) -> Content {
    let archive = try reading(path) { () throws(FormatError) in try ZipArchive(ByteSlice(file)) }
    if let foreign = ForeignFile(archive) { throw foreign.refusal(path) }
    try refuseConfiguration(options, path)
    try checkPacking(archive, path)
    let (configuration, metadata, weights) = try reading(path) { () throws(FormatError) in
      let configuration = try archive.contents("config.json", limit: maximumConfigurationBytes)
      let metadata =
        archive.names.contains("metadata.json")
        ? try archive.contents("metadata.json", limit: maximumConfigurationBytes) : ByteSlice([])
      let weights = try HDF5File(archive.contents("model.weights.h5", limit: maximumWeightsBytes))
      return (configuration, metadata, weights)
    }
    let json = try parse(configuration, "config.json", path)
    let text = metadata.count == 0 ? nil : try parse(metadata, "metadata.json", path)["keras_version"]?.text
    return Content(
      form: .keras(version: text), version: try KerasVersion(text, json, path), configuration: json, file: weights,
      legacyRoot: nil, configurationPath: nil)
  }

  /// Refuses an archive of a few megabytes that would take gigabytes of memory.
  private static func checkPacking(_ archive: ZipArchive, _ path: String) throws(ModelError) {
    guard let member = archive.member("model.weights.h5"), member.size > freelyUnpackedBytes,
      member.size / maximumPacking > member.compressedSize
    else { return }
    throw ModelError(
      .file, path,
      "'model.weights.h5' has \(member.size) bytes packed in \(member.compressedSize), which trained weights never are; the file is damaged, copy it or save the model again"
    )
  }

  /// One HDF5 file: the configuration in an attribute and the variables below `/model_weights`, or variables alone.
  private static func openHDF5(
    _ file: FileContents, _ path: String, _ options: LoadOptions
  ) throws(ModelError) -> Content {
    let (hdf5, attributes, text) = try reading(path) { () throws(FormatError) in
      let hdf5 = try HDF5File(ByteSlice(file))
      let attributes = try hdf5.attributes(of: "/") ?? []
      let text = try hdf5.strings(attribute: "keras_version", of: "/")?.first
      return (hdf5, attributes, text)
    }
    guard attributes.contains("model_config") else { return try openWeights(hdf5, text, path, options) }
    try refuseConfiguration(options, path)
    let (configuration, older) = try reading(path) { () throws(FormatError) in
      let older = try hdf5.strings(attribute: "keras_version", of: "/model_weights")?.first
      return (try hdf5.strings(attribute: "model_config", of: "/")?.first, text ?? older)
    }
    guard let configuration else {
      throw ModelError(
        .architecture, path, "its attribute 'model_config' is no text, expected JSON; save the model again")
    }
    guard configuration.utf8.count <= maximumConfigurationBytes else {
      throw ModelError(
        .file, path,
        "'model_config' has \(configuration.utf8.count) bytes, expected at most \(maximumConfigurationBytes); save a smaller model"
      )
    }
    let json = try parse(ByteSlice(Array(configuration.utf8)), "'model_config'", path)
    return Content(
      form: .legacyHDF5(version: older), version: try KerasVersion(older, json, path), configuration: json, file: hdf5,
      legacyRoot: "/model_weights", configurationPath: nil)
  }

  /// Variables without a configuration, which then comes from a file of its own.
  private static func openWeights(
    _ hdf5: HDF5File, _ text: String?, _ path: String, _ options: LoadOptions
  ) throws(ModelError) -> Content {
    let (isLegacy, isNewer) = try reading(path) { () throws(FormatError) in
      let isLegacy = try KerasLegacyWeights.isForm(of: hdf5)
      return (isLegacy, try isLegacy ? false : KerasGroups.isForm(of: hdf5))
    }
    guard isLegacy || isNewer else { throw try ForeignFile.refusal(of: hdf5, path) }
    guard let source = options.configurationPath else {
      throw ModelError(
        .architecture, path,
        "it holds weights alone: a constant gamma and the activations are not weights, they are only in the configuration; save the whole model with model.save(\"model.keras\"), or write model.to_json() to a file and give it by `config` FILE"
      )
    }
    let json = try configuration(at: source)
    let version = json["keras_version"]?.text ?? text
    return Content(
      form: .kerasWeights(version: version), version: try KerasVersion(version, json, path), configuration: json,
      file: hdf5, legacyRoot: isLegacy ? "" : nil, configurationPath: source)
  }

  private static func refuseConfiguration(_ options: LoadOptions, _ path: String) throws(ModelError) {
    guard let source = options.configurationPath else { return }
    throw ModelError(
      .architecture, path,
      "it holds its network's configuration itself, and `config` \(source) gives another; leave `config` out, or name a file of weights alone"
    )
  }

  /// What `model.to_json()` returned, in a file.
  private static func configuration(at path: String) throws(ModelError) -> JSONValue {
    let expected = "a network's configuration as JSON"
    let advice = "write model.to_json() to a file and give that by `config`"
    let file = try FileContents(path: path, expected: expected)
    guard file.count <= maximumConfigurationBytes else {
      throw ModelError(
        .file, path, "has \(file.count) bytes, expected at most \(maximumConfigurationBytes) of \(expected); \(advice)")
    }
    let isModel = ZipArchive.isArchive(ByteSlice(file)) || HDF5File.isFile(ByteSlice(file))
    let kind = isModel ? ForeignFile("a zip archive or HDF5 file", advice) : ForeignFile(ByteSlice(file))
    if let kind, !kind.isJSON { throw ForeignFile(kind.name, advice).refusal(path, expected: expected) }
    let json: JSONValue
    do throws(JSONError) {
      // An editor of Windows may have put a byte order mark before the text.
      let text = ByteSlice(file).array
      json = try JSONReader.read(
        text.starts(with: [0xef, 0xbb, 0xbf]) ? Array(text.dropFirst(3)) : text, dialect: .python
      ).unwrapped
    } catch {
      throw ModelError(.architecture, path, "it is no JSON (\(error)); \(advice)")
    }
    // Written by json.dump(model.to_json(), file), the text lies in a string of its own.
    if let text = json.text { return try parse(ByteSlice(Array(text.utf8)), "the text in it", path) }
    guard json["class_name"] != nil, json["config"] != nil else {
      throw ModelError(
        .architecture, path,
        "its JSON has no 'class_name' and 'config', expected a network's configuration; \(advice)"
      )
    }
    return json
  }

  private static func parse(_ bytes: ByteSlice, _ what: String, _ path: String) throws(ModelError) -> JSONValue {
    do throws(JSONError) {
      return try JSONReader.read(bytes.array, dialect: .python).unwrapped
    } catch {
      throw ModelError(.architecture, path, "\(what) is malformed (\(error)); save the model again")
    }
  }
}

/// Which generation of Keras wrote a file: a few names mean different things in 2 and 3.
enum KerasVersion {
  case two, three

  /// Members that Keras 2 renamed: of layers of Keras 1 alone.
  private static let membersOfOne = ["output_dim", "nb_filter", "border_mode", "W_regularizer", "dim_ordering"]

  /// - Parameter text: such as `3.15.1`; nil: the configuration tells, since InputLayer's shape has another key in 2.
  /// - Throws: when it was Keras 1, whose layers have other members.
  init(_ text: String?, _ configuration: JSONValue, _ path: String) throws(ModelError) {
    let layers = KerasChain.entries(configuration)
    let isOne =
      text.map { $0.hasPrefix("1.") || $0.hasPrefix("0.") }
      ?? layers.contains { layer in
        // A layer of the user's own may have any member.
        KerasClasses.isKeras(layer) && Self.membersOfOne.contains { layer["config"]?[$0] != nil }
      }
    guard !isOne else {
      throw ModelError(
        .architecture, path,
        "it was saved by Keras 1\(text.map { " (\($0))" } ?? ""), whose layers have other members than those of Keras 2 and 3, which Radial reads; build the same network in Keras 3, load_weights() into it and save it with model.save(\"model.keras\")"
      )
    }
    if let text {
      self = text.hasPrefix("2.") ? .two : .three
    } else {
      self = layers.first?["config"]?["batch_input_shape"] == nil ? .three : .two
    }
  }
}
