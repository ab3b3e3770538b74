package import Batching
package import Bytes
import HTTPServer
import JSON
package import Models
import Predictions
import RadialEngine

/// A model with what its answers need every time: its measured cost, and the texts that never change.
///
/// Immutable; whoever answers with it holds it, so that it outlives its place in the catalog.
package final class ServedModel: Sendable {
  /// What computes the answers.
  package let model: Model
  /// What a batch of a number of rows costs on this machine.
  package let cost: CostModel
  /// What its requests' large bodies, rows and answers may take.
  let memory: MemoryBudget
  /// Of its counters in `MetricsValues.models`.
  let metricsIndex: Int
  /// `{"model":"digits","version":"1"`
  let nativePrefix: [UInt8]
  /// `"model_name":"digits","model_version":"1","outputs":[`
  let inferPrefix: [UInt8]
  /// For the decoders.
  let signature: TensorSignature
  /// What metadata lists.
  let listedOutputs: [TensorSignature.Output]
  /// Writes its rows' predictions.
  let predictions: PredictionWriter
  /// The answer to `GET /model`.
  let description: FixedResponse
  /// The answers to `GET /models/NAME/prototypes` and `/samples`.
  let (prototypes, samples) = (KeptDocument(), KeptDocument())

  /// What one request may take of its memory: all of it, if there is no other.
  /// - Parameter held: what the request has of it already.
  func requestMemory(holding held: Int = 0) -> MemoryBudget { MemoryBudget(ofOneWithin: memory, holding: held) }

  /// Its name and version.
  var key: ModelSource.Key { ModelSource.Key(name: model.name, version: model.version) }

  /// A model that is ready to answer.
  /// - Parameters:
  ///   - metricsIndex: of its version's counters.
  ///   - maxRows: of one request.
  ///   - memory: of all requests; those to one model may take half of it.
  package init(
    _ model: Model, cost: CostModel, metricsIndex: Int = 0, maxRows: Int = 1,
    memory: MemoryBudget = MemoryBudget(limit: 512 << 20)
  ) {
    self.model = model
    self.cost = cost
    // Half, so that nobody's requests shut out those to another model.
    self.memory = MemoryBudget(limit: memory.limit / 2, within: memory)
    self.metricsIndex = metricsIndex
    // Written into every answer: made once.
    nativePrefix =
      Array("{\"model\":".utf8) + JSONWriter.escaped(model.name) + Array(",\"version\":\"\(model.version)\"".utf8)
    inferPrefix =
      Array("\"model_name\":".utf8) + JSONWriter.escaped(model.name)
      + Array(",\"model_version\":\"\(model.version)\",\"outputs\":[".utf8)
    signature = model.signature(maxRows: maxRows)
    listedOutputs = signature.listed
    predictions = PredictionWriter(model)
    // Asked by dashboards every few seconds, and never another.
    description = FixedResponse(
      status: 200, body: JSONDocument.text(of: ModelDescription(model, names: model.describedNames)))
  }
}
