import Glibc
import RadialEngine

// Functions of squared distances become RBF layers.

/// What an expression in a squared distance is: scale · output(d²) + shift.
struct RadialForm {
  let output: RBF.Output
  /// γ of each unit; 1 where the output has none.
  var gamma: [Double]
  var power = 1.0
  /// [units]
  var scale: [Double]
  /// [units]
  var shift: [Double]
}

extension ONNXTranslator {
  /// Makes an RBF layer of an expression in one squared distance.
  func emitKernel(_ value: Dependent, _ index: Int, _ pending: ONNXStream.Pending) throws(ModelError) {
    let expression = value.polynomial
    guard let form = try radialForm(expression, index) else { throw kernelRefusal(expression, index) }
    let distance = streams[index]
    var centers = pending.centers
    var source = pending.source
    let stream = streams[source]
    try needTip(source)
    let width = axisSizes[pending.axis]
    let name: String
    if stream.axes == [pending.axis] {
      if let weights = pending.weights {
        try emitAffine(
          source, Coefficient(axes: [pending.axis], sizes: [width], values: weights), Coefficient(0))
        source = tip
        for place in centers.indices { centers[place] *= weights[place % width] }
      }
      name = self.name("rbf")
      let units = centers.count / width
      try put(name, "centers", centers, [units, width])
      var spec = RBFSpec(
        units: units, output: form.output, scale: try scale(form, of: name), centersLayout: .unitsFeatures)
      spec.power = Float(form.power)
      spec.classes = pending.classes
      emit(name, .rbf(spec))
    } else {
      name = try emitDUQ(pending, distance, form)
    }
    lastDistance = index
    let made = addStream(distance.axes, distance.sizes, origin: .rbf(name))
    emittedKernels[made] = expression
    func along(_ values: [Double]) -> Coefficient {
      Self.common(values).map { Coefficient($0) }
        ?? Coefficient(axes: distance.axes, sizes: distance.sizes, values: values)
    }
    let (factor, offset) = (along(form.scale), along(form.shift))
    if !(factor.isNearly(1) && offset.isZero) { try emitAffine(made, factor, offset) }
    largestShift = offset.values.reduce(largestShift) { max($0, abs($1)) }
    value.polynomial = polynomial(ofStream: tip)
  }

  /// The number that all are, but for what Float64 loses where a square is taken apart; nil: they differ.
  private static func common(_ values: [Double]) -> Double? {
    guard let first = values.first, values.allSatisfy({ abs($0 - first) <= 1e-12 * abs(first) }) else { return nil }
    return first
  }

  /// γ as a file has it; nil: the output has none.
  private func scale(_ form: RadialForm, of name: String) throws(ModelError) -> RBFSpec.Scale? {
    guard form.output != .distance else { return nil }
    guard let first = Self.common(form.gamma) else {
      try put(name, "scale", form.gamma, [form.gamma.count])
      return .tensor
    }
    guard Float(first) > 0, Float(first).isFinite else { throw refusal("its gamma \(first) is beyond Float32") }
    return .number(Float(first))
  }

  /// The form of an expression; nil: none that is served.
  private func radialForm(_ polynomial: Polynomial, _ index: Int) throws(ModelError) -> RadialForm? {
    let distance = streams[index]
    let units = Set(distance.axes)
    guard axes(of: polynomial).subtracting([batch]).allSatisfy({ units.contains($0) || axisSizes[$0] == 1 }) else {
      throw refusal(Self.spread)
    }
    func along(_ coefficient: Coefficient) -> [Double] {
      coefficient.spread(over: distance.axes, sizes: distance.sizes)
    }
    let shift = along(polynomial.constant)
    let ones = shift.map { _ in 1.0 }
    func form(
      _ output: RBF.Output, _ gamma: [Double], power: Double = 1, scale: [Double]? = nil
    ) -> RadialForm? {
      gamma.allSatisfy { $0 > 0 && $0.isFinite }
        ? RadialForm(output: output, gamma: gamma, power: power, scale: scale ?? ones, shift: shift) : nil
    }
    let square = Monomial(atom: number(of: .distance(index)))
    let root = square.raised(to: 0.5)
    let varying = polynomial.varying
    guard let (monomial, coefficient) = varying.single else {
      return matern(varying, root).flatMap { form($0.output, along($0.gamma), scale: along($0.scale)) }
    }
    let factors = along(coefficient)
    if monomial == square || monomial == root {
      let isRoot = monomial == root
      if factors.allSatisfy({ $0 < 0 }) { return form(isRoot ? .negativeEuclidean : .negativeDistance, factors.map(-)) }
      if !isRoot, coefficient.isNearly(1) { return form(.distance, ones) }
      return form(isRoot ? .euclidean : .scaledDistance, factors)
    }
    guard monomial.factors.count == 1, case .function(let function, let argument) = atoms[monomial.factors[0].atom]
    else { return nil }
    let exponent = monomial.factors[0].power
    let terms = argument.varying
    switch function {
    case .exp:
      guard let (inner, rate) = terms.single, inner == square || inner == root else { return nil }
      // exp(−γ d² + b) is exp(b) times the kernel.
      let amplitude = zip(factors, along(argument.constant)).map { $0 * Glibc.exp(exponent * $1) }
      return form(inner == root ? .exponential : .gaussian, along(rate).map { -exponent * $0 }, scale: amplitude)
    case .power(let own):
      var (power, rate, offset) = (own * exponent, terms.terms[square], argument.constant)
      if terms.terms.count == 2, let first = rate, let second = terms.terms[square.raised(to: 2)] {
        // (a + b d²)², multiplied out.
        let ends = zip(along(offset), along(second))
        guard zip(ends, along(first)).allSatisfy({ $1 > 0 && abs(4 * $0.0 * $0.1 - $1 * $1) <= 1e-5 * $1 * $1 })
        else {
          return nil
        }
        (power, rate, offset) = (2 * power, second.mapped { $0.squareRoot() }, offset.mapped { $0.squareRoot() })
      } else if terms.terms.count != 1 {
        return nil
      }
      guard let rate, along(offset).allSatisfy({ $0 > 0 }) else { return nil }
      // (a + b d²)^p is a^p (1 + b/a d²)^p.
      let gamma = zip(along(rate), along(offset)).map { $0 / $1 }
      let amplitude = zip(factors, along(offset)).map { $0 * Glibc.pow($1, power) }
      switch power {
      case -1: return form(.inverseQuadratic, gamma, scale: amplitude)
      case -0.5: return form(.inverseMultiquadric, gamma, scale: amplitude)
      case 0.5: return form(.multiquadric, gamma, scale: amplitude)
      case ..<0: return form(.studentT, gamma, power: -power, scale: amplitude)
      default: return nil
      }
    default: return nil
    }
  }

  /// a exp(−s d) + a s d exp(−s d), and a s² d² exp(−s d) / 3 beside them of order 5/2.
  private func matern(
    _ polynomial: Polynomial, _ root: Monomial
  ) -> (output: RBF.Output, gamma: Coefficient, scale: Coefficient)? {
    guard (2...3).contains(polynomial.terms.count),
      let (first, amplitude) = polynomial.sorted.first(where: { $0.monomial.atom != nil }), let atom = first.atom,
      case .function(.exp, let argument) = atoms[atom], let (inner, rate) = argument.single, inner == root,
      let linear = polynomial.terms[first * root], !amplitude.values.contains(0)
    else { return nil }
    func isClose(_ one: Coefficient, _ other: Coefficient) -> Bool {
      one.combined(other) { abs($0 - $1) <= 1e-5 * abs($1) ? 0 : 1 }.isZero
    }
    let s = rate.mapped(-)
    guard s.values.allSatisfy({ $0 > 0 }), isClose(linear, amplitude * s) else { return nil }
    guard polynomial.terms.count == 3 else { return (.matern32, s.mapped { $0 * $0 / 3 }, amplitude) }
    guard let quadratic = polynomial.terms[first * root.raised(to: 2)],
      isClose(quadratic, amplitude * s.mapped { $0 * $0 / 3 })
    else { return nil }
    return (.matern52, s.mapped { $0 * $0 / 5 }, amplitude)
  }

  /// Whether it is a number and the sum of all outputs of an RBF layer, which may be going to divide them.
  func isSumOfOutputs(_ polynomial: Polynomial) -> Bool {
    guard let (sum, factor) = polynomial.varying.single, factor.axes.isEmpty, let atom = sum.atom,
      case .sum(let inner, let axis) = atoms[atom], let index = stream(of: inner)
    else { return false }
    return streams[index].isRBF && streams[index].axes == [axis]
  }

  /// Outputs of an RBF layer over a number and their sum; nil: it is another quotient.
  func normalised(_ one: Dependent, _ divisor: Dependent) throws(ModelError) -> Dependent? {
    // The sum has made a layer of its summands.
    guard isSumOfOutputs(divisor.polynomial), let (sum, factor) = divisor.polynomial.varying.single,
      let atom = sum.atom, case .sum(let inner, _) = atoms[atom], let stream = stream(of: inner), stream == tip,
      case .rbf(let name) = streams[stream].origin, let epsilon = divisor.polynomial.constant.single,
      let factor = factor.single,
      case .rbf(var spec)? = layers.last?.spec, layers.last?.name == name, spec.normalization == nil,
      spec.output.isPositive
    else { return nil }
    let (monomial, coefficient): (Monomial, Coefficient)
    if let only = one.polynomial.single, emittedKernels[stream] == Polynomial(only.monomial) {
      (monomial, coefficient) = (Monomial(atom: number(of: .stream(stream))), only.coefficient)
    } else if emittedKernels[stream] == one.polynomial {
      (monomial, coefficient) = (Monomial(atom: number(of: .stream(stream))), .one)
    } else if let only = one.polynomial.single, only.monomial.atom.map({ atoms[$0] }) == .stream(stream) {
      (monomial, coefficient) = only
    } else {
      return nil
    }
    guard monomial.factors.count == 1, coefficient.isNearly(factor), factor > 0, epsilon >= 0,
      Float(epsilon / factor).isFinite
    else { return nil }
    let joined = try broadcast(one, divisor)
    guard joined.shape == one.shape, joined.axes == one.axes else { return nil }
    spec.normalization = Float(epsilon / factor)
    layers.removeLast()
    emit(name, .rbf(spec))
    // Whoever reads the outputs as they were reads what is no more.
    addStream(streams[stream].axes, streams[stream].sizes)
    return one.with(polynomial(ofStream: tip))
  }

  // MARK: Several prototypes a class

  /// The smallest or largest along an axis of what rises or falls with a squared distance: the same of the smallest distance.
  func nearest(
    _ polynomial: Polynomial, over axis: Int, largest: Bool
  ) throws(ModelError) -> Polynomial {
    guard !polynomial.constant.axes.contains(axis), let (monomial, coefficient) = polynomial.varying.single,
      monomial.factors.count == 1, !coefficient.axes.contains(axis),
      coefficient.values.allSatisfy({ $0 > 0 }) || coefficient.values.allSatisfy({ $0 < 0 })
    else { throw refusal(Self.extremum) }
    let factor = monomial.factors[0]
    let wantsLargest = largest == (coefficient.values[0] * factor.power > 0)
    let atom: Int
    switch atoms[factor.atom] {
    case .distance(let index):
      guard !wantsLargest else { throw refusal("the farthest of several prototypes is no class that Radial serves") }
      atom = number(of: .distance(try nearest(index, over: axis)))
    case .function(.exp, let argument):
      atom = number(of: .function(.exp, try nearest(argument, over: axis, largest: wantsLargest)))
    case .function(.power(let power), let argument) where isNonnegative(argument) && power != 0:
      let inner = try nearest(argument, over: axis, largest: wantsLargest == (power > 0))
      atom = number(of: .function(.power(power), inner))
    default: throw refusal(Self.extremum)
    }
    return try sum(
      Polynomial(Monomial(atom: atom, power: factor.power), coefficient), Polynomial(constant: polynomial.constant))
  }

  private static let extremum =
    "a minimum or maximum is served of the prototypes of a class alone: of a squared distance or what rises or falls with it"

  /// Of each class the squared distance to its nearest prototype, those along an axis being of one class.
  private func nearest(_ index: Int, over axis: Int) throws(ModelError) -> Int {
    let stream = streams[index]
    guard case .pending(var pending) = stream.origin, let place = stream.axes.firstIndex(of: axis),
      pending.classes == nil
    else { throw refusal(Self.extremum) }
    let key = NearestKey(distance: index, axis: axis)
    if let known = nearestDistances[key] { return known }
    let (before, size) = (stream.sizes[..<place].reduce(1, *), stream.sizes[place])
    let after = stream.sizes[(place + 1)...].reduce(1, *)
    pending.classes = (0..<before * size * after).map { $0 / (size * after) * after + $0 % after }
    var (axes, sizes) = (stream.axes, stream.sizes)
    axes.remove(at: place)
    sizes.remove(at: place)
    streams.append(ONNXStream(axes: axes, sizes: sizes, origin: .pending(pending)))
    nearestDistances[key] = streams.count - 1
    return streams.count - 1
  }

  /// An expression in a squared distance whose units are laid out over several axes; nil: it is none, or not over one axis.
  func split(_ polynomial: Polynomial, _ axis: Int, over new: [Int]) throws(ModelError) -> Polynomial? {
    let sizes = new.map { axisSizes[$0] }
    var terms: [Monomial: Coefficient] = [:]
    for (monomial, coefficient) in polynomial.sorted {
      var product = Monomial()
      for factor in monomial.factors {
        let atom: Int
        switch atoms[factor.atom] {
        case .distance(let index):
          guard case .pending(let pending) = streams[index].origin, streams[index].axes == [axis],
            pending.classes == nil
          else { return nil }
          let key = SplitKey(distance: index, axes: new)
          if splitDistances[key] == nil {
            streams.append(ONNXStream(axes: new, sizes: sizes, origin: .pending(pending)))
            splitDistances[key] = streams.count - 1
          }
          atom = number(of: .distance(splitDistances[key] ?? index))
        case .function(let function, let argument):
          guard let inner = try split(argument, axis, over: new) else { return nil }
          atom = number(of: .function(function, inner))
        case .stream, .sum: return nil
        }
        product = product * Monomial(atom: atom, power: factor.power)
      }
      if coefficient.axes == [axis] {
        terms[product] = Coefficient(axes: new, sizes: sizes, values: coefficient.values)
      } else if coefficient.axes.contains(axis) {
        return nil
      } else {
        terms[product] = coefficient
      }
    }
    return Polynomial(terms)
  }

  /// A dense layer with several outputs a class, and the mean squared distance of those of each: DUQ's head.
  private func emitDUQ(
    _ pending: ONNXStream.Pending, _ distance: ONNXStream, _ form: RadialForm
  ) throws(ModelError) -> String {
    let stream = streams[pending.source]
    guard case .dense(let dense) = stream.origin, stream.axes.count == 2, stream.axes[0] == pending.axis,
      distance.axes == [stream.axes[1]], pending.weights == nil, pending.classes == nil, layers.last?.name == dense,
      case .dense(let spec)? = layers.last?.spec, spec.function == ActivationSpec(.linear)
    else {
      throw refusal("a distance over one axis of several is not served, unless it is a DUQ head [embedding, classes]")
    }
    guard form.output == .gaussian else {
      throw refusal("a DUQ head gives exp(-mean d² / (2 sigma²)), and this one does not end in exp")
    }
    let gammas = form.gamma
    layers.removeLast()
    let kernel = tensors.removeValue(forKey: "\(dense).kernel")?.floats ?? []
    let bias = tensors.removeValue(forKey: "\(dense).bias")?.floats
    let (embedding, classes) = (axisSizes[pending.axis], axisSizes[stream.axes[1]])
    var centers = [Double](repeating: 0, count: embedding * classes)
    for c in 0..<classes {
      for m in 0..<embedding {
        centers[m * classes + c] = pending.centers[c * embedding + m] - Double(bias?[m * classes + c] ?? 0)
      }
    }
    let name = name("duq")
    try put(name, "kernel", kernel.map(Double.init), [kernel.count / (embedding * classes), embedding, classes])
    try put(name, "centers", centers, [embedding, classes])
    let sigmas = gammas.map { (1 / (2 * $0 * Double(embedding))).squareRoot() }
    guard sigmas.allSatisfy(DUQSpec.isSigma) else { throw refusal("its sigma \(sigmas[0]) is beyond Float32") }
    let isOne = sigmas.allSatisfy { abs($0 - sigmas[0]) <= 1e-6 * sigmas[0] }
    if !isOne { try put(name, "sigma", sigmas, [classes]) }
    emit(
      name, .duq(DUQSpec(units: classes, embedding: embedding, sigma: isOne ? Float(sigmas[0]) : nil)))
    return name
  }

  private func kernelRefusal(_ polynomial: Polynomial, _ index: Int) -> ModelError {
    let distance = number(of: .distance(index))
    var (powers, functions): (Set<Double>, Set<String>) = ([], [])
    func walk(_ polynomial: Polynomial) {
      for monomial in polynomial.terms.keys {
        for factor in monomial.factors {
          if factor.atom == distance {
            powers.insert(factor.power)
          } else if case .function(let function, let argument) = atoms[factor.atom] {
            functions.insert(function.word)
            walk(argument)
          }
        }
      }
    }
    walk(polynomial)
    let kernel =
      if functions.contains("log") {
        "a spline, d² log d"
      } else if functions.contains("exp"), powers.contains(0.5) {
        "a function of exp(-gamma d) that is no Matérn kernel of order 1/2, 3/2 or 5/2"
      } else {
        "a function of the distance that has no name here"
      }
    return refusal(
      "its kernel is \(kernel); Radial serves d², d, exp(-gamma d²), exp(-gamma d), (1 + gamma d²)^p and Matérn's kernels, so train or export the layer with one of them"
    )
  }
}
