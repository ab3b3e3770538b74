internal import RadialKernels

/// The layers of a network turned into steps: dropout gone, normalisations and activations merged into the dense layer
/// before them where that is linear.
struct Plan {
  private enum Stage {
    case dense(Dense)
    case rbf(RBF)
    case affine(factor: [Float], offset: [Float])
    case activation(Activation)
  }

  private var stages: [Stage] = []

  /// `layers` have been checked.
  init(_ layers: [Layer]) {
    for layer in layers {
      switch layer {
      case .dense(let dense): stages.append(.dense(dense))
      case .rbf(let rbf): stages.append(.rbf(rbf))
      case .batchNormalization(let normalization): append(normalization)
      case .dropout, .activation(_, .linear): break
      case .activation(_, let activation): append(activation)
      }
    }
  }

  private mutating func append(_ normalization: BatchNormalization) {
    let columns = normalization.affineColumns
    if case .dense(let dense) = stages.last, dense.activation == .linear, let folded = dense.folding(columns) {
      stages[stages.count - 1] = .dense(folded)
    } else {
      stages.append(.affine(factor: columns.factor.map(Float.init), offset: columns.offset.map(Float.init)))
    }
  }

  private mutating func append(_ activation: Activation) {
    if case .dense(var dense) = stages.last, dense.activation == .linear {
      dense.activation = activation
      stages[stages.count - 1] = .dense(dense)
    } else {
      stages.append(.activation(activation))
    }
  }

  /// The steps, with weights packed for the kernels.
  func steps(for kernels: UnsafePointer<radial_kernels>) -> [Step] {
    let lanes = kernels.pointee.lanes
    let lastRBF = stages.lastIndex { if case .rbf = $0 { true } else { false } }
    return stages.indices.map { index in
      switch stages[index] {
      case .dense(let dense):
        let weights = PackedWeights(
          matrix: dense.kernel, start: dense.bias, inputs: dense.inputs, columns: dense.units, kernels: kernels)
        return .dense(weights, dense.activation)
      case .rbf(let rbf):
        let weights = PackedWeights(
          matrix: rbf.centers(in: .featuresUnits), start: nil, inputs: rbf.inputs, columns: rbf.units, kernels: kernels)
        let scale = AlignedFloats(rbf.scales, paddedTo: rbf.units.padded(to: lanes))
        return .rbf(weights, rbf.output, scale: scale, capture: index == lastRBF)
      case .affine(let factor, let offset):
        let stride = factor.count.padded(to: lanes)
        return .affine(
          factor: AlignedFloats(factor, paddedTo: stride), offset: AlignedFloats(offset, paddedTo: stride))
      case .activation(let activation):
        return .activation(activation)
      }
    }
  }
}

extension RBF {
  /// γ [units]; one everywhere where the output does not use it.
  var scales: [Float] {
    switch (output, scale) {
    case (.distance, _): [Float](repeating: 1, count: units)
    case (_, .scalar(let scale)): [Float](repeating: scale, count: units)
    case (_, .perUnit(let scales)): scales
    }
  }
}

extension BatchNormalization {
  /// The normalisation as x · factor + offset, each [width], in Double so that folding rounds once.
  var affineColumns: (factor: [Double], offset: [Double]) {
    let factor = (0..<width).map { index in
      Double(gamma?[index] ?? 1) / (Double(movingVariance[index]) + Double(epsilon)).squareRoot()
    }
    let offset = (0..<width).map { Double(beta?[$0] ?? 0) - Double(movingMean[$0]) * factor[$0] }
    return (factor, offset)
  }
}

extension Dense {
  /// The layer followed by x · factor + offset as one layer; nil where a weight would overflow.
  fileprivate func folding(_ columns: (factor: [Double], offset: [Double])) -> Dense? {
    var folded = self
    for index in kernel.indices {
      folded.kernel[index] = Float(Double(kernel[index]) * columns.factor[index % units])
    }
    folded.bias = (0..<units).map { Float(Double(bias?[$0] ?? 0) * columns.factor[$0] + columns.offset[$0]) }
    let isFinite = folded.kernel.allSatisfy(\.isFinite) && folded.bias!.allSatisfy(\.isFinite)
    return isFinite ? folded : nil
  }
}
