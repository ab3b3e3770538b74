import RadialEngine

// What reading a graph may take, in numbers and in steps: a few bytes of a file can ask for any of both.

extension ONNXTranslator {
  private static let (maximumAtoms, maximumDepth) = (1024, 64)

  /// What an atom is made of, through all expressions that it holds: to be looked up, and not walked to again and again.
  struct AtomExtent {
    var axes: Set<Int> = []
    /// Streams, distances among them.
    var sources: Set<Int> = []
    var depth = 0
    /// The atoms that a walk through it meets, as often as it meets them.
    var atoms = 1

    mutating func add(_ polynomial: Polynomial, _ extents: [AtomExtent]) {
      for (monomial, coefficient) in polynomial.terms {
        axes.formUnion(coefficient.axes)
        for factor in monomial.factors {
          let inner = extents[factor.atom]
          axes.formUnion(inner.axes)
          sources.formUnion(inner.sources)
          depth = max(depth, inner.depth + 1)
          atoms = min(atoms + inner.atoms, 1 << 30)
        }
      }
    }
  }

  /// Refuses what it would take long, or a deep stack, to walk through: a few nodes can ask for any number of visits.
  func checkExtent(_ polynomial: Polynomial) throws(ModelError) {
    var extent = AtomExtent()
    extent.add(polynomial, extents)
    guard extent.depth <= Self.maximumDepth, extent.atoms <= Self.maximumAtoms else {
      throw refusal("the expression holds more than \(Self.maximumAtoms) others, or \(Self.maximumDepth) in each other")
    }
  }

  /// Counts the numbers of what was folded.
  func fold(_ count: Int) throws(ModelError) {
    folded += count
    guard folded <= foldable else { throw refusal("its constants are too large") }
  }

  /// Counts the products of constants: some seconds' worth.
  func chargeProducts(_ count: Int, _ columns: Int) throws(ModelError) {
    let (products, isBeyond) = count.multipliedReportingOverflow(by: columns)
    multiplied += isBeyond ? 0 : min(products, 1 << 40)
    guard !isBeyond, multiplied <= 1 << 31 else { throw refusal("its products of constants are too large") }
  }

  /// Refuses what would be more numbers than may still be folded, before they are made.
  func checkFoldable(_ shape: [Int]?) throws(ModelError) {
    guard let count = (shape ?? []).elementCount(atMost: .max), folded + count <= foldable else {
      throw refusal("its constants are too large")
    }
  }

  /// Counts the factors of a value that a node gives: each of these nodes has computed them, and those of `live` values are held at once.
  func charge(_ value: Dependent, live: Int) throws(ModelError) {
    computed += value.polynomial.numberCount
    guard computed <= 8 * foldable, live + value.polynomial.numberCount <= 4 * foldable else {
      throw refusal("the numbers of its expression are too large")
    }
  }

  /// Refuses what would be more numbers than a file of this size has a use for.
  func checkSize(_ one: Coefficient, _ other: Coefficient) throws(ModelError) {
    guard one.axes != other.axes else { return }
    try checkSize(Array(Set(one.axes).union(other.axes)))
  }

  /// The same of numbers over axes.
  func checkSize(_ axes: [Int]) throws(ModelError) {
    var size = 1
    for axis in axes {
      let (product, isBeyond) = size.multipliedReportingOverflow(by: axisSizes[axis])
      guard !isBeyond, product <= foldable else { throw refusal("a constant would be too large") }
      size = product
    }
  }
}
