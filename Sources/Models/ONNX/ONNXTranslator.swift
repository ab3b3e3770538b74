import Glibc
import RadialEngine

/// Turns a graph into a chain of layers: every value is an expression, and a layer is made where a value is used by something that is not
/// elementwise. What it cannot prove to be a layer it refuses.
final class ONNXTranslator {
  let path: String
  let graph: ONNXGraph
  let opset: Int

  /// What a batch of unknown size counts as: a prime, larger than any size that is served.
  let openBatch: Int
  /// Two of them: what depends on which is taken depends on how many rows are asked about together.
  static let openBatches = [1_000_003, 1_000_033]
  private static let maximumTerms = 48
  private static let maximumFolded = 1 << 24

  // What was made.
  var layers: [Architecture.Entry] = []
  var tensors: [String: Tensor] = [:]
  var preprocessing: Preprocessing?
  var inputName = ""
  /// As rows come, without the batch.
  var inputSizes: [Int] = []
  /// As the graph has it, without the batch.
  var graphInputSizes: [Int] = []
  /// Whether rows come channel by channel, where the first layer of images wants cells.
  var isChannelsFirst = false
  /// The stream that is the first image.
  var firstImage: Int?
  /// By how much a squared distance of the file, times its factor, is off by the file's own rounding.
  var largestCancellation = 0.0
  /// The largest number at which the graph holds a squared distance that is smaller.
  var largestLimit = 0.0
  /// The largest number that is added to a kernel.
  var largestShift = 0.0
  /// The nodes that outputs need, in order.
  var order: [ONNXNode] = []
  /// A row is known where the one output is above it.
  var knownAbove: Float?
  /// The last squared distance of which a layer was made.
  var lastDistance: Int?

  // While it is read.
  var axisSizes: [Int] = []
  var batch = 0
  var streams: [ONNXStream] = []
  /// The stream that the last layer gave.
  var tip = 0
  private(set) var atoms: [Atom] = []
  /// Of each of them.
  var extents: [AtomExtent] = []
  private var atomNumbers: [Atom: Int] = [:]
  /// Axes that came with a constant: such a one may turn out to be another.
  var constantAxes: Set<Int> = []
  var pendingDistances: [DistanceKey: Int] = [:]
  /// Of images of one cell, the streams of their channels.
  var channelRows: [Int: Int] = [:]
  /// The expression that an RBF layer's stream was made of.
  var emittedKernels: [Int: Polynomial] = [:]
  /// Squared distances with their units over several axes, and to the nearest prototypes of classes.
  var splitDistances: [SplitKey: Int] = [:]
  var nearestDistances: [NearestKey: Int] = [:]
  var node: ONNXNode?
  private var names = 0
  var folded = 0
  var computed = 0
  private var written = 0
  var multiplied = 0
  let foldable: Int

  struct DistanceKey: Hashable {
    let source: Int
    let axis: Int
    let units: [Int]
    let centers: [Float]
    let weights: [Double]?
  }

  struct SplitKey: Hashable {
    let distance: Int
    let axes: [Int]
  }

  struct NearestKey: Hashable {
    let distance: Int
    let axis: Int
  }

  init(_ model: ONNXModel, path: String, openBatch: Int = openBatches[0]) {
    self.path = path
    self.openBatch = openBatch
    (graph, opset) = (model.graph, model.opset)
    foldable = Self.maximumFolded + graph.initializers.values.reduce(0) { $0 + $1.count }
  }

  /// Lets go of what was needed to read the graph: weights are in it several times.
  func forget() {
    (atoms, extents, atomNumbers, pendingDistances, streams) = ([], [], [:], [:], [])
    (emittedKernels, splitDistances, nearestDistances) = ([:], [:], [:])
  }

  // MARK: Small things

  func refusal(_ sentence: String) -> ModelError {
    ModelError(.architecture, path, (node.map { "\($0.title): " } ?? "") + sentence)
  }

  static let branches = "two branches meet here; Radial serves chains of layers"

  func axis(_ size: Int) -> Int {
    axisSizes.append(size)
    return axisSizes.count - 1
  }

  func number(of atom: Atom) -> Int {
    if let number = atomNumbers[atom] { return number }
    var extent = AtomExtent()
    switch atom {
    case .stream(let index), .distance(let index): (extent.axes, extent.sources) = (Set(streams[index].axes), [index])
    case .sum(let inner, let axis):
      extent.add(inner, extents)
      extent.axes.remove(axis)
    case .function(_, let argument): extent.add(argument, extents)
    }
    atoms.append(atom)
    extents.append(extent)
    atomNumbers[atom] = atoms.count - 1
    return atoms.count - 1
  }

  /// Adds what a layer gives, which the next one reads.
  @discardableResult
  func addStream(
    _ axes: [Int], _ sizes: [Int], image: ONNXStream.Image? = nil, origin: ONNXStream.Origin = .other
  ) -> Int {
    streams.append(ONNXStream(axes: axes, sizes: sizes, image: image, origin: origin))
    tip = streams.count - 1
    return tip
  }

  func polynomial(ofStream index: Int) -> Polynomial { Polynomial(Monomial(atom: number(of: .stream(index)))) }

  func name(_ kind: String) -> String {
    names += 1
    return "\(kind)_\(names)"
  }

  func put(_ layer: String, _ part: String, _ values: [Double], _ shape: [Int]) throws(ModelError) {
    // Layers may have the same weights, but not more altogether than such a file has a use for.
    written += values.count
    guard written <= foldable else { throw refusal("its layers hold more numbers than the file") }
    let floats = values.mappedLarge { Float($0) }
    guard floats.firstNonFinite == nil else { throw refusal("a weight is not a finite number of Float32") }
    tensors["\(layer).\(part)"] = Tensor(floats, shape: shape)
  }

  func emit(_ name: String, _ spec: LayerSpec) {
    layers.append(Architecture.Entry(name: name, spec: spec, inferredFrom: nil))
  }

  // MARK: Algebra

  private func bounded(_ polynomial: Polynomial) throws(ModelError) -> Polynomial {
    guard polynomial.terms.count <= Self.maximumTerms else {
      throw refusal("the expression has more than \(Self.maximumTerms) terms")
    }
    return polynomial
  }

  func sum(_ one: Polynomial, _ other: Polynomial) throws(ModelError) -> Polynomial {
    var terms = one.terms
    for (monomial, coefficient) in other.terms {
      if let own = terms[monomial] {
        try checkSize(own, coefficient)
        terms[monomial] = own + coefficient
      } else {
        terms[monomial] = coefficient
      }
    }
    return try bounded(Polynomial(terms))
  }

  func product(_ one: Polynomial, _ other: Polynomial) throws(ModelError) -> Polynomial {
    guard one.terms.count * other.terms.count <= 4 * Self.maximumTerms else {
      throw refusal("the expression has more than \(Self.maximumTerms) terms")
    }
    var terms: [Monomial: Coefficient] = [:]
    for (first, a) in one.sorted {
      for (second, b) in other.sorted {
        try checkSize(a, b)
        let key = first * second
        let value = a * b
        terms[key] = terms[key].map { $0 + value } ?? value
      }
    }
    return try bounded(Polynomial(terms))
  }

  func function(_ function: Function, _ argument: Polynomial) -> Polynomial {
    Polynomial(Monomial(atom: number(of: .function(function, argument))))
  }

  func axes(of atom: Int) -> Set<Int> { extents[atom].axes }

  func axes(of polynomial: Polynomial) -> Set<Int> {
    var extent = AtomExtent()
    extent.add(polynomial, extents)
    return extent.axes
  }

  func hasSum(_ polynomial: Polynomial) -> Bool {
    polynomial.atoms.contains { if case .sum = atoms[$0] { true } else { false } }
  }

  func hasFunction(_ polynomial: Polynomial) -> Bool {
    polynomial.atoms.contains { if case .function = atoms[$0] { true } else { false } }
  }

  func hasDistance(_ polynomial: Polynomial) -> Bool {
    polynomial.atoms.contains { if case .distance = atoms[$0] { true } else { false } }
  }

  /// The streams that it is computed from, distances among them.
  func sources(of polynomial: Polynomial) -> Set<Int> {
    var extent = AtomExtent()
    extent.add(polynomial, extents)
    return extent.sources
  }

  func isNonnegative(_ atom: Int) -> Bool {
    switch atoms[atom] {
    case .distance: true
    case .function(.power, let argument): isNonnegative(argument)
    case .function(let function, _): function.isNonnegative
    default: false
    }
  }

  /// Whether no value of it is below 0, as far as its form tells.
  func isNonnegative(_ polynomial: Polynomial) -> Bool {
    polynomial.terms.allSatisfy { monomial, coefficient in
      coefficient.values.allSatisfy { $0 >= 0 }
        && monomial.factors.allSatisfy {
          isNonnegative($0.atom) || $0.power.truncatingRemainder(dividingBy: 2) == 0
        }
    }
  }

  /// Whether it is made of squared distances alone.
  private func isOfDistances(_ polynomial: Polynomial) -> Bool {
    let sources = sources(of: polynomial)
    return !sources.isEmpty && !hasSum(polynomial) && sources.allSatisfy { streams[$0].isPending }
  }

  /// A power of a value.
  func power(_ value: Dependent, _ exponent: Double) throws(ModelError) -> Polynomial {
    // torch writes 1 / (2 + 1e-6) for a square root.
    let snapped = (2 * exponent).rounded() / 2
    let exponent = abs(2 * exponent - 2 * snapped) < 2e-6 ? snapped : exponent
    if exponent == 0 { return Polynomial(constant: .one) }
    if exponent == 1 { return value.polynomial }
    if exponent == 2 {
      // The square of an absolute value is the square.
      if let (monomial, coefficient) = value.polynomial.single, let atom = monomial.atom,
        case .function(.absolute, let argument) = atoms[atom]
      {
        return try power(value.with(argument), 2).scaled(coefficient * coefficient)
      }
      if value.polynomial.terms.count > 1 || !isOfDistances(value.polynomial) {
        if hasFunction(value.polynomial) || hasSum(value.polynomial) { try settle(value) }
        if hasFunction(value.polynomial) { try materialise(value) }
      }
      return try product(value.polynomial, value.polynomial)
    }
    try settle(value)
    if let (monomial, coefficient) = value.polynomial.single {
      let isPositive = coefficient.values.allSatisfy { $0 > 0 }
      let isWhole = exponent == exponent.rounded()
      if isPositive && monomial.factors.allSatisfy({ isNonnegative($0.atom) })
        || isWhole && !(exponent < 0 && coefficient.values.contains(0))
      {
        return Polynomial(monomial.raised(to: exponent), coefficient.mapped { Glibc.pow($0, exponent) })
      }
    }
    return function(.power(exponent), value.polynomial)
  }

  /// The sum over an axis.
  func summed(_ value: Dependent, over axis: Int) throws(ModelError) -> Polynomial {
    for monomial in value.polynomial.terms.keys {
      for factor in monomial.factors {
        guard case .function = atoms[factor.atom], axes(of: factor.atom).contains(axis) else { continue }
        // Weights times outputs: the outputs become a stream of their own.
        let monomials = value.polynomial.terms.keys.filter { !$0.factors.isEmpty }
        guard monomials.count == 1, let only = monomials.first else {
          try materialise(value)
          return try summed(value, over: axis)
        }
        let sources = sources(of: value.polynomial)
        guard sources.count == 1, let source = sources.first else { throw refusal(Self.branches) }
        let axes = streams[source].axes
        let outputs = Dependent(
          [axisSizes[batch]] + axes.map { axisSizes[$0] }, [batch] + axes, Polynomial(only))
        let stream = try materialise(outputs)
        var terms = [Monomial(atom: number(of: .stream(stream))): value.polynomial.terms[only] ?? .one]
        terms[Monomial()] = value.polynomial.terms[Monomial()]
        value.polynomial = Polynomial(terms)
        return try summed(value, over: axis)
      }
    }
    var result = Polynomial.zero
    for (monomial, coefficient) in value.polynomial.sorted {
      let term: Polynomial
      if monomial.factors.contains(where: { axes(of: $0.atom).contains(axis) }) {
        let varies = coefficient.axes.contains(axis)
        let inner = Polynomial(monomial, varies ? coefficient : .one)
        term = Polynomial(Monomial(atom: number(of: .sum(inner, axis: axis))), varies ? .one : coefficient)
      } else {
        term = Polynomial(
          monomial,
          coefficient.axes.contains(axis)
            ? coefficient.summed(over: axis) : coefficient * Coefficient(Double(axisSizes[axis])))
      }
      result = try sum(result, term)
    }
    return result
  }
}
