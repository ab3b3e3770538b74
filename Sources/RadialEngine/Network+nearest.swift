extension Network {
  /// The prototype with the smallest γ d², and the runner-up (nil with one unit); ties go to the lower index. A NaN
  /// counts as infinitely far, so the index is always one of the C units.
  ///
  /// distances [C] as `forward` gives them. Traps without an RBF layer.
  public func nearest(_ distances: UnsafePointer<Float>) -> (first: Int, second: Int?) {
    precondition(distanceWidth > 0, "nearest prototype of a network without an RBF layer")
    var first = (index: 0, distance: scaledDistance(distances, 0))
    var second: (index: Int, distance: Double)?
    for index in 1..<max(distanceWidth, 1) {
      let candidate = (index: index, distance: scaledDistance(distances, index))
      if candidate.distance < first.distance {
        second = first
        first = candidate
      } else if second.map({ candidate.distance < $0.distance }) ?? true {
        second = candidate
      }
    }
    return (first.index, second?.index)
  }

  /// The `count` nearest prototypes, nearest first, at most C; ties and NaN as in `nearest(_:)`.
  public func nearest(_ distances: UnsafePointer<Float>, count: Int) -> [Int] {
    let order = (0..<distanceWidth).map { (index: $0, distance: scaledDistance(distances, $0)) }
      .sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
    return order.prefix(max(count, 0)).map(\.index)
  }

  /// What each feature adds to each squared distance: (h_k − μ_ck)² into [C, K], for one row's embedding [K].
  public func contributions(embedding: UnsafePointer<Float>, into contributions: UnsafeMutablePointer<Float>) {
    for unit in 0..<distanceWidth {
      for feature in 0..<embeddingWidth {
        let index = unit * embeddingWidth + feature
        let difference = embedding[feature] - prototypes[index]
        contributions[index] = difference * difference
      }
    }
  }

  /// γ d² of one unit, for comparison alone: exact, as the product of two floats fits a Double.
  private func scaledDistance(_ distances: UnsafePointer<Float>, _ index: Int) -> Double {
    let distance = Double(distances[index])
    guard !scalesAreAlike else { return distance.isNaN ? .infinity : distance }
    let product = scales[index] == 0 && !distance.isNaN ? 0 : Double(scales[index]) * distance
    return product.isNaN ? .infinity : product
  }
}
