import Models
import RadialEngine

/// The answers to TensorFlow Serving's questions about models, as JSON texts.
extension ModelCatalog {
  /// One version, or all of them. With KServe's members, since its clients ask the same path whether the model is ready.
  func servingStatus(_ name: String, _ versions: [ServedModel]) -> String {
    let states = versions.map {
      "{\"version\":\"\($0.key.version)\",\"state\":\"AVAILABLE\",\"status\":{\"error_code\":\"OK\",\"error_message\":\"\"}}"
    }
    return
      "{\"name\":\(JSONWriter.quoted(name)),\"ready\":true,\"model_version_status\":[\(states.joined(separator: ","))]}"
  }
}

extension ServedModel {
  /// The signatures, as a SignatureDefMap in JSON: sizes and the version are strings.
  var servingMetadata: String {
    func tensor(_ name: StaticString, _ dimensions: [Int]) -> String {
      let sizes = ([-1] + dimensions).map { "{\"size\":\"\($0)\",\"name\":\"\"}" }.joined(separator: ",")
      return
        "\"\(name)\":{\"dtype\":\"DT_FLOAT\",\"tensor_shape\":{\"dim\":[\(sizes)],\"unknown_rank\":false},\"name\":\"\(name):0\"}"
    }
    let input = tensor(OutputTensor.input, model.inputShape)
    let signatures = ServingRequest.Signature.allCases.map { signature in
      let outputs = tensors(of: signature).map { tensor($0.name, dimensions(of: $0)) }.joined(separator: ",")
      return "\"\(signature.rawValue)\":{\"inputs\":{\(input)},\"outputs\":{\(outputs)},"
        + "\"method_name\":\"tensorflow/serving/predict\",\"defaults\":{}}"
    }
    return
      "{\"model_spec\":{\"name\":\(JSONWriter.quoted(key.name)),\"signature_name\":\"\",\"version\":\"\(key.version)\"},"
      + "\"metadata\":{\"signature_def\":{\"signature_def\":{\(signatures.joined(separator: ","))}}}}"
  }
}
