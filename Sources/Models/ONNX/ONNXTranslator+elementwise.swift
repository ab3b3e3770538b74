import RadialEngine

// Operators of one element, or of two at the same place, and sums over axes.

extension ONNXTranslator {
  func elementwise(
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

  func function(
    _ value: ONNXValue, _ function: Function, _ fold: (Double) -> Double
  ) throws(ModelError) -> ONNXValue {
    try elementwise(value, fold) { (value) throws(ModelError) in
      try self.settle(value)
      return self.function(function, value.polynomial)
    }
  }

  func binary(
    _ one: ONNXValue, _ other: ONNXValue?, _ folding: Folding,
    _ body: (Polynomial, Polynomial) throws(ModelError) -> Polynomial
  ) throws(ModelError) -> ONNXValue {
    guard let other else { throw refusal("an input is left out") }
    if case .constant(let one) = one, case .constant(let other) = other {
      try checkFoldable(Constant.joined(one.shape, other.shape))
      let result =
        !one.isReal && !other.isReal
        ? one.combinedWhole(other, folding.whole) : one.combined(other, folding.real)
      guard let result else { throw refusal("shapes do not fit, or whole numbers have no result") }
      return .constant(result)
    }
    let (shape, axes, a, b) = try broadcast(lifted(one), lifted(other))
    return .dependent(Dependent(shape, axes, try body(a, b)))
  }

  func added(_ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
    try binary(one, other, .addition) { (a, b) throws(ModelError) in try self.sum(a, b) }
  }

  func multiplied(_ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
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

  func divided(_ one: ONNXValue, _ other: ONNXValue?) throws(ModelError) -> ONNXValue {
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

  func clamped(_ value: ONNXValue, _ low: Double?, _ high: Double?) throws(ModelError) -> ONNXValue {
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

  func clip(_ value: ONNXValue, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    func limit(_ index: Int, _ key: String) throws(ModelError) -> Double? {
      if opset < 11 { return try attribute(float: key, mayBeInfinite: true).map(Double.init) }
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

  func extremum(_ operation: String, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue {
    guard arguments.count == 2, var one = arguments[0], var other = arguments[1] else {
      guard let only = arguments[0] else { throw refusal("it has no input") }
      return only
    }
    if case .constant(let a) = one, case .constant(let b) = other {
      let isMaximum = operation == "Max"
      let result =
        !a.isReal && !b.isReal
        ? a.combinedWhole(b) { isMaximum ? max($0, $1) : min($0, $1) }
        : a.combined(b) { isMaximum ? max($0, $1) : min($0, $1) }
      guard let result else { throw refusal("shapes do not fit") }
      return .constant(result)
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

  func softmax(_ value: ONNXValue) throws(ModelError) -> ONNXValue {
    guard case .dependent(let value) = value else { throw refusal("a softmax of a constant is not served") }
    let axis = try position(try attribute(integer: "axis") ?? (opset >= 13 ? -1 : 1), of: value.shape.count)
    let live = value.axes.indices.filter { value.axes[$0] != nil && value.axes[$0] != batch }
    // Before opset 13 it is over everything from the axis on.
    guard live == [axis], opset >= 13 || value.shape[axis...].reduce(1, *) == value.shape[axis] else {
      throw refusal("its softmax is not over the last axis of rows")
    }
    let index = try materialisedRow(value)
    guard index == tip else { throw refusal(Self.branches) }
    emit(name("softmax"), .activation(ActivationLayerSpec(ActivationSpec(.softmax))))
    addStream(streams[index].axes, streams[index].sizes)
    return .dependent(value.with(polynomial(ofStream: tip)))
  }

  // MARK: Sums

  func reduced(
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
  func extremum(
    _ value: Dependent, over positions: [Int], largest: Bool, keepsAxes: Bool
  ) throws(ModelError) -> Dependent {
    try settle(value)
    let live = positions.compactMap { value.axes[$0] }.filter { $0 == batch || axisSizes[$0] > 1 }
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

  func summed(_ value: Dependent, overPositions positions: [Int]) throws(ModelError) -> Polynomial {
    let running = value.with(value.polynomial)
    for position in positions {
      guard value.axes[position] != batch else {
        throw refusal("it sums over the rows of the batch: an answer would depend on its neighbours")
      }
      // The square of one value is a distance too.
      let isOne = value.shape[position] == 1 && running.polynomial.hasSquares
      if let axis = value.axes[position] ?? (isOne ? droppedAxes(of: running).last : nil) {
        running.polynomial = try summed(running, over: axis)
      } else {
        running.polynomial = running.polynomial.scaled(Coefficient(Double(value.shape[position])))
      }
    }
    return running.polynomial
  }
}

/// How two constants become one: whole numbers in whole numbers, others in Float64.
struct Folding: Sendable {
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
enum Fold {
  static func negated(_ number: Double) -> Double { -number }
  static func inverse(_ number: Double) -> Double { 1 / number }
  static func root(_ number: Double) -> Double { number.squareRoot() }
  static func same(_ number: Double) -> Double { number }
}
