internal import RadialKernels

/// One pass over a block of rows, with its weights in the kernels' own order.
enum Step: Sendable {
  case dense(PackedWeights, Activation)
  /// `capture` on the last RBF layer: its inputs and distances are results too.
  case rbf(PackedWeights, RBF.Output, scale: AlignedFloats, capture: Bool)
  /// x · factor + offset for each column.
  case affine(factor: AlignedFloats, offset: AlignedFloats)
  case activation(Activation)
}

/// A weight matrix [inputs, columns] as column panels.
struct PackedWeights: Sendable {
  private let panels: AlignedFloats
  private let start: AlignedFloats?
  let inputs: Int
  let columns: Int

  /// matrix [inputs, columns], row-major; start [columns], where each sum starts, nil for zero.
  init(matrix: [Float], start: [Float]?, inputs: Int, columns: Int, kernels: UnsafePointer<radial_kernels>) {
    let panels = AlignedFloats(count: radial_packed_count(kernels, inputs, columns))
    matrix.withUnsafeBufferPointer { matrix in
      radial_pack(kernels, matrix.baseAddress!, inputs, columns, panels.pointer)
    }
    self.panels = panels
    self.start = start.map { AlignedFloats($0, paddedTo: columns.padded(to: kernels.pointee.lanes)) }
    self.inputs = inputs
    self.columns = columns
  }

  /// Lends the kernels' view of the weights; not to be kept.
  func withKernelView(_ body: (UnsafePointer<radial_weights>) -> Void) {
    var view = radial_weights(panels: panels.pointer, start: start?.pointer, inputs: inputs, columns: columns)
    body(&view)
  }
}

extension Int {
  /// The next multiple of `lanes`.
  func padded(to lanes: Int) -> Int { (self + lanes - 1) / lanes * lanes }
}
