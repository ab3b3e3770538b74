import RadialEngine

/// The naive twins of the image layers and DUQ, on one row: in Float64, and for convolutions also as the chain of fused operations
/// that the kernels promise. Indices are written out; nothing is shared with the engine but the descriptions.
enum NaiveImages {
  /// The first cell of window `index` along an axis, by TensorFlow's rule, and how many windows there are.
  static func axis(
    _ length: Int, _ size: Int, _ stride: Int, _ padding: Padding, isVertical: Bool
  ) -> (count: Int, first: (Int) -> Int) {
    switch padding {
    case .explicit(let margins):
      let (before, after) = isVertical ? (margins.top, margins.bottom) : (margins.left, margins.right)
      return ((before + length + after - size) / stride + 1, { $0 * stride - before })
    case .valid: return ((length - size) / stride + 1, { $0 * stride })
    case .same:
      let count = Int((Double(length) / Double(stride)).rounded(.up))
      let before = max((count - 1) * stride + size - length, 0) / 2
      return (count, { $0 * stride - before })
    }
  }

  /// Calls `visit` for each window with the input cells (row, column) and the window's own (row, column), in order.
  static func windows(
    _ input: ImageShape, _ window: Window, _ visit: (_ cells: [(Int, Int, i: Int, j: Int)]) -> Void
  ) {
    let (down, across) = (window.dilation.rows, window.dilation.columns)
    let rows = axis(
      input.rows, (window.size.rows - 1) * down + 1, window.strides.rows, window.padding, isVertical: true)
    let columns = axis(
      input.columns, (window.size.columns - 1) * across + 1, window.strides.columns, window.padding, isVertical: false)
    for row in 0..<rows.count {
      for column in 0..<columns.count {
        var cells: [(Int, Int, i: Int, j: Int)] = []
        for i in 0..<window.size.rows {
          for j in 0..<window.size.columns {
            let (y, x) = (rows.first(row) + i * down, columns.first(column) + j * across)
            if (0..<input.rows).contains(y), (0..<input.columns).contains(x) { cells.append((y, x, i: i, j: j)) }
          }
        }
        visit(cells)
      }
    }
  }

  /// The sums before the activation: in Float64, and as the chain of fused operations.
  static func convolve(_ x: [Float], _ layer: Conv2D) -> (exact: [Double], chain: [Float]) {
    let (input, size) = (layer.input, layer.window.size)
    let (channels, filters) = (input.channels / layer.groups, layer.filters / layer.groups)
    // A run is a row of the kernel; the blocks are whole runs, or parts of one long run.
    let run = size.columns * input.channels
    func block(_ row: Int, _ k: Int) -> Int {
      if size.rows * run / layer.groups <= 1024 { return 0 }
      // In groups or with gaps within a row, a patch is a row of a matrix.
      if layer.groups > 1 || layer.window.dilation.columns > 1 { return (row * size.columns * channels + k) / 512 }
      return run >= 512 ? row * run + k / Naive.block(run) : row / (512 / run)
    }
    var exact: [Double] = []
    var chain: [Float] = []
    windows(input, layer.window) { cells in
      for f in 0..<layer.filters {
        var sum = Double(layer.bias?[f] ?? 0)
        var (blocks, last): ([Float], Int) = ([layer.bias?[f] ?? 0], 0)
        for cell in cells {
          for c in 0..<channels {
            let value = x[(cell.0 * input.columns + cell.1) * input.channels + f / filters * channels + c]
            let weight = layer.kernel[((cell.i * size.columns + cell.j) * channels + c) * layer.filters + f]
            sum += Double(value) * Double(weight)
            let block = block(cell.i, cell.j * channels + c)
            if block != last { blocks.append(0) }
            last = block
            blocks[blocks.count - 1].addProduct(value, weight)
          }
        }
        exact.append(sum)
        chain.append(blocks.dropFirst().reduce(blocks[0], +))
      }
    }
    return (exact, chain)
  }

  static func pool(_ x: [Float], _ input: ImageShape, _ window: Window, _ kind: Pooling2D.Kind) -> [Double] {
    var y: [Double] = []
    windows(input, window) { cells in
      for c in 0..<input.channels {
        let values = cells.map { Double(x[($0.0 * input.columns + $0.1) * input.channels + c]) }
        y.append(kind == .average ? values.reduce(0, +) / Double(values.count) : values.max()!)
      }
    }
    return y
  }

  /// The mean squared distances of a DUQ head.
  static func distances(_ x: [Float], _ layer: DUQ) -> [Double] {
    (0..<layer.units).map { c in
      var total = 0.0
      for n in 0..<layer.embedding {
        var z = 0.0
        for m in 0..<layer.inputs {
          z += Double(x[m]) * Double(layer.kernel[(m * layer.embedding + n) * layer.units + c])
        }
        let difference = z - Double(layer.centers[n * layer.units + c])
        total += difference * difference
      }
      return total / Double(layer.embedding)
    }
  }
}
