// Operators that move elements and compute none: constants, casts, gathering, slices, other shapes.

extension ONNXTranslator {
  func constant() throws(ModelError) -> Constant {
    guard let (key, attribute) = node?.attributes.first, node?.attributes.count == 1 else {
      throw refusal("a constant has one attribute, and this one has \(node?.attributes.count ?? 0)")
    }
    switch (key, attribute) {
    case ("value", .tensor(let tensor)): return Constant(tensor)
    case ("value_float", .float(let value)): return Constant(Double(value))
    case ("value_int", .integer(let value)): return Constant(value)
    case ("value_floats", .floats(let values)): return Constant([values.count], values.map(Double.init))
    case ("value_ints", .integers(let values)): return Constant(whole: values)
    default: throw refusal("a constant of the kind '\(JSONValue.shortened(key))' is not served")
    }
  }

  /// What CastLike does: a value that depends on the input is of floating-point numbers.
  func cast(_ value: ONNXValue, like target: ONNXValue?) throws(ModelError) -> ONNXValue {
    guard case .constant(let target)? = target, !target.isReal else { return try cast(value, to: .float) }
    return try cast(value, to: target.isFlags ? .bool : .int64)
  }

  func cast(_ value: ONNXValue, to: ONNXType) throws(ModelError) -> ONNXValue {
    guard case .constant(let constant) = value else {
      guard to.isFloating else {
        throw refusal("it makes the values whole numbers, which is no layer that Radial serves")
      }
      return value
    }
    switch to {
    case .float, .double, .float16, .bfloat16: return .constant(Constant(constant.shape, constant.real))
    case .int32, .int64:
      guard constant.real.allSatisfy({ $0.isFinite && abs($0) < 0x1p53 }) else {
        throw refusal("a number is no whole one")
      }
      return .constant(Constant(constant.shape, .whole(constant.real.map { Int($0) })))
    case .bool: return .constant(Constant(constant.shape, .flags(constant.real.map { $0 != 0 })))
    default: throw refusal("a cast to type \(to) is not served")
    }
  }

  func gather(_ value: ONNXValue, _ indices: ONNXValue?) throws(ModelError) -> ONNXValue {
    guard case .constant(let constant) = value, case .constant(let indices)? = indices, let picked = indices.whole
    else {
      throw refusal("it picks from the data; Radial serves whole rows")
    }
    let axis = try position(try attribute(integer: "axis") ?? 0, of: constant.rank)
    let size = constant.shape[axis]
    let inner = constant.shape[(axis + 1)...].reduce(1, *)
    let outer = constant.shape[..<axis].reduce(1, *)
    try fold(outer * inner * picked.count)
    var places: [Int] = []
    for o in 0..<outer {
      for index in picked {
        guard (-size..<size).contains(index) else { throw refusal("index \(index) is none of \(size)") }
        let start = (o * size + (index < 0 ? index + size : index)) * inner
        places += start..<start + inner
      }
    }
    let shape = constant.shape[..<axis] + indices.shape + constant.shape[(axis + 1)...]
    return .constant(constant.picked(Array(shape), places))
  }

  /// How many numbers a shape has, which is refused where it is none, or larger than anything that is served.
  @discardableResult
  func checked(_ shape: [Int]) throws(ModelError) -> Int {
    guard shape.count <= 8 else { throw refusal("the shape \(text(shape)) has more than 8 sizes") }
    // Those of a value, which count its rows, are not made as they are.
    guard let count = shape.elementCount(atMost: shape.contains(0) ? Constant.maximumCount : 1 << 48) else {
      throw refusal("the shape \(text(shape)) is no shape, or too large")
    }
    return count
  }

  func filled(_ shape: ONNXValue) throws(ModelError) -> ONNXValue {
    let sizes = try integers(shape, "shape")
    let count = try checked(sizes)
    var value = Constant([1], [0.0])
    if case .tensor(let tensor)? = node?.attributes["value"] { value = Constant(tensor) }
    guard value.count == 1 else { throw refusal("its value is \(value.count) numbers, expected one") }
    guard count > 1 << 16 || sizes.contains(openBatch) else {
      return .constant(value.picked(sizes, [Int](repeating: 0, count: count)))
    }
    return .dependent(
      Dependent(sizes, sizes.map { _ in nil }, Polynomial(constant: Coefficient(value.real[0]))))
  }

  func concatenated(_ values: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    guard let axis = try attribute(integer: "axis") else { throw refusal("it has no axis") }
    var constants: [Constant] = []
    for value in values { if case .constant(let constant)? = value { constants.append(constant) } }
    if constants.count == values.count, let first = constants.first {
      let axis = try position(axis, of: first.rank)
      guard
        constants.allSatisfy({ other in
          other.rank == first.rank
            && first.shape.indices.allSatisfy { $0 == axis || other.shape[$0] == first.shape[$0] }
        })
      else { throw refusal("shapes do not fit") }
      let size = constants.reduce(0) { $0 + $1.shape[axis] }
      var shape = first.shape
      shape[axis] = size
      let outer = first.shape[..<axis].reduce(1, *)
      try checked(shape)
      try checkFoldable(shape)
      return .constant(Constant(joining: constants, along: axis, outer: outer, shape))
    }
    if values.count == 1, let only = values[0] { return only }
    var parts: [Dependent] = []
    for value in values {
      guard let value else { throw refusal("one of its inputs is left out") }
      parts.append(try lifted(value))
    }
    guard let rank = parts.first?.shape.count, try position(axis, of: rank) == rank - 1,
      parts.allSatisfy({ $0.shape.count == rank && $0.shape.dropLast() == parts[0].shape.dropLast() })
    else { throw refusal("two branches are joined here; Radial serves chains of layers") }
    return .joined(parts, shape: parts[0].shape.dropLast() + [parts.reduce(0) { $0 + $1.shape[rank - 1] }])
  }

  func slice(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    let shape = value.shape
    let (starts, ends, axes, steps): ([Int], [Int], [Int]?, [Int]?)
    if opset < 10 {
      guard let first = try attribute(integers: "starts"), let last = try attribute(integers: "ends") else {
        throw refusal("it has no starts and ends")
      }
      (starts, ends, axes, steps) = (first, last, try attribute(integers: "axes"), nil)
    } else {
      guard arguments.count > 2 else { throw refusal("it has no starts and ends") }
      (starts, ends) = (try integers(arguments[1], "starts"), try integers(arguments[2], "ends"))
      axes = arguments.count > 3 && arguments[3] != nil ? try integers(arguments[3], "axes") : nil
      steps = arguments.count > 4 && arguments[4] != nil ? try integers(arguments[4], "steps") : nil
    }
    let positions = try positions(axes ?? Array(starts.indices), of: shape.count)
    guard starts.count == ends.count, positions.count == starts.count, steps == nil || steps?.count == starts.count
    else {
      throw refusal("starts, ends, axes and steps have different lengths")
    }
    guard case .constant(let constant) = value else {
      // x[:, :, None] of TensorFlow takes all there is.
      let isWhole = positions.enumerated().allSatisfy { index, axis in
        let first = starts[index]
        return (first == 0 || first <= -shape[axis]) && ends[index] >= shape[axis] && steps?[index] ?? 1 == 1
      }
      guard isWhole else { throw refusal("it takes a part of the data; Radial serves whole rows") }
      return value
    }
    for size in shape { try checkFoldable([size]) }
    var picked = shape.map { Array(0..<$0) }
    for (index, axis) in positions.enumerated() {
      let (size, step) = (shape[axis], steps?[index] ?? 1)
      guard step != 0, step != .min else { throw refusal("a step of \(step)") }
      func clamped(_ bound: Int, _ range: ClosedRange<Int>) -> Int {
        min(
          max(bound < 0 ? bound.addingReportingOverflow(size).partialValue : bound, range.lowerBound), range.upperBound)
      }
      picked[axis] =
        step > 0
        ? Array(stride(from: clamped(starts[index], 0...size), to: clamped(ends[index], 0...size), by: step))
        : size == 0
          ? []
          : Array(
            stride(from: clamped(starts[index], -1...size - 1), to: clamped(ends[index], -1...size - 1), by: step)
          ).filter { $0 >= 0 }
    }
    let strides = Strides.spreading(constant.shape, to: constant.rank)
    var places = [0]
    for (axis, indices) in picked.enumerated() {
      places = places.flatMap { place in indices.map { place + $0 * (constant.shape[axis] == 1 ? 0 : strides[axis]) } }
    }
    return .constant(constant.picked(picked.map(\.count), places))
  }

  func comparison(_ operation: String, _ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    if case .constant(let one) = one, case .constant(let other)? = other {
      try checkFoldable(Constant.joined(one.shape, other.shape))
      guard let result = one.combined(other, { operation == "Equal" ? ($0 == $1 ? 1 : 0) : ($0 > $1 ? 1 : 0) }) else {
        throw refusal("shapes do not fit")
      }
      return .constant(Constant(result.shape, .flags(result.real.map { $0 != 0 })))
    }
    if operation == "Greater", case .dependent(let value) = one, case .constant(let limit)? = other,
      let limit = limit.single
    {
      return .isAbove(value, limit: limit)
    }
    throw refusal("it compares the data, which is no layer that Radial serves")
  }

  func choice(_ condition: ONNXValue, _ one: ONNXValue?, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    if case .constant(let flags) = condition, case .constant(let one)? = one, case .constant(let other)? = other {
      let isWhole = !one.isReal && !other.isReal
      guard let shape = Constant.joined(Constant.joined(flags.shape, one.shape) ?? [-1], other.shape),
        !shape.contains(-1), shape.elementCount(atMost: 1 << 22) != nil,
        let flags = flags.spread(to: shape), let a = one.spread(to: shape), let b = other.spread(to: shape)
      else { throw refusal("shapes do not fit") }
      return .constant(flags.choosing(a, b, isWhole: isWhole))
    }
    // torch's softplus: where(βx > 20, x, softplus(βx) / β); beyond 20 the two are the same.
    if case .isAbove(let value, let limit) = condition, limit >= 15, case .dependent(let above)? = one,
      case .dependent(let below)? = other, let (monomial, coefficient) = below.polynomial.single,
      let atom = monomial.atom, case .function(.softplus, let argument) = atoms[atom],
      argument == value.polynomial, argument.scaled(coefficient) == above.polynomial
    {
      return .dependent(below)
    }
    throw refusal("a choice between values is not served")
  }

  func unsqueeze(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    let given: [Int]
    if let stated = try attribute(integers: "axes") {
      given = stated
    } else {
      given = try integers(arguments.count > 1 ? arguments[1] : nil, "axes")
    }
    guard given.count <= 8 else { throw refusal("it adds \(given.count) axes") }
    let added = try positions(given, of: value.shape.count + given.count).sorted()
    var shape = value.shape
    for axis in added { shape.insert(1, at: axis) }
    switch value {
    case .constant(let constant): return .constant(constant.reshaped(shape))
    case .dependent(let value):
      try settleBeforeSpreading(value)
      var axes = value.axes
      for axis in added { axes.insert(nil, at: axis) }
      return .dependent(Dependent(shape, axes, value.polynomial))
    default: throw refusal("two branches are joined here; Radial serves chains of layers")
    }
  }

  func squeeze(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    let given = try axes(arguments, rank: value.shape.count)
    switch value {
    case .constant(let constant):
      let dropped = given ?? constant.shape.indices.filter { constant.shape[$0] == 1 }
      guard dropped.allSatisfy({ constant.shape[$0] == 1 }) else {
        throw refusal("it drops an axis that is no single one")
      }
      return .constant(
        constant.reshaped(constant.shape.indices.filter { !dropped.contains($0) }.map { constant.shape[$0] }))
    case .dependent(let value):
      let dropped = given ?? value.shape.indices.filter { value.shape[$0] == 1 && value.axes[$0] != batch }
      guard dropped.allSatisfy({ value.shape[$0] == 1 && value.axes[$0] != batch }) else {
        throw refusal("it drops an axis that is no single one")
      }
      let kept = value.shape.indices.filter { !dropped.contains($0) }
      return .dependent(Dependent(kept.map { value.shape[$0] }, kept.map { value.axes[$0] }, value.polynomial))
    default: throw refusal("two branches are joined here; Radial serves chains of layers")
    }
  }

  func transpose(_ value: ONNXValue, _ permutation: [Int]?) throws(ModelError) -> ONNXValue {
    let order = permutation ?? Array(value.shape.indices.reversed())
    guard order.sorted() == Array(value.shape.indices) else {
      throw refusal("its perm \(order) is no order of the axes")
    }
    switch value {
    case .constant(let constant): return .constant(constant.transposed(order))
    case .dependent(let value):
      return .dependent(Dependent(order.map { value.shape[$0] }, order.map { value.axes[$0] }, value.polynomial))
    default: throw refusal("two branches are joined here; Radial serves chains of layers")
    }
  }

  func expand(_ value: ONNXValue, _ target: [Int]) throws(ModelError) -> ONNXValue {
    let count = try checked(target)
    if case .constant(let constant) = value, count <= 1 << 16, !target.contains(openBatch) {
      guard let result = constant.spread(to: target) else { throw refusal("shapes do not fit") }
      return .constant(result)
    }
    if case .dependent(let value) = value { try settleBeforeSpreading(value) }
    let value = try lifted(value)
    guard let shape = Strides.joined(value.shape, target) else { throw refusal("shapes do not fit") }
    return .dependent(try repeated(value, shape))
  }

  /// A value whose positions of one value are repeated to a shape of as many sizes, or more in front.
  private func repeated(_ value: Dependent, _ shape: [Int]) throws(ModelError) -> Dependent {
    let added = shape.count - value.shape.count
    var axes = [Int?](repeating: nil, count: added) + value.axes
    for place in value.shape.indices where value.shape[place] != shape[added + place] {
      guard value.axes[place] != batch else { throw refusal("it repeats the row") }
      axes[added + place] = nil
    }
    return Dependent(shape, axes, value.polynomial)
  }

  func tile(_ value: ONNXValue, _ repeats: [Int]) throws(ModelError) -> ONNXValue {
    guard repeats.count == value.shape.count, repeats.allSatisfy({ $0 > 0 }) else {
      throw refusal("its repeats \(text(repeats)) do not fit \(text(value.shape))")
    }
    let value = try lifted(value)
    var shape = value.shape
    for (axis, count) in repeats.enumerated() where count != 1 {
      guard shape[axis] == 1 else { throw refusal("it repeats the data") }
      shape[axis] = count
    }
    try checked(shape)
    return .dependent(try repeated(value, shape))
  }

  func flatten(_ value: ONNXValue) throws(ModelError) -> ONNXValue {
    let rank = value.shape.count
    let given = try attribute(integer: "axis") ?? 1
    guard (-rank...rank).contains(given) else { throw refusal("axis \(given) is none of \(rank)") }
    let axis = given < 0 ? given + rank : given
    let target = [value.shape[..<axis].reduce(1, *), value.shape[axis...].reduce(1, *)]
    switch value {
    case .constant(let constant): return .constant(constant.reshaped(target))
    case .dependent(let value): return .dependent(try reshaped(value, target))
    default: throw refusal("two branches are joined here; Radial serves chains of layers")
    }
  }

  func reshape(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    var target =
      arguments.count > 1 && arguments[1] != nil
      ? try integers(arguments[1], "shape") : try attribute(integers: "shape") ?? []
    guard target.count <= 8, target.filter({ $0 == -1 }).count <= 1, target.allSatisfy({ $0 >= -1 }) else {
      throw refusal("the shape \(target) is no shape")
    }
    if try !(attribute(flag: "allowzero") ?? false) {
      for place in target.indices where target[place] == 0 {
        guard place < value.shape.count else { throw refusal("the shape \(target) copies a size that is not there") }
        target[place] = value.shape[place]
      }
    }
    let total = value.shape.reduce(1, *)
    let known = try checked(target.filter { $0 != -1 })
    if let open = target.firstIndex(of: -1) {
      guard known > 0, total % known == 0 else {
        throw refusal("the shape \(text(value.shape)) does not fill \(text(target))")
      }
      target[open] = total / known
    }
    guard try checked(target) == total else {
      throw refusal("the shape \(text(value.shape)) does not fill \(text(target)); export with a dynamic batch")
    }
    switch value {
    case .constant(let constant): return .constant(constant.reshaped(target))
    case .dependent(let value):
      try settleBeforeSpreading(value)
      return .dependent(try reshaped(value, target))
    default: throw refusal("two branches are joined here; Radial serves chains of layers")
    }
  }
}
