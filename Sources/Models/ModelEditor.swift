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
  private var architecture: Architecture
  private let instructionSet: InstructionSet
  private let source: any TensorSource
  /// The layers of the body, with their weights, once somebody has asked for them.
  private var layers: [Layer]?

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
    self.source = source
  }

  private func body() throws(ModelError) -> [Layer] {
    if let layers { return layers }
    let read = try NetworkReader(source, source.architecture()).layers
    layers = read
    return read
  }

  /// Where in a network distances may be measured.
  public struct Embedding: Sendable, Equatable {
    /// The layer whose outputs they are of; nil: the input, behind the preprocessing.
    public let layer: String?
    /// How many layers come before.
    public let depth: Int
    /// How many numbers it has.
    public let width: Int
  }

  /// The input, every flat layer before the last, and the last image layer; those that are no wider than `limit`.
  public func embeddings(upTo limit: Int) throws(ModelError) -> [Embedding] {
    let body = try body()
    let described = model.layers.prefix(body.count)
    func isIdentity(_ layer: Layer) -> Bool {
      switch layer {
      case .dropout, .reshape: true
      default: false
      }
    }
    var found = [Embedding(layer: nil, depth: 0, width: model.network.inputWidth)]
    let lastImage = described.indices.last { described[$0].outputShape.count == 3 && !isIdentity(body[$0]) }
    for (index, layer) in described.enumerated() {
      // What only hands its inputs on is what comes before it; and behind the last layer that computes lie the outputs.
      guard !isIdentity(body[index]), body[(index + 1)...].contains(where: { !isIdentity($0) }) else { continue }
      guard layer.outputShape.count == 1 || index == lastImage else { continue }
      found.append(Embedding(layer: layer.name, depth: index + 1, width: layer.outputShape.reduce(1, *)))
    }
    return found.filter { $0.width <= limit }
  }

  /// The body up to an embedding, and layers behind it.
  public func network(to embedding: Embedding, behind layers: [Layer] = []) throws(ModelError) -> Network {
    let before = Array(try body().prefix(embedding.depth))
    do throws(EngineError) {
      return try Network(
        inputWidth: model.network.inputWidth, preprocessing: model.preprocessing,
        layers: before + layers + (before.isEmpty && layers.isEmpty ? [.reshape(name: "input")] : []),
        instructionSet: instructionSet)
    } catch {
      throw ModelError(.architecture, model.file.path, error.description)
    }
  }

  /// The model as it would be written.
  public func edited() throws(ModelError) -> Model {
    try Model(
      EditedSource(source, architecture, metadata, tensors), name: "model", version: 1, instructionSet: instructionSet)
  }

  /// The rows of the self-test, if there is one.
  public var selfTestInputs: [Float]? { model.selfTestInputs }

  /// The most rows that a file of this model takes as its self-test: 4,096, of 16 MiB together, and at least one.
  public var maximumSelfTestRows: Int {
    let network = model.network
    let width = network.inputWidth + network.outputWidth + network.distanceWidth
    return max(1, min(SelfTest.maximumRows, (1 << 22) / width))
  }

  /// The rows of the file's self-test, with the answers of the model as it is edited, which may be of another width.
  public func setSelfTest(_ answers: Answers) {
    let network = model.network
    let rows = answers.inputs.count / network.inputWidth
    tensors["selftest.inputs"] = Tensor(answers.inputs, shape: [rows, network.inputWidth])
    tensors["selftest.outputs"] = Tensor(answers.outputs, shape: [rows, answers.outputs.count / rows])
    tensors["selftest.distances"] =
      answers.distances.isEmpty ? nil : Tensor(answers.distances, shape: [rows, answers.distances.count / rows])
  }

  /// The rows that the file publishes; nil: none, also of those that it had.
  public func setSamples(_ samples: Samples?) {
    for name in [Samples.inputsTensor, Samples.labelsTensor] { tensors[name] = nil }
    if let samples { tensors.merge(samples.tensors) { $1 } }
  }

  /// That the model's answers were compared with its framework's.
  public func setVerification(_ verification: Verification) {
    metadata[Verification.key] = verification.json.text(isPretty: false)
  }

  /// A head of its own for distances, in the place of one that is there; what rested on that one's is taken off.
  /// - Parameters:
  ///   - layer: the name of the layer that it reads; nil: the input.
  ///   - kernel: [width, width], row-major: what makes the embedding comparable.
  ///   - bias: [width]
  ///   - centers: [units, width], row-major.
  ///   - classes: [units]
  public func setDistanceHead(
    of layer: String?, kernel: [Float], bias: [Float], centers: [Float], classes: [Int]
  ) throws(ModelError) {
    let width = bias.count
    var names = Set(architecture.layers.map(\.name))
    func unused(_ name: String) -> String {
      var candidate = name
      while !names.insert(candidate).inserted { candidate += "_" }
      return candidate
    }
    if let old = architecture.distances {
      for name in [old.projection.name, old.prototypes.name] {
        for key in tensors.keys where key.hasPrefix(name + ".") { tensors[key] = nil }
      }
    }
    let projection = Architecture.Entry(
      name: unused("whitening"),
      spec: .dense(DenseSpec(units: width, hasBias: true, activation: ActivationSpec(.linear))), inferredFrom: nil)
    var spec = RBFSpec(units: classes.count, output: .gaussian, scale: .number(0.5), centersLayout: .unitsFeatures)
    spec.classes = classes
    let prototypes = Architecture.Entry(name: unused("prototypes"), spec: .rbf(spec), inferredFrom: nil)
    architecture = try Architecture(
      inputShape: architecture.inputShape, inputLayout: architecture.inputLayout, inputName: architecture.inputName,
      outputNames: architecture.outputNames?.withoutDistances, layers: architecture.layers,
      distances: DistanceHeadSpec(layer: layer, projection: projection, prototypes: prototypes),
      path: model.file.path)
    metadata[Architecture.key] = architecture.encoded
    metadata[Calibration.key] = nil
    // Outputs stay what they were compared with; distances do not.
    if model.verification?.subject == .distances { metadata[Verification.key] = nil }
    for key in tensors.keys where key.hasPrefix("calibration.") || key == "selftest.distances" { tensors[key] = nil }
    tensors["\(projection.name).kernel"] = Tensor(kernel, shape: [kernel.count / width, width])
    tensors["\(projection.name).bias"] = Tensor(bias, shape: [width])
    tensors["\(prototypes.name).centers"] = Tensor(centers, shape: [classes.count, width])
  }

  /// One more class behind the others: a prototype, with the median gamma of the others, in the RBF layer that comes last. Of a calibrated
  /// model it borrows the rows of all classes; what was compared with the framework's answers no longer holds.
  /// - Parameters:
  ///   - label: none of the labels that there are.
  ///   - center: [K], where the inputs of the RBF layer lie.
  /// - Throws: where the last layer is no RBF layer, or classes have no labels, or this one has.
  public func addClass(_ label: String, center: [Float]) throws(ModelError) {
    func invalid(_ sentence: String) -> ModelError { ModelError(.architecture, model.file.path, sentence) }
    var layers = architecture.layers
    guard model.decision == .nearestPrototype, let place = layers.indices.last(where: { layers[$0].spec.isRBF }),
      case .rbf(var spec) = layers[place].spec
    else {
      throw invalid(
        "a class is added to an RBF layer that comes last, and the model is a \(model.kind); train it with the class instead"
      )
    }
    guard let labels = model.labels else {
      throw invalid("its classes have no labels, beside which a new one could stand; name them first, by `convert`")
    }
    guard !labels.contains(label), !label.allSatisfy(\.isWhitespace) else {
      throw invalid("'\(label.withoutControlCharacters)' is a label of it already, or empty; give the class another")
    }
    guard label == label.withoutControlCharacters else {
      throw invalid(
        "the label '\(JSONValue.shortened(label))' has control characters, a line's end among them; give it without")
    }
    if let calibration = model.calibration, calibration.categories == .own, model.network.decisionScale != nil {
      throw invalid("its calibration has distances that do not compare between classes; calibrate it anew first")
    }
    let (name, units) = (layers[place].name, spec.units)
    guard let old = tensors["\(name).centers"]?.floats, center.count == old.count / units else {
      throw invalid("its centers cannot be read; export it again")
    }
    var centers = old
    if spec.centersLayout == .unitsFeatures {
      centers += center
    } else {
      centers = center.indices.flatMap { old[$0 * units..<($0 + 1) * units] + [center[$0]] }
    }
    tensors["\(name).centers"] = Tensor(
      centers,
      shape: spec.centersLayout == .unitsFeatures ? [units + 1, center.count] : [center.count, units + 1])
    if spec.scale == .tensor, let gammas = tensors["\(name).scale"]?.floats {
      let sorted = gammas.sorted()
      let median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
      tensors["\(name).scale"] = Tensor(gammas + [median], shape: [gammas.count + 1])
    }
    // What lies behind is the same for all classes: the new one has what the last one has.
    for layer in layers[(place + 1)...] {
      guard case .batchNormalization = layer.spec else { continue }
      for part in ["gamma", "beta", "moving_mean", "moving_variance"] {
        guard let values = tensors["\(layer.name).\(part)"]?.floats, let last = values.last else { continue }
        tensors["\(layer.name).\(part)"] = Tensor(values + [last], shape: [values.count + 1])
      }
    }
    if let classes = spec.classes { spec.classes = classes + [spec.outputs] }
    spec.units += 1
    layers[place] = Architecture.Entry(
      name: name, spec: .rbf(spec), inferredFrom: layers[place].inferredFrom)
    architecture = try Architecture(
      inputShape: architecture.inputShape, inputLayout: architecture.inputLayout, inputName: architecture.inputName,
      outputNames: architecture.outputNames, layers: layers, knownAbove: architecture.knownAbove, path: model.file.path)
    metadata[Architecture.key] = architecture.encoded
    metadata["radial.labels"] = JSONValue.array((labels + [label]).map(JSONValue.string)).text(isPretty: false)
    metadata[Verification.key] = nil
    for key in tensors.keys where key.hasPrefix("selftest.") { tensors[key] = nil }
    guard let calibration = model.calibration else { return }
    metadata[Calibration.key] = nil
    for key in tensors.keys where key.hasPrefix("calibration.") { tensors[key] = nil }
    setCalibration(Calibration(calibration, addingClassTo: try edited().network))
  }

  /// By which the rows are known again that its distances or one of its classes were fitted with.
  /// - Parameter isNew: whether those of before no longer count.
  public func setFitted(rows: some Sequence<[Float]>, isNew: Bool) {
    var sketch = isNew ? RowSketch() : model.fittedRows ?? RowSketch()
    for row in rows { sketch.insert(row.withUnsafeBufferPointer(RowSketch.hash)) }
    tensors[Model.fittedTensor] = sketch.tensor
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
  /// Its answers to some rows.
  /// - Parameter inputs: [r, D]
  public func answers(to inputs: [Float]) -> ModelEditor.Answers {
    let rows = inputs.count / network.inputWidth
    var outputs = [Float](repeating: 0, count: rows * network.outputWidth)
    var distances = [Float](repeating: 0, count: rows * network.distanceWidth)
    outputs.withUnsafeMutableBufferPointer { outputs in
      distances.withUnsafeMutableBufferPointer { distances in
        guard let start = outputs.baseAddress else { return }
        network.forward(
          inputs, rows: rows, into: Network.Results(outputs: start, distances: distances.baseAddress),
          workspace: network.makeWorkspace())
      }
    }
    return ModelEditor.Answers(inputs: inputs, outputs: outputs, distances: distances)
  }
}

/// A source with what was changed in it.
private struct EditedSource: TensorSource {
  private let source: any TensorSource
  private let edited: Architecture
  let metadata: [String: String]
  let tensors: [String: Tensor]

  init(
    _ source: any TensorSource, _ architecture: Architecture, _ metadata: [String: String], _ tensors: [String: Tensor]
  ) {
    (self.source, edited, self.metadata, self.tensors) = (source, architecture, metadata, tensors)
  }

  var path: String { source.path }
  var form: ModelForm { source.form }
  var file: FileContents { source.file }
  var notes: [String] { source.notes }
  func preprocessing() throws(ModelError) -> Preprocessing? { try source.preprocessing() }
  func architecture() throws(ModelError) -> Architecture { edited }
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
