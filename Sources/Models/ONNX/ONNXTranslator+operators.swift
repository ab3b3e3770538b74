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

  func attribute(float key: String, mayBeInfinite: Bool = false) throws(ModelError) -> Float? {
    switch node?.attributes[key] {
    case nil: return nil
    case .float(let value)?:
      guard value.isFinite || mayBeInfinite && !value.isNaN else {
        throw refusal("its attribute '\(key)' is \(value), expected a finite number")
      }
      return value
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

  func positions(_ axes: [Int], of rank: Int) throws(ModelError) -> [Int] {
    var result: [Int] = []
    for axis in axes { result.append(try position(axis, of: rank)) }
    guard Set(result).count == result.count else { throw refusal("an axis is named twice in \(axes)") }
    return result
  }

  func integers(_ value: ONNXValue?, _ what: String) throws(ModelError) -> [Int] {
    guard case .constant(let constant)? = value, let whole = constant.whole else {
      throw refusal("its \(what) depends on the data, or is no list of whole numbers")
    }
    guard whole.count <= 1 << 16 else { throw refusal("its \(what) is a list of \(whole.count) numbers") }
    return whole
  }

  /// Axes from an attribute, or from the input behind the value; nil: none are said.
  func axes(_ arguments: [ONNXValue?], rank: Int) throws(ModelError) -> [Int]? {
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
    "ArgMax":
      "argmax: it answers with the class alone; export the model without argmax, or keep the output of its probabilities alone; Radial gives the class itself",
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
    case "Identity": return [first]
    case "CastLike": return [try cast(first, like: arguments[1])]
    case "Dropout":
      if arguments.count > 2, let training = arguments[2] {
        guard case .constant(let flag) = training, flag.real.allSatisfy({ $0 == 0 }) else {
          throw refusal(
            "it drops while serving: the model was exported in training mode; call model.eval() and export again")
        }
      }
      return [first]
    case "Cast":
      guard let to = try attribute(integer: "to").flatMap(ONNXType.init) else {
        throw refusal("it has no type to cast to")
      }
      return [try cast(first, to: to)]
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
}
