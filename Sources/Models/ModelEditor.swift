public import RadialEngine

/// A model of any form on its way into a file of Radial's own: what is to be changed in it, and the file that is written.
///
/// The model has passed its self-test, and what is written is read again and passes it before it takes its place.
public final class ModelEditor {
  /// Rows with the model's answers, for its self-test.
  public struct Answers {
    /// [r, D]
    public let inputs: [Float]
    /// [r, O]
    public let outputs: [Float]
    /// [r, C], squared; empty: the model has none.
    public let distances: [Float]

    /// Rows with their answers, row-major; r is from 1 to `ModelEditor.maximumSelfTestRows`.
    public init(inputs: [Float], outputs: [Float], distances: [Float]) {
      (self.inputs, self.outputs, self.distances) = (inputs, outputs, distances)
    }
  }

  /// As it was read.
  public let model: Model
  private var metadata: [String: String]
  private var tensors: [String: Tensor]
  private let architecture: Architecture
  private let instructionSet: InstructionSet

  /// Reads a model and runs its self-test.
  /// - Parameters:
  ///   - labels: names of the classes; nil: those of the input, if it has any.
  ///   - options: what a Keras file may leave open.
  public init(
    _ input: String, labels: [String]? = nil, instructionSet: InstructionSet = .best,
    options: LoadOptions = LoadOptions()
  ) throws(ModelError) {
    let source = try openModel(path: input, options)
    var checked = LoadOptions()
    checked.labels = labels
    // The file's name may be no model's name; that matters only to a server.
    model = try Model(source, name: "model", version: 1, instructionSet: instructionSet, options: checked)
    try model.selfTest()
    var metadata = source.metadata
    metadata["format"] = "radial"
    architecture = try source.architecture()
    // Of Radial's own files they are there already.
    if metadata[Architecture.key] == nil {
      metadata[Architecture.key] = architecture.encoded
      metadata[Preprocessing.key] = try source.preprocessing()?.encoded
    }
    if let labels { metadata["radial.labels"] = JSONValue.array(labels.map(JSONValue.string)).text(isPretty: false) }
    (self.metadata, tensors, self.instructionSet) = (metadata, source.tensors, instructionSet)
  }

  /// The most rows that a file of this model takes as its self-test: 4,096, of 16 MiB together, and at least one.
  public var maximumSelfTestRows: Int {
    let network = model.network
    let width = network.inputWidth + network.outputWidth + network.distanceWidth
    return max(1, min(SelfTest.maximumRows, (1 << 22) / width))
  }

  /// The rows of the file's self-test.
  public func setSelfTest(_ answers: Answers) {
    let network = model.network
    let rows = answers.inputs.count / network.inputWidth
    tensors["selftest.inputs"] = Tensor(answers.inputs, shape: [rows, network.inputWidth])
    tensors["selftest.outputs"] = Tensor(answers.outputs, shape: [rows, network.outputWidth])
    tensors["selftest.distances"] =
      answers.distances.isEmpty ? nil : Tensor(answers.distances, shape: [rows, network.distanceWidth])
  }

  /// That the model's answers were compared with its framework's.
  public func setVerification(_ verification: Verification) {
    metadata[Verification.key] = verification.json.text(isPretty: false)
  }

  /// What the verdicts rest on from now on.
  public func setCalibration(_ calibration: Calibration) {
    metadata[Calibration.key] = calibration.encoded
    for name in tensors.keys where name.hasPrefix("calibration.") { tensors[name] = nil }
    tensors.merge(calibration.tensors) { $1 }
  }

  /// Writes the file and puts it into its place; without it nothing is left behind.
  /// - Returns: the model as it was written.
  @discardableResult
  public func write(to output: OutputFile) throws(ModelError) -> Model {
    metadata[FileVersion.key] = FileVersion(needed: metadata, architecture).text
    try SafetensorsWriter.write(metadata: metadata, tensors: tensors, to: output)
    // Errors name the file as it is going to be called.
    let written = try SafetensorsFile(FileContents(path: output.finish()), path: output.path)
    let model = try Model(written, name: "model", version: 1, instructionSet: instructionSet)
    try model.selfTest()
    try output.commit()
    return model
  }
}

extension Model {
  /// Writes a model of any form as Radial's own. What is written is read again and self-tested before it takes its place.
  /// - Returns: the model as it was written.
  @discardableResult
  public static func convert(
    _ input: String, to path: String, labels: [String]? = nil, instructionSet: InstructionSet = .best,
    options: LoadOptions = LoadOptions(), force: Bool = false
  ) throws(ModelError) -> Model {
    let output = try OutputFile(
      path: path, inputs: [input] + (options.configurationPath.map { [$0] } ?? []), kind: .model, force: force)
    return try ModelEditor(input, labels: labels, instructionSet: instructionSet, options: options).write(to: output)
  }
}
