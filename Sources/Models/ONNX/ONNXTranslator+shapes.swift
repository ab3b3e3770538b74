import RadialEngine

// What moves numbers and computes nothing: positions of a value change, and where axes are merged or split a layer says so.

extension ONNXTranslator {
  func isConstantAxis(_ axis: Int) -> Bool { constantAxes.contains(axis) }

  /// Axes of one value that have no position any more: one that is made anew may be theirs.
  func droppedAxes(of value: Dependent) -> [Int] {
    axes(of: value.polynomial).filter { axisSizes[$0] == 1 && $0 != batch && !value.axes.contains($0) }.sorted()
  }

  /// For sentences.
  func text(_ shape: [Int]) -> String {
    "[" + shape.map { $0 == openBatch ? "N" : String($0) }.joined(separator: ", ") + "]"
  }

  /// A constant as a value.
  func lifted(_ value: ONNXValue) throws(ModelError) -> Dependent {
    switch value {
    case .dependent(let value): return value
    case .constant(let constant):
      if constant.count <= 8, constant.real.contains(Double(openBatch)) {
        throw refusal("the number of rows is used as a number: an answer would depend on its neighbours")
      }
      var axes: [Int?] = []
      for size in constant.shape {
        guard size > 1 else {
          axes.append(nil)
          continue
        }
        let axis = axis(size)
        constantAxes.insert(axis)
        axes.append(axis)
      }
      let named = axes.compactMap { $0 }
      guard constant.count > 0 else { throw refusal("a constant without values is used as a number") }
      return Dependent(
        constant.shape, axes,
        Polynomial(
          constant: Coefficient(axes: named, sizes: constant.shape.filter { $0 > 1 }, values: constant.real)))
    case .joined: throw refusal("two branches are joined here; Radial serves chains of layers")
    case .isAbove: throw refusal("a condition is used as a number")
    case .label: throw refusal("a label is used as a number")
    }
  }

  /// Two values brought to the same positions and axes.
  func broadcast(_ one: Dependent, _ other: Dependent) throws(ModelError) -> (
    shape: [Int], axes: [Int?], one: Polynomial, other: Polynomial
  ) {
    let rank = max(one.shape.count, other.shape.count)
    func padded<Element>(_ list: [Element], _ element: Element) -> [Element] {
      [Element](repeating: element, count: rank - list.count) + list
    }
    let (sizes, otherSizes) = (padded(one.shape, 1), padded(other.shape, 1))
    let (axes, otherAxes) = (padded(one.axes, nil), padded(other.axes, nil))
    var (shape, joined): ([Int], [Int?]) = ([], [])
    var names: [Int: Int] = [:]
    func isPlain(_ polynomial: Polynomial) -> Bool { polynomial.isConstant }
    for place in 0..<rank {
      let (m, n) = (sizes[place], otherSizes[place])
      guard m == n || m == 1 || n == 1 else {
        throw refusal("shapes \(text(one.shape)) and \(text(other.shape)) do not fit")
      }
      shape.append(m == 1 ? n : m)
      // One value is spread over several, whose axis it is then, if they have one.
      let (own, others) = (m < n ? nil : axes[place], n < m ? nil : otherAxes[place])
      guard let u = own, let v = others else {
        joined.append(own ?? others)
        continue
      }
      if u == v {
        joined.append(u)
      } else if isConstantAxis(v), isPlain(other.polynomial) {
        names[v] = u
        joined.append(u)
      } else if isConstantAxis(u), isPlain(one.polynomial) {
        names[u] = v
        joined.append(v)
      } else if isConstantAxis(v) {
        names[v] = u
        joined.append(u)
      } else if isConstantAxis(u) {
        names[u] = v
        joined.append(v)
      } else {
        throw refusal(Self.branches)
      }
    }
    guard Set(joined.compactMap { $0 }).count == joined.compactMap({ $0 }).count else {
      throw refusal("an axis meets itself at another place, which is no layer that Radial serves")
    }
    return (shape, joined, try renamed(one.polynomial, names), try renamed(other.polynomial, names))
  }

  /// The same with axes of constants under other names.
  private func renamed(_ polynomial: Polynomial, _ names: [Int: Int]) throws(ModelError) -> Polynomial {
    guard !names.isEmpty else { return polynomial }
    var terms: [Monomial: Coefficient] = [:]
    for (monomial, coefficient) in polynomial.terms {
      var product = Monomial()
      for factor in monomial.factors {
        product = product * Monomial(atom: try renamed(factor.atom, names), power: factor.power)
      }
      let targets = coefficient.axes.map { names[$0] ?? $0 }
      guard Set(targets).count == targets.count else { throw refusal(Self.branches) }
      let value = coefficient.renamed(names)
      terms[product] = terms[product].map { $0 + value } ?? value
    }
    return Polynomial(terms)
  }

  private func renamed(_ atom: Int, _ names: [Int: Int]) throws(ModelError) -> Int {
    guard !axes(of: atom).isDisjoint(with: names.keys) else { return atom }
    switch atoms[atom] {
    case .sum(let inner, let axis): return number(of: .sum(try renamed(inner, names), axis: names[axis] ?? axis))
    case .function(let function, let argument): return number(of: .function(function, try renamed(argument, names)))
    case .stream, .distance: throw refusal(Self.branches)
    }
  }

  /// Activations become layers before a value is spread over units; sums of squares and distances stay.
  func settleBeforeSpreading(_ value: Dependent) throws(ModelError) {
    guard hasFunction(value.polynomial) || hasSum(value.polynomial) else { return }
    if isRowOfKernels(value) {
      try materialise(value)
      return
    }
    if hasDistance(value.polynomial) || isSumOfOutputs(value.polynomial)
      || sources(of: value.polynomial).contains(where: { streams[$0].isPending })
    {
      return
    }
    if !hasFunction(value.polynomial),
      value.polynomial.atoms.contains(where: { atom in
        guard case .sum(let inner, _) = atoms[atom] else { return false }
        return inner.terms.keys.contains { $0.factors.contains { $0.power == 2 } }
      })
    {
      return
    }
    try materialise(value)
  }

  /// Whether it is an RBF layer's outputs, one a unit, and no longer a distance.
  private func isRowOfKernels(_ value: Dependent) -> Bool {
    guard hasFunction(value.polynomial), !hasSum(value.polynomial) else { return false }
    let sources = sources(of: value.polynomial)
    guard sources.count == 1, let source = sources.first, streams[source].isPending else { return false }
    return streams[source].axes.count == 1 && axes(of: value.polynomial).isSubset(of: streams[source].axes)
  }

  /// Makes layers of a value, whose last position is that of a row.
  func materialisedRow(_ value: Dependent) throws(ModelError) -> Int {
    let index = try materialise(value)
    guard let axis = value.axes.last, let axis, axis != batch else { return index }
    return try row(of: index, along: axis)
  }

  func reshaped(_ value: Dependent, _ target: [Int]) throws(ModelError) -> Dependent {
    guard target.count <= 8 else { throw refusal("it reshapes to \(text(target)), expected at most 8 sizes") }
    let (from, to) = (value.shape, target)
    var (i, j) = (0, 0)
    var axes: [Int?] = []
    while i < from.count || j < to.count {
      var (ii, jj) = (i, j)
      var (p, q) = (1, 1)
      if i < from.count, j < to.count {
        (p, q, ii, jj) = (from[i], to[j], i + 1, j + 1)
      } else if i < from.count {
        (p, ii) = (from[i], i + 1)
      } else {
        (q, jj) = (to[j], j + 1)
      }
      while p != q {
        if p < q, ii < from.count {
          p *= from[ii]
          ii += 1
        } else if q < p, jj < to.count {
          q *= to[jj]
          jj += 1
        } else {
          throw refusal("the shape \(text(from)) does not fill \(text(to))")
        }
      }
      let ins = (i..<ii).filter { from[$0] != 1 || value.axes[$0] == batch }
      let live = ins.filter { value.axes[$0] != nil }
      let outs = Array(j..<jj)
      let big = outs.filter { to[$0] != 1 }
      var new: [Int: Int] = [:]
      if !live.isEmpty {
        guard ins.count == live.count else { throw refusal("it mixes an axis with a repeated one") }
        if live.count == 1, big.count <= 1 {
          guard let place = big.first ?? outs.first else { throw refusal("it drops an axis that is no single one") }
          new[place] = value.axes[live[0]]
        } else if live.count > 1, big.count == 1 {
          return try reshaped(merged(value, live), target)
        } else if live.count == 1 {
          return try reshaped(split(value, live[0], big.map { to[$0] }), target)
        } else if live.count == big.count, zip(live, big).allSatisfy({ from[$0] == to[$1] }) {
          for (source, place) in zip(live, big) { new[place] = value.axes[source] }
        } else {
          throw refusal("it reshapes \(text(from)) to \(text(to)), which mixes axes")
        }
      }
      // An axis of one value goes with a size of 1, where one is left.
      var single = (i..<ii).filter { !ins.contains($0) }.compactMap { value.axes[$0] }
      for place in outs where to[place] == 1 && new[place] == nil && !single.isEmpty {
        new[place] = single.removeFirst()
      }
      axes += outs.map { new[$0] }
      (i, j) = (ii, jj)
    }
    return Dependent(to, axes, value.polynomial)
  }

  /// Several neighbouring positions as one: a flatten.
  private func merged(_ value: Dependent, _ positions: [Int]) throws(ModelError) -> Dependent {
    guard !positions.contains(where: { value.axes[$0] == batch }) else { throw refusal("it mixes rows of the batch") }
    let index = try materialise(value)
    let stream = streams[index]
    guard index == tip else { throw refusal(Self.branches) }
    let order = positions.compactMap { value.axes[$0] }
    func long(_ axes: [Int]) -> [Int] { axes.filter { axisSizes[$0] > 1 } }
    guard Set(long(order)) == Set(long(stream.axes)) else { throw refusal("it flattens a part of the axes") }
    let width = stream.sizes.reduce(1, *)
    let flat = axis(width)
    if let image = stream.image {
      if long(order) == long([image.row, image.column, image.channel]) {
        emit(name("flatten"), .flatten(FlattenSpec()))
      } else if long(order) == long([image.channel, image.row, image.column]) {
        emit(name("flatten"), .flatten(FlattenSpec(order: .channelsFirst)))
      } else {
        throw refusal("it flattens in an order that is neither channels first nor channels last")
      }
    } else if long(order) != long(stream.axes) {
      throw refusal("it flattens in another order than that of its input")
    } else if !layers.isEmpty || stream.sizes.count > 2 {
      // Rows of one or two sizes are vectors as they are.
      emit(name("flatten"), .flatten(FlattenSpec()))
    }
    addStream([flat], [width])
    guard let first = positions.min() else { throw refusal("it flattens nothing") }
    let others = Set(positions).subtracting([first])
    var (shape, axes): ([Int], [Int?]) = ([], [])
    for place in value.shape.indices where !others.contains(place) {
      shape.append(place == first ? width : value.shape[place])
      axes.append(place == first ? flat : value.axes[place] == batch ? batch : nil)
    }
    return Dependent(shape, axes, polynomial(ofStream: tip))
  }

  /// One position as several.
  private func split(_ value: Dependent, _ position: Int, _ sizes: [Int]) throws(ModelError) -> Dependent {
    try settle(value)
    if let axis = value.axes[position], hasDistance(value.polynomial) {
      let new = sizes.map { self.axis($0) }
      if let polynomial = try split(value.polynomial, axis, over: new) {
        return Dependent(
          Array(value.shape[..<position]) + sizes + value.shape[(position + 1)...],
          Array(value.axes[..<position]) + new.map { $0 } + value.axes[(position + 1)...], polynomial)
      }
    }
    let index = try materialise(value)
    let stream = streams[index]
    guard index == tip else { throw refusal(Self.branches) }
    guard let axis = value.axes[position], stream.axes == [axis] else { throw refusal("it splits one axis of several") }
    let new = sizes.map { self.axis($0) }
    if case .dense = stream.origin {
    } else if !layers.isEmpty {
      guard (2...3).contains(sizes.count) else { throw refusal("it reshapes to \(sizes), expected two or three sizes") }
      emit(name("reshape"), .reshape(ReshapeSpec(sizes)))
    }
    addStream(new, sizes, origin: stream.origin)
    if layers.isEmpty { inputSizes = sizes }
    return Dependent(
      Array(value.shape[..<position]) + sizes + value.shape[(position + 1)...],
      Array(value.axes[..<position]) + new.map { $0 } + value.axes[(position + 1)...], polynomial(ofStream: tip))
  }
}
