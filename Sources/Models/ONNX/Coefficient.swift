/// Numbers that vary along named axes: what stands before a monomial.
struct Coefficient: Hashable {
  /// Ascending.
  let axes: [Int]
  let sizes: [Int]
  /// Row-major over `axes`.
  let values: [Double]

  static let one = Coefficient(1)

  /// The same along every axis.
  init(_ value: Double) { (axes, sizes, values) = ([], [], [value]) }

  /// - Parameter values: row-major over `axes` as they are given.
  init(axes: [Int], sizes: [Int], values: [Double]) {
    let order = axes.indices.sorted { axes[$0] < axes[$1] }
    self.axes = order.map { axes[$0] }
    self.sizes = order.map { sizes[$0] }
    self.values =
      order == Array(axes.indices)
      ? values : Constant(sizes, values).transposed(order).real
  }

  var isZero: Bool { values.allSatisfy { $0 == 0 } }
  /// The one number that it is along every axis; nil: it varies.
  var single: Double? { values.first.flatMap { first in values.allSatisfy { $0 == first } ? first : nil } }

  /// Whether it is this number everywhere, as exactly as Float32 writes it.
  func isNearly(_ value: Double) -> Bool {
    !values.isEmpty && values.allSatisfy { abs($0 - value) <= 1e-6 * max(abs(value), 1e-30) }
  }

  func mapped(_ operation: (Double) -> Double) -> Coefficient {
    Coefficient(axes: axes, sizes: sizes, values: values.mappedLarge(operation))
  }

  /// Strides over axes, 0 along those that it does not have.
  private func strides(over axes: [Int]) -> [Int] {
    let own = Strides.spreading(sizes, to: sizes.count)
    return axes.map { axis in self.axes.firstIndex(of: axis).map { own[$0] } ?? 0 }
  }

  func combined(_ other: Coefficient, _ operation: (Double, Double) -> Double) -> Coefficient {
    if axes.isEmpty { return other.mapped { operation(values[0], $0) } }
    if other.axes.isEmpty { return mapped { operation($0, other.values[0]) } }
    let joined = Set(axes).union(other.axes).sorted()
    let sizes = joined.map { axis in
      self.axes.firstIndex(of: axis).map { self.sizes[$0] } ?? other.sizes[other.axes.firstIndex(of: axis) ?? 0]
    }
    var result: [Double] = []
    result.reserveCapacity(sizes.reduce(1, *))
    Strides.walk(sizes, strides(over: joined), other.strides(over: joined)) {
      result.append(operation(values[$0], other.values[$1]))
    }
    return Coefficient(axes: joined, sizes: sizes, values: result)
  }

  static func * (one: Coefficient, other: Coefficient) -> Coefficient {
    // No copy of what stays as it is.
    if one == .one { return other }
    return other == .one ? one : one.combined(other, *)
  }
  static func + (one: Coefficient, other: Coefficient) -> Coefficient { one.combined(other, +) }

  /// The sum over one of its axes.
  func summed(over axis: Int) -> Coefficient {
    guard let place = axes.firstIndex(of: axis) else { return self }
    let sum = Constant(sizes, values).summed([place], keepsAxes: false)
    return Coefficient(axes: axes.filter { $0 != axis }, sizes: sum.shape, values: sum.real)
  }

  /// All numbers over axes in this order, spread along those that it does not have.
  func spread(over axes: [Int], sizes: [Int]) -> [Double] {
    if axes == self.axes { return values }
    var result: [Double] = []
    result.reserveCapacity(sizes.reduce(1, *))
    Strides.walk(sizes, strides(over: axes), [Int](repeating: 0, count: axes.count)) { place, _ in
      result.append(values[place])
    }
    return result
  }

  /// With axes under other names.
  func renamed(_ names: [Int: Int]) -> Coefficient {
    Coefficient(axes: axes.map { names[$0] ?? $0 }, sizes: sizes, values: values)
  }
}
