import Models
import RadialEngine

// The answers to the Open Inference Protocol's questions about the server and its models, as JSON texts.

extension Service {
  /// `GET /v2`: the extensions are those that are really there.
  var openInferenceServer: String {
    "{\"name\":\"radial\",\"version\":\(JSONWriter.quoted(configuration.version)),\"extensions\":[\"binary_tensor_data\","
      + "\"classification\",\"model_configuration\",\"model_repository\",\"parameters\",\"statistics\"]}"
  }
}

extension ModelCatalog {
  /// `{"models":["m"]}`: KServe's list, of both its protocols.
  var names: String { "{\"models\":[\(modelNames.map(JSONWriter.quoted).joined(separator: ","))]}" }

  /// The answer to `POST /v2/repository/index`.
  func index(onlyReady: Bool) -> String {
    let served = Set(all.map(\.key))
    let keys = onlyReady ? served : served.union(failures.keys)
    let entries = keys.sorted().map { key in
      let reason = served.contains(key) ? nil : failures[key]
      return "{\"name\":\(JSONWriter.quoted(key.name)),\"version\":\"\(key.version)\","
        + "\"state\":\"\(reason == nil ? "READY" : "UNAVAILABLE")\""
        + (reason.map { ",\"reason\":\(JSONWriter.quoted($0))" } ?? "") + "}"
    }
    return "[\(entries.joined(separator: ","))]"
  }
}

extension ServedModel {
  /// Tensors as metadata lists them: the dimension of the batch is part of the shape.
  /// - Parameter versions: of the model, or the one that was asked for.
  func openInferenceMetadata(versions: [Int]) -> String {
    func tensor(_ name: StaticString, _ dimensions: [Int]) -> String {
      "{\"name\":\"\(name)\",\"datatype\":\"FP32\",\"shape\":[\(([-1] + dimensions).map(String.init).joined(separator: ","))]}"
    }
    let outputs = listedTensors.map { tensor($0.name, dimensions(of: $0)) }.joined(separator: ",")
    return
      "{\"name\":\(JSONWriter.quoted(key.name)),\"versions\":[\(versions.map { "\"\($0)\"" }.joined(separator: ","))],"
      + "\"platform\":\"radial\",\"inputs\":[\(tensor(OutputTensor.input, model.inputShape))],\"outputs\":[\(outputs)]}"
  }

  /// Triton's ModelConfig message in JSON: here the dimension of the batch is not part of a shape.
  var openInferenceConfig: String {
    let name = JSONWriter.quoted(key.name)
    let maxRows = signature.maxRows
    func list(_ dimensions: [Int]) -> String { "[\(dimensions.map(String.init).joined(separator: ","))]" }
    let outputs = listedTensors.map {
      "{\"name\":\"\($0.name)\",\"data_type\":\"TYPE_FP32\",\"dims\":\(list(dimensions(of: $0))),\"label_filename\":\"\",\"is_shape_tensor\":false}"
    }
    return
      "{\"name\":\(name),\"platform\":\"radial\",\"backend\":\"radial\",\"version_policy\":{\"latest\":{\"num_versions\":1}},"
      + "\"max_batch_size\":\(maxRows),\"input\":[{\"name\":\"\(OutputTensor.input)\",\"data_type\":\"TYPE_FP32\","
      + "\"format\":\"FORMAT_NONE\",\"dims\":\(list(model.inputShape)),\"is_shape_tensor\":false,\"allow_ragged_batch\":false,\"optional\":false}],"
      + "\"output\":[\(outputs.joined(separator: ","))],\"instance_group\":[{\"name\":\(name),\"kind\":\"KIND_CPU\",\"count\":1}],"
      + "\"dynamic_batching\":{\"preferred_batch_size\":[\(maxRows)],\"max_queue_delay_microseconds\":0}}"
  }
}
