import FileFormats
public import RadialEngine

/// What an RBF layer computes of the squared distance d² to each center, where a file does not say it: `--rbf-form`.
public enum RBFForm: String, Sendable, Equatable, CaseIterable {
  /// exp(−γ d²), one γ for the layer or one a unit.
  case gaussianGamma = "gaussian-gamma"
  /// exp(−β d²): the same formula under the name that rbf_keras gives its variable, one β a unit.
  case gaussianBeta = "gaussian-beta"
  /// exp(−d² / 2σ²), one σ for the layer or one a unit.
  case gaussianSigma = "gaussian-sigma"
  /// d²
  case distance
  /// −scale · d²
  case negativeDistance = "negative-distance"
  /// exp(−mean d² / 2σ²) of a class's own projection (van Amersfoort et al. 2020).
  case duq
  /// scale · d²
  case scaledDistance = "scaled-distance"
  /// d, the root of d².
  case euclidean
  /// −scale · d
  case negativeEuclidean = "negative-euclidean"
  /// −d / T
  case negativeEuclideanTemperature = "negative-euclidean-temperature"
  /// exp(−γ d)
  case exponentialGamma = "exponential-gamma"
  /// exp(−d / ℓ)
  case exponentialLength = "exponential-length"
  /// 1 / (1 + γ d²)
  case inverseQuadraticGamma = "inverse-quadratic-gamma"
  /// 1 / (1 + (ε d)²)
  case inverseQuadraticEpsilon = "inverse-quadratic-epsilon"
  /// 1 / √(1 + γ d²)
  case inverseMultiquadricGamma = "inverse-multiquadric-gamma"
  /// 1 / √(1 + (ε d)²)
  case inverseMultiquadricEpsilon = "inverse-multiquadric-epsilon"
  /// √(1 + γ d²)
  case multiquadricGamma = "multiquadric-gamma"
  /// √(1 + (ε d)²)
  case multiquadricEpsilon = "multiquadric-epsilon"
  /// (1 + r) exp(−r), r = √3 d / ℓ
  case matern32
  /// (1 + r + r² / 3) exp(−r), r = √5 d / ℓ
  case matern52
  /// (1 + d² / α)^−((α + 1) / 2), as in deep embedded clustering (Xie, Girshick and Farhadi 2016), of one α; their sum divides the outputs
  /// of `normalized-student-t`.
  case studentT = "student-t"
  case normalizedStudentT = "normalized-student-t"
  /// exp(−γ d²) over their sum, and ε added to it where the configuration has one.
  case normalizedGaussianGamma = "normalized-gaussian-gamma"
  /// The same of exp(−d² / 2σ²).
  case normalizedGaussianSigma = "normalized-gaussian-sigma"
}

/// What the user says of a file beyond what it says itself.
public struct LoadOptions: Sendable, Equatable {
  /// What all layers of a Keras file compute whose classes are not Keras' own; nil: the file must say it.
  public var rbfForm: RBFForm?
  /// A file with the network's configuration as JSON (Keras' `to_json()`), for a file of weights alone; nil: none.
  public var configurationPath: String?
  /// Which way round the matrix of an RBF layer lies in a Keras file; nil: its shape tells, or the file says it of a square one.
  public var rbfLayout: RBF.CentersLayout?
  /// γ of the RBF layers of a Keras file that have none, and no sigma, among their weights, in place of the configuration's; nil: the
  /// configuration's.
  public var gamma: Double?
  /// Names of the classes, in place of those of the file; nil: the file's.
  public var labels: [String]?
  /// The rate at which `known` is decided, between 0 and 1, in place of the one that the model was calibrated for; nil: that one.
  public var falseRejectRate: Double?

  /// The `radial.json` that says the labels, or the rate, for errors; nil: the command line does.
  var labelsPath, falseRejectRatePath: String?

  /// Whether those of the RBF layers may be given with a file that is not Keras', which has no use for them.
  private(set) var ignoresOtherForms = false

  /// Options, of which each may be left open.
  public init(
    rbfLayout: RBF.CentersLayout? = nil, gamma: Double? = nil, rbfForm: RBFForm? = nil,
    configurationPath: String? = nil,
    labels: [String]? = nil, falseRejectRate: Double? = nil
  ) {
    self.rbfLayout = rbfLayout
    self.gamma = gamma
    self.rbfForm = rbfForm
    self.configurationPath = configurationPath
    self.labels = labels
    self.falseRejectRate = falseRejectRate
  }
}

extension LoadOptions {
  /// The same, for a set of files of which some may be of another form.
  public var ignoringOtherForms: LoadOptions {
    var options = self
    options.ignoresOtherForms = true
    return options
  }

  /// The same, for one file, which must be of the form that they are for.
  var forThisFile: LoadOptions {
    var options = self
    options.ignoresOtherForms = false
    return options
  }
}

/// Opens a model file of any form; its first bytes tell which, and not its name.
func openModel(path: String, _ options: LoadOptions) throws(ModelError) -> any TensorSource {
  let file = try FileContents(path: path)
  let bytes = ByteSlice(file)
  if ZipArchive.isArchive(bytes) || HDF5File.isFile(bytes) {
    return try KerasFile(file, path: path, options)
  }
  let isSafetensors = SafetensorsFile.isForm(of: bytes)
  // Messages have no signature: a damaged one is known by its name alone.
  if !isSafetensors, path.hasSuffix(".onnx") || ForeignFile.isONNX(bytes) {
    try refuseKerasOptions(path, options)
    return try ONNXFile(file, path: path)
  }
  if !isSafetensors, let foreign = ForeignFile(bytes) { throw foreign.refusal(path) }
  // What is no model at all is refused as that, not for the flags that came with it.
  let source = try SafetensorsFile(file, path: path)
  try refuseKerasOptions(path, options)
  return source
}

/// Options that say what Keras files leave open are for no others.
private func refuseKerasOptions(_ path: String, _ options: LoadOptions) throws(ModelError) {
  guard
    options.ignoresOtherForms || (options.rbfForm == nil && options.rbfLayout == nil && options.gamma == nil)
  else {
    throw ModelError(
      .architecture, path,
      "`gamma`, `rbf_form` and `rbf_layout` are for Keras files, and this is none; leave them out")
  }
  guard options.ignoresOtherForms || options.configurationPath == nil else {
    throw ModelError(
      .architecture, path, "`config` is for a file of Keras' weights alone, and this is none; leave it out")
  }
}

extension SafetensorsFile {
  /// Whether a file begins as this form does, even if it is cut short: the length of a header, and the header's brace.
  fileprivate static func isForm(of bytes: ByteSlice) -> Bool {
    guard let length = try? bytes.integer(UInt64.self, at: 0, "the header's length") else { return false }
    return length <= UInt64(maximumHeaderBytes) && bytes.has("{", at: 8)
  }
}
