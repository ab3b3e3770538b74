import Models
import RadialEngine

/// The results of one request's rows, wherever they were computed.
struct RowResults {
  let served: ServedModel
  let results: Network.Results
  /// N
  let count: Int

  var network: Network { served.model.network }

  /// [O]
  func outputs(_ row: Int) -> ResultValues { values(results.outputs, row..<row + 1, network.outputWidth) }

  /// [C], squared.
  func distances(_ row: Int) -> ResultValues { values(allDistanceValues, row..<row + 1, network.distanceWidth) }

  /// [N, O]
  var allOutputs: ResultValues { values(results.outputs, 0..<count, network.outputWidth) }

  /// [N, C], squared.
  var allDistances: ResultValues { values(allDistanceValues, 0..<count, network.distanceWidth) }

  /// [K]: the inputs of the last RBF layer; nil: they were not kept.
  func embedding(_ row: Int) -> ResultValues? {
    results.embeddings.map { values($0, row..<row + 1, network.embeddingWidth) }
  }

  /// The classes or units nearest to a row.
  func nearest(_ row: Int) -> (first: Int, second: Int?) { network.nearest(distances(row).start) }

  /// The `count` nearest, the nearest first.
  func nearest(_ row: Int, count: Int) -> [Int] { network.nearest(distances(row).start, count: count) }

  /// Lends contributions[c][k] = (h_k − μ_kc)², in the RBF layer's input space, as [C, K]; nothing where the embeddings were not kept.
  func withContributions(_ row: Int, _ body: (ResultValues) -> Void) {
    guard let embedding = embedding(row) else { return }
    let size = network.distanceWidth * network.embeddingWidth
    withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { contributions in
      guard let start = contributions.baseAddress else { return }
      network.contributions(embedding: embedding.start, into: start)
      body(ResultValues(start: start, count: size))
    }
  }

  private var allDistanceValues: UnsafeMutablePointer<Float> {
    guard let distances = results.distances else { preconditionFailure("a served network has an RBF layer") }
    return distances
  }

  private func values(_ start: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ width: Int) -> ResultValues {
    ResultValues(start: start + rows.lowerBound * width, count: rows.count * width)
  }

  /// What follows from a row's distances; nil of a regressor's.
  /// - Parameters:
  ///   - omitsVerdict: whether the caller wants none.
  ///   - rate: the verdict's false-reject rate; nil: the model's.
  func classification(_ row: Int, omitsVerdict: Bool = false, rate: Double? = nil) -> Classification? {
    guard network.isClassifier else { return nil }
    let calibration = omitsVerdict ? nil : served.model.calibration
    return Classification(distances(row).start, of: network, calibration, rate: rate)
  }
}

/// Some numbers of the results, where they were computed: valid as long as they are lent.
struct ResultValues {
  let start: UnsafePointer<Float>
  let count: Int

  fileprivate init(start: UnsafePointer<Float>, count: Int) {
    self.start = start
    self.count = count
  }

  var indices: Range<Int> { 0..<count }

  subscript(index: Int) -> Float {
    precondition(indices.contains(index), "a value beyond a row's")
    return start[index]
  }

  /// As [_, width] its row `index`.
  func row(_ index: Int, width: Int) -> ResultValues {
    precondition((index + 1) * width <= count, "a row beyond the last")
    return ResultValues(start: start + index * width, count: width)
  }

  /// As they lie in memory.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start, count: count * MemoryLayout<Float>.size)
  }
}
