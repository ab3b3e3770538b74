import FileFormats
public import RadialEngine

/// What the user says of a file beyond what it says itself.
public struct LoadOptions: Sendable, Equatable {
  /// Which way round the matrix of an RBF layer lies in a Keras file; nil: its shape tells.
  public var rbfLayout: RBF.CentersLayout?
  /// γ of the RBF layers of a Keras file that have none among their weights, in place of the configuration's; nil: the configuration's.
  public var gamma: Double?

  /// Whether the two above may be given with a file that is not Keras', which has no use for them.
  private(set) var ignoresOtherForms = false

  public init(rbfLayout: RBF.CentersLayout? = nil, gamma: Double? = nil) {
    self.rbfLayout = rbfLayout
    self.gamma = gamma
  }
}

extension LoadOptions {
  /// The same, for a set of files of which some may be of another form.
  public var ignoringOtherForms: LoadOptions {
    var options = self
    options.ignoresOtherForms = true
    return options
  }
}

/// Opens a model file of any form; its first bytes tell which, whatever its name.
func openModel(path: String, _ options: LoadOptions) throws(ModelError) -> any TensorSource {
  let file = try FileImage(path: path)
  let bytes = Bytes(file)
  if ZipArchive.isArchive(bytes) || HDF5File.isFile(bytes) {
    return try KerasFile(file, path: path, options)
  }
  guard options.ignoresOtherForms || (options.rbfLayout == nil && options.gamma == nil) else {
    throw ModelError(
      .architecture, path, "--gamma and --rbf-layout are for Keras files, and this is none; leave them out")
  }
  return try SafetensorsFile(file, path: path)
}
