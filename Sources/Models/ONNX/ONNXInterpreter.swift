import Glibc
import RadialEngine

/// A graph computed as it stands, node by node, in Float64: what its translation is held against when it is loaded.
///
/// It shares nothing with the translator but the constants, and knows the operators that the translator takes.
struct ONNXInterpreter {
  /// Why a graph cannot be computed here; the translation is then not compared.
  struct Unknown: Error {}

  /// More numbers than a value may have.
  static let maximumCount = 1 << 24

  private let graph: ONNXGraph
  let opset: Int
  private let order: [ONNXNode]

  /// - Parameter order: nodes, each behind those that it reads.
  init(_ model: ONNXModel, order: [ONNXNode]) {
    graph = model.graph
    opset = model.opset
    self.order = order
  }

  /// The outputs of the graph for one input.
  func outputs(_ input: Constant, named name: String) throws(Unknown) -> [String: Constant] {
    var values = [name: input]
    // A value goes once its last reader has it.
    var reads = graph.readers(among: order)
    for node in order {
      var arguments: [Constant?] = []
      for input in node.inputs {
        // Constants are large, and read once.
        let value = values[input] ?? graph.initializers[input].map { Constant($0) }
        guard input.isEmpty || value != nil else { throw Unknown() }
        arguments.append(value)
      }
      let result = try compute(node, arguments)
      guard result.shape.elementCount(atMost: Self.maximumCount) != nil else { throw Unknown() }
      for name in node.inputs {
        reads[name, default: 1] -= 1
        if reads[name] == 0 { values[name] = nil }
      }
      if let output = node.outputs.first, reads[output] != nil { values[output] = result }
    }
    var results: [String: Constant] = [:]
    for output in graph.outputs { results[output.name] = values[output.name] }
    return results
  }

  // MARK: Attributes

  func integer(_ node: ONNXNode, _ key: String, _ absent: Int) -> Int {
    if case .integer(let value)? = node.attributes[key] { value } else { absent }
  }

  private func float(_ node: ONNXNode, _ key: String, _ absent: Double) -> Double {
    if case .float(let value)? = node.attributes[key] { Double(value) } else { absent }
  }

  func integers(_ node: ONNXNode, _ key: String) -> [Int]? {
    if case .integers(let values)? = node.attributes[key] { values } else { nil }
  }

  func text(_ node: ONNXNode, _ key: String) -> String? {
    if case .text(let value)? = node.attributes[key] { value } else { nil }
  }

  private func axes(_ node: ONNXNode, _ arguments: [Constant?], rank: Int) -> [Int]? {
    let given = integers(node, "axes") ?? (arguments.count > 1 ? arguments[1]?.whole : nil)
    return given.map { $0.map { $0 < 0 ? $0 + rank : $0 } }
  }

  // MARK: Operators

  private func combined(
    _ one: Constant, _ other: Constant?, _ operation: (Double, Double) -> Double
  ) throws(Unknown) -> Constant {
    guard let other, let result = one.combined(other, operation) else { throw Unknown() }
    return result
  }

  private func compute(_ node: ONNXNode, _ arguments: [Constant?]) throws(Unknown) -> Constant {
    guard node.operation != "Constant" else { return try constant(node) }
    guard let x = arguments.first ?? nil else { throw Unknown() }
    let second = arguments.count > 1 ? arguments[1] : nil
    let third = arguments.count > 2 ? arguments[2] : nil
    /// Of whole numbers in whole numbers, of others in Float64.
    func arithmetic(
      _ whole: (Int, Int) -> Int?, _ operation: (Double, Double) -> Double
    ) throws(Unknown) -> Constant {
      if let second, !x.isReal, !second.isReal, let result = x.combinedWhole(second, whole) { return result }
      return try combined(x, second, operation)
    }
    switch node.operation {
    case "Identity", "Dropout": return x
    case "CastLike":
      guard let second else { throw Unknown() }
      return second.isReal ? Constant(x.shape, x.real) : try cast(x, second.isFlags ? .bool : .int64)
    case "Cast":
      guard let type = ONNXType(rawValue: integer(node, "to", 0)) else { throw Unknown() }
      return try cast(x, type)
    case "Shape":
      let (start, end) = (integer(node, "start", 0), integer(node, "end", x.rank))
      func clamped(_ index: Int) -> Int { min(max(index < 0 ? index + x.rank : index, 0), x.rank) }
      return Constant(whole: Array(x.shape[clamped(start)..<max(clamped(start), clamped(end))]))
    case "Size": return Constant(x.count)
    case "Gather": return try gather(x, second, integer(node, "axis", 0))
    case "ConstantOfShape":
      guard let shape = x.whole, shape.allSatisfy({ $0 >= 0 && $0 < 1 << 24 }) else { throw Unknown() }
      var value = Constant([1], [0.0])
      if case .tensor(let tensor)? = node.attributes["value"] { value = Constant(tensor) }
      guard let result = value.reshaped([]).spread(to: shape) else { throw Unknown() }
      return result
    case "Concat": return try concatenated(arguments, integer(node, "axis", 0))
    case "Slice": return try sliced(node, x, arguments)
    case "Unsqueeze":
      guard let added = integers(node, "axes") ?? second?.whole else { throw Unknown() }
      var shape = x.shape
      for axis in added.map({ $0 < 0 ? $0 + x.rank + added.count : $0 }).sorted() {
        guard (0...shape.count).contains(axis) else { throw Unknown() }
        shape.insert(1, at: axis)
      }
      return x.reshaped(shape)
    case "Squeeze":
      let dropped = axes(node, arguments, rank: x.rank) ?? x.shape.indices.filter { x.shape[$0] == 1 }
      return x.reshaped(x.shape.indices.filter { !dropped.contains($0) }.map { x.shape[$0] })
    case "Transpose":
      let order = integers(node, "perm") ?? Array(x.shape.indices.reversed())
      guard order.sorted() == Array(x.shape.indices) else { throw Unknown() }
      return x.transposed(order)
    case "Expand":
      guard let shape = second?.whole, let result = x.spread(to: shape) else { throw Unknown() }
      return result
    case "Tile":
      guard let repeats = second?.whole, repeats.count == x.rank, repeats.allSatisfy({ $0 > 0 && $0 < 1 << 20 }),
        zip(x.shape, repeats).map({ $0 * $1 }).elementCount(atMost: Self.maximumCount) != nil
      else { throw Unknown() }
      var result = x
      for (axis, count) in repeats.enumerated() where count > 1 {
        result = try concatenated([Constant?](repeating: result, count: count), axis)
      }
      return result
    case "Flatten":
      let axis = integer(node, "axis", 1)
      let place = axis < 0 ? axis + x.rank : axis
      guard (0...x.rank).contains(place) else { throw Unknown() }
      return x.reshaped([x.shape[..<place].reduce(1, *), x.shape[place...].reduce(1, *)])
    case "Reshape":
      guard var shape = second?.whole ?? integers(node, "shape") else { throw Unknown() }
      if integer(node, "allowzero", 0) == 0 {
        for place in shape.indices where shape[place] == 0 {
          guard place < x.rank else { throw Unknown() }
          shape[place] = x.shape[place]
        }
      }
      if let open = shape.firstIndex(of: -1) {
        let known = shape.filter { $0 != -1 }.reduce(1, *)
        guard known > 0 else { throw Unknown() }
        shape[open] = x.count / known
      }
      guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == x.count else { throw Unknown() }
      return x.reshaped(shape)
    case "Add": return try arithmetic({ $0 &+ $1 }, +)
    case "Sub": return try arithmetic({ $0 &- $1 }, -)
    case "Mul": return try arithmetic({ $0 &* $1 }, *)
    case "Div": return try arithmetic({ $1 == 0 || $1 == -1 ? nil : $0 / $1 }, /)
    case "Pow": return try combined(x, second, Glibc.pow)
    case "Max": return second == nil ? x : try arithmetic({ max($0, $1) }, { max($0, $1) })
    case "Min": return second == nil ? x : try arithmetic({ min($0, $1) }, { min($0, $1) })
    case "Equal", "Greater":
      let isEqual = node.operation == "Equal"
      let result = try combined(x, second) { isEqual ? ($0 == $1 ? 1 : 0) : ($0 > $1 ? 1 : 0) }
      return Constant(result.shape, .flags(result.real.map { $0 != 0 }))
    case "Where":
      guard let second, let third, let inner = Constant.joined(x.shape, second.shape),
        let shape = Constant.joined(inner, third.shape), let flags = x.spread(to: shape),
        let a = second.spread(to: shape), let b = third.spread(to: shape)
      else { throw Unknown() }
      return flags.choosing(a, b, isWhole: !a.isReal && !b.isReal)
    case "Sum":
      var total = x
      for argument in arguments.dropFirst() { total = try combined(total, argument, +) }
      return total
    case "Softmax": return try softmax(node, x)
    case "ReduceSum", "ReduceMean", "ReduceSumSquare", "ReduceL2", "ReduceMin", "ReduceMax":
      return reduced(node, x, arguments)
    case "MatMul": return try product(x, second)
    case "Gemm": return try gemm(node, x, second, third)
    case "Einsum": return try einsum(node, x, second)
    case "Conv": return try convolution(node, x, second, third)
    case "MaxPool", "AveragePool": return try pooled(node, x)
    case "GlobalAveragePool", "GlobalMaxPool":
      guard x.rank == 4 else { throw Unknown() }
      return node.operation == "GlobalAveragePool"
        ? x.summed([2, 3], keepsAxes: true).mapped { $0 / Double(x.shape[2] * x.shape[3]) }
        : try pooled(node, x, size: [x.shape[2], x.shape[3]])
    case "BatchNormalization":
      guard arguments.count == 5, x.rank >= 2 else { throw Unknown() }
      let shape = [1, x.shape[1]] + [Int](repeating: 1, count: x.rank - 2)
      let parts = arguments.dropFirst().compactMap { $0?.count == x.shape[1] ? $0?.reshaped(shape) : nil }
      guard parts.count == 4 else { throw Unknown() }
      let epsilon = float(node, "epsilon", Double(Float(1e-5)))
      let centred = try combined(x, parts[2], -)
      let scaled = try combined(centred, parts[3]) { $0 / ($1 + epsilon).squareRoot() }
      return try combined(combined(scaled, parts[0], *), parts[1], +)
    case "LayerNormalization":
      guard let second, x.rank > 0, [-1, x.rank - 1].contains(integer(node, "axis", -1)) else { throw Unknown() }
      let width = Double(x.shape[x.rank - 1])
      let mean = x.summed([x.rank - 1], keepsAxes: true).mapped { $0 / width }
      let centred = try combined(x, mean, -)
      let variance = centred.mapped { $0 * $0 }.summed([x.rank - 1], keepsAxes: true).mapped { $0 / width }
      let epsilon = float(node, "epsilon", Double(Float(1e-5)))
      let normal = try combined(centred, variance) { $0 / ($1 + epsilon).squareRoot() }
      let scaled = try combined(normal, second, *)
      return try third == nil ? scaled : combined(scaled, third, +)
    case "PRelu": return try combined(x, second) { $0 < 0 ? $1 * $0 : $0 }
    case "Clip":
      let low = opset < 11 ? float(node, "min", -.infinity) : second?.single ?? -.infinity
      let high = opset < 11 ? float(node, "max", .infinity) : third?.single ?? .infinity
      return x.mapped { min(max($0, low), high) }
    case "Scaler", "Normalizer", "SVMRegressor": return try classic(node, x)
    case "ArgMin":
      let axis = integer(node, "axis", 0)
      guard x.rank == 2, [1, -1].contains(axis), x.shape[1] > 0 else { throw Unknown() }
      let (width, values) = (x.shape[1], x.real)
      let places = (0..<x.shape[0]).map { row in
        (0..<width).reduce(0) { values[row * width + $1] < values[row * width + $0] ? $1 : $0 }
      }
      return Constant(integer(node, "keepdims", 1) != 0 ? [x.shape[0], 1] : [x.shape[0]], .whole(places))
    default: return try x.mapped(elementwise(node))
    }
  }

  /// Functions of one number.
  private func elementwise(_ node: ONNXNode) throws(Unknown) -> (Double) -> Double {
    let (alpha, beta) = (float(node, "alpha", .nan), float(node, "beta", .nan))
    func or(_ value: Double, _ absent: Double) -> Double { value.isNaN ? absent : value }
    switch node.operation {
    case "Neg": return { -$0 }
    case "Reciprocal": return { 1 / $0 }
    case "Sqrt": return { $0.squareRoot() }
    case "Abs": return { abs($0) }
    case "Sign": return { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    case "Exp": return Glibc.exp
    case "Log": return Glibc.log
    case "Tanh": return Glibc.tanh
    case "Sigmoid": return { $0 >= 0 ? 1 / (1 + Glibc.exp(-$0)) : Glibc.exp($0) / (1 + Glibc.exp($0)) }
    case "Softplus": return { max($0, 0) + log1p(Glibc.exp(-abs($0))) }
    case "Softsign": return { $0 / (1 + abs($0)) }
    case "Erf": return Glibc.erf
    case "Relu": return { max($0, 0) }
    case "Elu": return { $0 > 0 ? $0 : or(alpha, 1) * expm1($0) }
    case "Selu":
      let gamma = float(node, "gamma", 1.0507009873554805)
      return { gamma * ($0 > 0 ? $0 : or(alpha, 1.6732632423543772) * expm1($0)) }
    case "LeakyRelu": return { $0 < 0 ? or(alpha, Double(Float(0.01))) * $0 : $0 }
    case "HardSigmoid": return { min(max(or(alpha, Double(Float(0.2))) * $0 + or(beta, 0.5), 0), 1) }
    case "Gelu":
      guard text(node, "approximate") ?? "none" == "none" else { throw Unknown() }
      return { 0.5 * $0 * (1 + Glibc.erf($0 / 2.0.squareRoot())) }
    case "Swish": return { $0 / (1 + Glibc.exp(-or(alpha, 1) * $0)) }
    default: throw Unknown()
    }
  }

  private func constant(_ node: ONNXNode) throws(Unknown) -> Constant {
    switch node.attributes.first?.value {
    case .tensor(let tensor)?: return Constant(tensor)
    case .float(let value)?: return Constant(Double(value))
    case .integer(let value)?: return Constant(value)
    case .floats(let values)?: return Constant([values.count], values.map(Double.init))
    case .integers(let values)?: return Constant(whole: values)
    default: throw Unknown()
    }
  }

  private func cast(_ x: Constant, _ type: ONNXType) throws(Unknown) -> Constant {
    switch type {
    case .float, .double, .float16, .bfloat16: return Constant(x.shape, x.real)
    case .int32, .int64:
      guard x.real.allSatisfy({ abs($0) < 0x1p53 }) else { throw Unknown() }
      return Constant(x.shape, .whole(x.real.map { Int($0) }))
    case .bool: return Constant(x.shape, .flags(x.real.map { $0 != 0 }))
    default: throw Unknown()
    }
  }

  private func softmax(_ node: ONNXNode, _ x: Constant) throws(Unknown) -> Constant {
    let given = integer(node, "axis", opset >= 13 ? -1 : 1)
    let axis = given < 0 ? given + x.rank : given
    guard x.shape.indices.contains(axis) else { throw Unknown() }
    // Before opset 13 it is over everything from the axis on.
    let axes = opset >= 13 ? [axis] : Array(axis..<x.rank)
    guard axes.last == x.rank - 1 else { throw Unknown() }
    let width = x.shape[axis...].reduce(1, *)
    guard width > 0 else { throw Unknown() }
    var values = x.real
    for start in stride(from: 0, to: values.count, by: width) {
      let largest = values[start..<start + width].max() ?? 0
      for place in start..<start + width { values[place] = Glibc.exp(values[place] - largest) }
      let sum = values[start..<start + width].reduce(0, +)
      for place in start..<start + width { values[place] /= sum }
    }
    return Constant(x.shape, values)
  }

  private func reduced(_ node: ONNXNode, _ x: Constant, _ arguments: [Constant?]) -> Constant {
    let given = axes(node, arguments, rank: x.rank) ?? []
    if given.isEmpty, integer(node, "noop_with_empty_axes", 0) != 0 { return x }
    let axes = given.isEmpty ? Array(x.shape.indices) : given
    let keeps = integer(node, "keepdims", 1) != 0
    if node.operation == "ReduceMin" { return x.reduced(axes, keepsAxes: keeps, from: .infinity, min) }
    if node.operation == "ReduceMax" { return x.reduced(axes, keepsAxes: keeps, from: -.infinity, max) }
    let squares = ["ReduceSumSquare", "ReduceL2"].contains(node.operation)
    let sum = (squares ? x.mapped { $0 * $0 } : x).summed(axes, keepsAxes: keeps)
    switch node.operation {
    case "ReduceMean":
      let count = Double(axes.reduce(1) { $0 * ($1 < x.rank ? x.shape[$1] : 1) })
      return sum.mapped { $0 / count }
    case "ReduceL2": return sum.mapped { $0.squareRoot() }
    default: return !x.isReal ? sum.whole.map { Constant(sum.shape, .whole($0)) } ?? sum : sum
    }
  }

  private func product(_ a: Constant, _ b: Constant?) throws(Unknown) -> Constant {
    guard let b, a.rank > 0, b.rank > 0 else { throw Unknown() }
    if b.rank == 1 {
      let result = try product(a, b.reshaped([b.count, 1]))
      return result.reshaped(Array(result.shape.dropLast()))
    }
    let matrix = b.rank > 2 && b.shape.dropLast(2).allSatisfy({ $0 == 1 }) ? b.reshaped(Array(b.shape.suffix(2))) : b
    guard matrix.rank == 2 else { throw Unknown() }
    let rows = a.reshaped([a.shape.dropLast().reduce(1, *), a.shape[a.rank - 1]])
    guard let result = rows.times(matrix) else { throw Unknown() }
    return result.reshaped(a.shape.dropLast() + [matrix.shape[1]])
  }

  private func gemm(_ node: ONNXNode, _ a: Constant, _ b: Constant?, _ c: Constant?) throws(Unknown) -> Constant {
    guard let b, a.rank == 2, b.rank == 2 else { throw Unknown() }
    let left = integer(node, "transA", 0) != 0 ? a.transposed([1, 0]) : a
    let (alpha, beta) = (float(node, "alpha", 1), float(node, "beta", 1))
    guard let result = left.times(b, isTransposed: integer(node, "transB", 0) != 0)?.mapped({ alpha * $0 }) else {
      throw Unknown()
    }
    return try c == nil ? result : combined(result, c) { $0 + beta * $1 }
  }

  private func einsum(_ node: ONNXNode, _ a: Constant, _ b: Constant?) throws(Unknown) -> Constant {
    let equation = (text(node, "equation") ?? "").filter { $0 != " " }
    let parts = equation.replacing("->", with: ">").split(separator: ">", omittingEmptySubsequences: false)
    guard parts.count == 2, let b else { throw Unknown() }
    let terms = parts[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
    let result = Array(parts[1])
    guard terms.count == 2, terms[0].count == a.rank, terms[1].count == b.rank else { throw Unknown() }
    var sizes: [Character: Int] = [:]
    for (letters, shape) in [(terms[0], a.shape), (terms[1], b.shape)] {
      for (letter, size) in zip(letters, shape) { sizes[letter] = max(sizes[letter] ?? 1, size) }
    }
    let all = result + sizes.keys.filter { !result.contains($0) }.sorted()
    func spread(_ x: Constant, _ letters: [Character]) -> Constant {
      let order = all.compactMap { letters.firstIndex(of: $0) }
      return x.transposed(order).reshaped(all.map { letter in letters.firstIndex(of: letter).map { x.shape[$0] } ?? 1 })
    }
    guard Set(terms[0]).count == a.rank, Set(terms[1]).count == b.rank,
      all.map({ sizes[$0] ?? 1 }).elementCount(atMost: Self.maximumCount) != nil
    else { throw Unknown() }
    let product = try combined(spread(a, terms[0]), spread(b, terms[1]), *)
    return product.summed(Array(result.count..<all.count), keepsAxes: false)
  }
}
