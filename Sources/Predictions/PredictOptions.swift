package import Models
import RadialEngine

/// What is to be said of each row, beside its class: asked for by a body of `/predict` or by the flags of `radial predict`.
package struct PredictOptions: Sendable {
  /// What becomes of rows that the calibration does not know.
  package enum Reject: UInt8, Sendable {
    /// They are answered, with the verdict.
    case flag
    /// They are refused.
    case error
    /// There is no verdict.
    case off
  }

  /// In (0, 1); nil: the calibration's.
  package var falseRejectRate: Double?
  /// How many classes, the nearest first; 0: none.
  package var topK: Int32 = 0
  /// What is shown of a row beside its class.
  package var outputs = Self.usualOutputs
  /// What becomes of rows that the calibration does not know.
  package var reject = Reject.flag

  /// Scores and distances.
  package static let usualOutputs = PredictOutputs([.scores, .distances])

  /// What is asked for when nothing is.
  package init() {}

  /// Whether the inputs of the last RBF layer must be kept.
  package var needsEmbeddings: Bool { outputs.needEmbeddings }

  /// Whether rows are to get no verdict.
  package var omitsVerdict: Bool { reject == .off }

  /// Why a model cannot be asked for something. `description` is the sentence.
  package struct Misfit: Error, CustomStringConvertible { package let description: String }

  /// Refuses what `model` cannot answer.
  package func validate(for model: Model) throws(Misfit) {
    guard topK > 0 || reject == .error || falseRejectRate != nil else { return }
    let needed = [
      topK > 0 ? "top_k" : nil, reject == .error ? "reject" : nil, falseRejectRate == nil ? nil : "false_reject_rate",
    ].compactMap { $0 }
    if !model.network.isClassifier, let member = needed.first {
      throw Misfit(
        description:
          "'\(member)' needs class prototypes in the last layer and model '\(model.name)' is a regressor; leave it out")
    }
    if model.calibration == nil, let member = needed.first(where: { $0 != "top_k" }) {
      throw Misfit(
        description:
          "'\(member)' needs a calibration and model '\(model.name)' carries none; leave it out or calibrate the model")
    }
  }
}
