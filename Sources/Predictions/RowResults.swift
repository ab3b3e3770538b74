package import Models
package import RadialEngine

/// The results of some rows of one model, where they were computed: valid as long as they are lent.
package struct RowResults {
  /// What computed them.
  package let model: Model
  let results: Network.Results
  /// N
  package let count: Int

  /// - Parameters:
  ///   - results: of the first of the rows, and behind it of the others.
  ///   - count: N.
  package init(model: Model, results: Network.Results, count: Int) {
    self.model = model
    self.results = results
    self.count = count
  }

  /// What computed them.
  package var network: Network { model.network }

  /// The outputs of a row, [O].
  package func outputs(_ row: Int) -> UnsafeBufferPointer<Float> {
    values(results.outputs, row..<row + 1, network.outputWidth)
  }

  /// The squared distances of a row, [C].
  package func distances(_ row: Int) -> UnsafeBufferPointer<Float> {
    values(allDistanceValues, row..<row + 1, network.distanceWidth)
  }

  /// [N, O]
  package var allOutputs: UnsafeBufferPointer<Float> { values(results.outputs, 0..<count, network.outputWidth) }

  /// [N, C], squared.
  package var allDistances: UnsafeBufferPointer<Float> { values(allDistanceValues, 0..<count, network.distanceWidth) }

  /// The inputs of the last RBF layer, [K]; nil: they were not kept.
  package func embedding(_ row: Int) -> UnsafeBufferPointer<Float>? {
    results.embeddings.map { values($0, row..<row + 1, network.embeddingWidth) }
  }

  /// The class or unit nearest to a row.
  package func nearest(_ row: Int) -> Int { network.nearest(allDistanceValues + row * network.distanceWidth).first }

  /// The `count` nearest, the nearest first.
  package func nearest(_ row: Int, count: Int) -> [Int] {
    network.nearest(allDistanceValues + row * network.distanceWidth, count: count)
  }

  /// Lends contributions[c][k] = (h_k − μ_kc)², in the RBF layer's input space, as [C, K]; nothing where the embeddings were not kept.
  package func withContributions(_ row: Int, _ body: (UnsafeBufferPointer<Float>) -> Void) {
    guard let embedding = results.embeddings.map({ $0 + row * network.embeddingWidth }) else { return }
    let size = network.distanceWidth * network.embeddingWidth
    withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { contributions in
      guard let start = contributions.baseAddress else { return }
      network.contributions(embedding: embedding, into: start)
      body(UnsafeBufferPointer(contributions))
    }
  }

  private var allDistanceValues: UnsafeMutablePointer<Float> {
    guard let distances = results.distances else { preconditionFailure("a served network has an RBF layer") }
    return distances
  }

  private func values(
    _ start: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ width: Int
  ) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: start + rows.lowerBound * width, count: rows.count * width)
  }

  /// What follows from a row's distances; nil of a regressor's.
  /// - Parameters:
  ///   - omitsVerdict: whether the caller wants none.
  ///   - rate: the verdict's false-reject rate; nil: the model's.
  package func classification(_ row: Int, omitsVerdict: Bool = false, rate: Double? = nil) -> Classification? {
    guard network.isClassifier else { return nil }
    return Classification(distances(row).baseAddress!, of: model, omitsVerdict: omitsVerdict, rate: rate)
  }

  /// The same of every row, appended to `classifications`; nothing of a regressor's.
  package func classify(omitsVerdict: Bool, rate: Double?, into classifications: inout [Classification]) {
    guard network.isClassifier else { return }
    var distances = UnsafePointer(allDistanceValues)
    for _ in 0..<count {
      classifications.append(Classification(distances, of: model, omitsVerdict: omitsVerdict, rate: rate))
      distances += network.distanceWidth
    }
  }
}
