import RadialEngine

// What scikit-learn's converter writes in a domain of its own, ai.onnx.ml, and the labels that it gives beside scores. What an operator
// does is in https://onnx.ai/onnx/operators/index_ml.html.

/// What a row is called, as a graph says it.
struct ONNXLabel {
  enum Kind: Equatable {
    /// 1 where a value is above 0, and something else where it is not: a novelty detector's.
    case sign
    /// The index of the smallest along the last axis: the nearest cluster.
    case nearest
  }

  let kind: Kind
  /// What it is taken of.
  let value: Dependent
}

extension ONNXTranslator {
  static let classicDomain = "ai.onnx.ml"

  /// What is said of operators that are refused for a reason of their own.
  private static let refusedClassics: [String: String] = [
    "SVMClassifier":
      "a support vector classifier (SVC) answers by votes of its pairs of classes, which is no layer that Radial serves; serve an SVR or a OneClassSVM, or train an RBF network",
    "TreeEnsemble": "an ensemble of trees is no layer that Radial serves; use a general model server for it",
    "TreeEnsembleClassifier": "an ensemble of trees is no layer that Radial serves; use a general model server for it",
    "TreeEnsembleRegressor": "an ensemble of trees is no layer that Radial serves; use a general model server for it",
    "ZipMap":
      "it makes a map of every row; export the model with options={'zipmap': False}",
  ]

  /// Refuses a graph by what it is, where its first operator that is not served would say less.
  func refuseByName() throws(ModelError) {
    for node in order where node.operation == "ReduceLogSumExp" {
      self.node = node
      throw refusal(
        "a sum of exponentials, as of a Gaussian mixture, is no layer that Radial serves; use KMeans or a OneClassSVM")
    }
  }

  /// An operator of the domain.
  func evaluateClassic(_ node: ONNXNode, _ arguments: [ONNXValue?]) throws(ModelError) -> [ONNXValue] {
    if let reason = Self.refusedClassics[node.operation] { throw refusal(reason) }
    let operators: [String: Set<String>] = [
      "Scaler": ["offset", "scale"], "Normalizer": ["norm"],
      "SVMRegressor": [
        "coefficients", "kernel_params", "kernel_type", "n_supports", "one_class", "post_transform", "rho",
        "support_vectors",
      ],
    ]
    guard let known = operators[node.operation] else {
      throw refusal(
        "the operator '\(JSONValue.shortened(node.operation))' of the domain \(Self.classicDomain) is not served; of that domain Radial serves SVMRegressor, Scaler and Normalizer; export another kind of model, or a network that computes the same"
      )
    }
    if let other = node.attributes.keys.sorted().first(where: { !known.contains($0) }) {
      throw refusal(
        "its attribute '\(JSONValue.shortened(other))' is none of the operator's, which are \(known.sorted().joined(separator: ", "))"
      )
    }
    guard arguments.count == 1, case .dependent(let value)? = arguments[0] else {
      throw refusal("expected one input that depends on the data")
    }
    let stream = try materialise(value)
    guard streams[stream].axes.count == 1, let axis = streams[stream].axes.first, value.axes == [batch, axis] else {
      throw refusal(
        "its input has the shape \(text(value.shape)), expected one row of numbers for each row of the input")
    }
    try needTip(stream)
    switch node.operation {
    case "Scaler": try scale(stream, along: axis)
    case "Normalizer": try normalise(stream)
    default: return [try supportVectors(stream, width: axisSizes[axis])]
    }
    return [.dependent(Dependent(value.shape, value.axes, polynomial(ofStream: tip)))]
  }

  private func floats(_ key: String) throws(ModelError) -> [Double] {
    switch node?.attributes[key] {
    case nil: return []
    case .floats(let values)? where values.allSatisfy(\.isFinite): return values.map(Double.init)
    case .floats?: throw refusal("its attribute '\(key)' holds a number that is not finite; train the model again")
    default: throw wrong(key)
    }
  }

  /// (x − offset) · scale
  private func scale(_ stream: Int, along axis: Int) throws(ModelError) {
    let width = axisSizes[axis]
    func vector(_ key: String) throws(ModelError) -> Coefficient {
      let values = try floats(key)
      guard values.count == width || values.count == 1 else {
        throw refusal("its attribute '\(key)' has \(values.count) numbers, expected 1 or \(width)")
      }
      return Coefficient(
        axes: [axis], sizes: [width],
        values: values.count == width ? values : [Double](repeating: values[0], count: width))
    }
    let (offset, scale) = (try vector("offset"), try vector("scale"))
    // A layer of its own: in a distance behind it the digits would be lost that the difference keeps.
    try emitAffine(stream, scale, (offset * scale).mapped(-))
  }

  /// x / √Σ x², and 0 of a row of zeros.
  private func normalise(_ stream: Int) throws(ModelError) {
    let norm = try attribute(text: "norm") ?? "MAX"
    guard norm == "L2" else {
      throw refusal("it divides rows by their norm '\(JSONValue.shortened(norm))', which is not served; use norm='l2'")
    }
    // Below the square of any Float32.
    emit(name("normalizer"), .unitNormalization(UnitNormalizationSpec(axes: .last, epsilon: 1e-300)))
    addStream(streams[stream].axes, streams[stream].sizes)
  }

  /// Σ coefficients · exp(−γ |x − support vector|²) + rho, or of a linear kernel Σ coefficients · x·(support vector) + rho.
  private func supportVectors(_ stream: Int, width: Int) throws(ModelError) -> ONNXValue {
    let transform = try attribute(text: "post_transform") ?? "NONE"
    guard transform == "NONE" else {
      throw refusal(
        "its post_transform is '\(JSONValue.shortened(transform))', expected NONE; export its score as it is")
    }
    let oneClass = try attribute(integer: "one_class") ?? 0
    guard (0...1).contains(oneClass) else { throw refusal("its one_class is \(oneClass), expected 0 or 1") }
    let (kernel, count) = (try attribute(text: "kernel_type") ?? "LINEAR", try attribute(integer: "n_supports") ?? 0)
    let (coefficients, vectors) = (try floats("coefficients"), try floats("support_vectors"))
    let rho = try floats("rho")
    guard rho.count == 1 else { throw refusal("its rho has \(rho.count) numbers, expected 1") }
    let isPlain = kernel == "LINEAR" && count == 0 && vectors.isEmpty
    guard isPlain || count > 0 && coefficients.count == count else {
      throw refusal("it has \(coefficients.count) coefficients, expected one for each of its \(count) support vectors")
    }
    guard isPlain ? coefficients.count == width : vectors.count % width == 0 && vectors.count / width == count else {
      throw refusal(
        "its \(isPlain ? "coefficients" : "support_vectors") have \(isPlain ? coefficients.count : vectors.count) numbers, expected \(isPlain ? "" : "\(count) times ")\(width)"
      )
    }
    let dense = name("dense")
    switch kernel {
    case "LINEAR":
      var weights = isPlain ? coefficients : [Double](repeating: 0, count: width)
      for place in vectors.indices { weights[place % width] += coefficients[place / width] * vectors[place] }
      try put(dense, "kernel", weights, [width, 1])
    case "RBF":
      let parameters = try floats("kernel_params")
      guard parameters.count == 3, parameters[0] > 0 else {
        throw refusal(
          "its kernel_params are \(parameters.prefix(4)), expected gamma, which is positive, coef0 and degree")
      }
      let rbf = name("rbf")
      try put(rbf, "centers", vectors, [count, width])
      emit(
        rbf,
        .rbf(
          RBFSpec(
            units: count, output: .gaussian, scale: .number(Float(parameters[0])), centersLayout: .unitsFeatures)))
      addStream([axis(count)], [count], origin: .rbf(rbf))
      try put(dense, "kernel", coefficients, [count, 1])
    default:
      throw refusal(
        "its kernel is '\(JSONValue.shortened(kernel))'; Radial serves RBF and LINEAR, so train it with kernel='rbf'")
    }
    try put(dense, "bias", rho, [1])
    emit(dense, .dense(DenseSpec(units: 1, hasBias: true, activation: ActivationSpec(.linear))))
    let unit = axis(1)
    let score = Dependent(
      [axisSizes[batch], 1], [batch, unit], polynomial(ofStream: addStream([unit], [1], origin: .dense(dense))))
    return oneClass == 1
      ? .label(ONNXLabel(kind: .sign, value: score), shape: score.shape) : .dependent(score)
  }

  // MARK: Labels

  /// The label that an operator makes or hands on; nil: it does neither.
  func label(_ node: ONNXNode, _ arguments: [ONNXValue?]) throws(ModelError) -> ONNXValue? {
    guard node.domain != Self.classicDomain, let first = arguments.first ?? nil else { return nil }
    switch (node.operation, first) {
    case ("Cast", .label):
      // Of -1 a flag would be true, and an unsigned number large.
      let signed: [ONNXType] = [.float, .double, .float16, .bfloat16, .int8, .int16, .int32, .int64]
      guard let to = try attribute(integer: "to").flatMap(ONNXType.init), signed.contains(to) else {
        throw refusal("it casts a label to a type without a sign; export the model with labels of int64")
      }
      return first
    case ("Identity", .label), ("Reshape", .label), ("Flatten", .label), ("Squeeze", .label),
      ("Unsqueeze", .label):
      return first
    case ("Sign", .dependent(let value)): return .label(ONNXLabel(kind: .sign, value: value), shape: value.shape)
    case ("Where", .isAbove(let value, limit: 0)):
      guard arguments.count == 3, case .constant(let above)? = arguments[1], case .constant(let other)? = arguments[2],
        above.single == 1, other.single == -1
      else { return nil }
      return .label(ONNXLabel(kind: .sign, value: value), shape: value.shape)
    case ("ArgMin", .dependent(let value)):
      let axis = try position(try attribute(integer: "axis") ?? 0, of: value.shape.count)
      guard value.shape.count == 2, axis == 1, try attribute(integer: "select_last_index") ?? 0 == 0 else {
        throw refusal("argmin is served of the distances of each row alone, the first of the smallest")
      }
      try settle(value)
      return .label(ONNXLabel(kind: .nearest, value: value), shape: value.shape)
    default: return nil
    }
  }

  /// Makes sure that a label is what follows from the network's output.
  func checked(_ label: ONNXLabel, called name: String, of output: Int) throws(ModelError) -> ONNXLabel.Kind {
    func invalid(_ sentence: String) -> ModelError {
      ModelError(
        .architecture, path,
        "the output '\(JSONValue.shortened(name))' is a label, \(sentence); export the model with its scores alone")
    }
    switch label.kind {
    case .sign:
      guard stream(of: label.value.polynomial) == output, streams[output].sizes.reduce(1, *) == 1 else {
        throw invalid("the sign of something else than the one score")
      }
      knownAbove = 0
    case .nearest:
      guard let (monomial, factor) = label.value.polynomial.single, let atom = monomial.atom, let lastDistance,
        atom == number(of: .distance(lastDistance)), let factor = factor.single, factor > 0,
        label.value.axes == [batch] + streams[lastDistance].axes
      else { throw invalid("the argmin of something else than the last layer's distances") }
    }
    return label.kind
  }
}
