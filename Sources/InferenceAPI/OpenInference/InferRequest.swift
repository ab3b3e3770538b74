/// What an infer request asks for beside its rows.
struct InferRequest {
  struct Output {
    let tensor: OutputTensor
    let isBinary: Bool
    /// How many classes, the largest values first; 0: the tensor itself.
    var classification = 0
  }

  /// As a JSON string, quotes included, to be sent back as it came; empty: none.
  var id: [UInt8] = []
  var outputs: [Output]
  /// In microseconds from the request's arrival; 0: none.
  var timeout: UInt64 = 0

  init(_ body: InferBody, of served: ServedModel) {
    id = body.id
    timeout = body.timeout
    guard !body.outputs.isEmpty else {
      outputs = served.listedTensors.map { Output(tensor: $0, isBinary: body.isBinary) }
      return
    }
    // In the order of the metadata, whatever the request's.
    outputs = body.outputs.sorted { $0.tensor < $1.tensor }.map {
      Output(tensor: served.tensors[$0.tensor], isBinary: $0.isBinary, classification: $0.classification)
    }
  }

  /// Of a raw request: everything, binary.
  init(rawRequestTo served: ServedModel) {
    outputs = served.listedTensors.map { Output(tensor: $0, isBinary: true) }
  }
}
