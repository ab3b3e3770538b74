// Operators that move elements and compute none.

extension ONNXInterpreter {
  func gather(_ x: Constant, _ indices: Constant?, _ axis: Int) throws(Unknown) -> Constant {
    let axis = axis < 0 ? axis + x.rank : axis
    guard let indices, let picked = indices.whole, x.shape.indices.contains(axis) else { throw Unknown() }
    let (size, inner) = (x.shape[axis], x.shape[(axis + 1)...].reduce(1, *))
    var places: [Int] = []
    for outer in 0..<x.shape[..<axis].reduce(1, *) {
      for index in picked {
        guard (-size..<size).contains(index) else { throw Unknown() }
        let start = (outer * size + (index < 0 ? index + size : index)) * inner
        places += start..<start + inner
      }
    }
    return x.picked(Array(x.shape[..<axis]) + indices.shape + x.shape[(axis + 1)...], places)
  }

  func concatenated(_ parts: [Constant?], _ axis: Int) throws(Unknown) -> Constant {
    let parts = parts.compactMap(\.self)
    guard let first = parts.first else { throw Unknown() }
    let axis = axis < 0 ? axis + first.rank : axis
    guard first.shape.indices.contains(axis), parts.allSatisfy({ $0.rank == first.rank }) else { throw Unknown() }
    var shape = first.shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    let outer = shape[..<axis].reduce(1, *)
    guard shape.elementCount(atMost: Self.maximumCount) != nil,
      parts.allSatisfy({ outer * $0.shape[axis...].reduce(1, *) <= $0.count })
    else { throw Unknown() }
    return Constant(joining: parts, along: axis, outer: outer, shape)
  }

  func sliced(_ node: ONNXNode, _ x: Constant, _ arguments: [Constant?]) throws(Unknown) -> Constant {
    func list(_ index: Int, _ key: String) -> [Int]? {
      opset < 10 ? integers(node, key) : arguments.count > index ? arguments[index]?.whole : nil
    }
    guard let starts = list(1, "starts"), let ends = list(2, "ends"), starts.count == ends.count else {
      throw Unknown()
    }
    let axes = list(3, "axes") ?? Array(starts.indices)
    let steps = list(4, "steps") ?? starts.map { _ in 1 }
    guard axes.count == starts.count, steps.count == starts.count, steps.allSatisfy({ $0 != 0 && $0 != .min }) else {
      throw Unknown()
    }
    var result = x
    for (index, given) in axes.enumerated() {
      let axis = given < 0 ? given + x.rank : given
      guard x.shape.indices.contains(axis) else { throw Unknown() }
      let size = result.shape[axis]
      let isForward = steps[index] > 0
      // Backwards it begins at the last place at most, and ends before the first at least.
      let (first, last) = isForward ? (0, size) : (-1, size - 1)
      func clamped(_ bound: Int) -> Int { min(max(bound < 0 ? bound &+ size : bound, first), last) }
      let picked = stride(from: clamped(starts[index]), to: clamped(ends[index]), by: steps[index]).filter { $0 >= 0 }
      result = try gather(result, Constant(whole: picked), axis)
    }
    return result
  }
}
