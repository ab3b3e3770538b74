import Bytes
import RadialEngine

/// Holds a translated network against its graph, computed node by node in Float64, on a few rows: a mistake of the translation becomes a
/// sentence instead of a wrong answer.
struct ONNXCheck {
  private let model: Model
  private let translator: ONNXTranslator
  private let interpreter: ONNXInterpreter
  private let roles: [(name: String, role: ONNXTranslator.Role)]

  /// Of the larger of a number and its row's largest.
  private static let tolerance = 1e-3
  private static let maximumRows = 64
  private static let maximumProducts = 1 << 34

  init(
    _ model: Model, _ translator: ONNXTranslator, _ interpreter: ONNXInterpreter,
    _ roles: [(name: String, role: ONNXTranslator.Role)]
  ) {
    (self.model, self.translator, self.interpreter, self.roles) = (model, translator, interpreter, roles)
  }

  /// The rows that were compared with the network's own answers, for its self-test; nil: the graph cannot be computed here.
  /// - Parameter seed: of the rows.
  /// - Throws: where the two differ.
  func answers(seed: UInt64) throws(ModelError) -> ModelEditor.Answers? {
    let batch = translator.axisSizes[translator.batch]
    // Of large networks one row says what four do.
    let products = max(model.network.operationsPerRow, 1)
    let rows = batch == translator.openBatch ? min(4, max(1, (1 << 31) / products)) : batch
    guard (1...Self.maximumRows).contains(rows) else { return nil }
    // Node by node it takes a nanosecond or more a product: what would take longer than half a minute is not compared.
    guard rows * products <= Self.maximumProducts else { return nil }
    let inputs = self.inputs(rows, seed: seed)
    let answers = model.answers(to: inputs)
    let expected: [String: Constant]
    do throws(ONNXInterpreter.Unknown) {
      expected = try interpreter.outputs(
        Constant([rows] + translator.graphInputSizes, inputs.map(Double.init)), named: translator.inputName)
    } catch {
      return nil
    }
    for (name, role) in roles {
      let found: [Float]
      switch role {
      case .outputs: found = answers.outputs
      case .distances: found = answers.distances
      case .embedding: continue
      case .label(let kind):
        try compare(kind, expected[name], answers, called: name)
        continue
      }
      guard let values = expected[name]?.real, values.count == found.count else {
        throw difference(name, "has another shape")
      }
      let width = max(1, found.count / rows)
      // What Float32 loses of the largest number, of one that is added to a kernel, and of the smallest.
      let largestOutput = values.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
      let rounding = 1e-6 * max(largestOutput, translator.largestShift) + Double(Float.leastNormalMagnitude)
      for row in 0..<rows {
        let part = row * width..<(row + 1) * width
        let classes = model.network.distanceWidth
        let isBeyond = answers.distances[row * classes..<(row + 1) * classes].contains(.infinity)
        let largest = values[part].reduce(0) { max($0, abs($1)) }
        for place in part {
          let (value, expected) = (Double(found[place]), values[place])
          if value == expected || (value.isNaN && expected.isNaN) { continue }
          // Beyond Float32 the infinity is right.
          if value.isInfinite, abs(expected) > Double(Float.greatestFiniteMagnitude), (value > 0) == (expected > 0) {
            continue
          }
          // What the file has rounded itself, such as the |c|² of an expansion, it cannot be compared beyond.
          let own = 4 * translator.largestCancellation
          let allowed =
            (Self.tolerance + own) * max(abs(expected), largest) + own + rounding
          guard !expected.isNaN else {
            throw ModelError(
              .architecture, translator.path,
              "the graph's output '\(JSONValue.shortened(name))' is no number in row \(row) column \(place - row * width), where the network gives \(value); train or export the model again"
            )
          }
          // What falls with a squared distance beyond Float32 is 0.
          if isBeyond, value == 0, abs(expected) < 1e-18 { continue }
          guard value.isFinite || !expected.isFinite, !isBeyond || abs(value - expected) <= allowed else {
            throw ModelError(
              .architecture, translator.path,
              "the graph's output '\(JSONValue.shortened(name))' is \(value) in Float32, and \(expected) in Float64: its numbers are too large for Float32; train it with smaller ones"
            )
          }
          guard abs(value - expected) <= allowed else {
            throw difference(
              name, "gives \(expected) in row \(row) column \(place - row * width), and the network \(value)")
          }
        }
      }
    }
    return answers
  }

  /// Labels, of rows where no rounding decides them.
  private func compare(
    _ kind: ONNXLabel.Kind, _ expected: Constant?, _ answers: ModelEditor.Answers, called name: String
  ) throws(ModelError) {
    let (outputs, distances) = (answers.outputs, answers.distances)
    let classes = model.network.distanceWidth
    let rows = answers.inputs.count / model.network.inputWidth
    guard let labels = expected?.real, labels.count == rows else { throw difference(name, "has another shape") }
    for row in 0..<rows {
      switch kind {
      case .sign:
        guard abs(outputs[row]) > Float(Self.tolerance), (labels[row] > 0) != (outputs[row] > 0) else { continue }
      case .nearest:
        let own = distances[row * classes..<(row + 1) * classes]
        let nearest = own.min() ?? 0
        guard (0..<Double(classes)).contains(labels[row]) else { throw difference(name, "is no class in row \(row)") }
        let allowed = Float(Self.tolerance + 4 * translator.largestCancellation) * max(nearest, 1)
        guard own[row * classes + Int(labels[row])] > nearest + allowed else { continue }
      }
      throw difference(name, "is \(labels[row]) in row \(row), and the network says something else")
    }
  }

  private func difference(_ name: String, _ sentence: String) -> ModelError {
    ModelError(
      .architecture, translator.path,
      "the graph's output '\(JSONValue.shortened(name))' \(sentence): the graph was not understood; please report it with the file"
    )
  }

  /// Zeros, and normal rows of two sizes, as the first layer behind a normalisation sees them.
  private func inputs(_ rows: Int, seed: UInt64) -> [Float] {
    let width = model.network.inputWidth
    var random = SplitMix64(state: seed)
    /// In [0, 1).
    func uniform() -> Double { Double(random.next() >> 11) * 0x1p-53 }
    let normalisation = firstNormalisation
    var values: [Float] = []
    values.reserveCapacity(rows * width)
    for row in 0..<rows {
      let size = row == 0 && rows > 1 ? 0 : row % 2 == 0 ? 1 : 0.1
      for place in 0..<width {
        // The sum of twelve is near enough to a normal one.
        var value = ((0..<12).reduce(0) { sum, _ in sum + uniform() } - 6) * size
        if let normalisation {
          let index =
            normalisation.scale.count == width
            ? place
            : translator.isChannelsFirst
              ? place / (width / normalisation.scale.count) : place % normalisation.scale.count
          if normalisation.scale[index] != 0 { value = value / normalisation.scale[index] + normalisation.mean[index] }
        }
        if let preprocessing = translator.preprocessing, preprocessing.scale != 0 {
          value = (value - Double(preprocessing.offset)) / Double(preprocessing.scale)
        }
        values.append(Float(value))
      }
    }
    return values
  }

  /// Of the input, where the network begins with it.
  private var firstNormalisation: (scale: [Double], mean: [Double])? {
    guard let first = translator.layers.first, case .batchNormalization(let spec) = first.spec,
      let mean = translator.tensors["\(first.name).moving_mean"]?.floats,
      let variance = translator.tensors["\(first.name).moving_variance"]?.floats
    else { return nil }
    let gamma = translator.tensors["\(first.name).gamma"]?.floats ?? mean.map { _ in 1 }
    let scale = mean.indices.map { Double(gamma[$0]) / (Double(variance[$0]) + Double(spec.epsilon)).squareRoot() }
    return (scale, mean.map(Double.init))
  }
}
