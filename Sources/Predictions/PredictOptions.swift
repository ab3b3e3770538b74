package import Models
import RadialEngine

/// What is to be said of each row, beside its class: asked for by a body of `/predict` or by the flags of `radial predict`.
package struct PredictOptions: Sendable {
  /// What becomes of rows that are unknown.
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
  /// What is shown of a row beside its class; nil: scores and, where the model measures them, distances, but those of a one-class model.
  package var outputs: PredictOutputs?
  /// What becomes of rows that are unknown.
  package var reject = Reject.flag

  /// Scores and distances.
  package static let usualOutputs = PredictOutputs([.scores, .distances])

  /// What is asked for when nothing is.
  package init() {}

  /// What is shown of a row of `model` beside its class.
  package func outputs(of model: Model) -> PredictOutputs {
    outputs ?? (model.hasDistances && !model.isOneClass ? Self.usualOutputs : PredictOutputs([.scores]))
  }

  /// Whether the inputs of the last RBF layer must be kept.
  package var needsEmbeddings: Bool { outputs?.needEmbeddings == true }

  /// Whether rows are to get no verdict.
  package var omitsVerdict: Bool { reject == .off }

  /// Why a model cannot be asked for something. `description` is the sentence.
  package struct Misfit: Error, CustomStringConvertible {
    package let description: String

    /// What needs a calibration, of a model that carries none.
    package static func noCalibration(_ member: String, _ model: Model) -> Misfit {
      Misfit(
        description:
          "'\(member)' needs a calibration and model '\(model.name)' carries none; leave it out or calibrate the model")
    }

    /// What needs distances of classes, of a model that measures none.
    package static func noDistances(_ member: String, _ model: Model) -> Misfit {
      Misfit(
        description:
          "'\(member)' needs distances to the classes and model '\(model.name)' measures none: it has no RBF layer at its end; leave it out, or give the model one by `radial fit`"
      )
    }
  }

  /// Refuses what `model` cannot answer.
  package func validate(for model: Model) throws(Misfit) {
    if outputs?.contains(.softmax) == true, !model.hasSoftmax {
      throw Misfit(
        description:
          "'softmax' is of a model of several classes that ends in prototypes, a softmax, one sigmoid unit or units without an activation, and model '\(model.name)' is none; leave it out"
      )
    }
    if !model.hasDistances, let outputs,
      let output = PredictOutput.allCases.first(where: { $0 != .scores && $0 != .softmax && outputs.contains($0) })
    {
      throw .noDistances(output.name, model)
    }
    if model.calibration == nil, outputs?.contains(.limits) == true { throw .noCalibration("limits", model) }
    guard topK > 0 || reject == .error || falseRejectRate != nil else { return }
    let needed = [
      topK > 0 ? "top_k" : nil, reject == .error ? "reject" : nil, falseRejectRate == nil ? nil : "false_reject_rate",
    ].compactMap { $0 }
    if !model.isClassifier, let member = needed.first {
      throw Misfit(
        description:
          "'\(member)' needs class prototypes in the last layer and model '\(model.name)' is a regressor; leave it out")
    }
    if !model.canBeCalibrated, let member = needed.first(where: { $0 != "top_k" }) {
      throw .noDistances(member, model)
    }
    let isOwn = model.verdictSource == .model
    if model.calibration == nil, let member = needed.first(where: { $0 != "top_k" && !($0 == "reject" && isOwn) }) {
      throw .noCalibration(member, model)
    }
  }
}
