import RadialEngine

// Sums become a dense layer or a squared distance; whatever a value is becomes layers and one stream.

extension ONNXTranslator {
  /// The axes of a value, without the batch, by position.
  private func unitAxes(_ value: Dependent) -> [Int] { value.axes.compactMap { $0 }.filter { $0 != batch } }

  func needTip(_ stream: Int) throws(ModelError) {
    guard stream == tip else {
      throw refusal(
        "it reads what another layer has already read: the network branches; Radial serves chains of layers")
    }
  }

  static let spread = "it is spread over units of its own, which is no layer that Radial serves"
  static let normalised =
    "its RBF outputs are divided by something else than a small number and their sum, all of them in one row; Radial serves k / (epsilon + sum(k))"

  /// Makes a dense layer or a squared distance of sums, if it has any.
  func settle(_ value: Dependent) throws(ModelError) {
    guard hasSum(value.polynomial) else { return }
    var (quadratic, linear, constant) = (Coefficient?.none, Coefficient?.none, Coefficient?.none)
    var (sources, axes): (Set<Int>, Set<Int>) = ([], [])
    var hasOthers = false
    for (monomial, coefficient) in value.polynomial.sorted {
      if monomial.factors.isEmpty {
        constant = coefficient
        continue
      }
      guard let atom = monomial.atom, case .sum(let inner, let axis) = atoms[atom] else {
        hasOthers = true
        continue
      }
      guard !coefficient.axes.contains(axis) else {
        throw refusal("a sum is scaled along the axis that it was taken over, which is no layer that Radial serves")
      }
      guard let (term, weight) = inner.single, term.factors.count == 1, [1, 2].contains(term.factors[0].power),
        case .stream(let source) = atoms[term.factors[0].atom]
      else {
        throw refusal("sums of this kind are not served; expected a dense layer x·W + b or a squared distance")
      }
      sources.insert(source)
      axes.insert(axis)
      try checkSize(coefficient, weight)
      let total = coefficient * weight
      if let before = term.factors[0].power == 2 ? quadratic : linear { try checkSize(before, total) }
      if term.factors[0].power == 2 {
        quadratic = quadratic.map { $0 + total } ?? total
      } else {
        linear = linear.map { $0 + total } ?? total
      }
    }
    if hasOthers {
      throw refusal(
        self.sources(of: value.polynomial).contains { streams[$0].isRBF }
          ? Self.normalised
          : "two branches meet here (a residual connection or a second source); Radial serves chains of layers")
    }
    guard sources.count == 1, axes.count == 1, let image = sources.first, let axis = axes.first else {
      throw refusal(Self.branches)
    }
    let source = try row(of: image, along: axis)
    if let quadratic {
      try makeDistance(value, source, axis, quadratic, linear ?? Coefficient(0), constant)
    } else {
      try emitDense(value, source, axis, linear ?? Coefficient(0), constant)
    }
  }

  /// What is summed over as a row: the channels of an image of one cell, whose other axes may have been dropped on the way. Other
  /// streams stay what they are.
  func row(of index: Int, along axis: Int) throws(ModelError) -> Int {
    if let known = channelRows[index] { return known }
    let stream = streams[index]
    guard stream.image != nil, stream.axes.contains(axis), stream.axes.allSatisfy({ $0 == axis || axisSizes[$0] == 1 })
    else { return index }
    try needTip(index)
    if !layers.isEmpty { emit(name("flatten"), .flatten(FlattenSpec())) }
    channelRows[index] = addStream([axis], [axisSizes[axis]])
    return tip
  }

  private func emitDense(
    _ value: Dependent, _ source: Int, _ axis: Int, _ weights: Coefficient, _ bias: Coefficient?
  ) throws(ModelError) {
    let stream = streams[source]
    guard stream.axes == [axis] else {
      throw refusal("a product over one axis of several (\(stream.sizes)) is not served; flatten before it")
    }
    var units = unitAxes(value)
    // One unit, whose position may have been dropped.
    units += weights.axes.filter { $0 != axis && axisSizes[$0] == 1 && !units.contains($0) }
    guard Set(weights.axes).subtracting([axis]) == Set(units), Set(bias?.axes ?? []).isSubset(of: units) else {
      throw refusal("a product of this kind is not served; expected one with a matrix")
    }
    try needTip(source)
    try checkSize([axis] + units)
    let (count, sizes) = (axisSizes[axis], units.map { axisSizes[$0] })
    let width = sizes.reduce(1, *)
    let name = name("dense")
    try put(name, "kernel", weights.spread(over: [axis] + units, sizes: [count] + sizes), [count, width])
    if let bias { try put(name, "bias", bias.spread(over: units, sizes: sizes), [width]) }
    emit(name, .dense(DenseSpec(units: width, hasBias: bias != nil, activation: ActivationSpec(.linear))))
    value.polynomial = polynomial(ofStream: addStream(units, sizes, origin: .dense(name)))
  }

  /// A x² + B x + C, summed over the axis: α Σ (x − c)² + β.
  private func makeDistance(
    _ value: Dependent, _ source: Int, _ axis: Int, _ quadratic: Coefficient, _ linear: Coefficient,
    _ constant: Coefficient?
  ) throws(ModelError) {
    let (stream, width) = (streams[source], axisSizes[axis])
    guard stream.axes.contains(axis) else {
      throw refusal("a quadratic form over an axis that its input does not have")
    }
    var all = Set(quadratic.axes).union(linear.axes).union(constant?.axes ?? [])
    all.remove(axis)
    all.formUnion(stream.axes.filter { $0 != axis })
    let positions = unitAxes(value).filter(all.contains)
    let units = Set(positions) == all && positions.count == all.count ? positions : all.sorted()
    let sizes = units.map { axisSizes[$0] }
    try checkSize(units + [axis])
    let count = sizes.reduce(1, *)
    let a = quadratic.spread(over: units + [axis], sizes: sizes + [width])
    let b = linear.spread(over: units + [axis], sizes: sizes + [width])
    guard !a.contains(0) else { throw refusal("a distance with a weight of 0 is not served") }
    let centers = zip(a, b).map { -$1 / (2 * $0) }
    guard centers.allSatisfy(\.isFinite), a.allSatisfy(\.isFinite), constant?.values.allSatisfy(\.isFinite) ?? true
    else {
      throw refusal("a distance with a number that is not finite is not served; train or export the model again")
    }
    let largest = a.reduce(0) { max($0, abs($1)) }
    var weights: [Double]?
    if (0..<count).contains(where: { unit in
      (0..<width).contains { abs(a[unit * width + $0] - a[unit * width]) > 1e-6 * largest }
    }) {
      // One weight a feature: the same for every unit up to a factor.
      let first = (0..<width).map { a[$0] / a[0] }
      for unit in 0..<count {
        for k in 0..<width {
          let ratio = a[unit * width + k] / a[unit * width]
          guard ratio > 0, abs(ratio - first[k]) <= 1e-6 * abs(first[k]) else {
            throw refusal(
              "its distance has a width of its own for each unit and feature, which Radial does not serve; use one sigma a unit"
            )
          }
        }
      }
      weights = first.map { $0.squareRoot() }
    }
    let alpha = (0..<count).map { a[$0 * width] }
    let own = constant?.spread(over: units, sizes: sizes) ?? [Double](repeating: 0, count: count)
    var beta = [Double](repeating: 0, count: count)
    for unit in 0..<count {
      var (total, size) = (0.0, 0.0)
      for k in 0..<width {
        let term = a[unit * width + k] * centers[unit * width + k] * centers[unit * width + k]
        total += term
        size += abs(term)
      }
      beta[unit] = own[unit] - total
      // The |c|² of an expansion was folded in Float32.
      if abs(beta[unit]) <= Double(width + 8) * 0x1p-23 * max(abs(total), size) {
        largestCancellation = max(largestCancellation, abs(beta[unit]))
        beta[unit] = 0
      }
    }
    if beta.contains(where: { $0 != 0 }), !beta.allSatisfy({ abs($0 - beta[0]) <= 1e-4 * abs(beta[0]) }) {
      throw refusal("a quadratic form that is no squared distance is not served")
    }
    let key = DistanceKey(
      source: source, axis: axis, units: units, centers: centers.map { Float($0) }, weights: weights)
    let index: Int
    if let known = pendingDistances[key] {
      index = known
    } else {
      // The distance to one center is a row of one unit.
      streams.append(
        ONNXStream(
          axes: units.isEmpty ? [self.axis(1)] : units, sizes: units.isEmpty ? [1] : sizes,
          origin: .pending(ONNXStream.Pending(source: source, axis: axis, centers: centers, weights: weights))))
      index = streams.count - 1
      pendingDistances[key] = index
    }
    if units.isEmpty, let place = value.axes.indices.last(where: { value.axes[$0] == nil && value.shape[$0] == 1 }) {
      value.axes[place] = streams[index].axes[0]
    }
    func along(_ values: [Double]) -> Coefficient {
      let first = values.first ?? 0
      return values.allSatisfy { $0 == first }
        ? Coefficient(first) : Coefficient(axes: units, sizes: sizes, values: values)
    }
    value.polynomial = try sum(
      Polynomial(Monomial(atom: number(of: .distance(index))), along(alpha)), Polynomial(constant: along(beta)))
  }

  // MARK: Layers of whatever it is

  /// Makes layers of a value, so that it is one stream.
  /// - Returns: the stream.
  @discardableResult
  func materialise(_ value: Dependent) throws(ModelError) -> Int {
    try settle(value)
    if let stream = stream(of: value.polynomial) { return stream }
    let varying = Array(axes(of: value.polynomial).subtracting([batch]))
    let sources = sources(of: value.polynomial)
    guard let source = sources.first else {
      throw refusal("a value that does not depend on the input is not served here")
    }
    guard sources.count == 1 else {
      let hasPending = sources.contains { streams[$0].isPending }
      let hasRBF = sources.contains { streams[$0].isRBF || $0 == lastDistance }
      throw refusal(hasPending && hasRBF ? Self.normalised : Self.branches)
    }
    if case .pending(let pending) = streams[source].origin {
      try emitKernel(value, source, pending)
    } else {
      try emitElementwise(value, source)
    }
    guard let stream = stream(of: value.polynomial) else { throw refusal("no layer could be made of it") }
    // What varies along an axis that its layer does not have would be lost.
    func long(_ axes: [Int]) -> Set<Int> { Set(axes.filter { axisSizes[$0] > 1 }) }
    guard long(varying).isSubset(of: long(streams[stream].axes)) else {
      throw refusal(Self.spread)
    }
    return stream
  }

  /// The stream that it is; nil: it is something else.
  func stream(of polynomial: Polynomial) -> Int? {
    guard let (monomial, coefficient) = polynomial.single, let atom = monomial.atom, coefficient.isNearly(1),
      case .stream(let index) = atoms[atom]
    else { return nil }
    return index
  }

  /// Factor and offset, where it is factor · stream + offset.
  private func affine(_ polynomial: Polynomial, of stream: Int) -> (scale: Coefficient, shift: Coefficient)? {
    let key = Monomial(atom: number(of: .stream(stream)))
    guard let scale = polynomial.terms[key], polynomial.terms.keys.allSatisfy({ $0 == key || $0.factors.isEmpty })
    else {
      return nil
    }
    return (scale, polynomial.constant)
  }

  func emitAffine(_ source: Int, _ scale: Coefficient, _ shift: Coefficient) throws(ModelError) {
    let stream = streams[source]
    try needTip(source)
    if scale.isNearly(1), shift.isZero { return }
    let axes = Set(scale.axes).union(shift.axes)
    if layers.isEmpty, preprocessing == nil, axes.isEmpty {
      preprocessing = Preprocessing(scale: Float(scale.values[0]), offset: Float(shift.values[0]))
      addStream(stream.axes, stream.sizes, image: stream.image)
      return
    }
    let along = stream.image.map { [$0.channel] } ?? stream.axes
    guard axes.isSubset(of: along) else {
      throw refusal(
        stream.image == nil
          ? Self.spread
          : "it scales or shifts an image by more than one number a channel, which is not served; flatten before it"
      )
    }
    guard along.count == 1 else {
      throw refusal("it scales or shifts one axis of several, which is not served; flatten before it")
    }
    let sizes = along.map { axisSizes[$0] }
    let (g, b) = (scale.spread(over: along, sizes: sizes), shift.spread(over: along, sizes: sizes))
    let name = name("affine")
    // In the form gamma (x − mean): the difference loses nothing where scale · x + shift would.
    let means = zip(g, b).map { $0 == 0 ? 0 : -$1 / $0 }
    let isSmall = !g.contains(0) && means.allSatisfy { abs($0) < 1e30 }
    let mean = isSmall ? means.map { Double(Float($0)) } : g.map { _ in 0 }
    // What a mean loses by being rounded to Float32.
    let rest = g.indices.map { b[$0] + g[$0] * mean[$0] }
    let hasBeta = zip(rest, b).contains { abs($0) > 1e-12 * abs($1) }
    try put(name, "gamma", g, sizes)
    try put(name, "moving_mean", mean, sizes)
    try put(name, "moving_variance", g.map { _ in 1 }, sizes)
    if hasBeta { try put(name, "beta", rest, sizes) }
    emit(name, .batchNormalization(BatchNormalizationSpec(epsilon: 0, hasBeta: hasBeta, hasGamma: true)))
    addStream(stream.axes, stream.sizes, image: stream.image)
  }

  private func emitElementwise(_ value: Dependent, _ source: Int) throws(ModelError) {
    let stream = streams[source]
    if let (scale, shift) = affine(value.polynomial, of: source) {
      try emitAffine(source, scale, shift)
      if tip == source { addStream(stream.axes, stream.sizes, image: stream.image) }
      value.polynomial = polynomial(ofStream: tip)
      return
    }
    guard let found = try activation(value.polynomial, of: source) else {
      throw refusal("an elementwise expression that is none of the activations that Radial serves")
    }
    let argument = value.with(found.argument)
    let stream2 = try materialise(argument)
    try needTip(stream2)
    emitActivation(found.spec, on: streams[stream2])
    if let behind = found.behind, !(behind.scale.isNearly(1) && behind.shift.isZero) {
      try emitAffine(tip, behind.scale, behind.shift)
    }
    value.polynomial = polynomial(ofStream: tip)
  }

  private func emitActivation(_ spec: ActivationSpec, on stream: ONNXStream) {
    // A layer takes it up where it has none yet.
    switch layers.last?.spec {
    case .dense(let dense) where dense.function == ActivationSpec(.linear) && spec.alpha == nil:
      replaceLast(.dense(DenseSpec(units: dense.units, hasBias: dense.hasBias, activation: spec)))
    case .conv2D(let conv) where conv.function == ActivationSpec(.linear) && spec.alpha == nil:
      replaceLast(
        .conv2D(
          Conv2DSpec(
            filters: conv.filters, window: conv.window, groups: conv.groups, hasBias: conv.hasBias, activation: spec)))
    default: emit(name("activation"), .activation(ActivationLayerSpec(spec)))
    }
    addStream(stream.axes, stream.sizes, image: stream.image)
  }

  private func replaceLast(_ spec: LayerSpec) {
    let last = layers.removeLast()
    emit(last.name, spec)
  }

  private struct FoundActivation {
    let argument: Polynomial
    let spec: ActivationSpec
    /// What is done behind it; nil: nothing.
    var behind: (scale: Coefficient, shift: Coefficient)?
  }

  /// The activation that an expression in a stream is; nil: none.
  private func activation(_ polynomial: Polynomial, of source: Int) throws(ModelError) -> FoundActivation? {
    let constant = polynomial.constant
    let varying = polynomial.varying
    let own = self.polynomial(ofStream: source)
    func argument(_ atom: Int, _ function: Function) -> Polynomial? {
      guard case .function(function, let argument) = atoms[atom] else { return nil }
      return argument
    }
    if let (monomial, coefficient) = varying.single {
      if let atom = monomial.atom, case .function(let function, let argument) = atoms[atom] {
        if function == .tanh, constant.isZero, let (scale, shift) = affine(argument, of: source),
          scale.isNearly(2.0 / 3), shift.isZero, coefficient.isNearly(1.7159)
        {
          return FoundActivation(argument: own, spec: ActivationSpec(.scaledTanh))
        }
        guard let spec = function.activation else {
          throw refusal(
            "the activation '\(function.word)' is not served; use one of relu, tanh, sigmoid, softplus, elu, selu, gelu, silu, leaky_relu, relu6, hardsigmoid, softsign"
          )
        }
        return FoundActivation(argument: argument, spec: spec, behind: (coefficient, constant))
      }
      if monomial.factors.count == 2, coefficient.isNearly(1), constant.isZero {
        for (first, second) in [(0, 1), (1, 0)] {
          let (a, b) = (monomial.factors[first], monomial.factors[second])
          guard a.power == 1, b.power == 1, atoms[a.atom] == .stream(source) else { continue }
          if argument(b.atom, .sigmoid) == own {
            return FoundActivation(argument: own, spec: ActivationSpec(.swish))
          }
          if argument(b.atom, .hardSigmoid) != nil {
            throw refusal("hardswish is not served; use silu (swish) in its place")
          }
          if argument(b.atom, .softplus) != nil || argument(b.atom, .tanh) != nil {
            throw refusal("mish is not served; use silu (swish) in its place")
          }
          if let inner = argument(b.atom, .power(-1)),
            try inner == sum(function(.absolute, own), Polynomial(constant: .one))
          {
            return FoundActivation(argument: own, spec: ActivationSpec(.softsign))
          }
        }
      }
    }
    let key = Monomial(atom: number(of: .stream(source)))
    if varying.terms.count == 2, constant.isZero, let half = varying.terms[key], half.isNearly(0.5),
      let (other, factor) = varying.sorted.first(where: { $0.monomial != key }), factor.isNearly(0.5),
      other.factors.count == 2, other.factors.allSatisfy({ $0.power == 1 }),
      other.factors.contains(where: { atoms[$0.atom] == .stream(source) })
    {
      for part in other.factors {
        if let inner = argument(part.atom, .erf), let (scale, shift) = affine(inner, of: source),
          scale.isNearly(0.5.squareRoot()), shift.isZero
        {
          return FoundActivation(argument: own, spec: ActivationSpec(.gelu))
        }
        if case .function(.tanh, _) = atoms[part.atom] {
          throw refusal("GELU's tanh approximation is not served; use approximate='none'")
        }
      }
    }
    return nil
  }
}
