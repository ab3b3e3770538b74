import FileFormats
import FoundationEssentials

/// A model as Keras saved it, `.keras` or legacy `.h5`, read without Python: its configuration becomes `radial.architecture`, its
/// variables the tensors that this names.
///
/// Only the keys that are needed are taken, so that files of every Keras from 2.15 on open alike. Nothing in a file is executed.
struct KerasFile: TensorSource {
  /// A configuration takes about a kilobyte a layer.
  private static let maximumConfigurationBytes = 16 << 20
  private static let maximumWeightsBytes = Int(UInt32.max) - 1

  let path: String
  let form: ModelForm
  let file: FileImage
  let metadata: [String: String]
  let tensors: [String: Tensor]

  init(_ file: FileImage, path: String, _ options: LoadOptions) throws(ModelError) {
    self.path = path
    self.file = file
    let content =
      try ZipArchive.isArchive(Bytes(file)) ? Self.openArchive(file, path) : Self.openLegacy(file, path)
    form = content.form
    let chain = try KerasChain(content.configuration, path: path)
    var translator = KerasTranslator(path: path, options: options, version: content.version, weights: content.weights)
    try translator.translate(chain)
    metadata = translator.metadata
    tensors = translator.tensors
  }

  private struct Content {
    let form: ModelForm
    let version: KerasVersion
    let configuration: JSONValue
    let weights: KerasWeights
  }

  /// A zip of `metadata.json`, `config.json` and `model.weights.h5`.
  private static func openArchive(_ file: FileImage, _ path: String) throws(ModelError) -> Content {
    let (configuration, metadata, weights) = try reading(path) { () throws(FormatError) in
      let archive = try ZipArchive(Bytes(file))
      let configuration = try archive.contents("config.json", limit: maximumConfigurationBytes)
      let metadata =
        archive.names.contains("metadata.json")
        ? try archive.contents("metadata.json", limit: maximumConfigurationBytes) : Bytes([])
      let weights = try HDF5File(archive.contents("model.weights.h5", limit: maximumWeightsBytes))
      return (configuration, metadata, weights)
    }
    let json = try parse(configuration, "config.json", path)
    let text = metadata.count == 0 ? nil : try parse(metadata, "metadata.json", path)["keras_version"]?.text
    return Content(
      form: .keras(version: text), version: KerasVersion(text, json), configuration: json,
      weights: KerasWeights(file: weights, layout: .archive, path: path))
  }

  /// One HDF5 file: the configuration in an attribute, the variables below `/model_weights`.
  private static func openLegacy(_ file: FileImage, _ path: String) throws(ModelError) -> Content {
    let (hdf5, configuration, text) = try reading(path) { () throws(FormatError) in
      let hdf5 = try HDF5File(Bytes(file))
      var text = try hdf5.strings(attribute: "keras_version", of: "/")?.first
      if text == nil { text = try hdf5.strings(attribute: "keras_version", of: "/model_weights")?.first }
      return (hdf5, try hdf5.strings(attribute: "model_config", of: "/")?.first, text)
    }
    guard let configuration else {
      throw ModelError(
        .architecture, path,
        "it holds weights alone: a constant gamma and the activations are not weights, they are only in the configuration; save the whole model with model.save(\"model.keras\")"
      )
    }
    guard configuration.utf8.count <= maximumConfigurationBytes else {
      throw ModelError(
        .file, path,
        "'model_config' has \(configuration.utf8.count) bytes, expected at most \(maximumConfigurationBytes); save a smaller model"
      )
    }
    let json = try parse(Bytes(Array(configuration.utf8)), "'model_config'", path)
    return Content(
      form: .legacyHDF5(version: text), version: KerasVersion(text, json), configuration: json,
      weights: KerasWeights(file: hdf5, layout: .legacy, path: path))
  }

  private static func parse(_ bytes: Bytes, _ what: String, _ path: String) throws(ModelError) -> JSONValue {
    do {
      return try JSONDecoder().decode(JSONValue.self, from: Data(bytes.array))
    } catch {
      throw ModelError(
        .architecture, path, "\(what) is malformed (\(SafetensorsFile.explain(error))); save the model again")
    }
  }
}

/// Which generation of Keras wrote a file: a few names mean different things in 2 and 3.
enum KerasVersion {
  case two, three

  /// - Parameter text: such as `3.15.1`; nil: the configuration tells, since InputLayer's shape has another key in 2.
  init(_ text: String?, _ configuration: JSONValue) {
    if let text {
      self = text.hasPrefix("2.") ? .two : .three
    } else {
      let first = configuration["config"]?["layers"]?.array?.first
      self = first?["config"]?["batch_input_shape"] == nil ? .three : .two
    }
  }
}
