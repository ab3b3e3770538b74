import FoundationEssentials

/// Split-conformal calibration: each class's own held-out distances, against which a new distance is ranked.
///
/// Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005.
public struct Calibration: Sendable {
  public let method: String
  /// The rate that the model was calibrated for, or that was given in its place: known ⇔ p ≥ it.
  public let falseRejectRate: Double
  /// Held-out rows of all classes.
  public let rows: Int
  /// Squared distances, ascending, one class after another.
  private let distances: [Float]
  /// [C + 1]: where each class's distances start.
  private let offsets: [Int]

  private struct Entry: Decodable {
    let method: String
    let falseRejectRate: Double
    let rows: Int
  }

  /// nil: the file carries none.
  /// - Parameter options: their rate, if any, is decided at instead of the file's.
  init?(_ file: any TensorSource, classes: Int, _ options: LoadOptions = LoadOptions()) throws(ModelError) {
    guard let text = file.metadata["radial.calibration"] else {
      if let rate = options.falseRejectRate {
        throw ModelError(
          .metadata, options.falseRejectRatePath ?? file.path,
          "a false-reject rate of \(rate) was given, but the model's file carries no calibration that could keep it; leave the rate out, or calibrate the model"
        )
      }
      return nil
    }
    func refuse(_ sentence: String) -> ModelError {
      ModelError(.metadata, file.path, "calibration: \(sentence); export the model again")
    }
    let entry: Entry
    do {
      entry = try snakeCaseDecoder().decode(Entry.self, from: Data(text.utf8))
    } catch {
      throw refuse("'radial.calibration' is malformed (\(SafetensorsFile.explain(error)))")
    }
    guard entry.method == "split_conformal" else {
      throw refuse("unknown method '\(entry.method)', expected split_conformal")
    }
    guard entry.falseRejectRate > 0, entry.falseRejectRate < 1 else {
      throw refuse("false_reject_rate is \(entry.falseRejectRate), expected a number between 0 and 1")
    }
    guard entry.rows >= 0 else { throw refuse("rows is \(entry.rows)") }
    method = entry.method
    falseRejectRate = options.falseRejectRate ?? entry.falseRejectRate
    rows = entry.rows
    distances = try file.floats("calibration.distances", shape: [rows], because: "\(rows) rows of the calibration")
    let starts = try file.integers(
      "calibration.offsets", shape: [classes + 1], because: "\(classes) classes and an end")
    guard starts.first == 0, starts.last == Int64(rows), zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw refuse("calibration.offsets do not ascend from 0 to \(rows)")
    }
    offsets = starts.map(Int.init)
    for index in 0..<classes {
      let own = distances[offsets[index]..<offsets[index + 1]]
      guard own.allSatisfy({ $0 >= 0 }), zip(own, own.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw refuse("the distances of class \(index) do not ascend from 0")
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
