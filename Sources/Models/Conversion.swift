public import RadialEngine

/// A model on its way from a file of any form into Radial's own: written beside its place, read again and self-tested. Its place is taken
/// by `commit` alone; without it nothing is left behind.
public final class Conversion {
  /// Rows with the model's answers, which become the self-test of the file, and what they were compared with.
  public struct Verified {
    /// How the comparison came out.
    public let verification: Verification
    /// [r, D], [r, O], [r, C]; r is from 1 to `Conversion.maximumSelfTestRows`. Distances are empty where the model has none.
    public let inputs: [Float]
    /// [r, O]
    public let outputs: [Float]
    /// [r, C], squared; empty: the model has none.
    public let distances: [Float]

    /// Rows with their answers, row-major.
    public init(verification: Verification, inputs: [Float], outputs: [Float], distances: [Float]) {
      (self.verification, self.inputs, self.outputs, self.distances) = (verification, inputs, outputs, distances)
    }
  }

  /// As it was read back from what was written; the path of its file is not yet that of the output.
  public let model: Model
  private let output: OutputFile
  private let place: (path: String, inputs: [String], force: Bool)
  private var metadata: [String: String]
  private var tensors: [String: Tensor]
  private let architecture: Architecture
  private let instructionSet: InstructionSet

  /// Reads, writes beside the output, and reads again.
  /// - Parameters:
  ///   - inputs: files that are read besides, such as rows: the output must be none of them.
  ///   - labels: names of the classes; nil: those of the input, if it has any.
  ///   - force: whether a file that is no Radial file is replaced. An input never is.
  public init(
    _ input: String, to path: String, besides inputs: [String] = [], labels: [String]? = nil,
    instructionSet: InstructionSet = .best, options: LoadOptions = LoadOptions(), force: Bool = false
  ) throws(ModelError) {
    place = (path, [input] + inputs + (options.configurationPath.map { [$0] } ?? []), force)
    output = try OutputFile(path: path, inputs: place.inputs, kind: .model, force: force)
    let source = try openModel(path: input, options)
    // The file's name may be no model's name; that matters only to a server.
    var checked = LoadOptions()
    checked.labels = labels
    try Model(source, name: "model", version: 1, instructionSet: instructionSet, options: checked).selfTest()
    var metadata = source.metadata
    metadata["format"] = "radial"
    architecture = try source.architecture()
    // Of Radial's own files they are there already.
    if metadata[Architecture.key] == nil {
      metadata[Architecture.key] = architecture.encoded
      metadata[Preprocessing.key] = try source.preprocessing()?.encoded
    }
    if let labels { metadata["radial.labels"] = JSONValue.array(labels.map(JSONValue.string)).text(isPretty: false) }
    metadata[FileVersion.key] = FileVersion(needed: metadata, architecture).text
    (self.metadata, tensors, self.instructionSet) = (metadata, source.tensors, instructionSet)
    model = try Self.write(metadata, tensors, to: output, instructionSet)
  }

  /// Puts the file into its place.
  /// - Parameter verified: what the model's answers were compared with; nil: nothing. With it the file is written anew.
  /// - Returns: the model as it was written.
  @discardableResult
  public func commit(_ verified: Verified? = nil) throws(ModelError) -> Model {
    guard let verified else {
      try output.commit()
      return model
    }
    metadata[Verification.key] = verified.verification.json.text(isPretty: false)
    metadata[FileVersion.key] = FileVersion(needed: metadata, architecture).text
    let network = model.network
    let rows = verified.inputs.count / network.inputWidth
    tensors["selftest.inputs"] = Tensor(verified.inputs, shape: [rows, network.inputWidth])
    tensors["selftest.outputs"] = Tensor(verified.outputs, shape: [rows, network.outputWidth])
    tensors["selftest.distances"] =
      verified.distances.isEmpty ? nil : Tensor(verified.distances, shape: [rows, network.distanceWidth])
    let output = try OutputFile(path: place.path, inputs: place.inputs, kind: .model, force: place.force)
    let written = try Self.write(metadata, tensors, to: output, instructionSet)
    try output.commit()
    return written
  }

  /// The most rows that a file of this model takes as its self-test: 4,096, of 16 MiB together, and at least one.
  public var maximumSelfTestRows: Int {
    let network = model.network
    let width = network.inputWidth + network.outputWidth + network.distanceWidth
    return max(1, min(SelfTest.maximumRows, (1 << 22) / width))
  }

  /// Writes beside the output, and returns what can be read there.
  private static func write(
    _ metadata: [String: String], _ tensors: [String: Tensor], to output: OutputFile, _ instructionSet: InstructionSet
  ) throws(ModelError) -> Model {
    try SafetensorsWriter.write(metadata: metadata, tensors: tensors, to: output)
    // Errors name the file as it is going to be called.
    let written = try SafetensorsFile(FileContents(path: output.finish()), path: output.path)
    let model = try Model(written, name: "model", version: 1, instructionSet: instructionSet)
    try model.selfTest()
    return model
  }
}

extension Model {
  /// Writes a model of any form as Radial's own. What is written is read again and self-tested before it takes its place.
  /// - Returns: the model as it was written.
  @discardableResult
  public static func convert(
    _ input: String, to output: String, labels: [String]? = nil, instructionSet: InstructionSet = .best,
    options: LoadOptions = LoadOptions(), force: Bool = false
  ) throws(ModelError) -> Model {
    try Conversion(
      input, to: output, labels: labels, instructionSet: instructionSet, options: options, force: force
    ).commit()
  }
}
