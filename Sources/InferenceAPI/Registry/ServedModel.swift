package import Batching
import HTTPServer
package import Models
import RadialEngine

/// A model with what its answers need every time: its measured cost, and the texts that never change.
///
/// Immutable; whoever answers with it holds it, so that it outlives its place in the catalog.
package final class ServedModel: Sendable {
  /// What computes the answers.
  package let model: Model
  /// What a batch of a number of rows costs on this machine.
  package let cost: CostModel
  /// Of its counters in `MetricsValues.models`.
  let metricsIndex: Int
  /// `{"model":"digits","version":"1"`
  let answerPrefix: [UInt8]
  /// `"model_name":"digits","model_version":"1","outputs":[`
  let inferPrefix: [UInt8]
  /// For the decoders.
  let signature: TensorSignature
  /// What metadata lists, and what may be asked for by name.
  let listedTensors, tensors: [OutputTensor]
  /// Each class's label as a JSON string; empty without labels.
  let labels: [[UInt8]]
  /// The answer to `GET /model`.
  let description: FixedResponse

  /// Its name and version.
  var key: ModelSource.Key { ModelSource.Key(name: model.name, version: model.version) }

  /// A model that is ready to answer.
  /// - Parameters:
  ///   - metricsIndex: of its version's counters.
  ///   - maxRows: of one request.
  package init(_ model: Model, cost: CostModel, metricsIndex: Int = 0, maxRows: Int = 1) {
    self.model = model
    self.cost = cost
    self.metricsIndex = metricsIndex
    answerPrefix =
      Array("{\"model\":".utf8) + JSONWriter.escaped(model.name) + Array(",\"version\":\"\(model.version)\"".utf8)
    inferPrefix =
      Array("\"model_name\":".utf8) + JSONWriter.escaped(model.name)
      + Array(",\"model_version\":\"\(model.version)\",\"outputs\":[".utf8)
    signature = model.signature(maxRows: maxRows)
    listedTensors = model.listedTensors
    tensors = model.tensors
    labels = (model.labels ?? []).map(JSONWriter.escaped)
    description = FixedResponse(status: 200, contentType: "application/json", body: model.jsonDescription)
  }

  /// A class's label, or its index where the model has no labels.
  func label(_ index: Int) -> String { model.labels?[index] ?? String(index) }
}

extension Model {
  /// The answer to `GET /model`: layers, shapes, formulas, labels, calibration, file checksum.
  var jsonDescription: String {
    let quoted = JSONWriter.quoted
    func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }
    func shape(_ dimensions: [Int]) -> String { list(["null"] + dimensions.map(String.init)) }
    let layerTexts = layers.map { layer in
      "{\"name\":\(quoted(layer.name)),\"type\":\(quoted(layer.type)),"
        + "\"input_shape\":\(shape(layer.inputShape)),\"output_shape\":\(shape(layer.outputShape)),"
        + "\"activation\":\(layer.activation.map(quoted) ?? "null"),\"parameters\":\(layer.parameters),"
        + "\"formula\":\(quoted(layer.formula))"
        + (layer.inferredFrom.map { ",\"inferred\":true,\"inferred_from\":\(quoted($0))" } ?? "") + "}"
    }
    let calibrationText =
      calibration.map {
        "{\"method\":\(quoted($0.method)),\"false_reject_rate\":\($0.falseRejectRate),\"rows\":\($0.rows)}"
      } ?? "null"
    return "{\"name\":\(quoted(name)),\"version\":\"\(version)\","
      + "\"kind\":\"\(network.isClassifier ? "classifier" : "regressor")\","
      + "\"input\":{\"shape\":\(shape(inputShape)),\"dtype\":\"float32\""
      + (inputAlias.map { ",\"name\":\(quoted($0))" } ?? "") + "},"
      + "\"output\":{\"shape\":\(shape([network.outputWidth])),\"dtype\":\"float32\"},"
      + "\"distances\":{\"shape\":\(shape([network.distanceWidth])),\"dtype\":\"float32\"},"
      + "\"labels\":\(labels.map { list($0.map(quoted)) } ?? "null"),"
      + "\"parameters\":\(network.parameterCount),"
      + "\"preprocessing\":{\"scale\":\(preprocessing.scale),\"offset\":\(preprocessing.offset)},"
      + "\"calibration\":\(calibrationText),\"verified\":\(verification?.jsonText ?? "null"),\"training\":\(trainingJSON ?? "null"),"
      + "\"file\":{\"name\":\(quoted(file.name)),\"bytes\":\(file.bytes),\"sha256\":\(quoted(file.sha256))},"
      + "\"layers\":\(list(layerTexts))}"
  }
}
