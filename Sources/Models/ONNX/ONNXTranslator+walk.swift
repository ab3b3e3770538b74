import RadialEngine

// The nodes in an order in which each comes behind those that it reads, and what the graph gives.

extension ONNXTranslator {
  /// What an output of the graph is.
  enum Role: Equatable {
    /// The last layer's.
    case outputs
    /// The squared distances of the last RBF layer.
    case distances
    /// What these are taken of.
    case embedding
    /// What a row is called, which the network says itself.
    case label(ONNXLabel.Kind)
  }

  /// Reads the whole graph.
  /// - Returns: the outputs by name, in the graph's order.
  func translate() throws(ModelError) -> [(name: String, role: Role)] {
    var values = try begin()
    order = try sorted(known: Set(values.keys))
    let uses = graph.readers(among: order.filter { $0.operation != "Shape" })
    // A value goes once its last reader has it.
    var reads = graph.readers(among: order)
    var (held, live) = ([String: Int](), 0)
    try refuseByName()
    for node in order {
      self.node = node
      guard node.domain.isEmpty || ["ai.onnx", Self.classicDomain].contains(node.domain) else {
        throw refusal(
          "the operator is of the domain '\(JSONValue.shortened(node.domain))', which Radial does not know"
            + (node.domain == "com.microsoft" ? "; save it at ONNX Runtime's level basic, or export again" : ""))
      }
      for attribute in node.attributes.values {
        if case .graph = attribute {
          throw refusal(
            "it holds a graph of its own (a condition or a loop\(node.operation == "Scan" ? ", as of scikit-learn's Gaussian processes and nearest neighbours" : "")); Radial serves chains of layers"
          )
        }
      }
      var arguments: [ONNXValue?] = []
      for name in node.inputs {
        guard let value = values[name] ?? initializer(name) else {
          guard name.isEmpty else { throw refusal("its input '\(JSONValue.shortened(name))' is given nowhere") }
          arguments.append(nil)
          continue
        }
        arguments.append(value)
      }
      let results =
        if let label = try label(node, arguments) {
          [label]
        } else if node.domain == Self.classicDomain {
          try evaluateClassic(node, arguments)
        } else {
          try evaluate(node, arguments)
        }
      for name in node.inputs {
        reads[name, default: 1] -= 1
        guard reads[name] == 0 else { continue }
        values[name] = nil
        live -= held.removeValue(forKey: name) ?? 0
      }
      for (name, result) in zip(node.outputs, results) where !name.isEmpty {
        switch result {
        case .constant(let constant):
          try checked(constant.shape)
          try fold(constant.count)
        case .dependent(let value):
          try checked(value.shape)
          guard zip(value.shape, value.axes).allSatisfy({ size, axis in axis.map { axisSizes[$0] == size } ?? true })
          else { throw refusal("it repeats values, which is no layer that Radial serves") }
          try checkExtent(value.polynomial)
          try charge(value, live: live)
        default: break
        }
        // A dense layer that is read twice: x · erf(x), x · sigmoid(x).
        if case .dependent(let value) = result, uses[name] ?? 0 > 1 {
          if isDense(value.polynomial) { try settle(value) } else if isScaledInput(value) { try materialise(value) }
        }
        guard reads[name] != nil else { continue }
        values[name] = result
        guard case .dependent(let value) = result else { continue }
        held[name] = value.polynomial.numberCount
        live += value.polynomial.numberCount
      }
    }
    node = nil
    return try finish(values)
  }

  private func initializer(_ name: String) -> ONNXValue? {
    graph.initializers[name].map { .constant(Constant($0)) }
  }

  /// Whether it is made of linear sums alone.
  private func isDense(_ polynomial: Polynomial) -> Bool {
    !polynomial.atoms.isEmpty
      && polynomial.atoms.allSatisfy { atom in
        guard case .sum(let inner, _) = atoms[atom], let (term, _) = inner.single else { return false }
        return term.factors.first?.power == 1
      }
  }

  /// Whether it is the input scaled and shifted, feature by feature: what is read twice of it reads one layer.
  private func isScaledInput(_ value: Dependent) -> Bool {
    let input = Monomial(atom: number(of: .stream(0)))
    return tip == 0 && streams[0].axes.count == 1 && value.axes == [batch] + streams[0].axes
      && value.polynomial.terms.keys.allSatisfy { $0 == input || $0.factors.isEmpty }
      && value.polynomial.terms[input] != nil
  }

  /// The one input.
  private func begin() throws(ModelError) -> [String: ONNXValue] {
    func invalid(_ sentence: String) -> ModelError { ModelError(.architecture, path, sentence) }
    let inputs = graph.inputs.filter { graph.initializers[$0.name] == nil }
    guard inputs.count == 1, let input = inputs.first else {
      let names = inputs.prefix(4).map { JSONValue.shortened($0.name) }.joined(separator: ", ")
      throw invalid(
        "the graph has \(inputs.count) inputs (\(names)), expected one; Radial serves networks with one input")
    }
    let title = "the input '\(JSONValue.shortened(input.name))'"
    guard let type = input.type.flatMap(ONNXType.init), type.isFloating else {
      throw invalid("\(title) is not of floating-point numbers; export the network behind it")
    }
    let shape = (input.shape ?? []).map { size in
      switch size {
      case .fixed(let number): String(number)
      case .open(let name): name.isEmpty ? "?" : name
      }
    }
    let text = "[" + shape.map { JSONValue.shortened($0) }.joined(separator: ", ") + "]"
    guard let sizes = input.shape, (2...4).contains(sizes.count) else {
      throw invalid("\(title) has the shape \(text), expected [batch, features] or [batch, channels, rows, columns]")
    }
    var fixed: [Int] = []
    var product = 1
    for size in sizes.dropFirst() {
      guard case .fixed(let number) = size, (1...Network.maximumWidth).contains(number) else {
        throw invalid("\(title) has the shape \(text): only the batch may be open; export with fixed sizes")
      }
      product *= number
      guard product <= Network.maximumWidth else {
        throw invalid("\(title) has the shape \(text), expected at most \(Network.maximumWidth) values")
      }
      fixed.append(number)
    }
    guard Model.tensorNameBytes.contains(input.name.utf8.count) else {
      throw invalid(
        "\(title) has a name of \(input.name.utf8.count) bytes, expected 1 to \(Model.tensorNameBytes.upperBound)")
    }
    var rows = openBatch
    if case .fixed(let number) = sizes[0], number > 0 { rows = number }
    batch = axis(rows)
    let axes = fixed.map { axis($0) }
    (inputName, inputSizes, graphInputSizes) = (input.name, fixed, fixed)
    addStream(axes, fixed)
    return [input.name: .dependent(Dependent([rows] + fixed, [batch] + axes.map { $0 }, polynomial(ofStream: 0)))]
  }

  /// Those nodes that an output needs, each behind those that it reads: files need not be sorted.
  private func sorted(known: Set<String>) throws(ModelError) -> [ONNXNode] {
    var maker: [String: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for name in node.outputs where !name.isEmpty {
        guard maker.updateValue(index, forKey: name) == nil, !known.contains(name), graph.initializers[name] == nil
        else {
          throw ModelError(.architecture, path, "two nodes give '\(JSONValue.shortened(name))'; the file is damaged")
        }
      }
    }
    var waiting = graph.nodes.map { node in Set(node.inputs.compactMap { maker[$0] }) }
    var readers: [Int: [Int]] = [:]
    for (index, sources) in waiting.enumerated() {
      for source in sources { readers[source, default: []].append(index) }
    }
    var ready = waiting.indices.filter { waiting[$0].isEmpty }
    var order: [Int] = []
    while let next = ready.first {
      ready.removeFirst()
      order.append(next)
      for reader in readers[next] ?? [] {
        waiting[reader].remove(next)
        if waiting[reader].isEmpty { ready.append(reader) }
      }
    }
    if order.count < graph.nodes.count, let stuck = waiting.indices.first(where: { !waiting[$0].isEmpty }) {
      throw ModelError(.architecture, path, "the graph has a cycle through \(graph.nodes[stuck].title)")
    }
    var needed = Set(graph.outputs.map(\.name))
    var kept: [ONNXNode] = []
    for index in order.reversed() {
      let node = graph.nodes[index]
      guard !needed.isDisjoint(with: node.outputs) else { continue }
      kept.append(node)
      needed.formUnion(node.inputs)
    }
    return kept.reversed()
  }

  private func finish(_ values: [String: ONNXValue]) throws(ModelError) -> [(name: String, role: Role)] {
    func invalid(_ sentence: String) -> ModelError { ModelError(.architecture, path, sentence) }
    guard graph.outputs.count <= OutputNames.maximumOthers else {
      throw invalid(
        "the graph has \(graph.outputs.count) outputs, expected at most \(OutputNames.maximumOthers); export the model with one"
      )
    }
    var named: Set<String> = []
    for output in graph.outputs {
      guard named.insert(output.name).inserted else {
        throw invalid("two outputs are called '\(JSONValue.shortened(output.name))'; give each its own name")
      }
      guard Model.tensorNameBytes.contains(output.name.utf8.count) else {
        throw invalid(
          "an output has a name of \(output.name.utf8.count) bytes, expected 1 to \(Model.tensorNameBytes.upperBound)")
      }
    }
    var place: [String: Int] = [:]
    for (index, node) in order.enumerated() { for name in node.outputs { place[name] = index } }
    var found: [(place: Int, name: String, value: Dependent)] = []
    var labels: [(name: String, label: ONNXLabel)] = []
    for output in graph.outputs {
      let title = "the output '\(JSONValue.shortened(output.name))'"
      guard let value = values[output.name] else { throw invalid("\(title) is given by no node") }
      if case .label(let label, _) = value {
        labels.append((output.name, label))
        continue
      }
      if case .joined = value { throw invalid("\(title) joins two branches; Radial serves chains of layers") }
      guard case .dependent(let value) = value else { throw invalid("\(title) does not depend on the input") }
      found.append((place[output.name] ?? -1, output.name, value))
    }
    found.sort { $0.place < $1.place }
    guard let last = found.last else {
      throw invalid(
        labels.isEmpty
          ? "the graph has no output"
          : "its only output is a label (an argmin or a sign), which answers with the class alone; export the model with its scores, Radial gives the class itself"
      )
    }
    for early in found.dropLast() { try settle(early.value) }
    var stream = try materialise(last.value)
    if let axis = last.value.axes.compactMap({ $0 }).last(where: { $0 != batch }) ?? streams[stream].image?.channel {
      stream = try row(of: stream, along: axis)
    }
    // An axis of one value may have been dropped.
    func long(_ axes: [Int]) -> [Int] { axes.filter { axisSizes[$0] > 1 && $0 != batch } }
    let axes = streams[stream].axes
    let positions = last.value.axes.compactMap { $0 }
    guard last.value.shape.first == axisSizes[batch], positions.dropFirst().firstIndex(of: batch) == nil,
      long(positions) == long(axes),
      last.value.shape.dropFirst().reduce(1, *) == streams[stream].sizes.reduce(1, *), axes.count <= 1
    else {
      throw invalid(
        "the output '\(JSONValue.shortened(last.name))' has the shape \(text(last.value.shape)), expected one row of numbers for each row of the input"
      )
    }
    var roles = [last.name: Role.outputs]
    for early in found.dropLast() {
      let (monomial, coefficient) = early.value.polynomial.single ?? (Monomial(), Coefficient(0))
      let role: Role? =
        if let atom = monomial.atom, coefficient.isNearly(1), let lastDistance {
          switch atoms[atom] {
          case .distance(lastDistance): .distances
          case .stream(let index):
            if case .pending(let pending) = streams[lastDistance].origin, pending.source == index {
              .embedding
            } else {
              nil
            }
          default: nil
          }
        } else {
          nil
        }
      guard let role else {
        throw invalid(
          "the output '\(JSONValue.shortened(early.name))' is neither the last layer's, nor the squared distances, nor what they are taken of; export the model with one output"
        )
      }
      roles[early.name] = role
    }
    for (name, label) in labels { roles[name] = .label(try checked(label, called: name, of: stream)) }
    guard !layers.isEmpty else { throw invalid("no layer computes anything; Radial serves networks") }
    return graph.outputs.compactMap { output in roles[output.name].map { (output.name, $0) } }
  }
}
