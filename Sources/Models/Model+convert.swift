public import RadialEngine

extension Model {
  /// Writes a model of any form as Radial's own. What is written is read again and self-tested before it takes its place.
  /// - Parameters:
  ///   - labels: names of the classes; nil: those of the input, if it has any.
  ///   - force: whether a file that is no Radial file is replaced. The input never is.
  /// - Returns: the model as it was written.
  @discardableResult
  public static func convert(
    _ input: String, to output: String, labels: [String]? = nil, instructionSet: InstructionSet = .best,
    options: LoadOptions = LoadOptions(), force: Bool = false
  ) throws(ModelError) -> Model {
    let file = try OutputFile(
      path: output, inputs: [input] + (options.configurationPath.map { [$0] } ?? []), kind: .model, force: force)
    let source = try openModel(path: input, options)
    // The file's name may be no model's name; that matters only to a server.
    try Model(source, name: "model", version: 1, instructionSet: instructionSet).selfTest()
    var metadata = source.metadata
    metadata["format"] = "radial"
    metadata["radial.version"] = source.metadata["radial.version"] ?? "1"
    if let labels { metadata["radial.labels"] = JSONValue.array(labels.map(JSONValue.string)).text(isPretty: false) }
    var written: Model?
    try SafetensorsWriter.write(metadata: metadata, tensors: source.tensors, to: file) { (path) throws(ModelError) in
      let model = try Model(
        SafetensorsFile(FileImage(path: path), path: output), name: "model", version: 1, instructionSet: instructionSet)
      try model.selfTest()
      written = model
    }
    guard let written else { fatalError("the writer returns only after its check ran") }
    return written
  }
}
