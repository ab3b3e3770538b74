import FileFormats
import RadialEngine

/// A model as PyTorch, TensorFlow, JAX or scikit-learn export it, `.onnx`: the graph becomes an architecture, its constants the tensors that
/// this names. Nothing in a file is executed.
struct ONNXFile: TensorSource {
  let path: String
  let form: ModelForm
  let file: FileContents
  let metadata: [String: String]
  private let network: Architecture
  private let scaling: Preprocessing?
  private(set) var tensors: [String: Tensor]
  private(set) var notes: [String] = []

  /// What a file may say beside its graph, in metadata_props.
  private static let metadataKeys = ["radial.labels", "radial.training"]

  /// Reads a graph, translates the whole of it, and holds what came of it against the graph itself.
  init(_ file: FileContents, path: String) throws(ModelError) {
    try self.init(ONNXReader(path: path).model(ByteSlice(file)), file, path: path)
  }

  /// - Parameters:
  ///   - graph: as it was read from the file.
  ///   - seed: of the rows that network and graph are compared on.
  init(_ graph: ONNXModel, _ file: FileContents, path: String, seed: UInt64 = 0x5eed) throws(ModelError) {
    self.file = file
    self.path = path
    let translator = ONNXTranslator(graph, path: path)
    let roles = try translator.translate()
    translator.forget()
    form = .onnx(producer: graph.producer.isEmpty ? nil : graph.producer)
    network = try Architecture(
      inputShape: translator.inputSizes, inputLayout: translator.isChannelsFirst ? .channelsFirst : .channelsLast,
      inputName: translator.inputName, outputNames: Self.names(of: roles), layers: translator.layers,
      knownAbove: translator.knownAbove, path: path)
    tensors = translator.tensors
    scaling = translator.preprocessing
    metadata = graph.metadata.filter { $0.key.hasPrefix("radial.") }
    if let other = metadata.keys.sorted().first(where: { !Self.metadataKeys.contains($0) }) {
      throw ModelError(
        .metadata, path,
        "its metadata has '\(JSONValue.shortened(other))', and of an ONNX file \(Self.metadataKeys.joined(separator: " and ")) are read; leave it out, or convert the model and add it there"
      )
    }
    let model = try Model(self, name: "model", version: 1, instructionSet: .best)
    // What a limit of 1e-10 adds to a distance, 1e-5, is lost in Float32 beside those of rows that are not a prototype.
    if translator.largestLimit > 1e-10 {
      let (limit, root) = (Float(translator.largestLimit), Float(translator.largestLimit.squareRoot()))
      notes.append(
        "the graph holds squared distances at \(limit) or more, Radial gives them as they are: at a prototype d² is 0 and not \(limit), d is 0 and not \(root)"
      )
    }
    for (name, role) in roles {
      guard case .label(let kind) = role else { continue }
      let word = kind == .sign ? "known" : "class"
      guard kind == .sign || model.decision == .nearestPrototype else {
        throw ModelError(
          .architecture, path,
          "the output '\(JSONValue.shortened(name))' names the nearest prototype, and no class follows from the network's outputs; export the model with its distances alone"
        )
      }
      notes.append("the graph's output '\(JSONValue.shortened(name))' is left out: '\(word)' in each answer says it")
    }
    let check = ONNXCheck(model, translator, ONNXInterpreter(graph, order: translator.order), roles)
    guard let answers = try check.answers(seed: seed) else {
      try Self.refuseUseOfBatch(graph, translator, path: path)
      notes.append(
        "the network was not compared with its graph, which is too large to be computed in Float64, fixes a batch of many rows, or moves constants in a way that is not computed here"
      )
      return
    }
    guard tensors["selftest.inputs"] == nil else { return }
    let rows = answers.inputs.count / model.network.inputWidth
    tensors["selftest.inputs"] = Tensor(answers.inputs, shape: [rows, model.network.inputWidth])
    tensors["selftest.outputs"] = Tensor(answers.outputs, shape: [rows, model.network.outputWidth])
    if !answers.distances.isEmpty {
      tensors["selftest.distances"] = Tensor(answers.distances, shape: [rows, model.network.distanceWidth])
    }
  }

  /// What the comparison would have found: a network whose weights depend on how many rows are asked about together.
  private static func refuseUseOfBatch(
    _ graph: ONNXModel, _ translator: ONNXTranslator, path: String
  ) throws(ModelError) {
    // Nothing else knows of it.
    guard graph.graph.nodes.contains(where: { ["Shape", "Size"].contains($0.operation) }) else { return }
    let other = ONNXTranslator(graph, path: path, openBatch: ONNXTranslator.openBatches[1])
    _ = try other.translate()
    let isSame =
      other.tensors.keys == translator.tensors.keys && other.preprocessing == translator.preprocessing
      && other.knownAbove == translator.knownAbove
      && other.layers.map(\.spec) == translator.layers.map(\.spec)
      && other.tensors.allSatisfy { name, tensor in
        translator.tensors[name].map { $0.shape == tensor.shape && $0.bytes.array == tensor.bytes.array } ?? false
      }
    guard isSame else {
      throw ModelError(
        .architecture, path,
        "the number of rows is used as a number: an answer would depend on its neighbours; export the model without it")
    }
  }

  /// The outputs' names by what they are: of several that are the same, the first has it.
  private static func names(of roles: [(name: String, role: ONNXTranslator.Role)]) -> OutputNames? {
    guard let outputs = roles.first(where: { $0.role == .outputs })?.name else { return nil }
    let distances = roles.first { $0.role == .distances }?.name
    return OutputNames(
      outputs: outputs, distances: distances,
      others: roles.map(\.name).filter { $0 != outputs && $0 != distances })
  }

  /// The network, translated.
  func architecture() -> Architecture { network }
  /// What is done to the input before anything else.
  func preprocessing() -> Preprocessing? { scaling }
}
