import Glibc
import Models
import RadialEngine

/// What an evaluation keeps of a row.
struct RowScore: Sendable {
  /// The class that its label names; nil: it has none.
  var label: Int32?
  let predicted: Int32
  /// Of the answered class, exactly as the verdict has it; nil: the model is not calibrated.
  let pValue: Double?
  /// The verdict at the model's own rate, or by its own output; nil: it gives none.
  let isKnown: Bool?
  /// The squared distance over the limit of its class at the model's rate: beyond 1 it is unknown; nil: there is no limit.
  let overLimit: Float?
  /// How far it is: the scaled distance to its class; nil: the model measures none.
  let farness: Float?
  /// 1 − the largest probability of a softmax; nil: there is none.
  let softmax: Float?
  /// −log Σ exp of its logits (Liu et al., "Energy-based Out-of-distribution Detection", 2020); nil: there are none.
  let energy: Float?
  let score: Float

  var isRight: Bool { label == predicted }

  /// - Parameter results: of the row and those behind it.
  init(_ row: Int, _ results: Network.Results, _ model: Model, limits: [Float?]) {
    let network = model.network
    let outputs = UnsafePointer(results.outputs + row * network.outputWidth)
    let distances = results.distances.map { UnsafePointer($0 + row * network.distanceWidth) }
    let classification = Classification(outputs, distances, of: model)
    predicted = Int32(classification.predicted)
    score = classification.score
    (pValue, isKnown) = (classification.verdict?.pValue, classification.verdict?.isKnown)
    let limit = limits.isEmpty ? nil : limits[classification.predicted]
    overLimit = limit.flatMap { limit in
      classification.distance.map { limit > 0 ? $0 / limit : $0 > 0 ? .infinity : 1 }
    }
    var logits: [Double]?
    farness = classification.distance.map { network.scaled($0, of: classification.predicted) }
    if model.decision == .nearestPrototype, let distances {
      logits = (0..<network.distanceWidth).map { network.logit(distances[$0], of: $0) }
    } else {
      if network.lastActivation == .softmax, let own = results.logits {
        logits = (0..<network.outputWidth).map { Double(own[row * network.outputWidth + $0]) }
      }
    }
    if let logits, let largest = logits.max(), largest.isFinite {
      let sum = logits.reduce(0) { $0 + exp($1 - largest) }
      softmax = Float(1 - 1 / sum)
      energy = Float(-(largest + log(sum)))
    } else if model.decision == .probability {
      softmax = 1 - classification.score
      energy = nil
    } else {
      (softmax, energy) = (nil, nil)
    }
  }
}
