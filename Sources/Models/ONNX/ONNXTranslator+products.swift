// Products with a constant: Gemm, MatMul, Einsum.

extension ONNXTranslator {
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
    var dropped = droppedAxes(of: value)
    for (index, letter) in letters.enumerated() {
      guard ids[letter] == nil, sizes[letter] == nil else { throw refusal("an axis is named twice") }
      sizes[letter] = value.shape[index]
      if let axis = value.axes[index] {
        ids[letter] = axis
      } else if value.shape[index] != 1 {
        throw refusal("a product over a repeated axis is not served")
      } else if !result.contains(letter) {
        ids[letter] = dropped.popLast()
      }
    }
    var (axes, kept): ([Int], [Int]) = ([], [])
    for (index, letter) in others.enumerated() {
      let size = constant.shape[index]
      let before = sizes[letter] ?? 1
      guard before == size || before == 1 || size == 1 else { throw refusal("shapes do not fit") }
      sizes[letter] = max(before, size)
      // One column makes one unit, which is an axis as several are.
      guard size > 1 || ids[letter] == nil && result.contains(letter) && !letters.contains(letter) else { continue }
      if ids[letter] == nil {
        let axis = axis(size)
        constantAxes.insert(axis)
        ids[letter] = axis
      }
      guard let axis = ids[letter], !axes.contains(axis) else { throw refusal("an axis is named twice") }
      guard axisSizes[axis] == size else { throw refusal("a product that repeats one value is not served") }
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

  func einsum(_ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
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

  func matrixProduct(_ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    switch (one, other) {
    case (.constant(let a), .constant(let b)?):
      // Each product is work, and none of it is in the result.
      if a.rank == 2, b.rank == 2 { try chargeProducts(a.count, b.shape[1]) }
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

  func gemm(_ one: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
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
