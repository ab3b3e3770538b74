import JSONCore
import Models
import RadialEngine

/// What a `/predict` request asks for beside its rows.
struct PredictOptions {
  enum Reject: Equatable { case flag, error, off }

  var scores = true
  var distances = true
  var contributions = false
  var embedding = false
  var topK = 0
  var reject = Reject.flag
  var falseRejectRate: Double?
  /// `instance` instead of `instances`: the answer is one `prediction`.
  var isSingle = false

  init() {}

  init(_ request: json_predict_request) {
    if request.has_outputs {
      let asked = { (output: Int) in request.outputs & UInt32(output) != 0 }
      scores = asked(Int(JSON_SCORES))
      distances = asked(Int(JSON_DISTANCES))
      contributions = asked(Int(JSON_CONTRIBUTIONS))
      embedding = asked(Int(JSON_EMBEDDING))
    }
    if request.has_top_k { topK = request.top_k }
    reject = request.reject == JSON_REJECT_ERROR ? .error : request.reject == JSON_REJECT_OFF ? .off : .flag
    if request.has_false_reject_rate { falseRejectRate = request.false_reject_rate }
    isSingle = request.single
  }

  /// Whether the inputs of the last RBF layer must be kept.
  var needsEmbeddings: Bool { contributions || embedding }

  /// Refuses what `model` cannot answer.
  func validate(for served: ServedModel) throws(APIError) {
    let model = served.model
    if !model.network.isClassifier {
      if topK > 0 { throw .notAClassifier(member: "top_k", model: model.name) }
      if reject == .error { throw .notAClassifier(member: "reject", model: model.name) }
      if falseRejectRate != nil { throw .notAClassifier(member: "false_reject_rate", model: model.name) }
    } else if model.calibration == nil {
      if reject == .error { throw .needsCalibration(member: "reject", model: model.name) }
      if falseRejectRate != nil { throw .needsCalibration(member: "false_reject_rate", model: model.name) }
    }
  }
}
