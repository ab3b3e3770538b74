/// Everything that a layer must be before it is used; the tables of a model file are not trusted.
extension Layer {
  /// The width after the layer, given the width before it.
  func checkedOutputWidth(after width: Int) throws(EngineError) -> Int {
    switch self {
    case .dense(let dense):
      try dense.check(after: width)
      return dense.units
    case .rbf(let rbf):
      try rbf.check(after: width)
      return rbf.units
    case .batchNormalization(let normalization):
      try normalization.check(after: width)
      return width
    case .dropout, .activation:
      return width
    }
  }
}

extension Dense {
  fileprivate func check(after width: Int) throws(EngineError) {
    try checkWidths(layer: name, inputs: inputs, units: units, after: width)
    // Neither width exceeds 2²², so the product does not overflow.
    try checkTensor(layer: name, "kernel", kernel, count: inputs * units)
    if let bias { try checkTensor(layer: name, "bias", bias, count: units) }
  }
}

extension RBF {
  fileprivate func check(after width: Int) throws(EngineError) {
    try checkWidths(layer: name, inputs: inputs, units: units, after: width)
    try checkTensor(layer: name, "centers", centers, count: inputs * units)
    switch scale {
    case .scalar(let scale): try checkTensor(layer: name, "scale", [scale], count: 1)
    case .perUnit(let scales): try checkTensor(layer: name, "scale", scales, count: units)
    }
  }
}

extension BatchNormalization {
  fileprivate func check(after before: Int) throws(EngineError) {
    try checkWidths(layer: name, inputs: width, units: width, after: before)
    try checkTensor(layer: name, "epsilon", [epsilon], count: 1)
    if let gamma { try checkTensor(layer: name, "gamma", gamma, count: width) }
    if let beta { try checkTensor(layer: name, "beta", beta, count: width) }
    try checkTensor(layer: name, "moving_mean", movingMean, count: width)
    try checkTensor(layer: name, "moving_variance", movingVariance, count: width)
    if let index = movingVariance.firstIndex(where: { Double($0) + Double(epsilon) <= 0 }) {
      throw .invalidVariance(layer: name, index: index, found: movingVariance[index])
    }
    let columns = affineColumns
    try checkTensor(layer: name, "gamma / √(moving_variance + epsilon)", columns.factor.map(Float.init), count: width)
    try checkTensor(layer: name, "beta − moving_mean · factor", columns.offset.map(Float.init), count: width)
  }
}

private func checkWidths(layer: String, inputs: Int, units: Int, after width: Int) throws(EngineError) {
  for width in [inputs, units] where !(1...EngineError.largestWidth).contains(width) {
    throw .invalidWidth(layer: layer, found: width)
  }
  guard inputs == width else { throw .widthMismatch(layer: layer, expected: width, found: inputs) }
}

private func checkTensor(layer: String, _ tensor: String, _ values: [Float], count: Int) throws(EngineError) {
  guard values.count == count else {
    throw .countMismatch(layer: layer, tensor: tensor, expected: count, found: values.count)
  }
  if let index = values.firstIndex(where: { !$0.isFinite }) {
    throw .notFinite(layer: layer, tensor: tensor, index: index)
  }
}
