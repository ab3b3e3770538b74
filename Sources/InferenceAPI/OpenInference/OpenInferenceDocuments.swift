import Models

// The answers to the Open Inference Protocol's questions about the server and its models.

/// `GET /v2`: the extensions are those that are really there.
struct ServerMetadata: Encodable {
  let name = "radial"
  let version: String
  let extensions = [
    "binary_tensor_data", "classification", "model_configuration", "model_repository", "parameters", "statistics",
  ]
}

/// Whether a model answers: of `/v2/models/…/ready`.
struct ModelReady: Encodable {
  let name: String
  let ready = true
}

/// What tensors a model has: the dimension of the batch is part of the shape.
struct ModelMetadata: Encodable {
  /// A tensor's name, type and shape.
  struct Tensor: Encodable {
    let name: String
    let datatype = "FP32"
    let shape: [Int]
  }

  let name: String
  let versions: [String]
  let platform = "radial"
  let inputs: [Tensor]
  let outputs: [Tensor]

  /// - Parameter versions: of the model, or the one that was asked for.
  init(_ served: ServedModel, versions: [ServedModel]) {
    name = served.key.name
    self.versions = versions.map { String($0.key.version) }
    inputs = [Tensor(name: served.signature.inputNames[0], shape: [-1] + served.model.inputShape)]
    outputs = served.listedOutputs.map { Tensor(name: $0.name, shape: [-1] + served.dimensions(of: $0.tensor)) }
  }
}

/// Triton's ModelConfig message in JSON: here the dimension of the batch is not part of a shape.
struct TritonConfiguration: Encodable {
  /// The highest version answers by default.
  struct VersionPolicy: Encodable {
    let latest = ["num_versions": 1]
  }
  /// The one input.
  struct Input: Encodable {
    let name: String
    let dataType = "TYPE_FP32"
    let format = "FORMAT_NONE"
    let dims: [Int]
    let isShapeTensor = false
    let allowRaggedBatch = false
    let optional = false
  }
  /// An output, under the name that requests ask for.
  struct Output: Encodable {
    let name: String
    let dataType = "TYPE_FP32"
    let dims: [Int]
    let labelFilename = ""
    let isShapeTensor = false
  }
  /// Where it runs.
  struct InstanceGroup: Encodable {
    let name: String
    let kind = "KIND_CPU"
    let count = 1
  }
  /// Requests are batched without waiting for others.
  struct DynamicBatching: Encodable {
    let preferredBatchSize: [Int]
    let maxQueueDelayMicroseconds = 0
  }

  let name: String
  let platform = "radial"
  let backend = "radial"
  let versionPolicy = VersionPolicy()
  let maxBatchSize: Int
  let input: [Input]
  let output: [Output]
  let instanceGroup: [InstanceGroup]
  let dynamicBatching: DynamicBatching

  /// What clients of Triton want to know of a model before they send rows.
  init(_ served: ServedModel) {
    name = served.key.name
    maxBatchSize = served.signature.maxRows
    input = [Input(name: served.signature.inputNames[0], dims: served.model.inputShape)]
    output = served.listedOutputs.map { Output(name: $0.name, dims: served.dimensions(of: $0.tensor)) }
    instanceGroup = [InstanceGroup(name: name)]
    dynamicBatching = DynamicBatching(preferredBatchSize: [maxBatchSize])
  }
}

/// A version in the answer to `POST /v2/repository/index`.
struct RepositoryEntry: Encodable {
  let name: String
  let version: String
  let state: String
  /// Why it could not be loaded.
  let reason: String?

  /// The versions that are served, and unless `onlyReady` those that could not be loaded.
  static func all(of catalog: ModelCatalog, onlyReady: Bool) -> [RepositoryEntry] {
    let served = Set(catalog.all.map(\.key))
    let keys = onlyReady ? served : served.union(catalog.failures.keys)
    return keys.sorted().map { key in
      let reason = served.contains(key) ? nil : catalog.failures[key]
      return RepositoryEntry(
        name: key.name, version: String(key.version), state: reason == nil ? "READY" : "UNAVAILABLE", reason: reason)
    }
  }
}
