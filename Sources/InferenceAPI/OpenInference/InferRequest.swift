import JSONCore

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

  /// - Parameter json: what `request` was decoded from; its id lies there.
  init(_ request: json_infer_request, of served: ServedModel, json: UnsafeRawBufferPointer) {
    id = Array(json[request.id_offset..<request.id_offset + request.id_length])
    timeout = request.timeout
    guard request.output_count > 0 else {
      outputs = served.listedTensors.map { Output(tensor: $0, isBinary: request.binary_data_output) }
      return
    }
    // In the order of the metadata, whatever the request's.
    outputs = withUnsafeBytes(of: request.outputs) { bytes in
      let asked = bytes.bindMemory(to: json_requested_output.self).prefix(request.output_count)
      return asked.sorted { $0.tensor < $1.tensor }.map {
        Output(tensor: served.tensors[$0.tensor], isBinary: $0.is_binary, classification: $0.classification)
      }
    }
  }

  /// Of a raw request: everything, binary.
  init(rawRequestTo served: ServedModel) {
    outputs = served.listedTensors.map { Output(tensor: $0, isBinary: true) }
  }
}
