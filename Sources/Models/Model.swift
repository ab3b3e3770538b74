public import RadialEngine

/// A model that was read, checked and repacked: the network, and everything that its file says about it.
public final class Model: Sendable {
  /// Under which it is served: letters, digits, `_`, `.` and `-`.
  public let name: String
  /// From 1.
  public let version: Int
  /// What computes the answers.
  public let network: Network
  /// How a class follows from them; nil: none does, the model is a regressor.
  public let decision: Decision?
  /// Without the batch dimension.
  public let inputShape: [Int]
  /// [rows, columns, channels] of a row that is an image, whichever way its values lie; nil: it is none.
  public let imageShape: [Int]?
  /// What the file calls the input; nil: it does not say.
  public let inputName: String?
  /// What the file calls its outputs; nil: it does not say.
  public let outputNames: OutputNames?
  /// The layer table, from the input on.
  public let layers: [LayerDescription]
  /// The layer whose outputs a head of its own measures distances of, or `input`; nil: there is no such head.
  public let distanceLayer: String?
  /// What whoever runs the model should hear of it, a sentence each.
  public let notes: [String]
  /// [C]
  public let labels: [String]?
  /// What the verdicts rest on; nil: there are none.
  public let calibration: Calibration?
  /// What is done to a row before the first layer.
  public let preprocessing: Preprocessing
  /// JSON, as the file has it.
  public let trainingJSON: String?
  /// The comparison with its framework that the model has passed; nil: the file says of none.
  public let verification: Verification?
  /// By which the rows are known again that distances or classes were fitted with; nil: none were, or the file does not say.
  public let fittedRows: RowSketch?
  static let fittedTensor = "fitted.sketch"
  /// The file that it was read from.
  public let file: FileInformation
  let storedSelfTest: SelfTest?
  /// Rows that the file publishes; nil: none.
  public let samples: Samples?

  /// Rows of the file's self-test; 0: it carries none.
  public var selfTestRows: Int { storedSelfTest?.rows ?? 0 }
  /// [rows, D] of the file's self-test; nil: it carries none.
  var selfTestInputs: [Float]? { storedSelfTest?.inputs }
  /// Whether the file carries rows with the answers expected.
  public var hasSelfTest: Bool { selfTestRows > 0 }

  /// Reads a file of Radial's own form, or one that Keras saved; which it is, its first bytes tell.
  /// - Parameters:
  ///   - name: letters, digits, `_`, `.` and `-`, at most 128; by default what the file's name has of these.
  ///   - version: a positive integer.
  ///   - options: what a Keras file may leave open.
  public static func load(
    path: String, name: String? = nil, version: Int = 1, instructionSet: InstructionSet = .best,
    options: LoadOptions = LoadOptions()
  ) throws(ModelError) -> Model {
    try Model(
      openModel(path: path, options), name: name, version: version, instructionSet: instructionSet, options: options)
  }

  /// Reads what the files say of one version: the model's own, and `radial.json` beside it.
  /// - Parameter options: of the command line; a member of `radial.json` that says something else is an error.
  public static func load(
    _ source: ModelSource, instructionSet: InstructionSet = .best, options: LoadOptions = LoadOptions()
  ) throws(ModelError) -> Model {
    var options = options
    if let path = source.settingsPath {
      options = try options.joined(with: ModelSettings(path: path).options, of: path)
    }
    return try load(
      path: source.path, name: source.key.name, version: source.key.version, instructionSet: instructionSet,
      options: options)
  }

  /// Reads everything that a source says, and repacks the weights.
  init(
    _ source: any TensorSource, name: String?, version: Int, instructionSet: InstructionSet,
    options: LoadOptions = LoadOptions()
  ) throws(ModelError) {
    let path = source.path
    let digest = FileDigest(of: source.file)
    self.version = version
    if let name {
      self.name = try ModelName.checked(name, of: path)
    } else {
      self.name = ModelName.displayed(of: FileInformation.name(of: source.file.path))
    }
    if let format = source.metadata["format"], format != "radial" {
      throw ModelError(.architecture, path, "its format is '\(format)', expected 'radial'; export the model for Radial")
    }
    try FileVersion.check(source.metadata, path: path)
    try MetadataKeys.check(source.metadata, path: path)
    let architecture = try source.architecture()
    let reader = try NetworkReader(source, architecture)
    layers = reader.descriptions + reader.headDescriptions
    distanceLayer = architecture.distances.map { $0.layer ?? "input" }
    notes = source.notes + reader.notes
    inputShape = reader.inputShape
    imageShape = reader.imageShape
    (inputName, outputNames) = (architecture.inputName, architecture.outputNames)
    preprocessing = try source.preprocessing() ?? .identity
    do throws(EngineError) {
      network = try Network(
        inputWidth: reader.inputWidth, preprocessing: preprocessing, layers: reader.layers, head: reader.distanceHead,
        instructionSet: instructionSet)
    } catch {
      throw ModelError(.architecture, path, error.description)
    }
    if outputNames?.distances != nil, network.distanceWidth == 0 {
      throw ModelError(
        .architecture, path,
        "'output_names' names distances, and the network measures none; leave the name out")
    }
    let hasLabels = options.labels != nil || source.metadata["radial.labels"] != nil
    if architecture.knownAbove != nil {
      guard network.outputWidth == 1, !network.hasDistanceHead, Decision(network, hasLabels: hasLabels) == nil else {
        throw ModelError(
          .architecture, path,
          "'known_above' is of a network with one output from which no class follows otherwise, and this one has \(network.outputWidth)\(network.hasDistanceHead ? " and a head of distances" : ""), or answers classes; leave it out"
        )
      }
    }
    decision = Decision(network, hasLabels: hasLabels, knownAbove: architecture.knownAbove)
    if network.hasDistanceHead {
      let count = decision?.classCount(of: network) ?? 0
      guard network.distanceWidth == count else {
        throw ModelError(
          .architecture, path,
          "'distances' have the prototypes of \(network.distanceWidth) classes, and the network answers \(count == 0 ? "none" : "\(count)"); fit the model again"
        )
      }
    }
    labels = try Self.labels(source, network, decision, options)
    if source.metadata[Calibration.key] != nil, decision != .nearestPrototype, !network.hasDistanceHead,
      architecture.knownAbove == nil
    {
      throw ModelError(
        .metadata, path, "a calibration was found in a network whose classes have no prototypes; export it without one")
    }
    calibration = try Calibration(source, network, decision, options)
    fittedRows = try RowSketch(source, tensor: Self.fittedTensor)
    trainingJSON = try Self.training(source)
    verification = try Verification(source)
    storedSelfTest = try SelfTest(source, network)
    samples = try Samples(source, width: network.inputWidth, classCount: decision?.classCount(of: network) ?? 0)
    try TensorNames.check(source, layers: reader.parts, hasCalibration: calibration != nil)
    file = FileInformation(path: source.file.path, file: source.file, form: source.form, digest: digest)
  }

  /// Of the name of an input or output, in UTF-8.
  public static let tensorNameBytes = 1...1024

  private static func labels(
    _ source: any TensorSource, _ network: Network, _ decision: Decision?, _ options: LoadOptions
  ) throws(ModelError) -> [String]? {
    // Of a regressor with prototypes they are the prototypes' names.
    let count = decision?.classCount(of: network) ?? network.distanceWidth
    let what = decision == nil || decision == .nearestPrototype ? "prototype" : "class"
    if let labels = options.labels {
      guard labels.count == count else {
        throw ModelError(
          .metadata, options.labelsPath ?? source.path,
          "\(labels.count) labels were given, expected \(count), one for each \(what); give them all, in the network's order"
        )
      }
      try refuseEmpty(labels, options.labelsPath ?? source.path)
      return labels
    }
    guard let text = source.metadata["radial.labels"] else { return nil }
    let values = try? JSONReader.read(text).array
    let labels = values?.compactMap(\.text)
    guard let labels, labels.count == values?.count else {
      throw ModelError(
        .metadata, source.path, "'radial.labels' is malformed, expected an array of strings; export the model again")
    }
    guard labels.count == count else {
      throw ModelError(
        .metadata, source.path,
        "'radial.labels' has \(labels.count) labels, expected \(count), one per \(what); export the model again"
      )
    }
    try refuseEmpty(labels, source.path)
    return labels
  }

  /// An answer whose label is empty names no class.
  private static func refuseEmpty(_ labels: [String], _ path: String) throws(ModelError) {
    guard let index = labels.firstIndex(where: \.isEmpty) else { return }
    throw ModelError(.metadata, path, "label \(index) of \(labels.count) is empty; name every class by `labels`")
  }

  private static func training(_ source: any TensorSource) throws(ModelError) -> String? {
    guard let text = source.metadata["radial.training"] else { return nil }
    guard (try? JSONReader.read(text))?.object != nil else {
      throw ModelError(
        .metadata, source.path, "'radial.training' is malformed, expected a JSON object; export the model again")
    }
    return text
  }
}
