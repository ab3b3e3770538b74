// Convolutions and pools of images.

extension ONNXInterpreter {
  /// Strides, what lies around, and the cells between those of a window.
  private func window(
    _ node: ONNXNode, _ x: Constant, _ size: [Int]
  ) throws(Unknown) -> (strides: [Int], dilations: [Int], before: [Int], output: [Int]) {
    guard x.rank == 4, size.count == 2 else { throw Unknown() }
    let (strides, dilations) = (integers(node, "strides") ?? [1, 1], integers(node, "dilations") ?? [1, 1])
    let pads = integers(node, "pads") ?? [0, 0, 0, 0]
    guard strides.count == 2, dilations.count == 2, pads.count == 4, (strides + dilations + size).allSatisfy({ $0 > 0 })
    else { throw Unknown() }
    let reach = (0..<2).map { (size[$0] - 1) * dilations[$0] + 1 }
    var (before, after) = ([pads[0], pads[1]], [pads[2], pads[3]])
    let automatic = text(node, "auto_pad") ?? "NOTSET"
    if automatic == "VALID" { (before, after) = ([0, 0], [0, 0]) }
    if automatic.hasPrefix("SAME") {
      for axis in 0..<2 {
        let cells = x.shape[2 + axis]
        let total = max(((cells + strides[axis] - 1) / strides[axis] - 1) * strides[axis] + reach[axis] - cells, 0)
        before[axis] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2
        after[axis] = total - before[axis]
      }
    }
    var output: [Int] = []
    for axis in 0..<2 {
      let cells: Int = x.shape[2 + axis] + before[axis] + after[axis]
      guard cells >= reach[axis] else { throw Unknown() }
      var count = (cells - reach[axis]) / strides[axis] + 1
      // One more where something is left, unless it begins behind the image.
      if integer(node, "ceil_mode", 0) != 0, (cells - reach[axis]) % strides[axis] > 0,
        count * strides[axis] < x.shape[2 + axis] + before[axis]
      {
        count += 1
      }
      output.append(count)
    }
    return (strides, dilations, before, output)
  }

  func convolution(
    _ node: ONNXNode, _ x: Constant, _ weights: Constant?, _ bias: Constant?
  ) throws(Unknown) -> Constant {
    guard let weights, weights.rank == 4, x.rank == 4 else { throw Unknown() }
    let (filters, shared, groups) = (weights.shape[0], weights.shape[1], integer(node, "group", 1))
    guard groups > 0, shared * groups == x.shape[1], filters % groups == 0 else { throw Unknown() }
    let (strides, dilations, before, output) = try window(node, x, Array(weights.shape[2...]))
    let (rows, columns) = (x.shape[2], x.shape[3])
    let (values, kernel) = (x.real, weights.real)
    var result: [Double] = []
    result.reserveCapacity(x.shape[0] * filters * output[0] * output[1])
    for n in 0..<x.shape[0] {
      for filter in 0..<filters {
        let first = filter / (filters / groups) * shared
        for i in 0..<output[0] {
          for j in 0..<output[1] {
            var sum = bias?.real[filter] ?? 0
            for channel in 0..<shared {
              for k in 0..<weights.shape[2] {
                let row = i * strides[0] + k * dilations[0] - before[0]
                guard (0..<rows).contains(row) else { continue }
                for l in 0..<weights.shape[3] {
                  let column = j * strides[1] + l * dilations[1] - before[1]
                  guard (0..<columns).contains(column) else { continue }
                  sum +=
                    values[((n * x.shape[1] + first + channel) * rows + row) * columns + column]
                    * kernel[((filter * shared + channel) * weights.shape[2] + k) * weights.shape[3] + l]
                }
              }
            }
            result.append(sum)
          }
        }
      }
    }
    return Constant([x.shape[0], filters] + output, result)
  }

  func pooled(_ node: ONNXNode, _ x: Constant, size: [Int]? = nil) throws(Unknown) -> Constant {
    guard let size = size ?? integers(node, "kernel_shape") else { throw Unknown() }
    let isMaximum = node.operation.contains("Max")
    let counts = integer(node, "count_include_pad", 0) != 0
    // What a window beyond the padding counts, writers do not agree on.
    guard isMaximum || !counts || integer(node, "ceil_mode", 0) == 0 else { throw Unknown() }
    let (strides, dilations, before, output) = try window(node, x, size)
    let (rows, columns) = (x.shape[2], x.shape[3])
    let values = x.real
    var result: [Double] = []
    for image in 0..<x.shape[0] * x.shape[1] {
      for i in 0..<output[0] {
        for j in 0..<output[1] {
          var (best, sum, count) = (-Double.infinity, 0.0, 0)
          for k in 0..<size[0] {
            for l in 0..<size[1] {
              let (row, column) = (
                i * strides[0] + k * dilations[0] - before[0], j * strides[1] + l * dilations[1] - before[1]
              )
              guard (0..<rows).contains(row), (0..<columns).contains(column) else { continue }
              let value = values[(image * rows + row) * columns + column]
              (best, sum, count) = (max(best, value), sum + value, count + 1)
            }
          }
          result.append(isMaximum ? best : sum / Double(counts ? size[0] * size[1] : count))
        }
      }
    }
    return Constant([x.shape[0], x.shape[1]] + output, result)
  }
}
