/// Split-conformal calibration: each class's own held-out distances, against which a new distance is ranked.
///
/// Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005.
public struct Calibration: Sendable {
  /// The word for the method in the file: split_conformal.
  public let method: String
  /// The rate that the model was calibrated for, or that was given in its place: known ⇔ p ≥ it.
  public let falseRejectRate: Double
  /// Held-out rows of all classes.
  public let rows: Int
  /// Squared distances, ascending, one class after another.
  private let distances: [Float]
  /// [C + 1]: where each class's distances start.
  private let offsets: [Int]

  static let key = "radial.calibration"

  /// nil: the file carries none.
  /// - Parameter options: their rate, if any, is decided at instead of the file's.
  init?(_ file: any TensorSource, classes: Int, _ options: LoadOptions = LoadOptions()) throws(ModelError) {
    guard let text = file.metadata[Self.key] else {
      if let rate = options.falseRejectRate {
        throw ModelError(
          .metadata, options.falseRejectRatePath ?? file.path,
          "a false-reject rate of \(rate) was given, but the model's file carries no calibration that could keep it; leave the rate out, or calibrate the model"
        )
      }
      return nil
    }
    func invalid(_ sentence: String) -> ModelError {
      ModelError(.metadata, file.path, "calibration: \(sentence); export the model again")
    }
    let members = try Members(
      key: Self.key, text: text, known: ["method", "false_reject_rate", "rows"], path: file.path, .metadata)
    method = try members.text("method", maximumBytes: Architecture.maximumTextBytes)
    guard method == "split_conformal" else {
      throw invalid("unknown method '\(JSONValue.shortened(method))', expected split_conformal")
    }
    let rate = try members.number("false_reject_rate", expected: "a number between 0 and 1") { $0 > 0 && $0 < 1 }
    falseRejectRate = options.falseRejectRate ?? rate
    rows = try members.count("rows", in: 0...Int(Int32.max))
    distances = try file.floats("calibration.distances", shape: [rows], reason: "\(rows) rows of the calibration")
    let starts = try file.integers(
      "calibration.offsets", shape: [classes + 1], reason: "\(classes) classes and an end")
    guard starts.first == 0, starts.last == Int64(rows), zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw invalid("calibration.offsets do not ascend from 0 to \(rows)")
    }
    offsets = starts.map(Int.init)
    for index in 0..<classes {
      let own = distances[offsets[index]..<offsets[index + 1]]
      guard own.allSatisfy({ $0 >= 0 }), zip(own, own.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw invalid("the distances of class \(index) do not ascend from 0")
      }
    }
  }

  /// p = (1 + number of the class's own calibration distances ≥ `distance`) / (n + 1).
  /// - Parameter distance: squared.
  public func pValue(class index: Int, distance: Float) -> Double {
    var low = offsets[index]
    var high = offsets[index + 1]
    let end = high
    while low < high {
      let middle = low + (high - low) / 2
      if !(distances[middle] >= distance) { low = middle + 1 } else { high = middle }
    }
    return Double(1 + end - low) / Double(end - offsets[index] + 1)
  }
}
