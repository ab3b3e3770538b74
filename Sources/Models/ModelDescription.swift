import FoundationEssentials
import RadialEngine

/// What `GET /model` and `radial inspect --json` say of a model: one document, in JSON with members in snake case.
package struct ModelDescription: Encodable, Sendable {
  /// Rows, or what is computed of them: a null stands for the dimension of the batch.
  package struct Tensor: Encodable, Sendable {
    let shape: [Int?]
    let dtype = "float32"
    /// In the protocols that name tensors, where it is the file's; nil: the usual one.
    var name: String?

    init(_ dimensions: [Int], name: String? = nil) {
      shape = [nil] + dimensions
      self.name = name
    }
  }

  /// scale · x + offset, before the first layer.
  struct Preprocessing: Encodable {
    let scale: Float
    let offset: Float
  }

  /// The file that the model was read from.
  struct File: Encodable {
    let name: String
    let bytes: Int
    let sha256: String
    /// safetensors, keras, h5 or weights.
    let form: String
    @Nullable var kerasVersion: String?
    /// Only told to whoever named it.
    var path: String?
  }

  /// A line of the layer table.
  struct Layer: Encodable {
    let name: String
    let type: String
    let inputShape: [Int?]
    let outputShape: [Int?]
    @Nullable var activation: String?
    let parameters: Int
    let formula: String
    /// true where the formula was inferred; absent where the file says it.
    let inferred: Bool?
    /// By what.
    let inferredFrom: String?
  }

  /// The file's own rows and answers, run again.
  struct SelfTest: Encodable {
    let rows: Int
    /// null: the file carries none.
    @Nullable var result: String?
    let instructionSet: String
  }

  let name: String
  let version: String
  let kind: String
  let input: Tensor
  let output: Tensor
  /// null: the network measures none.
  @Nullable var distances: Tensor?
  @Nullable var labels: [String]?
  let parameters: Int
  let preprocessing: Preprocessing
  /// What the verdicts rest on.
  @Nullable var calibration: CalibrationDescription?
  /// `model`: its own output; `calibration`; null: it gives none.
  @Nullable var verdictFrom: String?
  @Nullable var verified: JSONValue?
  @Nullable var training: JSONValue?
  /// Rows that `GET /models/NAME/samples` gives.
  let samples: Int
  private(set) var file: File
  let layers: [Layer]
  /// Of `inspect`, which has just run it.
  private(set) var selfTest: SelfTest?

  /// The names of tensors that come from the file; nil: a tensor has none but the usual one.
  package struct Names {
    let input, output, distances: String?

    /// Names of the protocols that name tensors.
    package init(input: String? = nil, output: String? = nil, distances: String? = nil) {
      (self.input, self.output, self.distances) = (input, output, distances)
    }
  }

  /// The description of `model`.
  package init(_ model: Model, names: Names) {
    let network = model.network
    name = model.name
    version = String(model.version)
    kind = model.isClassifier ? "classifier" : "regressor"
    input = Tensor(model.inputShape, name: names.input)
    output = Tensor([network.outputWidth], name: names.output)
    distances = model.hasDistances ? Tensor([network.distanceWidth], name: names.distances) : nil
    parameters = network.parameterCount
    preprocessing = Preprocessing(scale: model.preprocessing.scale, offset: model.preprocessing.offset)
    file = File(
      name: model.file.name, bytes: model.file.bytes, sha256: model.file.sha256, form: model.file.form.name,
      kerasVersion: model.file.form.kerasVersion)
    layers = model.layers.map { layer in
      Layer(
        name: layer.name, type: layer.type, inputShape: [nil] + layer.inputShape,
        outputShape: [nil] + layer.outputShape, activation: layer.activation, parameters: layer.parameters,
        formula: layer.formula, inferred: layer.inferredFrom == nil ? nil : true, inferredFrom: layer.inferredFrom)
    }
    labels = model.labels
    calibration = model.calibration.map { CalibrationDescription($0, labels: model.labels) }
    verdictFrom = model.verdictSource?.rawValue
    samples = model.samples?.rows ?? 0
    verified = model.verification?.json
    // The loader made sure that it is JSON.
    training = model.trainingJSON.flatMap { try? JSONReader.read($0) }
  }

  /// With what `inspect` knows beside it.
  /// - Parameter selfTest: `passed` or `failed`; nil: the file carries none.
  package func inspected(_ model: Model, selfTest: String?) -> ModelDescription {
    var description = self
    description.file.path = model.file.path
    description.selfTest = SelfTest(
      rows: model.selfTestRows, result: selfTest, instructionSet: model.network.instructionSet.rawValue)
    return description
  }
}

/// Documents of JSON that are asked for seldom: their members are those of a type, in snake case and in alphabetical order.
package enum JSONDocument {
  /// The text of a value whose numbers are finite.
  package static func text(of value: some Encodable, isPretty: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    guard let data = try? encoder.encode(value) else { preconditionFailure("a document's number is not finite") }
    return String(decoding: data, as: UTF8.self)
  }
}

/// A member that is null, and not left out, where there is no value.
@propertyWrapper
package struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
  /// nil: null.
  package var wrappedValue: Value?

  /// A member with this value.
  package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  /// The value, or null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}

extension ModelForm {
  /// One word for programs.
  var name: String {
    switch self {
    case .safetensors: "safetensors"
    case .keras: "keras"
    case .legacyHDF5: "h5"
    case .kerasWeights: "weights"
    case .onnx: "onnx"
    }
  }

  var kerasVersion: String? {
    switch self {
    case .safetensors, .onnx: nil
    case .keras(let version), .legacyHDF5(let version), .kerasWeights(let version): version
    }
  }
}
