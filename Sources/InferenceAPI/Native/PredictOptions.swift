import Models
import RadialEngine

/// What a `/predict` request asks for beside its rows.
struct PredictOptions {
  enum Reject: Equatable { case flag, error, off }

  var outputs = Self.usualOutputs
  /// How many classes, the nearest first; 0: none.
  var topK = 0
  var reject = Reject.flag
  /// In (0, 1); nil: the calibration's.
  var falseRejectRate: Double?
  /// `instance` instead of `instances`: the answer is one `prediction`.
  var isSingle = false

  static let usualOutputs = PredictOutputs([.scores, .distances])

  /// Whether the inputs of the last RBF layer must be kept.
  var needsEmbeddings: Bool { outputs.needEmbeddings }

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
