import Glibc
import RadialEngine

// Every operator that is read: of constants it is folded, of values that depend on the input it changes the expression. What an operator
// does is in https://onnx.ai/onnx/operators/.

extension ONNXTranslator {
  // MARK: Attributes

  func wrong(_ key: String) -> ModelError {
    refusal("its attribute '\(key)' is of another kind than the operator's")
  }

  func attribute(integer key: String) throws(ModelError) -> Int? {
    switch node?.attributes[key] {
    case nil: return nil
    case .integer(let value)?: return value
    default: throw wrong(key)
    }
  }

  /// 0 or 1: what any other number means, runtimes do not agree on.
  func attribute(flag key: String) throws(ModelError) -> Bool? {
    guard let value = try attribute(integer: key) else { return nil }
    guard value == 0 || value == 1 else { throw refusal("its attribute '\(key)' is \(value), expected 0 or 1") }
    return value == 1
  }

  func attribute(float key: String) throws(ModelError) -> Float? {
    switch node?.attributes[key] {
    case nil: return nil
    case .float(let value)?: return value
    default: throw wrong(key)
    }
  }

  func attribute(integers key: String) throws(ModelError) -> [Int]? {
    switch node?.attributes[key] {
    case nil: return nil
    case .integers(let values)?: return values
    default: throw wrong(key)
    }
  }

  func attribute(text key: String) throws(ModelError) -> String? {
    switch node?.attributes[key] {
    case nil: return nil
    case .text(let value)?: return value
    default: throw wrong(key)
    }
  }

  /// An axis counted from 0.
  func position(_ axis: Int, of rank: Int) throws(ModelError) -> Int {
    guard (-rank..<rank).contains(axis) else { throw refusal("axis \(axis) is none of \(rank)") }
    return axis < 0 ? axis + rank : axis
  }

  private func positions(_ axes: [Int], of rank: Int) throws(ModelError) -> [Int] {
    var result: [Int] = []
    for axis in axes { result.append(try position(axis, of: rank)) }
    guard Set(result).count == result.count else { throw refusal("an axis is named twice in \(axes)") }
    return result
  }

  private func integers(_ value: ONNXValue?, _ what: String) throws(ModelError) -> [Int] {
    guard case .constant(let constant)? = value, let whole = constant.whole else {
      throw refusal("its \(what) depends on the data, or is no list of whole numbers")
    }
    guard whole.count <= 1 << 16 else { throw refusal("its \(what) is a list of \(whole.count) numbers") }
    return whole
  }

  /// Axes from an attribute, or from the input behind the value; nil: none are said.
  private func axes(_ arguments: [ONNXValue?], rank: Int) throws(ModelError) -> [Int]? {
    if let axes = try attribute(integers: "axes") { return try positions(axes, of: rank) }
    guard arguments.count > 1, let value = arguments[1] else { return nil }
    return try positions(try integers(value, "axes"), of: rank)
  }

  // MARK: The table

  /// How many inputs an operator has.
  private static let arities: [String: ClosedRange<Int>] = [
    "Constant": 0...0, "Identity": 1...1, "Dropout": 1...3, "Cast": 1...1, "CastLike": 2...2, "Shape": 1...1,
    "Size": 1...1, "Gather": 2...2, "ConstantOfShape": 1...1, "Concat": 1...64, "Slice": 1...5, "Equal": 2...2,
    "Greater": 2...2, "Where": 3...3, "Unsqueeze": 1...2, "Squeeze": 1...2, "Transpose": 1...1, "Expand": 2...2,
    "Tile": 2...2, "Flatten": 1...1, "Reshape": 1...2, "Add": 2...2, "Sub": 2...2, "Mul": 2...2, "Div": 2...2,
    "Sum": 1...64, "Neg": 1...1, "Reciprocal": 1...1, "Sqrt": 1...1, "Pow": 2...2, "Abs": 1...1, "Exp": 1...1,
    "Log": 1...1, "Tanh": 1...1, "Sigmoid": 1...1, "Softplus": 1...1, "Softsign": 1...1, "Erf": 1...1, "Relu": 1...1,
    "Clip": 1...3, "Max": 1...2, "Min": 1...2, "Elu": 1...1, "Selu": 1...1, "LeakyRelu": 1...1, "PRelu": 2...2,
    "HardSigmoid": 1...1, "HardSwish": 1...1, "Mish": 1...1, "Gelu": 1...1, "Swish": 1...1, "Softmax": 1...1,
    "ReduceSum": 1...2, "ReduceMean": 1...2, "ReduceSumSquare": 1...2, "ReduceL2": 1...2, "ReduceMin": 1...2,
    "ReduceMax": 1...2, "Einsum": 1...2,
    "MatMul": 2...2, "Gemm": 2...3, "Conv": 2...3, "MaxPool": 1...1, "AveragePool": 1...1, "GlobalAveragePool": 1...1,
    "GlobalMaxPool": 1...1, "BatchNormalization": 5...5, "LayerNormalization": 2...3,
  ]

  /// What is said of operators that are refused for a reason of their own.
  private static let refused: [String: String] = [
    "LogSoftmax":
      "log_softmax is not served: it is a training output; export the model with softmax, or without either",
    "ArgMax": "argmax: it answers with the class alone; export the model without argmax, Radial gives the class itself",
  ]

  func evaluate(_ node: ONNXNode, _ arguments: [ONNXValue?]) throws(ModelError) -> [ONNXValue] {
    if let reason = Self.refused[node.operation] { throw refusal(reason) }
    for case .label? in arguments { throw refusal("it reads a label, by which Radial's layers do not compute") }
    guard let arity = Self.arities[node.operation] else {
      throw refusal(
        "the operator '\(JSONValue.shortened(node.operation))' is not served; Radial serves dense, convolution, pooling, normalisation, activation and RBF layers"
      )
    }
    guard arity.contains(arguments.count), arity.lowerBound == 0 || arguments[0] != nil else {
      throw refusal("it has \(arguments.count) inputs, expected \(arity.lowerBound) to \(arity.upperBound)")
    }
    for index in 0..<arity.lowerBound where arguments[index] == nil {
      throw refusal("its input \(index) is left out, which the operator needs")
    }
    guard let first = arguments.first ?? .constant(Constant(0)) else { throw refusal("it has no input") }
    switch node.operation {
    case "Constant": return [.constant(try constant())]
    case "Identity", "CastLike": return [first]
    case "Dropout":
      if arguments.count > 2, let training = arguments[2] {
        guard case .constant(let flag) = training, flag.real.allSatisfy({ $0 == 0 }) else {
          throw refusal(
            "it drops while serving: the model was exported in training mode; call model.eval() and export again")
        }
      }
      return [first]
    case "Cast": return [try cast(first)]
    case "Shape":
      let shape = first.shape
      let start = try attribute(integer: "start") ?? 0
      let end = try attribute(integer: "end") ?? shape.count
      func clamped(_ index: Int) -> Int { min(max(index < 0 ? index + shape.count : index, 0), shape.count) }
      return [.constant(Constant(whole: Array(shape[clamped(start)..<max(clamped(start), clamped(end))])))]
    case "Size": return [.constant(Constant(first.shape.reduce(1, *)))]
    case "Gather": return [try gather(first, arguments[1])]
    case "ConstantOfShape": return [try filled(first)]
    case "Concat": return [try concatenated(arguments)]
    case "Slice": return [try slice(first, arguments)]
    case "Equal", "Greater": return [try comparison(node.operation, first, arguments[1])]
    case "Where": return [try choice(first, arguments[1], arguments[2])]
    case "Unsqueeze": return [try unsqueeze(first, arguments)]
    case "Squeeze": return [try squeeze(first, arguments)]
    case "Transpose": return [try transpose(first, try attribute(integers: "perm"))]
    case "Expand": return [try expand(first, try integers(arguments[1], "shape"))]
    case "Tile": return [try tile(first, try integers(arguments[1], "repeats"))]
    case "Flatten": return [try flatten(first)]
    case "Reshape": return [try reshape(first, arguments)]
    case "Add": return [try added(first, arguments[1])]
    case "Sub":
      return [
        try binary(first, arguments[1], .subtraction) { (one, other) throws(ModelError) in
          try self.sum(one, other.scaled(Coefficient(-1)))
        }
      ]
    case "Sum":
      var total = first
      for argument in arguments.dropFirst() { total = try added(total, argument) }
      return [total]
    case "Mul": return [try multiplied(first, arguments[1])]
    case "Div": return [try divided(first, arguments[1])]
    case "Neg":
      return [
        try elementwise(first, Fold.negated) { (value) throws(ModelError) in value.polynomial.scaled(Coefficient(-1)) }
      ]
    case "Reciprocal":
      return [try elementwise(first, Fold.inverse) { (value) throws(ModelError) in try self.power(value, -1) }]
    case "Sqrt":
      return [try elementwise(first, Fold.root) { (value) throws(ModelError) in try self.power(value, 0.5) }]
    case "Pow":
      guard case .constant(let exponent)? = arguments[1] else { throw refusal("its exponent is not one number") }
      if case .constant(let base) = first {
        guard let result = base.combined(exponent, Glibc.pow) else { throw refusal("shapes do not fit") }
        return [.constant(result)]
      }
      guard let exponent = exponent.single, abs(exponent) <= 64 else {
        throw refusal("its exponent is not one number of at most 64")
      }
      return [try elementwise(first, Fold.same) { (value) throws(ModelError) in try self.power(value, exponent) }]
    case "Abs": return [try function(first, .absolute, { abs($0) })]
    case "Exp": return [try function(first, .exp, Glibc.exp)]
    case "Log": return [try function(first, .log, Glibc.log)]
    case "Tanh": return [try function(first, .tanh, Glibc.tanh)]
    case "Sigmoid": return [try function(first, .sigmoid) { 1 / (1 + Glibc.exp(-$0)) }]
    case "Softplus": return [try function(first, .softplus) { max($0, 0) + log1p(Glibc.exp(-abs($0))) }]
    case "Softsign": return [try function(first, .softsign) { $0 / (1 + abs($0)) }]
    case "Erf": return [try function(first, .erf, Glibc.erf)]
    case "HardSwish": return [try function(first, .hardSwish) { $0 * min(max($0 / 6 + 0.5, 0), 1) }]
    case "Mish": return [try function(first, .mish) { $0 * Glibc.tanh(log1p(Glibc.exp($0))) }]
    case "Relu": return [try clamped(first, 0, nil)]
    case "Clip": return [try clip(first, arguments)]
    case "Max", "Min": return [try extremum(node.operation, arguments)]
    case "Elu":
      let alpha = try attribute(float: "alpha") ?? 1
      return [try function(first, .elu(alpha)) { $0 > 0 ? $0 : Double(alpha) * expm1($0) }]
    case "Selu":
      let (alpha, gamma) = (try attribute(float: "alpha") ?? 1.673_263_2, try attribute(float: "gamma") ?? 1.050_701)
      guard abs(alpha - 1.673_263_2) < 1e-6, abs(gamma - 1.050_701) < 1e-6 else {
        throw refusal("a SELU with other constants is not served")
      }
      return [try function(first, .selu) { 1.0507009873554805 * ($0 > 0 ? $0 : 1.6732632423543772 * expm1($0)) }]
    case "LeakyRelu":
      let slope = try attribute(float: "alpha") ?? 0.01
      return [try function(first, .leakyRelu(slope)) { $0 < 0 ? Double(slope) * $0 : $0 }]
    case "PRelu":
      guard case .constant(let slopes)? = arguments[1], let slope = slopes.real.first else {
        throw refusal("its slopes depend on the data")
      }
      guard slopes.real.allSatisfy({ $0 == slope }) else {
        guard case .dependent(let value) = first else { throw refusal("a slope for each channel of a constant") }
        return [.dependent(try parametricRectifier(value, slopes))]
      }
      return [try function(first, .leakyRelu(Float(slope))) { $0 < 0 ? slope * $0 : $0 }]
    case "HardSigmoid":
      let (alpha, beta) = (try attribute(float: "alpha") ?? 0.2, try attribute(float: "beta") ?? 0.5)
      let isSixth = abs(alpha - 1.0 / 6) < 1e-6
      guard abs(beta - 0.5) < 1e-6, isSixth || abs(alpha - 0.2) < 1e-6 else {
        throw refusal("a hard sigmoid with other constants is not served")
      }
      return [
        try function(first, isSixth ? .hardSigmoid : .hardSigmoid2) {
          min(max(Double(alpha) * $0 + Double(beta), 0), 1)
        }
      ]
    case "Gelu":
      guard try attribute(text: "approximate") ?? "none" == "none" else {
        throw refusal("GELU's tanh approximation is not served; use approximate='none'")
      }
      return [try function(first, .gelu) { 0.5 * $0 * (1 + Glibc.erf($0 / 2.0.squareRoot())) }]
    case "Swish":
      guard try attribute(float: "alpha") ?? 1 == 1 else {
        throw refusal("a swish with alpha other than 1 is not served")
      }
      return [try function(first, .swish) { $0 / (1 + Glibc.exp(-$0)) }]
    case "Softmax": return [try softmax(first)]
    case "ReduceSum", "ReduceMean", "ReduceSumSquare", "ReduceL2", "ReduceMin", "ReduceMax":
      return [try reduced(node.operation, first, arguments)]
    case "Einsum": return [try einsum(arguments)]
    case "MatMul": return [try matrixProduct(first, arguments[1])]
    case "Gemm": return [try gemm(first, arguments)]
    case "Conv":
      guard case .dependent(let value) = first, case .constant(let weights)? = arguments[1] else {
        throw refusal("a convolution with weights that depend on the data is not served")
      }
      var bias: Constant?
      if arguments.count > 2, let third = arguments[2] {
        guard case .constant(let constant) = third else { throw refusal("its bias depends on the data") }
        bias = constant
      }
      return [.dependent(try convolution(value, weights, bias))]
    case "MaxPool", "AveragePool":
      guard case .dependent(let value) = first else { throw refusal("a pooling of a constant is not served") }
      return [.dependent(try pooling(value, node.operation == "MaxPool" ? .maximum : .average))]
    case "GlobalAveragePool", "GlobalMaxPool":
      guard case .dependent(let value) = first else { throw refusal("a pooling of a constant is not served") }
      return [
        .dependent(
          try globalPooling(
            value, over: [2, 3], keepsAxes: true, node.operation == "GlobalMaxPool" ? .maximum : .average))
      ]
    case "LayerNormalization":
      guard case .dependent(let value) = first else { throw refusal("a normalisation of a constant is not served") }
      var parts: [Constant] = []
      for argument in arguments.dropFirst() {
        guard case .constant(let constant)? = argument else { throw refusal("its scale depends on the data") }
        parts.append(constant)
      }
      return [.dependent(try layerNormalisation(value, gamma: parts[0], beta: parts.count > 1 ? parts[1] : nil))]
    case "BatchNormalization":
      if try attribute(integer: "training_mode") ?? 0 != 0 || node.outputs.count > 1 {
        throw refusal(
          "it normalises by the batch: the model was exported in training mode; call model.eval() and export again")
      }
      var constants: [Constant] = []
      for argument in arguments.dropFirst() {
        guard case .constant(let constant)? = argument else { throw refusal("its statistics depend on the data") }
        constants.append(constant)
      }
      guard case .dependent(let value) = first else { throw refusal("a normalisation of a constant is not served") }
      return [
        .dependent(
          try normalisation(
            value, gamma: constants[0], beta: constants[1], mean: constants[2], variance: constants[3]))
      ]
    default: throw refusal("the operator is not served")
    }
  }

  // MARK: Constants and shapes

  private func constant() throws(ModelError) -> Constant {
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

  private func cast(_ value: ONNXValue) throws(ModelError) -> ONNXValue {
    guard let to = try attribute(integer: "to").flatMap(ONNXType.init) else {
      throw refusal("it has no type to cast to")
    }
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

  private func gather(_ value: ONNXValue, _ indices: ONNXValue?) throws(ModelError) -> ONNXValue {
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

  private func checked(_ shape: [Int]) throws(ModelError) -> Int {
    guard shape.count <= 8 else { throw refusal("the shape \(text(shape)) has more than 8 sizes") }
    var count = 1
    for size in shape {
      let (product, isBeyond) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !isBeyond else { throw refusal("the shape \(text(shape)) is no shape") }
      count = product
    }
    return count
  }

  private func filled(_ shape: ONNXValue) throws(ModelError) -> ONNXValue {
    let sizes = try integers(shape, "shape")
    let count = try checked(sizes)
    var value = Constant([1], [0.0])
    if case .tensor(let tensor)? = node?.attributes["value"] { value = Constant(tensor) }
    guard value.count == 1 else { throw refusal("its value is \(value.count) numbers, expected one") }
    guard count > 1 << 16 || sizes.contains(Self.openBatch) else {
      return .constant(value.picked(sizes, [Int](repeating: 0, count: count)))
    }
    return .dependent(
      Dependent(sizes, sizes.map { _ in nil }, Polynomial(constant: Coefficient(value.real[0]))))
  }

  private func concatenated(_ values: [ONNXValue?]) throws(ModelError) -> ONNXValue {
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
      let isWhole = constants.allSatisfy { !$0.isReal }
      var (real, whole): ([Double], [Int]) = ([], [])
      for o in 0..<outer {
        for constant in constants {
          let run = constant.shape[axis...].reduce(1, *)
          if isWhole {
            whole += (constant.whole ?? [])[o * run..<(o + 1) * run]
          } else {
            real += constant.real[o * run..<(o + 1) * run]
          }
        }
      }
      return .constant(isWhole ? Constant(shape, .whole(whole)) : Constant(shape, real))
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

  private func slice(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
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

  private func comparison(_ operation: String, _ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    if case .constant(let one) = one, case .constant(let other)? = other {
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

  private func choice(_ condition: ONNXValue, _ one: ONNXValue?, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    if case .constant(let flags) = condition, case .constant(let one)? = one, case .constant(let other)? = other {
      let isWhole = !one.isReal && !other.isReal
      guard let shape = Constant.joined(Constant.joined(flags.shape, one.shape) ?? [-1], other.shape),
        !shape.contains(-1),
        let flags = flags.spread(to: shape), let a = one.spread(to: shape), let b = other.spread(to: shape)
      else { throw refusal("shapes do not fit") }
      let values = zip(flags.real, zip(a.real, b.real)).map { $0 != 0 ? $1.0 : $1.1 }
      return .constant(isWhole ? Constant(shape, .whole(values.map { Int($0) })) : Constant(shape, values))
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

  private func unsqueeze(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
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

  private func squeeze(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
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
      let dropped = given ?? value.shape.indices.filter { value.shape[$0] == 1 && value.axes[$0] == nil }
      guard dropped.allSatisfy({ value.shape[$0] == 1 && value.axes[$0] != batch }) else {
        throw refusal("it drops an axis that is no single one")
      }
      let kept = value.shape.indices.filter { !dropped.contains($0) }
      return .dependent(Dependent(kept.map { value.shape[$0] }, kept.map { value.axes[$0] }, value.polynomial))
    default: throw refusal("two branches are joined here; Radial serves chains of layers")
    }
  }

  private func transpose(_ value: ONNXValue, _ permutation: [Int]?) throws(ModelError) -> ONNXValue {
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

  private func expand(_ value: ONNXValue, _ target: [Int]) throws(ModelError) -> ONNXValue {
    let count = try checked(target)
    if case .constant(let constant) = value, count <= 1 << 16, !target.contains(Self.openBatch) {
      guard let result = constant.spread(to: target) else { throw refusal("shapes do not fit") }
      return .constant(result)
    }
    if case .dependent(let value) = value { try settleBeforeSpreading(value) }
    let value = try lifted(value)
    guard let shape = Strides.joined(value.shape, target) else { throw refusal("shapes do not fit") }
    return .dependent(
      Dependent(
        shape, [Int?](repeating: nil, count: shape.count - value.axes.count) + value.axes, value.polynomial))
  }

  private func tile(_ value: ONNXValue, _ repeats: [Int]) throws(ModelError) -> ONNXValue {
    guard repeats.count == value.shape.count, repeats.allSatisfy({ $0 > 0 }) else {
      throw refusal("its repeats \(text(repeats)) do not fit \(text(value.shape))")
    }
    let value = try lifted(value)
    var shape = value.shape
    for (axis, count) in repeats.enumerated() where count != 1 {
      guard shape[axis] == 1 else { throw refusal("it repeats the data") }
      shape[axis] = count
    }
    _ = try checked(shape)
    return .dependent(Dependent(shape, value.axes, value.polynomial))
  }

  private func flatten(_ value: ONNXValue) throws(ModelError) -> ONNXValue {
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

  private func reshape(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
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

  // MARK: Elementwise

  private func elementwise(
    _ value: ONNXValue, _ fold: (Double) -> Double, _ body: (Dependent) throws(ModelError) -> Polynomial
  ) throws(ModelError) -> ONNXValue {
    if case .constant(let constant) = value {
      if !constant.isReal,
        let whole = constant.combinedWhole(
          Constant(0),
          { value, _ in
            let result = fold(Double(value))
            return result == result.rounded() && abs(result) < 0x1p53 ? Int(result) : nil
          })
      {
        return .constant(whole)
      }
      return .constant(constant.mapped(fold))
    }
    let value = try lifted(value)
    return .dependent(value.with(try body(value)))
  }

  private func function(
    _ value: ONNXValue, _ function: Function, _ fold: (Double) -> Double
  ) throws(ModelError) -> ONNXValue {
    try elementwise(value, fold) { (value) throws(ModelError) in
      try self.settle(value)
      return self.function(function, value.polynomial)
    }
  }

  private func binary(
    _ one: ONNXValue, _ other: ONNXValue?, _ folding: Folding,
    _ body: (Polynomial, Polynomial) throws(ModelError) -> Polynomial
  ) throws(ModelError) -> ONNXValue {
    guard let other else { throw refusal("an input is left out") }
    if case .constant(let one) = one, case .constant(let other) = other {
      let result =
        !one.isReal && !other.isReal
        ? one.combinedWhole(other, folding.whole) : one.combined(other, folding.real)
      guard let result else { throw refusal("shapes do not fit, or whole numbers have no result") }
      return .constant(result)
    }
    let (shape, axes, a, b) = try broadcast(lifted(one), lifted(other))
    return .dependent(Dependent(shape, axes, try body(a, b)))
  }

  private func added(_ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    try binary(one, other, .addition) { (a, b) throws(ModelError) in try self.sum(a, b) }
  }

  private func multiplied(_ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    if case .dependent(let a) = one, case .dependent(let b)? = other {
      if a === b || a.polynomial == b.polynomial && a.axes == b.axes && a.shape == b.shape {
        return .dependent(a.with(try power(a, 2)))
      }
      for (value, factor) in [(a, b), (b, a)] where hasSum(value.polynomial) && !factor.polynomial.isConstant {
        try settle(value)
      }
    }
    return try binary(one, other, .multiplication) { (a, b) throws(ModelError) in try self.product(a, b) }
  }

  private func divided(_ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    guard let other else { throw refusal("an input is left out") }
    if case .dependent(let value) = one, case .dependent(let divisor) = other,
      let result = try normalised(value, divisor)
    {
      return .dependent(result)
    }
    if case .constant(let divisor) = other {
      if case .constant = one {
        return try binary(one, other, .division) { a, _ in a }
      }
      return try multiplied(one, .constant(divisor.mapped { 1 / $0 }))
    }
    let divisor = try lifted(other)
    let inverse =
      divisor.polynomial.isConstant
      ? Polynomial(constant: divisor.polynomial.constant.mapped { 1 / $0 }) : try power(divisor, -1)
    return try binary(one, .dependent(divisor.with(inverse)), .multiplication) { (a, b) throws(ModelError) in
      try self.product(a, b)
    }
  }

  private func clamped(_ value: ONNXValue, _ low: Double?, _ high: Double?) throws(ModelError) -> ONNXValue {
    let fold = { (number: Double) in min(max(number, low ?? -.infinity), high ?? .infinity) }
    return try elementwise(value, fold) { (value) throws(ModelError) in
      try self.settle(value)
      // A squared distance is never negative.
      if self.hasDistance(value.polynomial), self.isNonnegative(value.polynomial), high == nil, let low, low <= 1e-6 {
        self.largestLimit = max(self.largestLimit, low)
        return value.polynomial
      }
      switch (low, high) {
      case (nil, nil): return value.polynomial
      case (0, nil): return self.function(.relu, value.polynomial)
      case (0, 6): return self.function(.relu6, value.polynomial)
      default:
        throw self.refusal(
          "it cuts values to [\(low.map { "\($0)" } ?? "-∞"), \(high.map { "\($0)" } ?? "∞")]; relu and relu6 are served"
        )
      }
    }
  }

  private func clip(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    func limit(_ index: Int, _ key: String) throws(ModelError) -> Double? {
      if opset < 11 { return try attribute(float: key).map(Double.init) }
      guard arguments.count > index, let argument = arguments[index] else { return nil }
      guard case .constant(let constant) = argument, let number = constant.single else {
        throw refusal("its limits depend on the data")
      }
      return number
    }
    var (low, high) = (try limit(1, "min"), try limit(2, "max"))
    if let number = low, number <= -3.4e38 { low = nil }
    if let number = high, number >= 3.4e38 { high = nil }
    return try clamped(value, low, high)
  }

  private func extremum(_ operation: String, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    guard arguments.count == 2, var one = arguments[0], var other = arguments[1] else {
      guard let only = arguments[0] else { throw refusal("it has no input") }
      return only
    }
    if case .constant(let a) = one, case .constant(let b) = other {
      guard let result = a.combined(b, operation == "Max" ? { max($0, $1) } : { min($0, $1) }) else {
        throw refusal("shapes do not fit")
      }
      return .constant(!a.isReal && !b.isReal ? Constant(result.shape, .whole(result.real.map { Int($0) })) : result)
    }
    if case .constant = one { swap(&one, &other) }
    guard case .constant(let limit) = other, let number = limit.single, limit.rank <= one.shape.count else {
      throw refusal("a \(operation == "Max" ? "maximum" : "minimum") of two values is not served")
    }
    if operation == "Max" { return try clamped(one, number, nil) }
    // relu6 as min(relu(x), 6).
    if case .dependent(let value) = one, let (monomial, coefficient) = value.polynomial.single, coefficient.isNearly(1),
      let atom = monomial.atom, case .function(.relu, let argument) = atoms[atom], number == 6
    {
      return .dependent(value.with(function(.relu6, argument)))
    }
    throw refusal("a minimum is not served (several prototypes a class, or a limit)")
  }

  private func softmax(_ value: ONNXValue) throws(ModelError) -> ONNXValue {
    guard case .dependent(let value) = value else { throw refusal("a softmax of a constant is not served") }
    let axis = try position(try attribute(integer: "axis") ?? (opset >= 13 ? -1 : 1), of: value.shape.count)
    let live = value.axes.indices.filter { value.axes[$0] != nil && value.axes[$0] != batch }
    // Before opset 13 it is over everything from the axis on.
    guard live == [axis], opset >= 13 || value.shape[axis...].reduce(1, *) == value.shape[axis] else {
      throw refusal("its softmax is not over the last axis of rows")
    }
    let index = try materialise(value)
    guard index == tip else { throw refusal(Self.branches) }
    emit(name("softmax"), .activation(ActivationLayerSpec(ActivationSpec(.softmax))))
    addStream(streams[index].axes, streams[index].sizes)
    return .dependent(value.with(polynomial(ofStream: tip)))
  }

  // MARK: Sums

  private func reduced(
    _ operation: String, _ value: ONNXValue, _ arguments: [ONNXValue?]
  ) throws(ModelError) -> ONNXValue {
    let given = try axes(arguments, rank: value.shape.count)
    let keeps = try attribute(flag: "keepdims") ?? true
    if given == nil || given?.isEmpty == true, try attribute(integer: "noop_with_empty_axes") ?? 0 != 0 { return value }
    let positions = given.flatMap { $0.isEmpty ? nil : $0 } ?? Array(value.shape.indices)
    switch value {
    case .constant(let constant):
      let squares = operation == "ReduceSumSquare" || operation == "ReduceL2"
      let sum = (squares ? constant.mapped { $0 * $0 } : constant).summed(positions, keepsAxes: keeps)
      let count = Double(positions.reduce(1) { $0 * constant.shape[$1] })
      switch operation {
      case "ReduceMin", "ReduceMax": throw refusal("an extremum of a constant is not served")
      case "ReduceMean": return .constant(sum.mapped { $0 / count })
      case "ReduceL2": return .constant(sum.mapped { $0.squareRoot() })
      default:
        if !constant.isReal, let whole = sum.whole { return .constant(Constant(sum.shape, .whole(whole))) }
        return .constant(sum)
      }
    case .dependent(let value):
      let live = value.axes.indices.filter { value.axes[$0] != nil && value.axes[$0] != batch }
      if operation == "ReduceMean" || operation == "ReduceMax", value.shape.count == 4, positions.count == 2,
        live.count == 3, !hasSum(value.polynomial),
        !sources(of: value.polynomial).contains(where: { streams[$0].isPending }),
        !positions.contains(where: { value.axes[$0] == batch })
      {
        return .dependent(
          try globalPooling(
            value, over: positions, keepsAxes: keeps, operation == "ReduceMax" ? .maximum : .average))
      }
      if operation == "ReduceMin" || operation == "ReduceMax" {
        return .dependent(
          try extremum(value, over: positions, largest: operation == "ReduceMax", keepsAxes: keeps))
      }
      let squares = operation == "ReduceSumSquare" || operation == "ReduceL2"
      let summand = squares ? value.with(try power(value, 2)) : value
      var polynomial = try summed(summand, overPositions: positions)
      if operation == "ReduceMean" {
        polynomial = polynomial.scaled(Coefficient(1 / Double(positions.reduce(1) { $0 * value.shape[$1] })))
      }
      let kept = value.shape.indices.filter { keeps || !positions.contains($0) }
      let result = Dependent(
        kept.map { positions.contains($0) ? 1 : value.shape[$0] },
        kept.map { positions.contains($0) ? nil : value.axes[$0] }, polynomial)
      if operation == "ReduceL2" { result.polynomial = try power(result, 0.5) }
      return .dependent(result)
    default: throw refusal("two branches are joined here; Radial serves chains of layers")
    }
  }

  /// Of each class its nearest prototype.
  private func extremum(
    _ value: Dependent, over positions: [Int], largest: Bool, keepsAxes: Bool
  ) throws(ModelError) -> Dependent {
    try settle(value)
    let live = positions.compactMap { value.axes[$0] }
    guard !live.contains(batch) else {
      throw refusal("it compares the rows of the batch: an answer would depend on its neighbours")
    }
    var polynomial = value.polynomial
    for axis in live { polynomial = try nearest(polynomial, over: axis, largest: largest) }
    let kept = value.shape.indices.filter { keepsAxes || !positions.contains($0) }
    return Dependent(
      kept.map { positions.contains($0) ? 1 : value.shape[$0] },
      kept.map { positions.contains($0) ? nil : value.axes[$0] }, polynomial)
  }

  private func summed(_ value: Dependent, overPositions positions: [Int]) throws(ModelError) -> Polynomial {
    let running = value.with(value.polynomial)
    for position in positions {
      guard value.axes[position] != batch else {
        throw refusal("it sums over the rows of the batch: an answer would depend on its neighbours")
      }
      if let axis = value.axes[position] {
        running.polynomial = try summed(running, over: axis)
      } else {
        running.polynomial = running.polynomial.scaled(Coefficient(Double(value.shape[position])))
      }
    }
    return running.polynomial
  }

  // MARK: Products

  /// A stream or a multiple of it stays; anything else becomes layers first.
  private func settleBeforeProduct(_ value: Dependent) throws(ModelError) {
    try settle(value)
    if let (monomial, coefficient) = value.polynomial.single, let atom = monomial.atom,
      case .stream(let stream) = atoms[atom], let factor = coefficient.axes.isEmpty ? coefficient.values.first : nil,
      [1, 2, -2].contains(where: { coefficient.isNearly($0) }) || !layers.isEmpty || stream != 0, factor != 0
    {
      return
    }
    try materialise(value)
  }

  /// Σ over letters that are not in the result of a value times a constant.
  private func contracted(
    _ value: Dependent, _ letters: [Character], _ constant: Constant, _ others: [Character], _ result: [Character]
  ) throws(ModelError) -> Dependent {
    try settleBeforeProduct(value)
    var (ids, sizes): ([Character: Int], [Character: Int]) = ([:], [:])
    for (index, letter) in letters.enumerated() {
      guard ids[letter] == nil, sizes[letter] == nil else { throw refusal("an axis is named twice") }
      sizes[letter] = value.shape[index]
      if let axis = value.axes[index] {
        ids[letter] = axis
      } else if value.shape[index] != 1 {
        throw refusal("a product over a repeated axis is not served")
      }
    }
    var (axes, kept): ([Int], [Int]) = ([], [])
    for (index, letter) in others.enumerated() {
      let size = constant.shape[index]
      let before = sizes[letter] ?? 1
      guard before == size || before == 1 || size == 1 else { throw refusal("shapes do not fit") }
      sizes[letter] = max(before, size)
      guard size > 1 else { continue }
      if ids[letter] == nil {
        let axis = axis(size)
        constantAxes.insert(axis)
        ids[letter] = axis
      }
      guard let axis = ids[letter], !axes.contains(axis) else { throw refusal("an axis is named twice") }
      axes.append(axis)
      kept.append(size)
    }
    guard result.allSatisfy({ sizes[$0] != nil }) else { throw refusal("its result has an axis of neither input") }
    let running = value.with(
      try product(
        value.polynomial, Polynomial(constant: Coefficient(axes: axes, sizes: kept, values: constant.real))))
    for letter in letters + others.filter({ !letters.contains($0) }) where !result.contains(letter) {
      guard let axis = ids[letter] else { continue }
      guard axis != batch else {
        throw refusal("it sums over the rows of the batch: an answer would depend on its neighbours")
      }
      running.polynomial = try summed(running, over: axis)
    }
    return Dependent(result.map { sizes[$0] ?? 1 }, result.map { ids[$0] }, running.polynomial)
  }

  private func einsum(_ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    let equation = (try attribute(text: "equation") ?? "").filter { $0 != " " }
    let sides = equation.split(separator: "-", omittingEmptySubsequences: false)
    func unserved() -> ModelError { refusal("the equation '\(JSONValue.shortened(equation))' is not served") }
    guard sides.count == 2, sides[1].hasPrefix(">"), !equation.contains("."), arguments.count == 2,
      let one = arguments[0], let other = arguments[1]
    else { throw unserved() }
    let result = Array(sides[1].dropFirst())
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
    guard terms.count == 2, terms[0].count == one.shape.count, terms[1].count == other.shape.count,
      Set(result).count == result.count, Set(terms[0]).count == terms[0].count, Set(terms[1]).count == terms[1].count
    else { throw unserved() }
    switch (one, other) {
    case (.dependent(let a), .dependent(let b)):
      // A value with itself: the sum of squares.
      guard a.polynomial == b.polynomial, a.axes == b.axes, terms[0] == terms[1],
        terms[0].filter(result.contains) == result
      else { throw refusal("a product of two values is not served") }
      let dropped = terms[0].indices.filter { !result.contains(terms[0][$0]) }
      let kept = terms[0].indices.filter { result.contains(terms[0][$0]) }
      let squares = a.with(try power(a, 2))
      return .dependent(
        Dependent(
          kept.map { a.shape[$0] }, kept.map { a.axes[$0] }, try summed(squares, overPositions: dropped)))
    case (.dependent(let value), .constant(let constant)):
      return .dependent(try contracted(value, terms[0], constant, terms[1], result))
    case (.constant(let constant), .dependent(let value)):
      return .dependent(try contracted(value, terms[1], constant, terms[0], result))
    default: throw unserved()
    }
  }

  private static let letters = Array("abcdefgh")

  private func matrixProduct(_ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    switch (one, other) {
    case (.constant(let a), .constant(let b)?):
      guard let result = a.times(b) else { throw refusal("a product of stacks of constants is not served") }
      return .constant(result)
    case (.joined(let parts, _), .constant(let matrix)?): return .dependent(try joinedProduct(parts, matrix))
    case (.dependent(let value), .constant(var matrix)?):
      guard !value.shape.isEmpty, value.shape.count < 8 else { throw refusal("shapes do not fit") }
      let before = Array(Self.letters[..<(value.shape.count - 1)])
      if matrix.rank == 1 { return .dependent(try contracted(value, before + ["k"], matrix, ["k"], before)) }
      while matrix.rank > 2, matrix.shape[0] == 1, matrix.rank >= value.shape.count {
        matrix = matrix.reshaped(Array(matrix.shape.dropFirst()))
      }
      guard matrix.rank == 2 else { throw refusal("a product with a stack of matrices is not served") }
      guard matrix.shape[0] == value.shape[value.shape.count - 1] else {
        throw refusal("shapes \(text(value.shape)) and \(text(matrix.shape)) do not fit")
      }
      return .dependent(try contracted(value, before + ["k"], matrix, ["k", "u"], before + ["u"]))
    case (.constant(let matrix), .dependent(let value)?) where matrix.rank == 2 && value.shape.count == 2:
      guard matrix.shape[1] == value.shape[0] else { throw refusal("shapes do not fit") }
      return .dependent(try contracted(value, ["k", "n"], matrix, ["u", "k"], ["u", "n"]))
    default: throw refusal("a product of two values is not served (attention, or a distance between rows)")
    }
  }

  /// Parts that are joined along the last axis, times a matrix: each with its rows of the matrix.
  private func joinedProduct(_ parts: [Dependent], _ matrix: Constant) throws(ModelError) -> Dependent {
    guard matrix.rank >= 2, matrix.shape.dropLast(2).allSatisfy({ $0 == 1 }) else {
      throw refusal("a product of this kind is not served")
    }
    let (rows, columns) = (matrix.shape[matrix.rank - 2], matrix.shape[matrix.rank - 1])
    guard parts.reduce(0, { $0 + $1.shape[$1.shape.count - 1] }) == rows else { throw refusal("shapes do not fit") }
    let values = matrix.real
    let units = axis(columns)
    constantAxes.insert(units)
    var result: Dependent?
    var start = 0
    for part in parts {
      let last = part.shape.count - 1
      let count = part.shape[last]
      let weights = Array(values[start * columns..<(start + count) * columns])
      start += count
      let (shape, axes) = (part.shape.dropLast() + [columns], part.axes.dropLast() + [columns > 1 ? units : nil])
      func along(_ names: [Int], _ sizes: [Int]) -> Coefficient {
        columns > 1
          ? Coefficient(axes: names + [units], sizes: sizes + [columns], values: weights)
          : Coefficient(axes: names, sizes: sizes, values: weights)
      }
      let polynomial: Polynomial
      if let axis = part.axes[last] {
        try settleBeforeProduct(part)
        let product = part.with(try self.product(part.polynomial, Polynomial(constant: along([axis], [count]))))
        polynomial = try summed(product, over: axis)
      } else if count == 1 {
        polynomial = try product(part.polynomial, Polynomial(constant: along([], [])))
      } else {
        throw refusal("a product over a repeated axis is not served")
      }
      let value = Dependent(Array(shape), Array(axes), polynomial)
      guard let before = result else {
        result = value
        continue
      }
      result = Dependent(before.shape, before.axes, try sum(before.polynomial, value.polynomial))
    }
    guard let result else { throw refusal("it joins nothing") }
    return result
  }

  private func gemm(_ one: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    guard case .constant(let matrix)? = arguments[1], matrix.rank == 2, one.shape.count == 2 else {
      throw refusal("a product of two values is not served")
    }
    let alpha = Double(try attribute(float: "alpha") ?? 1)
    let turned = try attribute(flag: "transB") ?? false ? matrix.transposed([1, 0]) : matrix
    let weights = alpha == 1 ? turned : turned.mapped { alpha * $0 }
    let left = try attribute(flag: "transA") ?? false ? try transpose(one, [1, 0]) : one
    let product = try matrixProduct(left, .constant(weights))
    guard arguments.count > 2, let bias = arguments[2] else { return product }
    let beta = Double(try attribute(float: "beta") ?? 1)
    guard beta != 0 else { return product }
    return try added(product, beta == 1 ? bias : try multiplied(bias, .constant(Constant(beta))))
  }
}

/// How two constants become one: whole numbers in whole numbers, others in Float64.
private struct Folding: Sendable {
  /// nil: there is no result.
  let whole: @Sendable (Int, Int) -> Int?
  let real: @Sendable (Double, Double) -> Double

  static let addition = Folding(whole: { $0.addingReportingOverflow($1).partialValue }, real: +)
  static let subtraction = Folding(whole: { $0.subtractingReportingOverflow($1).partialValue }, real: -)
  static let multiplication = Folding(whole: { $0.multipliedReportingOverflow(by: $1).partialValue }, real: *)
  /// Towards 0.
  static let division = Folding(whole: { $1 == 0 || ($0 == .min && $1 == -1) ? nil : $0 / $1 }, real: /)
}

/// Functions of one number.
private enum Fold {
  static func negated(_ number: Double) -> Double { -number }
  static func inverse(_ number: Double) -> Double { 1 / number }
  static func root(_ number: Double) -> Double { number.squareRoot() }
  static func same(_ number: Double) -> Double { number }
}
