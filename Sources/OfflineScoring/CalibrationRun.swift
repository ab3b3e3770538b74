package import Models
import RadialEngine
package import RowFiles

/// The work of `radial calibrate`: what held-out rows were answered, and how far from the answered class each of them lies.
package struct CalibrationRun {
  /// What the verdicts rest on from now on.
  package let calibration: Calibration
  /// The first rows with the model's answers: of a model without a self-test they become it.
  package let firstAnswers: ModelEditor.Answers
  /// The rows that the model was fitted with and that are among these, of those that are looked for.
  package let fittedRows: Set<UInt64>

  /// How many rows become the self-test of a file that has none.
  package static let selfTestRows = 16

  /// What is kept of a block of rows.
  private struct Part: Sendable {
    var classes: [Int32] = []
    var distances: [Float] = []
    var sketch = RowSketch()
    var fittedRows: Set<UInt64> = []
    var inputs: [Float] = []
    var outputs: [Float] = []
    var allDistances: [Float] = []
  }

  /// Runs to the end of the rows.
  /// - Parameters:
  ///   - model: whose classes have distances, or of one class.
  ///   - rate: in (0, 1).
  ///   - minimumRows: classes with fewer form one category.
  package init(
    _ model: Model, _ rows: RowFile, rate: Double, minimumRows: Int, threads: Int, progress: ProgressBar?
  ) throws(OfflineFailure) {
    let network = model.network
    let parts = try RowScan(model, rows, threads: threads, progress: progress).run { block in
      var part = Part()
      for row in 0..<block.rows.count {
        let outputs = block.results.outputs + row * network.outputWidth
        let distances = block.results.distances.map { UnsafePointer($0 + row * network.distanceWidth) }
        let classification = Classification(outputs, distances, of: model, omitsVerdict: true)
        part.classes.append(Int32(classification.predicted))
        part.distances.append(classification.strangeness)
        let values = UnsafeBufferPointer(
          start: block.rows.rows + row * network.inputWidth, count: network.inputWidth)
        let hash = RowSketch.hash(values)
        part.sketch.insert(hash)
        if let fitted = model.fittedRows, fitted.contains(hash) { part.fittedRows.insert(hash) }
        guard block.rows.numbers[row] < Self.selfTestRows else { continue }
        part.inputs += values
        part.outputs += UnsafeBufferPointer(start: outputs, count: network.outputWidth)
        part.allDistances += UnsafeBufferPointer(start: distances, count: network.distanceWidth)
      }
      return part
    }
    var byClass = [[Float]](repeating: [], count: model.classCount)
    var sketch = RowSketch()
    for part in parts {
      for (index, distance) in zip(part.classes, part.distances) { byClass[Int(index)].append(distance) }
      sketch.insert(part.sketch)
    }
    guard byClass.contains(where: { !$0.isEmpty }) else {
      throw OfflineFailure("\(rows.name): there are no rows to calibrate with; give held-out rows of every class")
    }
    fittedRows = parts.reduce(into: []) { $0.formUnion($1.fittedRows) }
    calibration = Calibration(
      distances: byClass, of: network, rate: rate, minimumRows: minimumRows, sketch: sketch,
      isOfOutput: model.isOneClass)
    let first = parts[0]
    firstAnswers = ModelEditor.Answers(
      inputs: first.inputs, outputs: first.outputs, distances: first.allDistances)
  }
}
