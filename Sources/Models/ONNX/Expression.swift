import RadialEngine

/// What a value of a graph is: a polynomial over atoms, with coefficients that vary along named axes.
///
/// So that every way of writing a squared distance, a dense layer or an activation comes out as the same polynomial, however a framework's
/// exporter has taken it apart.
struct Polynomial: Hashable {
  private(set) var terms: [Monomial: Coefficient] = [:]

  static let zero = Polynomial()

  init() {}
  init(_ monomial: Monomial, _ coefficient: Coefficient = .one) {
    if !coefficient.isZero { terms = [monomial: coefficient] }
  }
  init(constant: Coefficient) { self.init(Monomial(), constant) }

  /// Terms that came out as 0 are left out.
  init(_ terms: [Monomial: Coefficient]) { self.terms = terms.filter { !$0.value.isZero } }

  /// In an order that does not change from run to run.
  var sorted: [(monomial: Monomial, coefficient: Coefficient)] {
    terms.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
  var constant: Coefficient { terms[Monomial()] ?? Coefficient(0) }
  /// Without what depends on no atom.
  var varying: Polynomial { Polynomial(terms.filter { !$0.key.factors.isEmpty }) }
  var isConstant: Bool { terms.keys.allSatisfy { $0.factors.isEmpty } }
  /// The one term that it is; nil: it has several, or none.
  var single: (monomial: Monomial, coefficient: Coefficient)? {
    terms.count == 1 ? terms.first.map { ($0.key, $0.value) } : nil
  }
  var atoms: Set<Int> { Set(terms.keys.flatMap { $0.factors.map(\.atom) }) }
  var hasSquares: Bool { terms.keys.contains { $0.factors.contains { $0.power == 2 } } }
  /// Those of its coefficients.
  var numberCount: Int { terms.values.reduce(0) { $0 + $1.values.count } }

  func scaled(_ factor: Coefficient) -> Polynomial { Polynomial(terms.mapValues { $0 * factor }) }
}

/// A product of powers of atoms.
struct Monomial: Hashable, Comparable {
  struct Factor: Hashable {
    let atom: Int
    let power: Double
  }

  /// By atom, each once; none: 1.
  let factors: [Factor]

  init(_ factors: [Factor] = []) { self.factors = factors }
  init(atom: Int, power: Double = 1) { factors = [Factor(atom: atom, power: power)] }

  /// The one atom that it is the first power of; nil: it is something else.
  var atom: Int? { factors.count == 1 && factors[0].power == 1 ? factors[0].atom : nil }

  static func < (one: Monomial, other: Monomial) -> Bool {
    for (a, b) in zip(one.factors, other.factors) {
      if a.atom != b.atom { return a.atom < b.atom }
      if a.power != b.power { return a.power < b.power }
    }
    return one.factors.count < other.factors.count
  }

  static func * (one: Monomial, other: Monomial) -> Monomial {
    var powers: [Int: Double] = [:]
    for factor in one.factors + other.factors { powers[factor.atom, default: 0] += factor.power }
    return Monomial(
      powers.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { Factor(atom: $0.key, power: $0.value) })
  }

  func raised(to power: Double) -> Monomial {
    Monomial(factors.map { Factor(atom: $0.atom, power: $0.power * power) })
  }
}

/// What polynomials are made of.
enum Atom: Hashable {
  /// What lies between two layers.
  case stream(Int)
  /// A squared distance to centers.
  case distance(Int)
  /// The sum over an axis.
  case sum(Polynomial, axis: Int)
  case function(Function, Polynomial)
}

/// Functions of one number.
enum Function: Hashable {
  case exp, log, tanh, sigmoid, softplus, softsign, erf, relu, relu6, absolute, selu, gelu, swish
  case hardSigmoid, hardSigmoid2, hardSwish, mish
  case elu(Float)
  case leakyRelu(Float)
  case power(Double)

  /// Whether it is never below 0.
  var isNonnegative: Bool {
    switch self {
    case .exp, .sigmoid, .softplus, .relu, .relu6, .absolute, .hardSigmoid, .hardSigmoid2: true
    default: false
    }
  }

  /// What the engine has for it; nil: nothing.
  var activation: ActivationSpec? {
    switch self {
    case .exp: ActivationSpec(.exponential)
    case .tanh: ActivationSpec(.tanh)
    case .sigmoid: ActivationSpec(.sigmoid)
    case .softplus: ActivationSpec(.softplus)
    case .softsign: ActivationSpec(.softsign)
    case .relu: ActivationSpec(.relu)
    case .relu6: ActivationSpec(.relu6)
    case .selu: ActivationSpec(.selu)
    case .gelu: ActivationSpec(.gelu)
    case .swish: ActivationSpec(.swish)
    case .hardSigmoid: ActivationSpec(.hardSigmoid)
    case .hardSigmoid2: ActivationSpec(.hardSigmoid2)
    case .elu(let alpha): ActivationSpec(.elu, alpha: alpha == 1 ? nil : alpha)
    case .leakyRelu(let slope): ActivationSpec(.leakyRelu, alpha: slope)
    case .log, .erf, .absolute, .hardSwish, .mish, .power: nil
    }
  }

  /// For sentences.
  var word: String {
    switch self {
    case .elu: "elu"
    case .leakyRelu: "leaky_relu"
    case .power: "a power"
    case .absolute: "abs"
    default: "\(self)"
    }
  }
}

/// A value of a graph while it is read.
enum ONNXValue {
  case constant(Constant)
  case dependent(Dependent)
  /// Several that are joined along the last axis: only a product with a constant takes them (torch.cdist).
  case joined([Dependent], shape: [Int])
  /// `value` > `limit`: only Where takes it (torch's softplus).
  case isAbove(Dependent, limit: Double)
  /// What scikit-learn's converters name a row: the network says it itself, and no layer reads it.
  case label(ONNXLabel, shape: [Int])

  var shape: [Int] {
    switch self {
    case .constant(let constant): constant.shape
    case .dependent(let value), .isAbove(let value, _): value.shape
    case .joined(_, let shape), .label(_, let shape): shape
    }
  }
}

/// A value that depends on the input: sizes and axes by position, and what it is.
///
/// A reference: what becomes of it when a layer is made of it holds for everybody who reads it.
final class Dependent {
  let shape: [Int]
  /// nil: it is the same along this position.
  var axes: [Int?]
  var polynomial: Polynomial

  init(_ shape: [Int], _ axes: [Int?], _ polynomial: Polynomial) {
    (self.shape, self.axes, self.polynomial) = (shape, axes, polynomial)
  }

  /// Another value at the same places.
  func with(_ polynomial: Polynomial) -> Dependent { Dependent(shape, axes, polynomial) }
}

/// What lies between two layers: the rows of a matrix, with their axes in the order of memory.
struct ONNXStream {
  /// As what the axes of an image are used.
  struct Image: Equatable {
    let channel, row, column: Int
  }

  /// What made it.
  enum Origin {
    case dense(String)
    case rbf(String)
    case other
    /// A squared distance of which no layer was made yet.
    case pending(Pending)
  }

  /// Σ over the axis of (x − c)², or weighted.
  struct Pending {
    let source: Int
    let axis: Int
    /// [units, K]
    let centers: [Double]
    /// [K], in front of x − c; nil: all 1.
    let weights: [Double]?
    /// [units]: the class of each, whose smallest it is; nil: each is its own.
    var classes: [Int]?
  }

  let axes: [Int]
  let sizes: [Int]
  var image: Image?
  let origin: Origin

  var isPending: Bool {
    if case .pending = origin { true } else { false }
  }
  var isRBF: Bool {
    if case .rbf = origin { true } else { false }
  }
}
