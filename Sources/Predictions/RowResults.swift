import Glibc
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

  /// The squared distances of a row, [C]; none where the model has none.
  package func distances(_ row: Int) -> UnsafeBufferPointer<Float> {
    values(results.distances ?? results.outputs, row..<row + 1, network.distanceWidth)
  }

  /// [N, O]
  package var allOutputs: UnsafeBufferPointer<Float> { values(results.outputs, 0..<count, network.outputWidth) }

  /// [N, C], squared.
  package var allDistances: UnsafeBufferPointer<Float> {
    values(results.distances ?? results.outputs, 0..<count, network.distanceWidth)
  }

  /// The inputs of the last RBF layer, [K]; nil: they were not kept.
  package func embedding(_ row: Int) -> UnsafeBufferPointer<Float>? {
    results.embeddings.map { values($0, row..<row + 1, network.embeddingWidth) }
  }

  /// The prototype nearest to a row; 0 where the model has none.
  package func nearest(_ row: Int) -> Int { distanceValues(row).map { network.nearest($0).first } ?? 0 }

  /// The `count` most likely classes of a classifier, the most likely first.
  package func likeliest(_ row: Int, count: Int) -> [Int] {
    model.likeliest(count, results.outputs + row * network.outputWidth, distanceValues(row))
  }

  /// The score of a class of a classifier.
  package func score(_ row: Int, of index: Int) -> Float {
    model.score(index, results.outputs + row * network.outputWidth)
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

  /// Lends the probability of each class by the outputs or the distances alone, [C], which sum to 1: softmax of the logarithms of the
  /// prototypes' outputs (of a Gaussian −γ d²), or what a softmax or sigmoid at the network's end says itself.
  package func withSoftmax(_ row: Int, _ body: (UnsafeBufferPointer<Float>) -> Void) {
    let outputs = outputs(row)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: model.classCount) { target in
      switch model.decision {
      case .probability?:
        for index in target.indices { target[index] = score(row, of: index) }
      case _ where network.lastActivation == .softmax && network.outputWidth == model.classCount:
        for index in target.indices { target[index] = outputs[index] }
      default:
        let distances = model.decision == .nearestPrototype ? distanceValues(row) : nil
        func logit(_ index: Int) -> Double {
          distances.map { network.logit($0[index], of: index) } ?? Double(outputs[index])
        }
        let largest = target.indices.reduce(-Double.infinity) { max($0, logit($1)) }
        let sum = target.indices.reduce(0) { $0 + exp(logit($1) - largest) }
        for index in target.indices { target[index] = Float(exp(logit(index) - largest) / sum) }
      }
      body(UnsafeBufferPointer(target))
    }
  }

  private func distanceValues(_ row: Int) -> UnsafePointer<Float>? {
    results.distances.map { UnsafePointer($0 + row * network.distanceWidth) }
  }

  private func values(
    _ start: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ width: Int
  ) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: start + rows.lowerBound * width, count: rows.count * width)
  }

  /// What follows from what was computed of a row; nil of a regressor's.
  /// - Parameters:
  ///   - omitsVerdict: whether the caller wants none.
  ///   - rate: the verdict's false-reject rate; nil: the model's.
  package func classification(_ row: Int, omitsVerdict: Bool = false, rate: Double? = nil) -> Classification? {
    guard model.isClassifier else { return nil }
    return Classification(
      results.outputs + row * network.outputWidth, distanceValues(row), of: model, omitsVerdict: omitsVerdict,
      rate: rate)
  }

  /// The same of every row, appended to `classifications`; nothing of a regressor's.
  package func classify(omitsVerdict: Bool, rate: Double?, into classifications: inout [Classification]) {
    guard model.isClassifier else { return }
    var outputs = UnsafePointer(results.outputs)
    var distances = distanceValues(0)
    for _ in 0..<count {
      classifications.append(Classification(outputs, distances, of: model, omitsVerdict: omitsVerdict, rate: rate))
      outputs += network.outputWidth
      distances = distances.map { $0 + network.distanceWidth }
    }
  }
}
