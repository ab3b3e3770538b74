import Models

// The answers to TensorFlow Serving's questions about models.

/// The state of one version, or of all of them. With KServe's members, since its clients ask the same path whether the model is ready.
struct ServingStatus: Encodable {
  /// A version that answers.
  struct Version: Encodable {
    let version: String
    let state = "AVAILABLE"
    let status = ["error_code": "OK", "error_message": ""]
  }

  let name: String
  let ready = true
  let modelVersionStatus: [Version]

  /// - Parameter versions: of one model, at least one.
  init(_ versions: [ServedModel]) {
    name = versions[0].key.name
    modelVersionStatus = versions.map { Version(version: String($0.key.version)) }
  }
}

/// The signatures of a model, as a SignatureDefMap in JSON: sizes and the version are strings.
struct ServingMetadata: Encodable {
  /// Which version of which model.
  struct ModelSpec: Encodable {
    let name: String
    let signatureName = ""
    let version: String
  }
  /// A size, as a text; -1: the batch's.
  struct Dimension: Encodable {
    let size: String
    let name = ""
  }
  /// A TensorShapeProto.
  struct Shape: Encodable {
    let dim: [Dimension]
    let unknownRank = false
  }
  /// A TensorInfo.
  struct Tensor: Encodable {
    let dtype = "DT_FLOAT"
    let tensorShape: Shape
    let name: String

    init(_ name: String, _ dimensions: [Int]) {
      tensorShape = Shape(dim: ([-1] + dimensions).map { Dimension(size: String($0)) })
      // What TensorFlow calls the first output of an operation; a name that comes from there has it already.
      self.name = name.contains(":") ? name : name + ":0"
    }
  }
  /// A SignatureDef.
  struct Signature: Encodable {
    let inputs: [String: Tensor]
    let outputs: [String: Tensor]
    let methodName = "tensorflow/serving/predict"
    let defaults: [String: String] = [:]
  }

  let modelSpec: ModelSpec
  /// The map is a message in a message.
  let metadata: [String: [String: [String: Signature]]]

  /// The signatures that requests may name.
  init(_ served: ServedModel) {
    modelSpec = ModelSpec(name: served.key.name, version: String(served.key.version))
    let input = served.signature.inputNames[0]
    let inputs = [input: Tensor(input, served.model.inputShape)]
    let signatures = ServingSignature.allCases.filter(served.hasSignature).map { signature in
      let outputs = served.outputs(of: signature).map { ($0.name, Tensor($0.name, served.dimensions(of: $0.tensor))) }
      return (
        signature.rawValue, Signature(inputs: inputs, outputs: Dictionary(uniqueKeysWithValues: outputs))
      )
    }
    metadata = ["signature_def": ["signature_def": Dictionary(uniqueKeysWithValues: signatures)]]
  }
}
