import Models
import RadialEngine

/// The results of one request's rows, wherever they were computed.
struct RowResults {
  let served: ServedModel
  let results: Network.Results
  /// N
  let count: Int

  var network: Network { served.model.network }

  /// From `row` on, [_, O].
  func outputs(_ row: Int) -> UnsafePointer<Float> { UnsafePointer(results.outputs + row * network.outputWidth) }

  /// From `row` on, [_, C], squared.
  func distances(_ row: Int) -> UnsafePointer<Float> {
    guard let distances = results.distances else { preconditionFailure("a served network has an RBF layer") }
    return UnsafePointer(distances + row * network.distanceWidth)
  }

  /// What the calibration says of every row; nothing of a regressor's.
  func decide(into verdicts: inout [Verdict]) {
    guard network.isClassifier else { return }
    for row in 0..<count {
      let nearest = network.nearest(distances(row)).first
      var verdict = Verdict(nearest: nearest, distance: distances(row)[nearest])
      if let calibration = served.model.calibration {
        let pValue = calibration.pValue(class: nearest, distance: verdict.distance)
        (verdict.known, verdict.pValue) = (pValue >= calibration.falseRejectRate, Float(pValue))
      }
      verdicts.append(verdict)
    }
  }
}

/// What was decided of a row: the metrics count it.
struct Verdict: Sendable {
  let nearest: Int
  /// Squared.
  let distance: Float
  /// nil: the model carries no calibration, or the caller switched the verdict off.
  var known: Bool?
  /// Of a known or unknown row.
  var pValue = Float.nan
}
